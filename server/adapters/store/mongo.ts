// The keeper that several nodes share: a server of the MongoDB protocol, one document a commit, everything else made from those.
import { unavailable } from './answering.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SharedStore } from '../../ports/store.ts';
import type { Log } from '../../ports/telemetry.ts';
import { answeringInTime, toldTo, withinDeadline } from './mongo-answering.ts';
import { createKnown } from './mongo-commits.ts';
import { createMongoDocuments } from './mongo-documents.ts';
import { createExclusive } from './mongo-exclusive.ts';
import { createFeed } from './mongo-feed.ts';
import { createMongoInbox } from './mongo-inbox.ts';
import { createMongoLog } from './mongo-log.ts';
import { createProjector } from './mongo-projector.ts';
import { createRowWriter } from './mongo-rows.ts';
import { prepareSchema } from './mongo-schema.ts';
import { createMongoSearch } from './mongo-search.ts';
import { connectServer } from './mongo-server.ts';
import type { Server } from './mongo-server.ts';
import { createSettling } from './mongo-settling.ts';
import { createMongoSide } from './mongo-side.ts';
import { toMongoStartError } from './mongo-start.ts';
import { createWritable } from './mongo-writable.ts';

export { StoreUnreachableError } from './mongo-start.ts';

export interface MongoOptions {
  /** `mongodb://…` or `mongodb+srv://…`; without a name of a database it is `tiller`. */
  url: string;
  clock: Clock;
  log?: Pick<Log, 'warn' | 'info'>;
  /**
   * The caller settles every commit that it appended, once what must follow it is done. Otherwise the keeper does so itself
   * when the rows are written, and makes good what another process left.
   */
  follows?: boolean;
}

/** How often a keeper on its own looks for what was left undone, and how old that must be, ms. */
const MEND_MS = 3000;
const OLD_MS = 5000;
const MENDED_AT_ONCE = 200;
/** How long an orderly stop waits for rows to be written, ms. */
const CLOSE_MS = 2000;
/** Settling waits for rows, of which a burst leaves many to write, ms. */
const SETTLE_MS = 30_000;

const silent: Pick<Log, 'warn' | 'info'> = { warn: () => {}, info: () => {} };

/**
 * Opens the database, and makes what is missing in it.
 * @throws StoreStartError for what a person must mend (not a MongoDB, too old, wrong password, a newer schema);
 *   StoreUnreachableError, one of those, where waiting and trying again may help
 */
export const openMongoStore = async (options: MongoOptions): Promise<SharedStore> => {
  const { url, clock, log = silent, follows = false } = options;
  const server = await connectServer(url, clock, log);
  try {
    await prepareSchema(server, log);
  } catch (error) {
    await server.close().catch(() => {});
    throw toMongoStartError(error, server.hosts);
  }
  return composeMongoStore(server, { clock, log, follows });
};

type Asks = Pick<SharedStore, 'inbox' | 'row' | 'counts' | 'conversationsOf' | 'labels' | 'search'>;

/** The same functions, each asked after this. */
const after = <T extends object>(first: () => Promise<void>, asks: T): T =>
  Object.fromEntries(
    Object.entries(asks as Record<string, (...values: unknown[]) => Promise<unknown>>).map(([name, ask]) => [
      name,
      async (...values: unknown[]) => {
        await first();
        return ask(...values);
      },
    ]),
  ) as T;

/** The store over a database that is prepared; `close` closes the connection. */
export const composeMongoStore = (
  server: Server,
  { clock, log, follows }: { clock: Clock; log: Pick<Log, 'warn' | 'info'>; follows: boolean },
): SharedStore => {
  let isClosed = false;
  const known = createKnown();
  /** What the driver says is told as what it means, as to callers. */
  const told: Pick<Log, 'warn'> = {
    warn: (fields, message) => log.warn({ ...fields, err: toldTo(fields['err']) }, message),
  };
  const inbox = createMongoInbox(server, clock);
  const projector = createProjector(createRowWriter(server), known, { clock, log: told }, (orgIds, own) => {
    inbox.changed(orgIds);
    if (!follows) settling.mark(own.map(({ id }) => id));
  });
  server.onBreak(() => {
    known.heads.clear();
    known.commits.clear();
    projector.forget();
  });
  const settling = createSettling(server, projector, clock);
  const commitLog = createMongoLog(server, known, clock, (entries) => projector.add(entries));
  const side = createMongoSide(server, clock);
  const documents = createMongoDocuments(server, clock);
  const exclusive = createExclusive(server, clock, documents);
  const feed = createFeed(server, known, { clock, log, sign: side.sign });
  const writable = createWritable(server);

  const mend = async (): Promise<void> => {
    for (;;) {
      const left = await settling.undone(OLD_MS, MENDED_AT_ONCE);
      // One that cannot be read must not hold up the others.
      await settling.settle(left).catch(async () => {
        for (const commit of left) await settling.settle([commit]).catch(() => {});
      });
      if (left.length < MENDED_AT_ONCE) return;
    }
  };
  let mending: Promise<void> | undefined;
  const timer = setInterval(() => {
    mending ??= mend()
      .catch(() => {})
      .finally(() => (mending = undefined));
  }, MEND_MS);
  timer.unref();
  if (follows) clearInterval(timer);

  /** Questions about rows, asked once they hold what this process has written. */
  const afterOwn = (asks: Asks): Asks => ({
    ...after(async () => projector.caughtUp(), asks),
    row: async (orgId, conversationId) => {
      await projector.caughtUp(conversationId);
      return asks.row(orgId, conversationId);
    },
  });

  const { takeBatchSizes, ...asked } = commitLog;
  const { changed: _changed, ...listed } = inbox;
  const { sweep, flush, sign: _sign, ...beside } = side;
  return {
    commitsPerConversation: 1,
    ...answeringInTime({ ...asked, append: writable.watched(asked.append) }),
    ...answeringInTime(beside),
    ...answeringInTime(afterOwn({ ...listed, ...createMongoSearch(server) })),
    ...answeringInTime({ undone: settling.undone, feed: feed.feed }),
    settle: async (commits) => withinDeadline(settling.settle(commits), SETTLE_MS),
    onChange: feed.onChange,
    collection: (kind) => documents.collections[kind],
    documents: documents.collections,
    exclusively: exclusive.exclusively,
    // As long as it takes: nobody waits for it but a timer.
    purge: async (now) => {
      try {
        await sweep();
        await exclusive.sweep();
        await writable.sweep();
        return await documents.purge(now);
      } catch (error) {
        throw toldTo(error);
      }
    },
    ...answeringInTime({
      ping: async () => {
        if (isClosed) throw unavailable();
        await server.db.command({ ping: 1 });
        await writable.check();
      },
    }),
    takeBatchSizes,
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(timer);
      const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
      const written = (async () => {
        await flush();
        await projector.idle();
        await settling.idle();
        await feed.close();
      })();
      await Promise.race([written.catch(() => {}), late]);
      await server.close();
    },
  };
};
