// What a caller over REST may offer under an answer: the message's own actions, its sources as links, a person.
import type { Action, FactOf } from '../../shared/facts.ts';
import { chipWords } from '../../shared/language.ts';
import type { Language } from '../../shared/language.ts';
import { clip } from '../../shared/text.ts';
import { isOriginAllowed } from './allowed-domains.ts';

const most = 4;
const mostSources = 2;
const labelLength = 80;

/** Where links may lead besides the paths of the page's own site. */
export interface LinkRules {
  /** Of the widget. An empty list allows every page to embed it, but no foreign link. */
  allowedDomains: readonly string[];
  /** The page that the visitor is on, where it is known. */
  pageUrl: string | undefined;
  ownOrigin: string;
  /** Addresses that the knowledge names. */
  known: readonly string[];
}

/**
 * Whether an address may be offered: a path of the page's own site, an http(s) address on it or on the widget's
 * domains, or one out of the knowledge. `//host`, backslashes, white space and other schemes never.
 */
export const isOfferable = (url: string, { allowedDomains, pageUrl, ownOrigin, known }: LinkRules): boolean => {
  if (url === '' || /[\\\s\p{Cc}]/u.test(url) || url.startsWith('//')) return false;
  if (/^[/?#]/.test(url)) return true;
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return false;
  const { origin, username, password } = new URL(url);
  if (username !== '' || password !== '') return false;
  if (known.includes(url)) return true;
  if (pageUrl !== undefined && URL.canParse(pageUrl) && new URL(pageUrl).origin === origin) return true;
  return allowedDomains.length > 0 && isOriginAllowed(allowedDomains, origin, { ownOrigin });
};

/** One action as it may leave: `url` on `link` alone. Undefined for what must not be offered. */
const shown = ({ label, action, url }: Action, rules: LinkRules): Action | undefined => {
  const text = clip(label, labelLength);
  if (text === '') return undefined;
  if (action !== 'link') return { label: text, action };
  return url !== undefined && isOfferable(url, rules) ? { label: text, action, url } : undefined;
};

/**
 * The actions of a message, whichever model wrote it: its own, then its sources, then the offer of a person where one
 * can be asked for and the message does not offer one already.
 */
export const suggestedActions = (
  { actions = [], sources = [] }: Pick<FactOf<'message.created'>, 'actions' | 'sources'>,
  { rules, canHandOff, language }: { rules: LinkRules; canHandOff: boolean; language: Language },
): Action[] => {
  const known = [...rules.known, ...sources.flatMap(({ url }) => (url === undefined ? [] : [url]))];
  const own = actions.map((action) => shown(action, { ...rules, known }));
  const links = sources
    .filter(({ url }) => url !== undefined && !actions.some((action) => action.url === url))
    .slice(0, mostSources)
    .map(({ title, url }) => shown({ label: title, action: 'link', url: url! }, { ...rules, known }));
  const listed = [...links, ...own].filter((action) => action !== undefined);
  const offered = listed.filter(({ action }) => action !== 'handoff' || canHandOff);
  if (!canHandOff || offered.some(({ action }) => action === 'handoff')) return offered.slice(0, most);
  return [...offered.slice(0, most - 1), { label: chipWords[language].person, action: 'handoff' }];
};
