// The round button (or the pill) in the corner, in a shadow root that no host style reaches.
import type { PublicWidget } from '../../../shared/widget.ts';
import { make, put } from '../../page.ts';
import type { Scheme } from '../contract.ts';
import css from './launcher.css?inline';

export interface Launcher {
  root: ShadowRoot;
  button: HTMLButtonElement;
  draw(widget: PublicWidget, scheme: Scheme | undefined): void;
  setUnread(count: number): void;
  setOpen(isOpen: boolean): void;
  setBusy(isBusy: boolean): void;
  destroy(): void;
}

const themed = ({ theme, position, offsetX: x, offsetY: y, zIndex }: PublicWidget, scheme: Scheme): string => {
  const vars = (name: 'light' | 'dark'): string => {
    const is = theme[name];
    return `.launcher{--f:${is.launcher};--on:${is.onLauncher};--h:${is.launcherHover};--l:${is.launcherLine};--r:${is.focus}}`;
  };
  const place = (x: number, y: number): string => `:host{--tw-x:${x}px;--tw-y:${y}px}`;
  const side = position === 'bottom-left' ? 'left' : 'right';
  return `:host{--tw-z:${zIndex}}${place(x, y)}.launcher{${side}:calc(var(--tw-x) + env(safe-area-inset-${side},0px))}${
    // On a phone the default distance is smaller; one that the owner chose stays.
    `@media(max-width:480px){${place(x === 24 ? 16 : x, y === 24 ? 16 : y)}}`
  }${vars(scheme === 'dark' ? scheme : 'light')}${
    scheme === 'auto' ? `@media(prefers-color-scheme:dark){${vars('dark')}}` : ''
  }`;
};

/** Draws into `container`; `inline` leaves the button out, the panel fills the container then. */
export const createLauncher = (
  container: Element,
  inline: boolean,
  onClick: () => void,
  onHint: () => void,
): Launcher => {
  const host = make('div');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  const region = make('div');
  const button = make('button');
  const label = make('span', 'label');
  const badge = make('span', 'badge');
  let text = '';
  let unread = 0;
  const tell = (name: string, value: string | boolean): void => button.setAttribute(`aria-${name}`, `${value}`);
  const name = (): void => tell('label', (text || 'Chat') + (unread ? ` (${unread})` : ''));

  root.adoptedStyleSheets = [sheet];
  host.toggleAttribute('data-tiller');
  host.toggleAttribute('data-inline', inline);
  region.role = 'region';
  region.ariaLabel = 'Chat';
  tell('expanded', false);
  button.append(make('i'), label, badge);
  button.addEventListener('click', onClick);
  button.addEventListener('pointerenter', onHint, { once: true });
  region.append(button);
  if (!inline) root.append(region);
  put(container, host);

  return {
    root,
    button,
    draw(widget, scheme) {
      sheet.replaceSync(css + themed(widget, scheme ?? widget.scheme));
      text = label.textContent = widget.texts.bubble;
      label.hidden = !text;
      button.className = `launcher${text && ' pill'}`;
      name();
    },
    setUnread(count) {
      unread = count;
      badge.textContent = count > 9 ? '9+' : `${count || ''}`;
      name();
    },
    setOpen(isOpen) {
      tell('expanded', isOpen);
      // What holds the focus is about to be hidden.
      if (!isOpen && root.activeElement) button.focus();
    },
    setBusy: (isBusy) => tell('busy', isBusy),
    destroy: () => host.remove(),
  };
};
