// A server of documents in memory, whose every request and every reply arrives when a schedule says so: late, in another order, or
// never. It does what a MongoDB does for single documents; or, like FerretDB 1, finds and writes in two steps.
import { MongoNetworkError, MongoServerError } from 'mongodb';
import type { Server } from '../../server/adapters/store/mongo-server.ts';

type Doc = Record<string, unknown> & { _id: string };
type Filter = Record<string, unknown>;

/** Something that may happen next: a request arrives, a reply arrives, or the second half of a write is done. */
interface Event {
  node: string;
  happen(): void;
}

export interface Schedule {
  /** A line to the server of its own, by the node's name. */
  connect(node: string): Server;
  events: Event[];
  collection(name: string): Map<string, Doc>;
}

/** Besides `_id`. */
const unique: Record<string, string> = { locks: 'key' };

const matches = (document: Doc, filter: Filter): boolean =>
  Object.entries(filter).every(([field, wanted]) => {
    const range = wanted as { $lt?: number; $lte?: number } | null;
    const value = document[field];
    if (typeof range !== 'object' || range === null) return value === wanted;
    if (range.$lt !== undefined) return (value as number) < range.$lt;
    return range.$lte !== undefined && (value as number) <= range.$lte;
  });

/**
 * @param isAtomic false: an update, replacement or deletion finds a document, and writes it by its id at some later time
 * @param loses asked for each reply: whether the connection breaks instead, after the server did what it was asked
 */
export const createSchedule = (isAtomic: boolean, now: () => number, loses: () => boolean): Schedule => {
  const collections = new Map<string, Map<string, Doc>>();
  const events: Event[] = [];
  const collection = (name: string): Map<string, Doc> => {
    let found = collections.get(name);
    if (found === undefined) collections.set(name, (found = new Map<string, Doc>()));
    return found;
  };

  const connect = (node: string): Server => {
    /** `serve` runs when the request arrives, and calls back with the reply. */
    const ask = <T>(serve: (reply: (value: T | Error) => void) => void): Promise<T> =>
      new Promise((resolve, reject) => {
        const reply = (value: T | Error): void => {
          const answer = loses() ? new MongoNetworkError('the connection broke') : value;
          events.push({ node, happen: () => (answer instanceof Error ? reject(answer) : resolve(answer)) });
        };
        events.push({ node, happen: () => serve(reply) });
      });

    const of = (name: string) => {
      const documents = collection(name);
      const find = (filter: Filter): Doc | undefined => {
        const byId = typeof filter['_id'] === 'string' ? documents.get(filter['_id']) : undefined;
        if (filter['_id'] !== undefined) return byId !== undefined && matches(byId, filter) ? byId : undefined;
        return [...documents.values()].find((document) => matches(document, filter));
      };
      const change = (filter: Filter, make: (before: Doc) => Doc | undefined): Promise<number> =>
        ask((reply) => {
          const found = find(filter);
          if (found === undefined) {
            reply(0);
            return;
          }
          const write = (): void => {
            const isThere = documents.has(found._id);
            const next = make(found);
            if (next === undefined) documents.delete(found._id);
            else if (isThere) documents.set(found._id, next);
            reply(isThere ? 1 : 0);
          };
          if (isAtomic) write();
          else events.push({ node: '', happen: write });
        });
      return {
        insertOne: (document: Doc) =>
          ask((reply) => {
            const key = unique[name];
            const isTaken =
              documents.has(document._id) ||
              (key !== undefined && [...documents.values()].some((one) => one[key] === document[key]));
            if (!isTaken) documents.set(document._id, structuredClone(document));
            reply(isTaken ? new MongoServerError({ message: 'E11000 duplicate key', code: 11_000 }) : {});
          }),
        findOne: (filter: Filter) => ask<Doc | null>((reply) => reply(structuredClone(find(filter) ?? null))),
        find: (filter: Filter) => ({
          toArray: () =>
            ask<Doc[]>((reply) =>
              reply(structuredClone([...documents.values()].filter((one) => matches(one, filter)))),
            ),
        }),
        replaceOne: async (filter: Filter, document: Doc) => ({
          matchedCount: await change(filter, () => structuredClone(document)),
        }),
        updateOne: async (filter: Filter, { $set }: { $set: object }) => ({
          matchedCount: await change(filter, (before) => ({ ...before, ...$set })),
        }),
        deleteOne: async (filter: Filter) => ({ deletedCount: await change(filter, () => undefined) }),
      };
    };
    return { isNative: isAtomic, now, collection: of } as unknown as Server;
  };
  return { connect, events, collection };
};
