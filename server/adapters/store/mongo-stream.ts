// A change stream that tells of commits which other processes insert: kept open, opened anew, or given up.
import { setTimeout as pause } from 'node:timers/promises';
import { MongoError } from 'mongodb';
import type { ChangeStream, ChangeStreamDocument } from 'mongodb';
import type { Log } from '../../ports/telemetry.ts';
import type { Known } from './mongo-commits.ts';
import type { CommitDocument } from './mongo-schema.ts';
import type { Server } from './mongo-server.ts';

/** Changes of one moment are told of together; meanwhile those of this process are acknowledged here, ms. */
const GATHER_MS = 30;
/** After an answer the next one is asked for so much later, ms: a burst comes in a few, and is looked at in as many. */
const BATCH_MS = 120;
/** One `getMore` waits so long, ms: less than a socket may be silent. */
const AWAIT_MS = 3000;
/** Tried again after so long, twice as long each time, ms; from the beginning after a stream that has lasted. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const LASTED_MS = 60_000;

/**
 * The server has none, or not for this user: no command of that name (59), unauthorized (13), not enabled (DocumentDB: 136), not
 * supported (115, 303, 304), a stage that it does not know (40,324), a standalone (40,573).
 */
const NEVER = new Set([13, 59, 115, 136, 303, 304, 40_573, 40_324]);

export interface Streams {
  /** Calls `wake` after commits of others, until the returned function is called. */
  watch(wake: () => void): () => void;
  close(): Promise<void>;
}

const codeOf = (error: unknown): unknown =>
  error instanceof MongoError ? (error as { code?: unknown }).code : undefined;

export const createStreams = (server: Server, known: Known, log: Pick<Log, 'warn' | 'info'>): Streams => {
  const commits = server.collection<CommitDocument>('commits');
  const open = new Set<() => Promise<void>>();
  let isGivenUp = !server.hasMembers;
  let isFailing = false;

  const follow = (wake: () => void): (() => Promise<void>) => {
    const ending = new AbortController();
    let stream: ChangeStream<CommitDocument, ChangeStreamDocument<CommitDocument>> | undefined;
    let ids: string[] = [];
    let telling: NodeJS.Timeout | undefined;

    const tell = (): void => {
      telling = undefined;
      // What this process wrote itself is no news.
      const isNews = ids.some((id) => known.commits.get(id) === undefined && !known.writing.has(id));
      ids = [];
      if (isNews && !ending.signal.aborted) wake();
    };
    const note = (change: ChangeStreamDocument<CommitDocument> | null): void => {
      if (change?.operationType !== 'insert' || ending.signal.aborted) return;
      ids.push(change.documentKey._id);
      telling ??= setTimeout(tell, GATHER_MS).unref();
    };

    /** Once for each stream: by its first answer, which says where it begins, or its first change where a server does not say. */
    const begin = (): (() => void) => {
      let isBegun = false;
      return () => {
        if (isBegun) return;
        isBegun = true;
        if (isFailing) log.info({}, 'change streams tell of new commits again');
        isFailing = false;
        wake();
      };
    };

    /** Until it fails, and it always does. The driver itself resumes where that can be; what was missed, a look finds. */
    const read = async (): Promise<never> => {
      const begun = begin();
      const pipeline = [{ $match: { operationType: 'insert' } }, { $project: { operationType: 1, documentKey: 1 } }];
      stream = commits.watch(pipeline, { maxAwaitTimeMS: AWAIT_MS });
      stream.once('resumeTokenChanged', begun);
      for (;;) {
        const change = await stream.next();
        begun();
        note(change);
        // A question for every change would be one for every message of the installation.
        if (stream.bufferedCount() === 0) await pause(BATCH_MS, undefined, { signal: ending.signal, ref: false });
      }
    };

    const run = async (): Promise<void> => {
      let waitMs = FIRST_WAIT_MS;
      for (;;) {
        const from = performance.now();
        try {
          await read();
        } catch (error) {
          if (ending.signal.aborted) return;
          if (NEVER.has(codeOf(error) as number)) {
            isGivenUp = true;
            log.info({ err: error }, 'no change streams here: new commits are looked for about twice a second instead');
          } else {
            if (!isFailing) log.warn({ err: error }, 'the change stream ended: new commits are looked for instead');
            isFailing = true;
          }
        } finally {
          await stream?.close().catch(() => {});
        }
        if (ending.signal.aborted || isGivenUp) return;
        if (performance.now() - from > LASTED_MS) waitMs = FIRST_WAIT_MS;
        await pause(waitMs, undefined, { signal: ending.signal, ref: false }).catch(() => {});
        if (ending.signal.aborted) return;
        waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
      }
    };
    void run();

    return async () => {
      ending.abort();
      clearTimeout(telling);
      await stream?.close().catch(() => {});
    };
  };

  return {
    watch: (wake) => {
      if (isGivenUp) return () => {};
      const end = follow(wake);
      open.add(end);
      return () => {
        open.delete(end);
        void end();
      };
    },
    close: async () => {
      await Promise.all([...open].map(async (end) => end()));
    },
  };
};
