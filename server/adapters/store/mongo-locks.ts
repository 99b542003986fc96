// Locks over all nodes: a lock is a document that only one node can insert, because its key is unique.
import { newHexId } from '../../../shared/ids.ts';
import { createTurns } from '../../../shared/turns.ts';
import type { Clock } from '../../ports/clock.ts';
import { unavailable } from './answering.ts';
import { isDuplicate, unlessAborted, withinDeadline } from './mongo-answering.ts';
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

/** Told apart from every other time that anybody holds any lock. */
export interface Hold {
  token: string;
  /** What is left of it, ms; negative once it is over. */
  leftMs(): number;
}

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 100;
/** What nobody asked for again after a crash is settled and taken away at some time, ms. */
const LEFT_MS = 60_000;

const pause = async (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms * (0.5 + Math.random())));

export interface Locks {
  /** Resolves when this node holds the lock of the key. @throws ChatError `unavailable` where its turn does not come */
  acquire(key: string): Promise<Hold>;
  /** Frees it for the next one. Never rejects: where it fails, the next one breaks it. */
  release(hold: Hold): Promise<void>;
  /**
   * Runs a task while this node holds the lock; those of one node in the order of asking. A task that takes longer than the
   * lock may be held is given up, and what it has sent by then may still arrive: so a write under such a lock compares versions.
   * @throws ChatError `unavailable`, and whatever the task throws
   */
  hold<T>(key: string, task: () => Promise<T>): Promise<T>;
  /** Deletes what crashes have left. */
  sweep(): Promise<void>;
}

/**
 * The lock's `_id` is the token of one hold and never used again. So releasing and breaking delete exactly the hold that was
 * meant, on every server: also on one that finds a document first and then deletes what it found by its id, and where two
 * break the same lock at once. Clocks of different machines are never compared: a death is a token that stands still.
 * @param settle is asked before a lock is broken: it makes sure that its holder can write nothing under it any more
 */
export const createLocks = (
  server: Server,
  clock: Pick<Clock, 'monotonic'>,
  { holdMs, breakMs, waitMs }: Terms,
  settle: (token: string) => Promise<void> = async () => {},
): Locks => {
  const locks = server.collection<LockDocument>('locks');
  const turns = createTurns();

  /** Undefined where somebody holds it. */
  const insert = async (key: string): Promise<string | undefined> => {
    const _id = newHexId();
    const inserting = unlessAborted(async () => locks.insertOne({ _id, key, at: server.now() })).then(
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

  const acquire: Locks['acquire'] = async (key) => {
    const began = clock.monotonic();
    let watched = { token: '', since: 0 };
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
      const from = clock.monotonic();
      const token = await insert(key);
      if (token !== undefined) return { token, leftMs: () => from + holdMs - clock.monotonic() };
      const asked = clock.monotonic();
      const held = await withinDeadline(locks.findOne({ key }));
      if (held !== null && held._id !== watched.token) watched = { token: held._id, since: clock.monotonic() };
      else if (held !== null && asked - watched.since >= breakMs) {
        await withinDeadline(settle(held._id));
        await withinDeadline(locks.deleteOne({ _id: held._id }));
        continue;
      }
      if (clock.monotonic() - began >= waitMs) throw unavailable(new Error(`no lock within ${waitMs} ms`));
      await pause(pauseMs);
    }
  };

  const release: Locks['release'] = async ({ token }) => {
    await withinDeadline(locks.deleteOne({ _id: token })).catch(() => {});
  };

  return {
    acquire,
    release,
    hold: async (key, task) =>
      turns(key, async () => {
        const held = await acquire(key);
        try {
          if (held.leftMs() <= 0) throw unavailable(new Error(`the lock was lost after ${holdMs} ms`));
          return await withinDeadline(task(), held.leftMs());
        } finally {
          await release(held);
        }
      }),
    sweep: async () => {
      for (const { _id } of await locks.find({ at: { $lt: server.now() - LEFT_MS } }).toArray()) {
        await settle(_id);
        await locks.deleteOne({ _id });
      }
    },
  };
};
