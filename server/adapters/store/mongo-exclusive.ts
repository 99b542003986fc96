// Tasks that run alone over all nodes, and what they write: all of it or nothing, decided by one insert.
import { createTurns } from '../../../shared/turns.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store, WriteBatch } from '../../ports/store.ts';
import { unavailable } from './answering.ts';
import { isDuplicate, unlessAborted, withinDeadline } from './mongo-answering.ts';
import type { MongoDocuments, PreparedWrite } from './mongo-documents.ts';
import { createLocks } from './mongo-locks.ts';
import type { Hold, Terms } from './mongo-locks.ts';
import type { JournalDocument } from './mongo-schema.ts';
import type { Server } from './mongo-server.ts';
import { createWriteBatch } from './write-batch.ts';

/**
 * For tasks. A lock is broken once its holder cannot begin to write any more and has had time to; the others wait for a
 * dead one, and for as long again where documents are written under locks of their own (S12: 12 s).
 */
export const taskTerms: Terms = { holdMs: 3000, breakMs: 5000, waitMs: 11_000 };

/** A journal entry is of use while its holder's insert may still arrive, ms: far longer than any connection lives without a word. */
const ENTRY_LIFE_MS = 3_600_000;

export interface Exclusive {
  exclusively: Store['exclusively'];
  /** Deletes what is of no use any more. */
  sweep(): Promise<void>;
}

/**
 * A holder ends its task by inserting what it writes into the journal, under the token of its hold; whoever breaks a lock inserts
 * `broken` under the same token first. One of the two finds the token taken: so a holder that was cut off can write nothing, however
 * late its line passes on what it sent, and on servers that cannot compare and write in one step as well. What is in the
 * journal is then written by the holder, or by whoever finds that it did not come to that (`apply` may run any number of times).
 */
export const createExclusive = (
  server: Server,
  clock: Pick<Clock, 'monotonic'>,
  documents: Pick<MongoDocuments, 'prepare' | 'apply'>,
  terms: Terms = taskTerms,
): Exclusive => {
  const journal = server.collection<JournalDocument>('journal');
  const turns = createTurns();

  /** False where it was decided already. */
  const decide = async (_id: string, outcome: JournalDocument['outcome'], writes?: string): Promise<boolean> => {
    const more = writes === undefined ? {} : { writes };
    try {
      await unlessAborted(async () => journal.insertOne({ _id, outcome, ...more, at: server.now() }));
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  };

  /** Afterwards nothing more is written under this token: either it never will be, or all of it is there. */
  const settle = async (token: string): Promise<void> => {
    if (await decide(token, 'broken')) return;
    const entry = await journal.findOne({ _id: token });
    if (entry?.outcome !== 'written') return;
    // A conflict is its holder's to be told.
    await documents.apply(JSON.parse(entry.writes!) as PreparedWrite[]).catch((error: unknown) => {
      if (!isConflict(error)) throw error;
    });
  };

  const locks = createLocks(server, clock, terms, settle);

  const finish = async (hold: Hold): Promise<void> => {
    await locks.release(hold);
    await journal.deleteOne({ _id: hold.token }).catch(() => {});
  };

  const write = async (hold: Hold, writes: readonly PreparedWrite[]): Promise<void> => {
    if (!(await decide(hold.token, 'written', JSON.stringify(writes)))) {
      throw unavailable(new Error('the lock was lost to another node'));
    }
    try {
      await documents.apply(writes);
    } catch (error) {
      if (isConflict(error)) await finish(hold);
      throw error;
    }
    await finish(hold);
  };

  /** What the task gave back, and what it wants to be written. */
  const run = async <T>(
    hold: Hold,
    task: (batch: WriteBatch) => Promise<T>,
  ): Promise<{ value: T; writes: PreparedWrite[] }> => {
    const inTime = async <R>(work: () => Promise<R>): Promise<R> => {
      const leftMs = hold.leftMs();
      if (leftMs <= 0) throw unavailable(new Error(`the lock was lost after ${terms.holdMs} ms`));
      return withinDeadline(work(), leftMs);
    };
    const batch = createWriteBatch();
    const value = await inTime(async () => task(batch));
    const writes = await inTime(async () => documents.prepare(batch.writes()));
    return { value, writes };
  };

  const exclusively = async <T>(key: string, task: (batch: WriteBatch) => Promise<T>): Promise<T> => {
    const hold = await locks.acquire(`task/${key}`);
    let done: { value: T; writes: PreparedWrite[] };
    try {
      done = await run(hold, task);
    } catch (error) {
      await locks.release(hold);
      throw error;
    }
    if (done.writes.length === 0) {
      await locks.release(hold);
      return done.value;
    }
    try {
      await withinDeadline(write(hold, done.writes));
    } catch (error) {
      // The outcome is unknown, so the lock is not free. Whoever waits for it would find out in the same way, only later.
      if (!isConflict(error)) {
        void settle(hold.token)
          .then(async () => locks.release(hold))
          .catch(() => {});
      }
      throw error;
    }
    return done.value;
  };

  return {
    exclusively: async (key, task) => turns(key, async () => exclusively(key, task)),
    sweep: async () => {
      await locks.sweep();
      await journal.deleteMany({ at: { $lt: server.now() - ENTRY_LIFE_MS } });
    },
  };
};

const isConflict = (error: unknown): boolean => (error as { code?: unknown }).code === 'conflict';
