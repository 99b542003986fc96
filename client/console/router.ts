// Addresses of the console: one typed screen for each, links that do not reload.
import { computed, signal } from '@preact/signals';
import type { InboxFilter } from '../../shared/inbox.ts';

/** The tabs of the inbox. */
export const filters = ['needs-person', 'mine', 'ai', 'open', 'closed'] as const satisfies readonly InboxFilter[];

/** Every list of the inbox: what is spam is reached from a menu. */
const lists: readonly InboxFilter[] = [...filters, 'spam'];

export const settingsPages = [
  'organisation',
  'widgets',
  'assistant',
  'pipelines',
  'keys',
  'people',
  'bans',
  'profile',
  'notifications',
] as const;
export type SettingsPage = (typeof settingsPages)[number];

export const contactLists = ['everyone', 'leads'] as const;
export type ContactList = (typeof contactLists)[number];

export type Screen =
  | { name: 'inbox'; filter: InboxFilter; conversationId: string | null }
  /** `tab`: a part of the page about `id`. */
  | { name: 'settings'; page: SettingsPage; id: string | null; tab?: string }
  | { name: 'contacts'; list: ContactList; contactId: string | null }
  | { name: 'link' };

const base = '/console';

/** A mistyped address is an unknown one, not a broken page. */
const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

const joined = (...parts: (string | null | undefined)[]): string =>
  [base, ...parts.flatMap((part) => (part === null || part === undefined ? [] : [encodeURIComponent(part)]))].join('/');

/** The screen of a path; what is unknown leads to the inbox. */
export const screenOf = (path: string): Screen => {
  const [area, first, second, third] = path
    .slice(base.length)
    .split('/')
    .filter((part) => part !== '');
  if (area === 'link') return { name: 'link' };
  if (area === 'settings') {
    const page = settingsPages.find((known) => known === first) ?? 'widgets';
    const id = second === undefined ? null : decoded(second);
    return { name: 'settings', page, id, ...(third === undefined ? {} : { tab: decoded(third) }) };
  }
  if (area === 'contacts') {
    const list = contactLists.find((known) => known === first) ?? 'everyone';
    return { name: 'contacts', list, contactId: second === undefined ? null : decoded(second) };
  }
  const filter = lists.find((known) => known === first) ?? 'needs-person';
  const isConversation = area === 'inbox' && second !== undefined;
  return { name: 'inbox', filter, conversationId: isConversation ? decoded(second) : null };
};

export const hrefOf = (screen: Screen): string => {
  switch (screen.name) {
    case 'inbox':
      return joined('inbox', screen.filter, screen.conversationId);
    case 'settings':
      return joined('settings', screen.page, screen.id, screen.tab);
    case 'contacts':
      return joined('contacts', screen.list, screen.contactId);
    case 'link':
      return `${base}/link`;
  }
};

const path = signal(base);
export const screen = computed(() => screenOf(path.value));

export const navigate = (to: Screen, how: 'push' | 'replace' = 'push'): void => {
  const href = hrefOf(to);
  if (href === location.pathname) return;
  if (how === 'push') history.pushState(null, '', href);
  else history.replaceState(null, '', href);
  path.value = location.pathname;
};

/** Follows links within the console without a reload; leaves modified clicks and other targets to the browser. */
export const startRouter = (): void => {
  path.value = location.pathname;
  addEventListener('popstate', () => {
    path.value = location.pathname;
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    if (link === undefined || link.target !== '' || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || !`${link.pathname}/`.startsWith(`${base}/`)) return;
    event.preventDefault();
    navigate(screenOf(link.pathname));
  });
};
