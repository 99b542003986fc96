// Retrieval over an assistant's articles: passages in a MiniSearch index, scored by how much of the question they cover.
import MiniSearch from 'minisearch';
import type { SearchResult } from 'minisearch';
import type { Article } from '../../ports/documents.ts';
import type { Knowledge, Passage } from '../../ports/model.ts';
import type { Store } from '../../ports/store.ts';
import { passagesOf } from './passages.ts';
import { splitWords, synonymsOf, termsOf, toTerm } from './words.ts';

/** Assistants whose index is kept in memory; the one used longest ago goes first. */
const indexesKept = 50;
const articlesRead = 200;
/** What a match is worth beside an exact one. */
const quality = { synonym: 0.9, prefix: 0.85, fuzzy: 0.7 } as const;
/** The part of a passage's score that its rank decides; the rest is the share of the question that it covers. */
const rankShare = 0.2;

interface Entry {
  id: number;
  title: string;
  heading: string;
  text: string;
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
    for (const { heading, text, position } of passagesOf(article)) {
      const url = article.url === undefined || article.url === '' ? {} : { url: article.url };
      const passage = { articleId: article.id, title: article.title, text, position, ...url };
      entries.push({ id: entries.length, title: article.title, heading, text, passage });
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

/** How well a question's term is met by the terms that matched in a passage, 0 to 1. */
const matchOf = (term: string, result: SearchResult): number => {
  if (result.match[term] !== undefined) return 1;
  if (synonymsOf(term).some((other) => result.match[other] !== undefined)) return quality.synonym;
  if (!result.queryTerms.includes(term)) return 0;
  return result.terms.some((found) => found.startsWith(term)) ? quality.prefix : quality.fuzzy;
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
      return [term, count === 0 ? weight / Math.sqrt(unknown) : weight];
    }),
  );
};

const searchIndex = (index: Index, question: string, limit: number): Passage[] => {
  const terms = termsOf(question);
  if (terms.length === 0) return [];
  const weights = weigh(index, terms);
  const results = query(index, terms);
  const best = results[0]?.score ?? 1;
  let total = 0;
  for (const weight of weights.values()) total += weight;
  const scored = results.map((result) => {
    let met = 0;
    for (const [term, weight] of weights) met += weight * matchOf(term, result);
    const score = (met / total) * (1 - rankShare + (rankShare * result.score) / best);
    return { entry: index.entries[result.id as number], score };
  });
  return scored
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
 * it covers, weighed by how rare they are: below about 0.4 it does not answer the question. No informative term, no passage.
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
