// A caller that does not give up: what a keeper answers `unavailable` is asked again, as callers do, and nothing else is.
import { isDeepStrictEqual } from 'node:util';
import type { SharedStore, Store } from '../../server/ports/store.ts';

/** After this it is a failure, ms. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = 50;

type Ask = (...values: unknown[]) => Promise<unknown>;

const insist = async <T>(ask: () => Promise<T>): Promise<T> => {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'unavailable' || performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
};

/** An update whose outcome was unknown may be done: then it is not done again. */
const updateOnce =
  (update: Ask): Ask =>
  async (orgId, id, change) => {
    let made: unknown;
    const once = async (before: unknown): Promise<unknown> => {
      if (made !== undefined && isDeepStrictEqual(before, made)) return undefined;
      return (made = await (change as (before: unknown) => unknown)(before));
    };
    return insist(async () => update(orgId, id, once));
  };

const insistOn =
  (ask: Ask): Ask =>
  async (...values) =>
    insist(async () => ask(...values));

const ofCollection = ([kind, asks]: [string, object]): [string, object] => [
  kind,
  Object.fromEntries(
    Object.entries(asks as Record<string, Ask>).map(([name, ask]) => [
      name,
      name === 'update' ? updateOnce(ask) : insistOn(ask),
    ]),
  ),
];

/** Answers at once, or ends it. */
const plain = new Set(['takeBatchSizes', 'close', 'onChange', 'collection']);

/** The same store to a caller who insists. */
export const insistent = (store: SharedStore): SharedStore => {
  const documents = Object.fromEntries(
    Object.entries(store.documents).map(ofCollection),
  ) as unknown as Store['documents'];
  const asks = Object.entries(store as unknown as Record<string, Ask>)
    .filter(([name, ask]) => typeof ask === 'function' && !plain.has(name))
    .map(([name, ask]): [string, Ask] => [name, insistOn(ask)]);
  const collection: Store['collection'] = (kind) => documents[kind];
  return { ...store, ...(Object.fromEntries(asks) as Partial<SharedStore>), documents, collection };
};
