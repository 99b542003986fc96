// The pieces that every settings page is made of.
import type { ComponentChildren } from 'preact';
import { hrefOf } from '../router.ts';
import type { Screen } from '../router.ts';
import { signedIn } from '../session.ts';
import { Button } from '../ui/button.tsx';
import { Bone, Notice, useSkeleton } from '../ui/feedback.tsx';
import { Icon } from '../ui/icons.tsx';
import type { Loaded } from './use-loaded.ts';

/** Agents look, admins change. */
export const mayChange = (): boolean => signedIn().member.role !== 'agent';

export const Page = ({
  title,
  lead,
  action,
  children,
  isWide = false,
  isOwn = false,
}: {
  title: ComponentChildren;
  lead?: ComponentChildren;
  action?: ComponentChildren;
  children: ComponentChildren;
  isWide?: boolean;
  /** About the person alone: everybody may change it. */
  isOwn?: boolean;
}) => (
  <div
    class={`mx-auto flex w-full flex-col gap-6 px-8 py-8 max-md:px-4 max-md:py-6 ${isWide ? 'max-w-[1180px]' : 'max-w-[760px]'}`}
  >
    <header class="flex items-start gap-x-4 gap-y-3 max-sm:flex-wrap">
      <div class="min-w-0 grow">
        <h1 class="text-title font-semibold break-words">{title}</h1>
        {lead !== undefined && <p class="mt-1 text-text2">{lead}</p>}
      </div>
      {action}
    </header>
    {!isOwn && !mayChange() && (
      <Notice tone="plain" icon="lock">
        You can look at these settings. An admin can change them.
      </Notice>
    )}
    {children}
  </div>
);

/** The title of a page about one of several, with the way back to all of them. */
export const TitleUnder = ({ all, to, children }: { all: string; to: Screen; children: string }) => (
  <span class="flex items-center gap-1">
    <a
      href={hrefOf(to)}
      class="-ms-2 inline-flex size-8 shrink-0 items-center justify-center rounded-control text-text2 hover:bg-hover hover:text-text"
      aria-label={all}
    >
      <Icon name="chevron-left" size={20} class="rtl:rotate-180" />
    </a>
    <span class="min-w-0 truncate" dir="auto">
      {children}
    </span>
  </span>
);

export const Card = ({
  title,
  lead,
  action,
  children,
}: {
  title: string;
  lead?: ComponentChildren;
  action?: ComponentChildren;
  children: ComponentChildren;
}) => (
  <section class="min-w-0 rounded-card border border-line bg-surface">
    <header class="flex items-start gap-4 px-5 pt-4 max-sm:px-4">
      <div class="min-w-0 grow">
        <h2 class="text-read font-semibold">{title}</h2>
        {lead !== undefined && <p class="text-small text-text2">{lead}</p>}
      </div>
      {action}
    </header>
    <div class="flex min-w-0 flex-col gap-4 px-5 pt-4 pb-5 max-sm:px-4">{children}</div>
  </section>
);

/** Stands where a few cards or rows will be. */
export const Bones = () => (
  <div class="flex flex-col gap-3" aria-hidden="true">
    <Bone class="h-16 rounded-card" />
    <Bone class="h-16 rounded-card" />
    <Bone class="h-16 rounded-card" />
  </div>
);

export const Failed = ({ message, retry }: { message: string | null; retry: () => void }) => (
  <div class="flex flex-col items-start gap-3">
    <Notice>{message}</Notice>
    <Button icon="refresh" onClick={retry}>
      Try again
    </Button>
  </div>
);

/** Skeleton, failure with a retry, or what was loaded. */
export const Await = <T,>({
  of,
  children,
}: {
  of: Loaded<T>;
  children: (value: T, set: (value: T) => void) => ComponentChildren;
}) => {
  const hasBones = useSkeleton(of.status === 'busy');
  switch (of.status) {
    case 'busy':
      return hasBones ? <Bones /> : null;
    case 'failed':
      return <Failed message={of.message} retry={of.retry} />;
    case 'good':
      return <>{children(of.value, of.set)}</>;
  }
};

/** Stays in sight at the lower end of a form with unsaved changes. */
export const SaveBar = ({
  isDirty,
  isBusy,
  error,
  onSave,
  onDiscard,
}: {
  isDirty: boolean;
  isBusy: boolean;
  error: string | null;
  onSave: () => void;
  onDiscard: () => void;
}) =>
  isDirty ? (
    <div
      role="region"
      aria-label="Unsaved changes"
      class="animate-enter sticky bottom-4 z-10 flex flex-wrap items-center gap-3 rounded-card border border-line bg-raised px-4 py-3 shadow-[0_8px_24px_#0002]"
    >
      <p
        role={error === null ? undefined : 'alert'}
        class={`min-w-0 grow break-words ${error === null ? '' : 'text-danger'}`}
      >
        {error ?? 'You have unsaved changes.'}
      </p>
      <Button look="ghost" disabled={isBusy} onClick={onDiscard}>
        Discard
      </Button>
      <Button look="primary" isBusy={isBusy} onClick={onSave}>
        Save changes
      </Button>
    </div>
  ) : null;
