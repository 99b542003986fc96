// Retrieval over an assistant's articles: their passages in a MiniSearch index, one per assistant, kept while in use.
import MiniSearch from 'minisearch';
import type { Article } from '../../ports/documents.ts';
import type { Knowledge } from '../../ports/model.ts';
import type { Store } from '../../ports/store.ts';
import { passagesOf } from './passages.ts';
import { searchIndex } from './scoring.ts';
import type { Entry, Index } from './scoring.ts';
import { splitWords, termsOf, toTerm } from './words.ts';

/** Assistants whose index is kept in memory; the one used longest ago goes first. */
const indexesKept = 50;
const articlesRead = 200;
/** Characters of a question that are looked at. */
const longest = 2000;
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
    async search(orgId, assistantId, question, limit, before = '') {
      const index = await indexOf(orgId, assistantId);
      return searchIndex(index, question.slice(0, longest), limit, before.slice(0, longest));
    },
    forget(assistantId) {
      for (const key of indexes.keys()) if (key.startsWith(`${assistantId} `)) indexes.delete(key);
    },
  };
};
