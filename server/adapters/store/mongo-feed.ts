// New commits over all conversations, as every node reads them: by the second of their append, and some seconds over again.
import type { ChangeStream } from 'mongodb';
import type { Commit, FeedCursor, SharedStore } from '../../ports/store.ts';
import { toCommit } from './mongo-commits.ts';
import type { Known } from './mongo-commits.ts';
import type { CommitDocument } from './mongo-schema.ts';
import { findAmong } from './mongo-server.ts';
import type { Server } from './mongo-server.ts';
import { byPlace } from './mongo-settling.ts';

/**
 * A second is read at every look while it is this young, s, and then at these ages. An append that takes longer than the
 * deadline resolves with `unavailable`, so what is still to come when a second is closed comes by `undone`; the rest of the
 * time is for clocks that are apart.
 */
const YOUNG = 3;
const AGES = [5, 8, 12, 18] as const;
/** A reader begins this far back, s: what is given twice harms nobody. */
const BACK = 3;
/** Seconds read at one look after an outage. */
const AT_ONCE = 30;

class Cursor implements FeedCursor {
  readonly kind = 'feed';
  /** Open seconds, with the age at which each is read next. */
  readonly due = new Map<number, number>();
  /** Ids given already, with the second in which each was found last. */
  readonly seen = new Map<string, number>();
  /** The first second not opened yet. */
  next: number;

  constructor(next: number) {
    this.next = next;
  }
}

type Feed = Pick<SharedStore, 'feed' | 'onChange'> & { close(): Promise<void> };

type Found = Pick<CommitDocument, '_id' | 'bucket'>;

/** So many commits of one second are worth reading all of it. */
const WHOLE_FROM = 4;

/** Change streams are tried again after this, ms. */
const RETRY_MS = 5000;

export const createFeed = (server: Server, known: Known): Feed => {
  const commits = server.collection<CommitDocument>('commits');
  const streams = new Set<ChangeStream>();
  let isClosed = false;

  /** The second that it is, and one more: clocks are apart. */
  const open = (cursor: Cursor, second: number): boolean => {
    const until = Math.min(second + 1, cursor.next + AT_ONCE - 1);
    for (; cursor.next <= until; cursor.next++) cursor.due.set(cursor.next, 0);
    return cursor.next <= second;
  };

  const advance = (cursor: Cursor, read: readonly number[], second: number): void => {
    const closed = new Set<number>();
    for (const bucket of read) {
      const age = second - bucket;
      const next = age < YOUNG ? 0 : AGES.find((one) => one > age);
      if (next === undefined) closed.add(bucket);
      else cursor.due.set(bucket, next);
    }
    if (closed.size === 0) return;
    for (const bucket of closed) cursor.due.delete(bucket);
    for (const [id, bucket] of cursor.seen) if (closed.has(bucket)) cursor.seen.delete(id);
  };

  /**
   * The commits themselves; of what this process wrote they are at hand. Where ids must be asked for one by one, a second with
   * several of them is read whole.
   */
  const bodiesOf = async (given: readonly Found[]): Promise<Commit[]> => {
    const own = given.flatMap(({ _id }) => known.commits.get(_id) ?? []);
    const others = given.filter(({ _id }) => known.commits.get(_id) === undefined);
    const perBucket = new Map<number, number>();
    if (!server.isNative) for (const { bucket } of others) perBucket.set(bucket, (perBucket.get(bucket) ?? 0) + 1);
    const isWhole = ({ bucket }: Found): boolean => (perBucket.get(bucket) ?? 0) >= WHOLE_FROM;
    const [whole, single] = await Promise.all([
      findAmong(server, commits, 'bucket', [...new Set(others.filter(isWhole).map(({ bucket }) => bucket))]),
      findAmong(
        server,
        commits,
        '_id',
        others.filter((one) => !isWhole(one)).map(({ _id }) => _id),
      ),
    ]);
    const wanted = new Set(others.map(({ _id }) => _id));
    return [...own, ...[...whole, ...single].filter(({ _id }) => wanted.has(_id)).map(toCommit)];
  };

  const watch = (wake: () => void, state: { isOver: boolean }): void => {
    if (isClosed || state.isOver) return;
    const stream = commits.watch([{ $match: { operationType: 'insert' } }, { $project: { _id: 1 } }], {
      maxAwaitTimeMS: 1000,
    });
    streams.add(stream);
    stream.on('change', () => {
      if (!state.isOver) wake();
    });
    stream.on('error', () => {
      streams.delete(stream);
      void stream.close().catch(() => {});
      setTimeout(() => watch(wake, state), RETRY_MS).unref();
    });
    current.set(state, stream);
  };
  const current = new WeakMap<object, ChangeStream>();

  return {
    feed: async (after, limit) => {
      const second = Math.floor(server.now() / 1000);
      const cursor = after instanceof Cursor ? after : new Cursor(second - BACK);
      const isBehind = open(cursor, second);
      const read = [...cursor.due].flatMap(([bucket, age]) => (second - bucket >= age || age === 0 ? [bucket] : []));
      const found = await findAmong(server, commits, 'bucket', read, { _id: 1, bucket: 1 });
      const fresh = found.filter(({ _id }) => !cursor.seen.has(_id));
      const given = fresh.slice(0, limit);
      const page = await bodiesOf(given);
      // Only now: a look that failed leaves the cursor where it was.
      const isCut = given.length < fresh.length;
      // Not what was stamped anew in between: it comes with its new second.
      const wasGiven = new Set(page.map(({ id }) => id));
      for (const one of found) {
        if (cursor.seen.has(one._id) || wasGiven.has(one._id)) cursor.seen.set(one._id, one.bucket);
      }
      if (!isCut) advance(cursor, read, second);
      return { commits: page.sort(byPlace), cursor, more: isCut || isBehind };
    },

    onChange: (wake) => {
      const state = { isOver: false };
      if (server.hasStreams) watch(wake, state);
      return () => {
        state.isOver = true;
        const stream = current.get(state);
        if (stream !== undefined) {
          streams.delete(stream);
          void stream.close().catch(() => {});
        }
      };
    },

    close: async () => {
      isClosed = true;
      await Promise.all([...streams].map(async (stream) => stream.close().catch(() => {})));
    },
  };
};
