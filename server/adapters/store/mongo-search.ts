// Search in MongoDB: texts and names as lists of grams under an ordinary index, which every server of the protocol has.
import type { Filter } from 'mongodb';
import type { InboxRow } from '../../../shared/inbox.ts';
import type { SearchHit, Store } from '../../ports/store.ts';
import type { RowDocument, TextDocument } from './mongo-schema.ts';
import { findAmong } from './mongo-server.ts';
import type { Server } from './mongo-server.ts';
import { excerptOf, holds, nameText, wantedOf } from './search-text.ts';

/** Candidates looked at for one search. */
const EXAMINED = 2000;
/** Read from the server at once. */
const BATCH = 100;
/** After this a search gives what it has found, ms. */
const LONGEST_MS = 2000;
const TOOK_TOO_LONG = 50;

type Lists<T> = { [F in keyof T]: T[F] extends string[] ? F : never }[keyof T] & string;

/** One equality first, which every server can look up; of each word the middle is rarer than the beginning. */
const holding = <T extends { orgId: string }>(orgId: string, field: Lists<T>, grams: readonly string[]): Filter<T> => {
  const middle = grams[Math.floor(grams.length / 2)];
  const rest = grams.filter((gram) => gram !== middle).map((gram) => ({ [field]: gram }));
  return { orgId, [field]: middle, ...(rest.length === 0 ? {} : { $and: rest }) } as Filter<T>;
};

export const createMongoSearch = (server: Server): Pick<Store, 'search'> => {
  const rows = server.collection<RowDocument>('conversations');
  const texts = server.collection<TextDocument>('texts');

  /** Of these conversations those that are not spam: what is spam is not found. */
  const shownAmong = async (ids: readonly string[]): Promise<Set<string>> => {
    const found = await findAmong(server, rows, '_id', ids, { list: 1 });
    return new Set(found.filter(({ list }) => list !== 'spam').map(({ _id }) => _id));
  };

  /** Conversations by the first of their documents, latest first, that holds all the words. */
  const gather = async <T>(
    found: AsyncIterable<T>,
    words: readonly string[],
    limit: number,
    read: (one: T) => { id: string; text: string },
  ): Promise<Map<string, string>> => {
    const hits = new Map<string, string>();
    const hidden = new Set<string>();
    /** Hits up to here are known not to be spam. */
    let shown = new Set<string>();
    const dropSpam = async (): Promise<void> => {
      const fresh = [...hits.keys()].filter((id) => !shown.has(id));
      if (fresh.length === 0) return;
      const found = await shownAmong(fresh);
      for (const id of fresh) {
        if (found.has(id)) continue;
        hits.delete(id);
        hidden.add(id);
      }
      shown = new Set(hits.keys());
    };
    try {
      for await (const one of found) {
        const { id, text } = read(one);
        if (hits.has(id) || hidden.has(id) || !holds(text, words)) continue;
        hits.set(id, text);
        if (hits.size === limit) await dropSpam();
        if (hits.size === limit) break;
      }
    } catch (error) {
      if ((error as { code?: unknown }).code !== TOOK_TOO_LONG) throw error;
    }
    await dropSpam();
    return hits;
  };

  /** The message of a commit that holds all the words: its texts are lines of one. */
  const told = (text: string, words: readonly string[]): string =>
    text.includes('\n') ? (text.split('\n').find((line) => holds(line, words)) ?? text) : text;

  return {
    search: async (orgId, words, limit) => {
      const wanted = wantedOf(words);
      if (wanted.grams.length === 0 || limit <= 0) return [];
      const options = { batchSize: BATCH, maxTimeMS: LONGEST_MS };
      const latest = rows
        .find(holding<RowDocument>(orgId, 'names', wanted.grams), { ...options, projection: { row: 1 } })
        .sort({ _id: -1 })
        .limit(EXAMINED);
      const said = texts
        .find(holding<TextDocument>(orgId, 'grams', wanted.grams), {
          ...options,
          projection: { conversationId: 1, text: 1 },
        })
        .sort({ at: -1, _id: -1 })
        .limit(EXAMINED);
      const [people, messages] = await Promise.all([
        gather(latest, wanted.words, limit, ({ _id, row }) => ({
          id: _id,
          text: nameText((JSON.parse(row) as InboxRow).visitor),
        })),
        gather(said, wanted.words, limit, ({ conversationId, text }) => ({ id: conversationId, text })),
      ]);
      // Names come first, but leave half of the list to texts.
      const named = [...people].slice(0, Math.max(Math.ceil(limit / 2), limit - messages.size));
      const hits = new Map([...messages, ...named]);
      const order = [...new Set([...named.map(([id]) => id), ...messages.keys()])].slice(0, limit);
      const found = new Map((await findAmong(server, rows, '_id', order)).map((one) => [one._id, one]));
      return order.flatMap((id): SearchHit[] => {
        const document = found.get(id);
        // A text may be there before its row.
        if (document === undefined) return [];
        const excerpt = excerptOf(told(hits.get(id)!, wanted.words), wanted.words);
        return [{ row: JSON.parse(document.row) as InboxRow, excerpt }];
      });
    },
  };
};
