// A modal dialog of the browser itself: focus stays inside, Escape closes, the rest is inert.
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from './button.tsx';

export interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** `palette` hangs near the top and hides its title; `drawer` is at the inline end. */
  shape?: 'middle' | 'palette' | 'drawer';
  width?: 'narrow' | 'wide';
}

const shapes = {
  middle: 'm-auto max-h-[calc(100dvh-48px)] rounded-card max-sm:w-[calc(100vw-24px)]',
  palette: 'mx-auto mt-[12vh] mb-auto max-h-[72dvh] rounded-card max-sm:mt-3 max-sm:w-[calc(100vw-24px)]',
  drawer: 'my-0 ms-auto me-0 h-dvh max-h-none border-y-0 border-e-0',
};

export const Dialog = ({ title, onClose, children, shape = 'middle', width = 'narrow' }: DialogProps) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useLayoutEffect(() => {
    const node = dialog.current;
    const before = document.activeElement;
    if (node !== null && !node.open) {
      node.showModal();
      // A form begins at its first field, not at the button that closes it.
      node.querySelector<HTMLElement>('[data-body] :is(input:not([type=file]), textarea, select):enabled')?.focus();
    }
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const size = shape === 'drawer' ? 'w-[300px]' : width === 'wide' ? 'w-[640px]' : 'w-[440px]';
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      class={`animate-enter flex-col border border-line bg-raised open:flex ${size} ${shapes[shape]}`}
      onClose={onClose}
      onClick={(event) => {
        // A click on the element itself is a click on its backdrop: what is drawn lies in children.
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <header class={shape === 'palette' ? 'sr-only' : 'flex h-13 shrink-0 items-center gap-2 ps-5 pe-3'}>
        <h2 id={titleId} class="min-w-0 grow truncate text-read font-semibold">
          {title}
        </h2>
        {shape !== 'palette' && <IconButton icon="close" label="Close" onClick={() => dialog.current?.close()} />}
      </header>
      <div data-body class="flex min-h-0 grow flex-col">
        {children}
      </div>
    </dialog>
  );
};
