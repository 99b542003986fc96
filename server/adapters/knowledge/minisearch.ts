// Retrieval over an assistant's articles: passages in a MiniSearch index, scored by how much of the question they cover.
import MiniSearch from 'minisearch';
import type { SearchResult } from 'minisearch';
import type { Article } from '../../ports/documents.ts';
import type { Knowledge, Passage } from '../../ports/model.ts';
import type { Store } from '../../ports/store.ts';
import { passagesOf } from './passages.ts';
import { questionTerms, splitWords, synonymsOf, termsOf, toTerm } from './words.ts';

/** Assistants whose index is kept in memory; the one used longest ago goes first. */
const indexesKept = 50;
const articlesRead = 200;
/** What a match is worth beside an exact one. */
const quality = { synonym: 0.9, prefix: 0.85, fuzzy: 0.7 } as const;
/**
 * A score is the share of the question that a passage covers, less up to these parts: where it ranks low, where only
 * its title matches, and where the article is about more than what was asked.
 */
const share = { rank: 0.08, text: 0.08, title: 0.08 } as const;
/** A term that no article knows weighs this much more than the rarest known one. */
const unknownWeight = 1.25;
/** Numbers and dates tell the circumstances of a question rather than its subject. */
const circumstance = {
  terms: new Set(
    termsOf(
      `monday tuesday wednesday thursday friday saturday sunday weekend january february march april may june july
      august september october november december morning afternoon`,
    ),
  ),
  weight: 0.3,
};

interface Entry {
  id: number;
  title: string;
  heading: string;
  text: string;
  titleTerms: readonly string[];
  passage: Omit<Passage, 'score'>;
}

interface Index {
  search: MiniSearch<Entry>;
  entries: Entry[];
  /** In how many passages a term stands. */
  frequency: Map<string, number>;
}

const entriesOf = (articles: readonly Article[]): Entry[] => {
  const entries: Entry[] = [];
  for (const article of articles) {
    const titleTerms = termsOf(article.title);
    for (const { heading, text, position } of passagesOf(article)) {
      const url = article.url === undefined || article.url === '' ? {} : { url: article.url };
      const passage = { articleId: article.id, title: article.title, text, position, ...url };
      entries.push({ id: entries.length, title: article.title, heading, text, titleTerms, passage });
    }
  }
  return entries;
};

const build = async (articles: readonly Article[]): Promise<Index> => {
  const entries = entriesOf(articles);
  const search = new MiniSearch<Entry>({
    fields: ['title', 'heading', 'text'],
    tokenize: splitWords,
    processTerm: toTerm,
  });
  // In chunks, so that a large knowledge base does not hold up the sockets.
  await search.addAllAsync(entries, { chunkSize: 20 });
  const frequency = new Map<string, number>();
  for (const { title, text } of entries) {
    for (const term of termsOf(`${title} ${text}`)) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  }
  return { search, entries, frequency };
};

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
    boostTerm: (term) => (own.has(term) ? 1 : 0.5),
    prefix: (term) => own.has(term) && term.length >= 4 && !index.frequency.has(term),
    fuzzy: (term) => (own.has(term) ? fuzziness(index, term) : 0),
  });
};

/**
 * The weight of each of a question's terms: rare ones say more. Those that no article knows weigh as much as the
 * rarest together, not each: people talk around what they ask, but a question about something else must not pass.
 */
const weigh = (index: Index, terms: readonly string[]): Map<string, number> => {
  const passages = index.entries.length;
  const knows = (term: string): number =>
    Math.max(index.frequency.get(term) ?? 0, ...synonymsOf(term).map((other) => index.frequency.get(other) ?? 0));
  const unknown = terms.filter((term) => knows(term) === 0).length;
  return new Map(
    terms.map((term) => {
      const count = knows(term);
      const weight = Math.log(1 + passages / Math.max(1, count));
      if (/^\d+$/.test(term) || circumstance.terms.has(term)) return [term, weight * circumstance.weight];
      return [term, count === 0 ? (weight * unknownWeight) / Math.sqrt(unknown) : weight];
    }),
  );
};

const searchIndex = (index: Index, question: string, limit: number): Passage[] => {
  const terms = questionTerms(question);
  if (terms.length === 0) return [];
  const weights = weigh(index, terms);
  const results = query(index, terms);
  const best = results[0]?.score ?? 1;
  let total = 0;
  for (const weight of weights.values()) total += weight;
  const asked = new Set(terms.flatMap((term) => [term, ...synonymsOf(term)]));
  const scored = results.map((result) => {
    let met = 0;
    let inText = 0;
    for (const [term, weight] of weights) {
      const match = matchOf(term, result);
      met += weight * match.worth;
      if (match.inText) inText += weight * match.worth;
    }
    const entry = index.entries[result.id as number];
    const titleTerms = entry?.titleTerms ?? [];
    const named = titleTerms.filter((term) => asked.has(term)).length / Math.max(1, titleTerms.length);
    const less =
      share.rank * (1 - result.score / best) +
      share.text * (met === 0 ? 0 : 1 - inText / met) +
      share.title * (1 - named);
    return { entry, score: (met / total) * (1 - less) };
  });
  return scored
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .flatMap(({ entry, score }) =>
      entry === undefined ? [] : [{ ...entry.passage, score: Math.round(score * 1000) / 1000 }],
    );
};

const readArticles = async (store: Pick<Store, 'documents'>, orgId: string, group: string): Promise<Article[]> => {
  const articles: Article[] = [];
  for (;;) {
    const after = articles.at(-1)?.id;
    const page = await store.documents.articles.list(orgId, {
      group,
      limit: articlesRead,
      ...(after === undefined ? {} : { after }),
    });
    articles.push(...page);
    if (page.length < articlesRead) return articles;
  }
};

/**
 * Knowledge over `store.documents.articles`. A passage's `score` is the share of the question's informative terms that
 * it covers, weighed by how rare they are: below about 0.45 it does not answer the question. No informative term, no passage.
 */
export const createKnowledge = ({ store }: { store: Pick<Store, 'documents'> }): Knowledge => {
  /** In the order of their last use. */
  const indexes = new Map<string, Promise<Index>>();

  const indexOf = (orgId: string, assistantId: string): Promise<Index> => {
    const key = `${assistantId} ${orgId}`;
    const kept = indexes.get(key);
    const index = kept ?? readArticles(store, orgId, assistantId).then(build);
    indexes.delete(key);
    indexes.set(key, index);
    if (kept === undefined) {
      // A store that failed once is asked again.
      index.catch(() => indexes.get(key) === index && indexes.delete(key));
      const oldest = indexes.keys().next();
      if (indexes.size > indexesKept && oldest.done === false) indexes.delete(oldest.value);
    }
    return index;
  };

  return {
    async search(orgId, assistantId, question, limit) {
      return searchIndex(await indexOf(orgId, assistantId), question.slice(0, 2000), limit);
    },
    forget(assistantId) {
      for (const key of indexes.keys()) if (key.startsWith(`${assistantId} `)) indexes.delete(key);
    },
  };
};
