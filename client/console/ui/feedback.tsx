// What the console says by itself: toasts, notices, skeletons, empty places.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { IconButton } from './button.tsx';
import { Icon } from './icons.tsx';
import type { IconName } from './icons.tsx';

interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'danger';
  action?: { text: string; run: () => void };
}

const toasts = signal<Toast[]>([]);
let lastToast = 0;

export const dismissToast = (id: number): void => {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
};

/** Shows a line for a while (ms); a failure stays longer. Gives its id. */
export const toast = (
  text: string,
  more: { tone?: Toast['tone']; action?: Toast['action']; ms?: number } = {},
): number => {
  const id = ++lastToast;
  const tone = more.tone ?? 'plain';
  const entry: Toast = { id, text, tone, ...(more.action === undefined ? {} : { action: more.action }) };
  // The same news twice is one piece of news: the older line gives way.
  const others = toasts.value.filter((other) => other.text !== text || other.action !== undefined);
  toasts.value = [...others.slice(-2), entry];
  setTimeout(() => dismissToast(id), more.ms ?? (tone === 'danger' ? 8000 : 4000));
  return id;
};

export const Toasts = () => (
  <div class="pointer-events-none fixed inset-x-0 bottom-20 z-40 flex flex-col items-center gap-2 px-4 sm:bottom-6">
    <div role="status" class="contents">
      {toasts.value.map((entry) => (
        <div
          key={entry.id}
          role={entry.tone === 'danger' ? 'alert' : undefined}
          class="animate-enter pointer-events-auto flex min-h-11 max-w-120 items-center gap-2 rounded-card border border-line bg-raised ps-4 pe-2 shadow-[0_8px_24px_#0002]"
        >
          {entry.tone === 'danger' && <Icon name="alert" class="text-danger" />}
          <span class="min-w-0 py-2 break-words">{entry.text}</span>
          {entry.action !== undefined && (
            <button
              type="button"
              class="h-8 shrink-0 rounded-control px-2 font-semibold text-link hover:bg-hover"
              onClick={() => {
                entry.action?.run();
                dismissToast(entry.id);
              }}
            >
              {entry.action.text}
            </button>
          )}
          <IconButton icon="close" label="Dismiss" size={28} onClick={() => dismissToast(entry.id)} />
        </div>
      ))}
    </div>
  </div>
);

const noticeTones = {
  danger: 'bg-danger-soft text-danger',
  warn: 'bg-warn-soft text-warn',
  plain: 'bg-sunken text-text2',
} as const;

export const Notice = ({
  tone = 'danger',
  icon = 'alert',
  children,
}: {
  tone?: keyof typeof noticeTones;
  icon?: IconName;
  children: ComponentChildren;
}) => (
  <div
    role={tone === 'danger' ? 'alert' : undefined}
    class={`flex items-start gap-2 rounded-control px-3 py-2 text-small ${noticeTones[tone]}`}
  >
    <Icon name={icon} class="mt-px" />
    <div class="min-w-0 grow break-words">{children}</div>
  </div>
);

/** True from 200 ms of waiting on, and then for at least 300 ms: a fast answer never flickers. */
export const useSkeleton = (isWaiting: boolean): boolean => {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (isWaiting === isShown) return;
    const timer = setTimeout(() => setShown(isWaiting), isWaiting ? 200 : 300);
    return () => clearTimeout(timer);
  }, [isWaiting, isShown]);
  return isShown;
};

export const Bone = ({ class: className = '' }: { class?: string }) => (
  <span class={`animate-pulse block rounded-control bg-line ${className}`} />
);

export const Empty = ({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) => (
  <div class="flex h-full flex-col items-center justify-center gap-2 p-8 text-center">
    <span class="mb-2 inline-flex size-12 items-center justify-center rounded-full bg-quiet-soft text-quiet">
      <Icon name={icon} size={24} />
    </span>
    <p class="text-read font-semibold">{title}</p>
    {children !== undefined && <div class="max-w-72 text-small text-balance text-text2">{children}</div>}
  </div>
);

/** Three dots that breathe. */
export const Dots = () => (
  <span class="inline-flex items-center gap-1" aria-hidden="true">
    {['', '[animation-delay:150ms]', '[animation-delay:300ms]'].map((delay) => (
      <span key={delay} class={`animate-dot size-1.5 rounded-full bg-current ${delay}`} />
    ))}
  </span>
);
