// What search looks at: texts folded (case, diacritics) and cut into grams, so that one index serves every script.
import type { Fact } from '../../../shared/facts.ts';

const ascii = /^\p{ASCII}*$/u;
// Voicing marks of Japanese are letters, not decoration.
const marks = /(?![\u3099\u309A])\p{M}|\u0640/gu;
const runs = /[\p{L}\p{N}]+/gu;
/** Scripts that write no spaces between words. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]/u;
const parts =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]+|[^\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]+/gu;

/** A text without case, accents, vowel marks and compatibility forms. */
export const fold = (text: string): string =>
  ascii.test(text)
    ? text.toLowerCase()
    : text.normalize('NFKD').replace(marks, '').normalize('NFC').toLowerCase().replace(marks, '');

/** The words of a folded text; a word of mixed scripts is cut where they meet. */
const wordsOf = (folded: string): string[] => {
  const words = folded.match(runs) ?? [];
  return ascii.test(folded) ? words : words.flatMap((word) => word.match(parts) ?? []);
};

const addGrams = (word: string, into: Set<string>, isQuery: boolean): void => {
  if (unspaced.test(word)) {
    const letters = Array.from(word);
    if (!isQuery || letters.length === 1) for (const letter of letters) into.add(letter);
    for (let i = 0; i + 2 <= letters.length; i++) into.add(letters[i]! + letters[i + 1]!);
    return;
  }
  if (!isQuery || word.length < 3) {
    into.add(word.length < 3 ? word : word.slice(0, 2));
    if (!isQuery) into.add(word.slice(0, 1));
  }
  for (let i = 0; i + 3 <= word.length; i++) into.add(word.slice(i, i + 3));
};

/**
 * What is indexed of a text, space-separated: every three letters in a row of each word, and its first one and two; of
 * scripts without spaces every letter and every pair.
 */
export const gramsOf = (text: string): string => {
  const grams = new Set<string>();
  for (const word of wordsOf(fold(text))) addGrams(word, grams, false);
  return [...grams].join(' ');
};

const QUERY_LENGTH = 200;
const QUERY_GRAMS = 48;

/** A question to the index: the folded words, and the grams that a text must hold to have all of them. */
export interface Wanted {
  words: string[];
  grams: string[];
}

export const wantedOf = (query: string): Wanted => {
  const words = wordsOf(fold(query.slice(0, QUERY_LENGTH)));
  const grams = new Set<string>();
  for (const word of words) addGrams(word, grams, true);
  return { words, grams: [...grams].slice(0, QUERY_GRAMS) };
};

/** Whether a text holds every word; one or two letters of a spaced script count at the beginning of a word only. */
export const holds = (text: string, words: readonly string[]): boolean => {
  const folded = fold(text);
  return words.every((word) => positionOf(folded, word) >= 0);
};

const isLetter = (text: string): boolean => /[\p{L}\p{N}]/u.test(text);

const positionOf = (folded: string, word: string): number => {
  const position = folded.indexOf(word);
  if (word.length > 2 || position <= 0 || unspaced.test(word)) return position;
  for (let at = position; at >= 0; at = folded.indexOf(word, at + 1)) {
    const before = folded.slice(Math.max(0, at - 1), at);
    if (!isLetter(before) || unspaced.test(before)) return at;
  }
  return -1;
};

const EXCERPT = 200;
const LEAD = 60;

/** At most 200 UTF-16 units of the text around the first of the words, on one line; cuts are marked by `…`. */
export const excerptOf = (text: string, words: readonly string[]): string => {
  const line = text.replace(/\s+/g, ' ').trim().normalize('NFC');
  if (line.length <= EXCERPT) return line;
  // Folding may change lengths: fold letter by letter, and remember where each came from.
  let folded = '';
  const origin: number[] = [];
  let at = 0;
  for (const letter of line) {
    const one = fold(letter);
    for (let i = 0; i < one.length; i++) origin.push(at);
    folded += one;
    at += letter.length;
  }
  const found = words.map((word) => positionOf(folded, word)).filter((position) => position >= 0);
  const match = found.length === 0 ? 0 : (origin[Math.min(...found)] ?? 0);
  let start = Math.max(0, Math.min(match - LEAD, line.length - (EXCERPT - 1)));
  if (start > 0) {
    const space = line.indexOf(' ', start);
    if (space >= 0 && space < match) start = space + 1;
  }
  let end = Math.min(line.length, start + EXCERPT - (start > 0 ? 1 : 0));
  if (end < line.length) end -= 1;
  if (/[\uDC00-\uDFFF]/.test(line[start] ?? '')) start += 1;
  if (/[\uD800-\uDBFF]/.test(line[end - 1] ?? '')) end -= 1;
  return `${start > 0 ? '…' : ''}${line.slice(start, end)}${end < line.length ? '…' : ''}`;
};

/** The text of a fact that search covers: messages and notes. */
export const searchedText = (fact: Fact): string | undefined =>
  fact.type === 'message.created' || fact.type === 'note.created' ? fact.text : undefined;

/** Facts that change by what name or address a visitor is found. */
export const namesVisitor = (fact: Fact): boolean =>
  fact.type === 'visitor.identified' || fact.type === 'lead.captured';

export const nameText = (visitor: { name?: string; email?: string; phone?: string; company?: string }): string =>
  [visitor.name, visitor.email, visitor.phone, visitor.company].filter((part) => part !== undefined).join(' · ');
