// Which language the widget speaks, and how its words arrive.
import { en } from './words.ts';
import type { Words } from './words.ts';

const load: Record<string, () => Promise<{ words: Words }>> = {
  de: () => import('./de.ts'),
  fr: () => import('./fr.ts'),
  es: () => import('./es.ts'),
  ar: () => import('./ar.ts'),
  zh: () => import('./zh.ts'),
};

export const languages = ['en', ...Object.keys(load)];

const rightToLeft = new Set(['ar', 'fa', 'he', 'ur', 'ps', 'yi']);

/** The two-letter language of a BCP 47 tag. */
const languageOf = (locale: string): string => locale.toLowerCase().split(/[-_]/)[0] ?? 'en';

/** The first of the wishes whose language the widget speaks; else English. */
export const chooseLocale = (wishes: readonly (string | undefined)[]): string =>
  wishes.find((wish) => wish !== undefined && languages.includes(languageOf(wish))) ?? 'en';

export const directionOf = (locale: string): 'ltr' | 'rtl' => (rightToLeft.has(languageOf(locale)) ? 'rtl' : 'ltr');

/** Rejects never: without its chunk a language falls back to English. */
export const loadWords = async (locale: string): Promise<Words> => {
  try {
    return (await load[languageOf(locale)]?.())?.words ?? en;
  } catch {
    return en;
  }
};
