// What a task under a lock is about to write, kept until it is done.
import { createTurns } from '../../../shared/turns.ts';
import type { DocumentOf, Kind } from '../../ports/documents.ts';
import type { Store, WriteBatch } from '../../ports/store.ts';

/** One document that is to be there, or (`document` absent) to be gone. */
export type Write = {
  [K in Kind]: { kind: K; orgId: string; id: string; document?: DocumentOf<K> };
}[Kind];

/** Of several writes of one document the last counts. */
export const createWriteBatch = (): WriteBatch & { writes(): Write[] } => {
  const byId = new Map<string, Write>();
  const add = (write: Write): void => {
    const key = `${write.kind}/${write.orgId}/${write.id}`;
    byId.delete(key);
    byId.set(key, write);
  };
  return {
    // As it is now: later changes of the object are not taken.
    put: (kind, document) =>
      add({ kind, orgId: document.orgId, id: document.id, document: structuredClone(document) } as Write),
    delete: (kind, orgId, id) => add({ kind, orgId, id }),
    writes: () => [...byId.values()],
  };
};

/**
 * `exclusively` where this process is the only one: a task after the other, and what it wants to be written afterwards.
 */
export const createLocalExclusive = (writeAll: (writes: readonly Write[]) => Promise<void>): Store['exclusively'] => {
  const turns = createTurns();
  return (key, task) =>
    turns(key, async () => {
      const batch = createWriteBatch();
      const value = await task(batch);
      const writes = batch.writes();
      if (writes.length > 0) await writeAll(writes);
      return value;
    });
};
