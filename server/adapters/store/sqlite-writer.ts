// Group commit: everything that is to be written in one turn of the event loop shares one transaction and one fsync.
import { unavailable } from './answering.ts';
import { BUSY_MS } from './sqlite-schema.ts';
import type { Database } from './sqlite-schema.ts';

/** A piece of work inside the next transaction. `run` writes; `resolve` is called after COMMIT. */
interface Job {
  run: () => unknown;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
  isDurable: boolean;
}

export interface Hooks {
  /** Inside the transaction, after all jobs. */
  beforeCommit(): void;
  /** What was cached of this transaction is not in the database. */
  afterRollback(): void;
  afterCommit(): void;
}

export interface Writer {
  /**
   * Runs `work` in the next transaction; resolves to what it returned once that is committed.
   * `isDurable: false` alone never causes an fsync: it lasts over a kill, and over a power cut once something durable followed.
   * @throws ChatError `unavailable` where the transaction failed
   */
  write<T>(work: () => T, options?: { isDurable?: boolean }): Promise<T>;
  /** Commits what waits, now. */
  flush(): void;
  /** The latest transaction failed: the disk may be full. */
  readonly isFailing: boolean;
  close(): void;
}

/** Transactions of `db`, whose `synchronous` is set here; `hooks` are those of whoever caches its rows. */
export const createWriter = (db: Database, hooks: Hooks): Writer => {
  let waiting: Job[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  let isFull: boolean | undefined;
  let isFailing = false;
  let isClosed = false;
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');

  const setFull = (wanted: boolean): void => {
    if (wanted === isFull) return;
    db.exec(`PRAGMA synchronous = ${wanted ? 'FULL' : 'NORMAL'}`);
    isFull = wanted;
  };

  /** Whoever holds the lock for longer than a commit waits is not done in a moment: reads do not wait for it again and again. */
  const setFailing = (now: boolean): void => {
    if (now === isFailing) return;
    isFailing = now;
    db.exec(`PRAGMA busy_timeout = ${now ? 0 : BUSY_MS}`);
  };

  const flush = (): void => {
    if (scheduled !== undefined) clearImmediate(scheduled);
    scheduled = undefined;
    if (waiting.length === 0) return;
    const jobs = waiting;
    waiting = [];
    const results: unknown[] = [];
    try {
      if (db.isTransaction) db.exec('ROLLBACK');
      setFull(jobs.some((job) => job.isDurable));
      begin.run();
      for (const job of jobs) results.push(job.run());
      hooks.beforeCommit();
      commit.run();
      setFailing(false);
    } catch (error) {
      try {
        setFailing(true);
        if (db.isTransaction) db.exec('ROLLBACK');
      } catch {
        // The next transaction begins with another try.
      }
      hooks.afterRollback();
      for (const job of jobs) job.reject(unavailable(error));
      return;
    }
    hooks.afterCommit();
    for (const [i, job] of jobs.entries()) job.resolve(results[i] as never);
  };

  return {
    write: (work, { isDurable = true } = {}) =>
      new Promise((resolve, reject) => {
        if (isClosed) {
          reject(unavailable());
          return;
        }
        waiting.push({ run: work, resolve, reject, isDurable });
        scheduled ??= setImmediate(flush);
      }),
    flush,
    get isFailing() {
      return isFailing;
    },
    close: () => {
      flush();
      isClosed = true;
    },
  };
};
