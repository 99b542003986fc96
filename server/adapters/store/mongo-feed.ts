// New commits over all conversations, as every node reads them: by the second of their append, and some seconds over again.
import type { ClientSession } from 'mongodb';
import type { Clock } from '../../ports/clock.ts';
import type { Commit, FeedCursor, FeedPage, SharedStore } from '../../ports/store.ts';
import type { Log } from '../../ports/telemetry.ts';
import { Cursor } from './feed-cursor.ts';
import type { Found, Moment } from './feed-cursor.ts';
import { toCommit } from './mongo-commits.ts';
import type { Known } from './mongo-commits.ts';
import { PROOF_MS, prove } from './mongo-proof.ts';
import type { CommitDocument } from './mongo-schema.ts';
import { findAmong } from './mongo-server.ts';
import type { Server } from './mongo-server.ts';
import { byPlace } from './mongo-settling.ts';
import { createStreams } from './mongo-stream.ts';

type Feed = Pick<SharedStore, 'feed' | 'onChange'> & { close(): Promise<void> };

export interface FeedParts {
  clock: Pick<Clock, 'monotonic'>;
  log: Pick<Log, 'warn' | 'info'>;
  /** Writes this node's sign of life for a majority, in a session where there is one; false where it wrote nothing. */
  sign: (session: ClientSession | undefined) => Promise<boolean>;
}

/** So many commits of one second are worth reading all of it. */
const WHOLE_FROM = 4;

const secondOf = (ms: number): number => Math.floor(ms / 1000);

export const createFeed = (server: Server, known: Known, { clock, log, sign }: FeedParts): Feed => {
  const commits = server.collection<CommitDocument>('commits');
  const streams = createStreams(server, known, log);

  const now = (): Moment => ({
    at: clock.monotonic(),
    second: secondOf(server.now()),
    behind: server.clock.behind().map(secondOf),
    breaks: server.breaks(),
  });

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

  /** In the session of a proof where there is one; where that takes too long, without it, and nothing is proven. */
  const findIn = async (
    seconds: readonly number[],
    session: ClientSession | undefined,
  ): Promise<{ found: Found[]; isProven: boolean }> => {
    const shown = { _id: 1, bucket: 1 } as const;
    if (session !== undefined) {
      try {
        const options = { session, maxTimeMS: PROOF_MS };
        return { found: await findAmong(server, commits, 'bucket', seconds, shown, options), isProven: true };
      } catch {
        return { found: await findAmong(server, commits, 'bucket', seconds, shown), isProven: false };
      }
    }
    return { found: await findAmong(server, commits, 'bucket', seconds, shown), isProven: true };
  };

  return {
    feed: async (after: FeedCursor | null, limit, mustBeCurrent = false): Promise<FeedPage> => {
      const proof = mustBeCurrent && server.hasMembers ? await prove(server, sign) : undefined;
      try {
        // Only now: the proof may have told that it is later than this node knew.
        const moment = now();
        const cursor = after instanceof Cursor ? after : new Cursor(moment);
        const { read, isBehind } = cursor.look(moment);
        const { found, isProven } = await findIn(read, proof?.session);
        const isCurrent = server.hasMembers ? isProven && proof?.holds() === true : true;
        const fresh = found.filter(({ _id }) => !cursor.isGiven(_id));
        const given = fresh.slice(0, limit);
        const page = await bodiesOf(given);
        // Only now: a look that failed leaves the cursor where it was.
        const isCut = given.length < fresh.length;
        // Not what was stamped anew in between: it comes with its new second.
        const isGiven = new Set(page.map(({ id }) => id));
        cursor.give(found.filter(({ _id }) => cursor.isGiven(_id) || isGiven.has(_id)));
        if (!isCut) cursor.advance(read, moment);
        const newest = found.reduce((most, { bucket }) => Math.max(most, bucket), moment.second);
        if (newest > moment.second) server.clock.heard(newest * 1000);
        const more = isCut || isBehind;
        const isWhole = !more && page.length === given.length;
        return { commits: page.sort(byPlace), cursor, more, isCurrent: isCurrent && isWhole };
      } finally {
        proof?.end();
      }
    },

    onChange: (wake) => streams.watch(wake),
    close: async () => streams.close(),
  };
};
