// Articles in a real store, behind the real knowledge adapter.
import { fileURLToPath } from 'node:url';
import { createKnowledge } from '../../server/adapters/knowledge/minisearch.ts';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Article } from '../../server/ports/documents.ts';
import type { Knowledge } from '../../server/ports/model.ts';
import type { Store } from '../../server/ports/store.ts';
import { readSeedArticles } from '../../server/seed/articles.ts';
import { newId } from '../../shared/ids.ts';

export const seedArticles = readSeedArticles(fileURLToPath(new URL('../../server/seed/articles', import.meta.url)));

export interface Library {
  store: Store;
  knowledge: Knowledge;
  add: (
    assistantId: string,
    article: { title: string; text: string; url?: string },
    orgId?: string,
  ) => Promise<Article>;
}

/** An empty library; articles belong to the organisation `org_1` unless said otherwise. */
export const openLibrary = async (): Promise<Library> => {
  const store = await openMemoryStore({ clock: systemClock });
  return {
    store,
    knowledge: createKnowledge({ store }),
    add: async (assistantId, { title, text, url }, orgId = 'org_1') => {
      const more = url === undefined ? {} : { url };
      const article = { id: newId('art'), orgId, assistantId, title, text, createdAt: 1, updatedAt: 1, ...more };
      await store.documents.articles.put(article);
      return article;
    },
  };
};

/** The library of the demo, for the assistant `asst_demo`. */
export const openDemoLibrary = async (): Promise<Library> => {
  const library = await openLibrary();
  for (const article of seedArticles) await library.add('asst_demo', article);
  return library;
};
