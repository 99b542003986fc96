// The round button (or the pill) in the corner, in a shadow root that no host style reaches.
import type { PublicWidget } from '../../../shared/widget.ts';
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

const CHAT = 'M20 11.5a7.5 7.5 0 0 1-10.9 6.7L4.5 19.5l1.3-4.2A7.5 7.5 0 1 1 20 11.5Z';
const DOWN = 'm6 9.5 6 6 6-6';

const themed = (widget: PublicWidget, scheme: Scheme): string => {
  const vars = (name: 'light' | 'dark'): string => {
    const t = widget.theme[name];
    return `.launcher{--tw-fill:${t.fill};--tw-on:${t.onFill};--tw-hover:${t.fillHover};--tw-line:${t.fillLine};--tw-focus:${t.focus}}`;
  };
  const { offsetX: x, offsetY: y } = widget;
  return (
    `:host{--tw-z:${widget.zIndex};--tw-x:${x}px;--tw-y:${y}px}` +
    // On a phone the default distance is smaller; one that the owner chose stays.
    `@media(max-width:480px){:host{--tw-x:${x === 24 ? 16 : x}px;--tw-y:${y === 24 ? 16 : y}px}}` +
    vars(scheme === 'dark' ? 'dark' : 'light') +
    (scheme === 'auto' ? `@media(prefers-color-scheme:dark){${vars('dark')}}` : '')
  );
};

/** Draws into `container`; `inline` leaves the button out, the panel fills the container then. */
export const createLauncher = (container: Element, inline: boolean, onClick: () => void, onHint: () => void): Launcher => {
  const host = document.createElement('div');
  host.dataset['tiller'] = '';
  if (inline) host.dataset['inline'] = '';
  const root = host.attachShadow({ mode: 'open' });
  const fixed = new CSSStyleSheet();
  const vars = new CSSStyleSheet();
  fixed.replaceSync(css);
  root.adoptedStyleSheets = [fixed, vars];

  const region = document.createElement('div');
  const button = document.createElement('button');
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  const label = document.createElement('span');
  const badge = document.createElement('span');
  let text = '';
  let unread = 0;

  const name = (): void => {
    button.setAttribute('aria-label', `${text || 'Chat'}${unread > 0 ? ` (${unread})` : ''}`);
  };
  const side = (widget: PublicWidget): string => (widget.position === 'bottom-left' ? 'left' : 'right');

  region.setAttribute('role', 'region');
  region.setAttribute('aria-label', 'Chat');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', CHAT);
  svg.append(path);
  badge.className = 'badge';
  label.className = 'label';
  label.dir = 'auto';
  button.type = 'button';
  button.setAttribute('aria-expanded', 'false');
  button.append(svg, label, badge);
  button.addEventListener('click', onClick);
  button.addEventListener('pointerenter', onHint, { once: true });
  region.append(button);
  if (!inline) root.append(region);
  container.append(host);

  return {
    root,
    button,
    draw(widget, scheme) {
      vars.replaceSync(themed(widget, scheme ?? widget.scheme));
      text = widget.texts.bubble;
      label.textContent = text;
      label.hidden = text === '';
      button.className = `launcher ${side(widget)}${text === '' ? '' : ' pill'}`;
      name();
    },
    setUnread(count) {
      unread = count;
      badge.textContent = count === 0 ? '' : count > 9 ? '9+' : String(count);
      name();
    },
    setOpen(isOpen) {
      button.setAttribute('aria-expanded', String(isOpen));
      path.setAttribute('d', isOpen ? DOWN : CHAT);
    },
    setBusy(isBusy) {
      button.classList.toggle('busy', isBusy);
      button.setAttribute('aria-busy', String(isBusy));
    },
    destroy: () => host.remove(),
  };
};
