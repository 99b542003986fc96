// A menu under its button, and a panel under its button: arrow keys, Escape, click outside, focus back.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button, IconButton } from './button.tsx';
import { Icon } from './icons.tsx';
import type { IconName } from './icons.tsx';

/** A row of a panel that is pressed. */
export const panelRow = 'focus-inset flex h-9 w-full items-center gap-2 rounded-control px-2 text-start hover:bg-hover';

interface PopoverProps {
  label: string;
  icon?: IconName;
  /** Text on the button; absent: an icon alone. */
  text?: string;
  look?: 'secondary' | 'ghost';
  size?: 'small' | 'medium';
  side?: 'below' | 'above';
  role?: 'menu' | 'dialog';
  /** Lets a shortcut open it. */
  openRef?: { current: (() => void) | null };
  isDisabled?: boolean;
  class?: string;
  children: (close: () => void) => ComponentChildren;
}

export const Popover = (props: PopoverProps) => {
  const { label, icon, text, look = 'ghost', side = 'below', role = 'dialog', openRef, children } = props;
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  useEffect(() => {
    if (openRef === undefined) return;
    openRef.current = () => setOpen(true);
    return () => {
      openRef.current = null;
    };
  }, [openRef]);
  // Before the screen is drawn: whoever opens it by a key types on at once.
  useLayoutEffect(() => {
    if (!isOpen) return;
    const first = root.current?.querySelector<HTMLElement>('[data-panel] :is(input, [role^=menuitem], button)');
    first?.focus();
    const outside = (event: Event): void => {
      if (root.current !== null && !event.composedPath().includes(root.current)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside, true);
    document.addEventListener('focusin', outside);
    return () => {
      document.removeEventListener('pointerdown', outside, true);
      document.removeEventListener('focusin', outside);
    };
  }, [isOpen]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!isOpen) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
      return;
    }
    if (role !== 'menu') return;
    const items = [...(root.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined || items.length === 0) return;
    event.preventDefault();
    items.at(to >= items.length ? 0 : to)?.focus();
  };
  const common = {
    buttonRef: button,
    'aria-haspopup': role,
    'aria-expanded': isOpen,
    disabled: props.isDisabled === true,
    onClick: () => setOpen(!isOpen),
  } as const;
  return (
    <div ref={root} class={`relative ${props.class ?? ''}`} onKeyDown={onKeyDown}>
      {text === undefined ? (
        <IconButton {...common} icon={icon ?? 'more'} label={label} look={look} />
      ) : (
        <Button {...common} look={look} size={props.size ?? 'medium'} {...(icon === undefined ? {} : { icon })}>
          {text}
          <Icon name="chevron-down" size={14} />
        </Button>
      )}
      {isOpen && (
        <div
          data-panel
          role={role}
          aria-label={label}
          class={`animate-enter absolute end-0 z-20 max-h-[60dvh] min-w-52 overflow-y-auto rounded-card border border-line bg-raised p-1 shadow-[0_8px_24px_#0002] ${
            side === 'below' ? 'top-full mt-1' : 'bottom-full mb-1'
          }`}
        >
          {children(close)}
        </div>
      )}
    </div>
  );
};

export interface MenuEntry {
  text: string;
  icon?: IconName;
  hint?: string;
  isDanger?: boolean;
  isDisabled?: boolean;
  isChecked?: boolean;
  run: () => void;
}

export const Menu = ({ entries, ...rest }: Omit<PopoverProps, 'children' | 'role'> & { entries: MenuEntry[] }) => (
  <Popover {...rest} role="menu">
    {(close) =>
      entries.map((entry) => (
        <button
          key={entry.text}
          type="button"
          role={entry.isChecked === undefined ? 'menuitem' : 'menuitemcheckbox'}
          {...(entry.isChecked === undefined ? {} : { 'aria-checked': entry.isChecked })}
          tabIndex={-1}
          disabled={entry.isDisabled === true}
          class={`focus-inset flex h-9 w-full items-center gap-2 rounded-control px-2 text-start whitespace-nowrap enabled:hover:bg-hover disabled:opacity-55 ${
            entry.isDanger === true ? 'text-danger' : 'text-text'
          }`}
          onClick={() => {
            close();
            entry.run();
          }}
        >
          {entry.icon !== undefined && <Icon name={entry.icon} class={entry.isDanger === true ? '' : 'text-text2'} />}
          <span class="grow truncate">{entry.text}</span>
          {entry.isChecked === true && <Icon name="check" />}
          {entry.hint !== undefined && <span class="ps-4 text-meta text-text2">{entry.hint}</span>}
        </button>
      ))
    }
  </Popover>
);
