// Turns over all nodes: a lock is a document that only one node can insert, because its key is unique.
import { newHexId } from '../../../shared/ids.ts';
import { createTurns } from '../../../shared/turns.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { unavailable } from './answering.ts';
import { isDuplicate, withinDeadline } from './mongo-answering.ts';
import type { LockDocument } from './mongo-schema.ts';
import type { Server } from './mongo-server.ts';

export interface Terms {
  /** From asking for the lock, by the holder's own clock: after this it is told that it has lost it. */
  holdMs: number;
  /** A lock that somebody who waits has seen unchanged for so long, by their own clock, is taken away. */
  breakMs: number;
  /** Whoever has waited for so long is told `unavailable`. */
  waitMs: number;
}

/**
 * For tasks. Between the two ends lies the longest that a write which the holder began in time may still take
 * (`DEADLINE_MS`), so it has landed or failed before the next holder looks. Where documents are written under locks of their
 * own, a dead node may hold one of those as well, and both take their time.
 */
export const taskTerms: Terms = { holdMs: 3000, breakMs: 7500, waitMs: 11_000 };

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 100;
/** What nobody asked for again after a crash is taken away at some time, ms. */
const LEFT_MS = 3_600_000;

const pause = async (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms * (0.5 + Math.random())));

export interface Locks {
  exclusively: Store['exclusively'];
  /** Deletes what crashes have left. */
  sweep(): Promise<void>;
}

/**
 * The lock's `_id` is the token of one hold and never used again. So releasing and breaking delete exactly the hold that was
 * meant, on every server: also on one that finds a document first and then deletes what it found by its id, and where two
 * break the same lock at once. Clocks of different machines are never compared: a death is a token that stands still.
 *
 * What remains: a holder that freezes between `stillMine` and the socket, or whose machine is suspended (its own clock stands
 * still then), may write after it was thawed. An `update` of what others changed meanwhile begins anew all the same [S13].
 */
export const createLocks = (server: Server, clock: Clock, { holdMs, breakMs, waitMs }: Terms): Locks => {
  const locks = server.collection<LockDocument>('locks');
  const turns = createTurns();

  /** Undefined where somebody holds it. */
  const insert = async (key: string): Promise<string | undefined> => {
    const _id = newHexId();
    const inserting = locks.insertOne({ _id, key, at: server.now() }).then(
      () => _id,
      (error: unknown) => {
        if (isDuplicate(error)) return undefined;
        throw error;
      },
    );
    try {
      return await withinDeadline(inserting);
    } catch (error) {
      // It may be there all the same, or be there in a moment: nobody should wait for it.
      void inserting
        .catch(() => {})
        .then(async () => locks.deleteOne({ _id }))
        .catch(() => {});
      throw error;
    }
  };

  const acquire = async (key: string): Promise<{ token: string; from: number }> => {
    const began = clock.monotonic();
    let watched = { token: '', since: 0 };
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
      const from = clock.monotonic();
      const token = await insert(key);
      if (token !== undefined) return { token, from };
      const asked = clock.monotonic();
      const held = await withinDeadline(locks.findOne({ key }));
      if (held !== null && held._id !== watched.token) watched = { token: held._id, since: clock.monotonic() };
      else if (held !== null && asked - watched.since >= breakMs) {
        await withinDeadline(locks.deleteOne({ _id: held._id }));
        continue;
      }
      if (clock.monotonic() - began >= waitMs) throw unavailable(new Error(`no turn within ${waitMs} ms`));
      if (held !== null) await pause(pauseMs);
    }
  };

  return {
    exclusively: async (key, task) =>
      turns(key, async () => {
        const { token, from } = await acquire(key);
        const leftMs = (): number => from + holdMs - clock.monotonic();
        const stillMine = (): void => {
          if (leftMs() <= 0) throw unavailable(new Error(`the turn was lost after ${holdMs} ms`));
        };
        try {
          return await withinDeadline(task(stillMine), Math.max(0, leftMs()));
        } finally {
          // Where this fails, the next one breaks it.
          await withinDeadline(locks.deleteOne({ _id: token })).catch(() => {});
        }
      }),
    sweep: async () => {
      await locks.deleteMany({ at: { $lt: server.now() - LEFT_MS } });
    },
  };
};
