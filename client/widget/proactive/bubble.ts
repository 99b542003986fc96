// The message beside the launcher: said once to who listens, never in the way of who types or tabs elsewhere.
import type { PublicWidget } from '../../../shared/widget.ts';
import { make } from '../../page.ts';
import type { Scheme } from '../contract.ts';
import css from './bubble.css?inline';
import type { OfferAction } from './session.ts';

export interface Offer {
  messageId: string;
  content: string;
  actions: OfferAction[];
}

export interface Bubble {
  hide(): void;
}

const themed = ({ theme, position }: PublicWidget, scheme: Scheme): string => {
  const vars = (name: 'light' | 'dark'): string => {
    const { raised, line, text, text2, brandText, focus } = theme[name];
    return `.offer{--s:${raised};--ln:${line};--t:${text};--t2:${text2};--b:${brandText};--r:${focus}}`;
  };
  const side = position === 'bottom-left' ? 'left' : 'right';
  const dark = scheme === 'auto' ? `@media(prefers-color-scheme:dark){${vars('dark')}}` : '';
  return `.offer{${side}:calc(var(--tw-x) + env(safe-area-inset-${side},0px))}${vars(scheme === 'dark' ? scheme : 'light')}${dark}`;
};

/** Where a `link` may lead: paths of the page and http(s), as the server promised; checked again because it is shown. */
const linkOf = (url: string | undefined): string | null => {
  if (url === undefined || url.startsWith('//') || url.includes('\\')) return null;
  const { protocol, href } = new URL(url, location.href);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
};

/**
 * Shows an offer in the widget's shadow root. It takes no focus; a polite region says it; Escape within it dismisses it.
 * @param onChoose with the action that was chosen, or null for the message itself
 */
export const showBubble = (
  root: ShadowRoot,
  { widget, scheme, offer }: { widget: PublicWidget; scheme: Scheme; offer: Offer },
  onChoose: (action: OfferAction | null) => void,
): Bubble => {
  const [fixed, vars] = [new CSSStyleSheet(), new CSSStyleSheet()];
  fixed.replaceSync(css);
  vars.replaceSync(themed(widget, scheme));
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, fixed, vars];
  const dismissing = offer.actions.find(({ action }) => action === 'dismiss');
  const box = make('div', 'offer');
  box.role = 'region';
  box.ariaLabel = widget.assistantName;
  const name = make('p', 'name');
  name.textContent = `${widget.assistantName} · AI`;
  const close = make('button', 'close');
  close.type = 'button';
  close.ariaLabel = dismissing?.label ?? '×';
  close.addEventListener('click', () => onChoose({ label: '', action: 'dismiss' }));
  const text = make('button', 'text');
  text.type = 'button';
  text.dir = 'auto';
  text.textContent = offer.content;
  text.addEventListener('click', () => onChoose(null));
  const row = make('div', 'row');
  for (const action of offer.actions) {
    const href = action.action === 'link' ? linkOf(action.url) : null;
    if (action.action === 'link' && href === null) continue;
    const chip = href === null ? make('button', 'chip') : make('a', 'chip');
    if (chip instanceof HTMLAnchorElement) {
      chip.href = href!;
      chip.rel = 'noopener noreferrer';
      // Without one, a `<base target>` of the page would choose.
      chip.target = '_self';
    } else chip.type = 'button';
    chip.dir = 'auto';
    chip.textContent = action.label;
    chip.addEventListener('click', () => onChoose(action));
    row.append(chip);
  }
  box.append(name, close, text, row);
  box.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') onChoose({ label: '', action: 'dismiss' });
  });
  // Announced because it changes while it is there: a region that comes with its text is passed over by some readers.
  const said = make('div', 'said');
  said.ariaLive = 'polite';
  // Before the launcher, so that who tabs to it meets the message first.
  root.prepend(box, said);
  const speaking = setTimeout(() => (said.textContent = `${widget.assistantName}: ${offer.content}`), 100);
  return {
    hide() {
      clearTimeout(speaking);
      const hadFocus = box.contains(root.activeElement);
      box.remove();
      said.remove();
      root.adoptedStyleSheets = root.adoptedStyleSheets.filter((sheet) => sheet !== fixed && sheet !== vars);
      if (hadFocus) root.querySelector<HTMLElement>('.launcher')?.focus();
    },
  };
};
