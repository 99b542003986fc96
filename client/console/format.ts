// Times, names and numbers as people read them.
import { signedFieldsOf } from '../../shared/identity.ts';
import type { Read, Signable } from '../../shared/identity.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const longDate = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const yearDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** Midnight of the day, in the reader's zone. */
export const dayOf = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

export const clockTime = (at: number): string => clock.format(at);
export const exactTime = (at: number): string => exact.format(at);

/** How long, in the largest whole unit: `now`, `4 min`, `3 h`, `2 d`. */
export const duration = (ms: number): string => {
  if (ms < minute) return 'now';
  if (ms < hour) return `${Math.floor(ms / minute)} min`;
  if (ms < day) return `${Math.floor(ms / hour)} h`;
  return `${Math.floor(ms / day)} d`;
};

/** When, for a list: `now`, `4 min`, then the clock of today, the weekday of this week, the date. */
export const listTime = (at: number, now: number): string => {
  const age = now - at;
  if (age < hour) return duration(age);
  if (dayOf(at) === dayOf(now)) return clock.format(at);
  if (age < 6 * day) return weekday.format(at);
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? shortDate.format(at) : yearDate.format(at);
};

/** The heading of a day in a conversation. */
export const dayTitle = (at: number, now: number): string => {
  const days = Math.round((dayOf(now) - dayOf(at)) / day);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? longDate.format(at) : yearDate.format(at);
};

export const dateOf = (at: number): string => yearDate.format(at);

const milliseconds = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
export const seconds = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${milliseconds.format(ms / 1000)} s`;

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** Two letters of a name, one where there is one word. Counts by code point: an emoji is not cut in half. */
export const initialsOf = (name: string): string => {
  // Signs are no initials.
  const words = name
    .replace(/[^\p{L}\p{N}\p{Emoji_Presentation}]+/gu, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) =>
    word === undefined ? '' : String.fromCodePoint(word.codePointAt(0) ?? 63),
  );
  return letters.join('').toLocaleUpperCase() || '?';
};

/** A stable number below `count` for a name or an id. */
export const toneOf = (id: string, count: number): number => {
  let sum = 0;
  for (const unit of id) sum = (sum * 31 + (unit.codePointAt(0) ?? 0)) % 9973;
  return sum % count;
};

/** What a visitor is called before they say who they are: the same word and number for the same conversation. */
export const visitorName = (visitor: { name?: string | undefined; email?: string | undefined }, id: string): string =>
  visitor.name || visitor.email || `Visitor ${(toneOf(id, 9000) + 1000).toString()}`;

/** What is behind the name that is shown: what the site's owner signed, or what the visitor typed. */
export const trustIn = (person: Read<Signable>): string => {
  if (person.verified !== true) return 'Visitor';
  const shown = person.name ? 'name' : person.email ? 'email' : undefined;
  if (shown === undefined || signedFieldsOf(person).includes(shown)) return 'Verified by your site';
  return `Signed in on your site, ${shown === 'name' ? 'name' : 'e-mail'} not verified`;
};

/** A page's path without the noise, for one line. */
export const shortUrl = (url: string): string => {
  if (!URL.canParse(url)) return url;
  const { host, pathname } = new URL(url);
  return pathname === '/' ? host : `${host}${pathname}`;
};

/** The browser and system in a few words. */
export const browserOf = (userAgent: string): string => {
  const browser = /Edg\//.test(userAgent)
    ? 'Edge'
    : /OPR\//.test(userAgent)
      ? 'Opera'
      : /Firefox\//.test(userAgent)
        ? 'Firefox'
        : /Chrome\//.test(userAgent)
          ? 'Chrome'
          : /Safari\//.test(userAgent)
            ? 'Safari'
            : 'Browser';
  const system = /Android/.test(userAgent)
    ? 'Android'
    : /iPhone|iPad/.test(userAgent)
      ? 'iOS'
      : /Windows/.test(userAgent)
        ? 'Windows'
        : /Mac OS X/.test(userAgent)
          ? 'macOS'
          : /Linux/.test(userAgent)
            ? 'Linux'
            : '';
  return system === '' ? browser : `${browser}, ${system}`;
};

/** Markdown on one line without its signs, for previews. */
export const plainText = (markdown: string): string =>
  markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(\*\*|__|~~|`+)/g, '')
    .replace(/(^|\s)(#{1,6}|>)\s+/g, '$1')
    .replace(/^[-*+]\s+/, '')
    .replace(/(^|\s)\*(\S[^*]*)\*/g, '$1$2')
    .replace(/\s+/g, ' ')
    .trim();
