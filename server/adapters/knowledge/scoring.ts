// How well a passage answers a question, from 0 to 1, so that "nothing here answers it" can be told.
import type MiniSearch from 'minisearch';
import type { SearchResult } from 'minisearch';
import type { Passage } from '../../ports/model.ts';
import { questionTerms, synonymsOf, termsOf } from './words.ts';

/** What a match is worth beside an exact one. */
const quality = { synonym: 0.97, prefix: 0.85, fuzzy: 0.7 } as const;
/**
 * A score is the share of the question that a passage covers, less up to these parts: where it ranks low, where only
 * its title matches, and where the article is about more than what was asked.
 */
const share = { rank: 0.08, text: 0.08, title: 0.08 } as const;
/** What an answer to one sentence of a message, or to it and the one before, is worth beside an answer to it. */
const worth = { part: 0.95, withBefore: 0.9, onlyCircumstance: 0.6 } as const;
/** A term that no article knows weighs this much more than the rarest known one. */
const unknownWeight = 1.25;
/** Numbers and dates tell the circumstances of a question rather than its subject. */
const circumstance = {
  terms: new Set(
    termsOf(
      `monday tuesday wednesday thursday friday saturday sunday weekend january february march april may june july
      august september october november december spring summer autumn winter season morning afternoon day night month
      date`,
    ),
  ),
  weight: 0.3,
};

/** A passage as it is indexed. */
export interface Entry {
  id: number;
  title: string;
  heading: string;
  text: string;
  titleTerms: readonly string[];
  passage: Omit<Passage, 'score'>;
}

export interface Index {
  search: MiniSearch<Entry>;
  entries: Entry[];
  /** In how many passages a term stands. */
  frequency: Map<string, number>;
}

/** Typing errors rarely hit the first letter, and short words are too close to each other. */
const isMistyped = (term: string, found: string): boolean => found.length >= 5 && found[0] === term[0];

/** How well a question's term is met by what matched in a passage, 0 to 1, and whether more than its title did. */
const matchOf = (term: string, result: SearchResult): { worth: number; inText: boolean } => {
  const met = (found: string | undefined, worth: number): { worth: number; inText: boolean } => ({
    worth: found === undefined ? 0 : worth,
    inText: found !== undefined && (result.match[found] ?? []).some((field) => field !== 'title'),
  });
  if (result.match[term] !== undefined) return met(term, 1);
  const other = synonymsOf(term).find((synonym) => result.match[synonym] !== undefined);
  if (other !== undefined) return met(other, quality.synonym);
  if (!result.queryTerms.includes(term)) return met(undefined, 0);
  const longer = result.terms.find((found) => found.startsWith(term));
  if (longer !== undefined) return met(longer, quality.prefix);
  return met(
    result.terms.find((found) => isMistyped(term, found)),
    quality.fuzzy,
  );
};

/** Typing errors are forgiven in words that the articles do not have, are long enough, and are not numbers. */
const fuzziness = (index: Index, term: string): number => {
  if (index.frequency.has(term) || term.length < 5 || !/^\p{L}+$/u.test(term)) return 0;
  return term.length < 8 ? 1 : 2;
};

const query = (index: Index, terms: readonly string[]): SearchResult[] => {
  const words = new Set([...terms, ...terms.flatMap((term) => synonymsOf(term))]);
  const own = new Set(terms);
  return index.search.search([...words].join(' '), {
    tokenize: (text) => text.split(' '),
    processTerm: (term) => term,
    boost: { title: 3, heading: 2 },
    boostTerm: (term) => (own.has(term) ? 1 : 0.9),
    prefix: (term) => own.has(term) && term.length >= 4 && !index.frequency.has(term),
    fuzzy: (term) => (own.has(term) ? fuzziness(index, term) : 0),
  });
};

const isCircumstance = (term: string): boolean => /^\d+$/.test(term) || circumstance.terms.has(term);

/** In how many passages a term or another of the same meaning stands. */
const knownIn = (index: Index, term: string): number =>
  Math.max(...[term, ...synonymsOf(term)].map((known) => index.frequency.get(known) ?? 0));

/**
 * The weight of each of a question's terms: rare ones say more. Those that no article knows weigh as much as the
 * rarest together, not each: people talk around what they ask, but a question about something else must not pass.
 */
const weigh = (index: Index, terms: readonly string[]): Map<string, number> => {
  const passages = index.entries.length;
  const unknown = terms.filter((term) => knownIn(index, term) === 0).length;
  return new Map(
    terms.map((term) => {
      const count = knownIn(index, term);
      const weight = Math.log(1 + passages / Math.max(1, count));
      if (isCircumstance(term)) return [term, weight * circumstance.weight];
      return [term, count === 0 ? (weight * unknownWeight) / Math.sqrt(unknown) : weight];
    }),
  );
};

/** The score of each passage that shares a term with a question. */
const scoresOf = (index: Index, terms: readonly string[]): Map<Entry, number> => {
  const weights = weigh(index, terms);
  const results = query(index, terms);
  const best = results[0]?.score ?? 1;
  let total = 0;
  for (const weight of weights.values()) total += weight;
  const asked = new Set(terms.flatMap((term) => [term, ...synonymsOf(term)]));
  const scores = new Map<Entry, number>();
  for (const result of results) {
    const entry = index.entries[result.id as number];
    if (entry === undefined) continue;
    let met = 0;
    let inText = 0;
    for (const [term, weight] of weights) {
      const match = matchOf(term, result);
      met += weight * match.worth;
      if (match.inText) inText += weight * match.worth;
    }
    if (met === 0) continue;
    const named = entry.titleTerms.filter((term) => asked.has(term)).length / Math.max(1, entry.titleTerms.length);
    const less = share.rank * (1 - result.score / best) + share.text * (1 - inText / met) + share.title * (1 - named);
    scores.set(entry, (met / total) * (1 - less));
  }
  return scores;
};

interface Ask {
  terms: string[];
  /** What an answer to this is worth beside an answer to the whole message. */
  worth: number;
}

/** Whether a question is likely to go on from the one before: no word of it is foreign to the articles, few are there. */
const goesOn = (index: Index, terms: readonly string[]): boolean =>
  terms.filter((term) => !isCircumstance(term)).length <= 1 &&
  terms.every((term) => isCircumstance(term) || knownIn(index, term) > 0);

/** A message as what it asks: all of it, the last of its questions (without any: each statement), and what it goes on from. */
const asksOf = (index: Index, message: string, before: string): Ask[] => {
  const whole = questionTerms(message);
  const followsUp = before.trim() !== '' && goesOn(index, whole);
  // "And on Sundays?" is a question of its own only where nothing was asked before.
  const alone = followsUp && whole.every(isCircumstance) ? worth.onlyCircumstance : 1;
  const asks: Ask[] = whole.length === 0 ? [] : [{ terms: whole, worth: alone }];
  const sentences = message.match(/[^.!?。！？؟\n]+[.!?。！？؟\n]*/gu) ?? [];
  const telling = sentences.filter((text) => questionTerms(text).length > 0);
  if (telling.length > 1) {
    const question = telling.findLast((text) => /[?？؟]/u.test(text));
    const apart = question === undefined ? telling.slice(-4) : [question];
    asks.push(...apart.map((text) => ({ terms: questionTerms(text), worth: worth.part })));
  }
  if (followsUp) {
    const terms = [...new Set([...questionTerms(before), ...whole])];
    if (terms.length > whole.length) asks.push({ terms, worth: worth.withBefore });
  }
  return asks;
};

/** The best passages for a visitor's message, best first; `score` is 0 to 1, three digits. */
export const searchIndex = (index: Index, message: string, limit: number, before: string): Passage[] => {
  const scores = new Map<Entry, number>();
  for (const { terms, worth } of asksOf(index, message, before)) {
    for (const [entry, score] of scoresOf(index, terms)) {
      scores.set(entry, Math.max(scores.get(entry) ?? 0, score * worth));
    }
  }
  return [...scores]
    .sort(([, a], [, b]) => b - a)
    .slice(0, limit)
    .map(([{ passage }, score]) => ({ ...passage, score: Math.round(score * 1000) / 1000 }));
};
