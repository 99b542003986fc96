// Which commits still have work to be done after them: given out to be made good, and marked once it is.
import { newHexId } from '../../../shared/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Commit, SharedStore } from '../../ports/store.ts';
import { toCommit } from './mongo-commits.ts';
import { createGatherer } from './mongo-gatherer.ts';
import type { Projector } from './mongo-projector.ts';
import type { CommitDocument } from './mongo-schema.ts';
import { findAmong, updateEach } from './mongo-server.ts';
import type { Server } from './mongo-server.ts';

/** Commits marked in one write. */
const AT_ONCE = 500;
/** So often at most, ms: well before anybody looks for what was left undone. */
const CLEAR_MS = 500;

export interface Settling extends Pick<SharedStore, 'undone' | 'settle'> {
  /** Marks commits whose rows are written, soon; where that fails, they come by `undone` again. */
  mark(ids: readonly string[]): void;
  /** Resolves once what was to be marked is, or failed. */
  idle(): Promise<void>;
}

export const createSettling = (server: Server, projector: Projector, clock: Pick<Clock, 'monotonic'>): Settling => {
  const commits = server.collection<CommitDocument>('commits');
  const me = newHexId();

  const clear = async (ids: readonly string[]): Promise<void> => {
    for (let i = 0; i < ids.length; i += AT_ONCE) {
      const some = ids.slice(i, i + AT_ONCE);
      // A lost mark costs a look at a commit that was done: not worth waiting for a majority.
      const options = { writeConcern: { w: 1 } } as const;
      if (server.isNative) await commits.updateMany({ _id: { $in: some } }, { $set: { todo: 0 } }, options);
      else {
        const updates = some.map((_id) => ({ filter: { _id }, update: { $set: { todo: 0 as const } } }));
        await updateEach(commits, false, updates, options);
      }
    }
  };

  const clearing = createGatherer<true>(
    clock,
    CLEAR_MS,
    () => true,
    async (ids) => clear([...ids.keys()]),
  );
  const clearSoon = async (ids: readonly string[]): Promise<void> => {
    await Promise.all(ids.map(async (id) => clearing.add(id, true)));
  };

  return {
    undone: async (olderThanMs, limit) => {
      const now = server.now();
      const before = Math.floor((now - olderThanMs) / 1000);
      const old = await commits
        .find({ todo: 1, bucket: { $lt: before } }, { projection: { conversationId: 1 } })
        .sort({ bucket: 1 })
        .limit(limit)
        .toArray();
      if (old.length === 0) return [];
      // Stamped anew: nobody else finds it undone for as long again, and every reader of the feed comes by it.
      const bucket = Math.floor(now / 1000);
      const mender = `${me}:${newHexId()}`;
      const ids = old.map(({ _id }) => _id);
      const isOld = { todo: 1, bucket: { $lt: before } } as const;
      // With the conversation, which names the shard.
      const updates = old.map(({ _id, conversationId }) => ({
        filter: { _id, conversationId, ...isOld },
        update: { $set: { bucket, mender } },
      }));
      await updateEach(commits, server.isNative, updates);
      const mine = (await findAmong(server, commits, '_id', ids)).filter((one) => one.mender === mender);
      return mine.map(toCommit).sort((a, b) => byPlace(a, b));
    },

    settle: async (some) => {
      if (some.length === 0) return;
      await projector.follow(some);
      await clearSoon(some.map(({ id }) => id));
    },

    mark: (ids) => {
      clearSoon(ids).catch(() => {});
    },

    idle: async () => clearing.flush(),
  };
};

/** By conversation, and there in the order of the log. */
export const byPlace = (a: Commit, b: Commit): number =>
  a.conversationId === b.conversationId ? a.first - b.first : a.conversationId < b.conversationId ? -1 : 1;
