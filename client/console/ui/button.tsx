// Buttons: one look for each weight of an action.
import type { ButtonHTMLAttributes, ComponentChildren, Ref } from 'preact';
import { Icon } from './icons.tsx';
import type { IconName } from './icons.tsx';

const looks = {
  primary: 'bg-fill text-on-fill border-transparent enabled:hover:bg-fill-hover',
  secondary: 'bg-surface text-text border-line enabled:hover:bg-hover',
  ghost: 'bg-transparent text-text2 border-transparent enabled:hover:bg-hover enabled:hover:text-text',
  danger: 'bg-surface text-danger border-line enabled:hover:bg-danger-soft',
} as const;

const sizes = { small: 'h-7 px-2 text-small gap-1', medium: 'h-8 px-3 gap-1.5', large: 'h-10 px-4 gap-2' } as const;

type Native = Omit<ButtonHTMLAttributes, 'size' | 'icon' | 'ref' | 'class'> & { class?: string };

export interface ButtonProps extends Native {
  look?: keyof typeof looks;
  size?: keyof typeof sizes;
  icon?: IconName;
  /** Draws a ring instead of the icon and refuses clicks, without changing the width. */
  isBusy?: boolean;
  children?: ComponentChildren;
  buttonRef?: Ref<HTMLButtonElement>;
}

export const Button = ({
  look = 'secondary',
  size = 'medium',
  icon,
  isBusy = false,
  class: className = '',
  disabled,
  children,
  buttonRef,
  ...rest
}: ButtonProps) => (
  <button
    type="button"
    {...rest}
    ref={buttonRef ?? null}
    disabled={disabled === true || isBusy}
    aria-busy={isBusy}
    class={`inline-flex shrink-0 items-center justify-center rounded-control border font-semibold whitespace-nowrap transition-colors duration-120 disabled:opacity-55 ${sizes[size]} ${looks[look]} ${className}`}
  >
    {icon !== undefined && <Icon name={icon} size={size === 'small' ? 14 : 16} />}
    {children}
  </button>
);

/** A square button whose word is its label. */
export const IconButton = ({
  icon,
  label,
  look = 'ghost',
  class: className = '',
  size = 32,
  buttonRef,
  ...rest
}: Native & {
  icon: IconName;
  label: string;
  look?: keyof typeof looks;
  size?: 28 | 32 | 40;
  buttonRef?: Ref<HTMLButtonElement>;
}) => (
  <button
    type="button"
    title={label}
    aria-label={label}
    {...rest}
    ref={buttonRef ?? null}
    class={`inline-flex shrink-0 items-center justify-center rounded-control border transition-colors duration-120 disabled:opacity-55 ${
      { 28: 'size-7', 32: 'size-8', 40: 'size-10' }[size]
    } ${looks[look]} ${className}`}
  >
    <Icon name={icon} size={size === 28 ? 16 : 18} />
  </button>
);
