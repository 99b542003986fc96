// The embedded keeper: one process, one folder, SQLite with a write-ahead log and one fsync per turn of the event loop.
import { join } from 'node:path';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { answering, unavailable } from './answering.ts';
import { lockDataDir } from './data-lock.ts';
import { createDocuments } from './sqlite-documents.ts';
import { createInbox } from './sqlite-inbox.ts';
import { createLog } from './sqlite-log.ts';
import { createRows } from './sqlite-rows.ts';
import {
  closeDatabase,
  mainMigrations,
  openDatabase,
  openDerived,
  searchMigrations,
  sideMigrations,
  toStartError,
} from './sqlite-schema.ts';
import type { Database } from './sqlite-schema.ts';
import { createSearch } from './sqlite-search.ts';
import { createCheckpoints, createReadMarks } from './sqlite-side.ts';
import { createWriter } from './sqlite-writer.ts';
import { createLocalExclusive } from './write-batch.ts';

export { StoreStartError } from './data-lock.ts';

/** Batch sizes kept for metrics where nobody takes them. */
const SIZES = 10_000;

/**
 * Opens `dataDir` (made with mode 0700 where it is missing): `tiller.db` holds everything, `search.db` can be made from it,
 * `side.db` may be lost.
 * @throws StoreStartError where the folder cannot be used, is in use, or holds what this build cannot read
 */
export const openSqliteStore = async ({ dataDir }: { dataDir: string; clock: Clock }): Promise<Store> => {
  const unlock = lockDataDir(dataDir);
  const opened: Database[] = [];
  try {
    const keep = (db: Database): Database => (opened.push(db), db);
    const main = keep(openDatabase(join(dataDir, 'tiller.db'), mainMigrations, { synchronous: 'FULL', cacheMiB: 64 }));
    const side = keep(openDerived(join(dataDir, 'side.db'), sideMigrations, { synchronous: 'OFF', cacheMiB: 2 }));
    const index = keep(
      openDerived(join(dataDir, 'search.db'), searchMigrations, { synchronous: 'NORMAL', cacheMiB: 16 }),
    );
    return composeSqliteStore(main, side, index, () => {
      for (const db of opened) closeDatabase(db);
      unlock();
    });
  } catch (error) {
    for (const db of opened) db.close();
    unlock();
    throw toStartError(join(dataDir, 'tiller.db'), error);
  }
};

/** The store over its three open databases; `close` calls `release`. */
export const composeSqliteStore = (main: Database, side: Database, index: Database, release: () => void): Store => {
  let sizes: number[] = [];
  let uncommitted = 0;
  let isClosed = false;
  const rows = createRows(main);
  const search = createSearch(main, index, rows);
  const writer = createWriter(main, {
    beforeCommit: () => rows.save(),
    afterRollback: () => {
      rows.forget();
      uncommitted = 0;
    },
    afterCommit: () => {
      if (uncommitted === 0) return;
      if (sizes.length < SIZES) sizes.push(uncommitted);
      search.poke(uncommitted);
      uncommitted = 0;
    },
  });
  const documents = createDocuments(main, writer);
  const checkpoints = createCheckpoints(side);
  const ping = main.prepare('SELECT 1');

  const store: Store = {
    commitsPerConversation: Number.POSITIVE_INFINITY,
    ...answering(createLog(main, writer, rows, (commits) => (uncommitted += commits))),
    ...answering(createInbox(main, rows)),
    ...answering(createReadMarks(main, writer)),
    ...answering({
      saveCheckpoint: checkpoints.saveCheckpoint,
      checkpoint: checkpoints.checkpoint,
      search: async (orgId: string, words: string, limit: number) => search.search(orgId, words, limit),
      purge: documents.purge,
    }),
    collection: (kind) => documents.collections[kind],
    documents: documents.collections,
    exclusively: createLocalExclusive(documents.writeAll),
    ping: async () => {
      if (isClosed) throw unavailable();
      // After a failure only a write can show that writing works again.
      if (writer.isFailing) await writer.write(() => main.exec('PRAGMA user_version = ' + mainMigrations.length));
      ping.get();
    },
    takeBatchSizes: () => {
      const taken = sizes;
      sizes = [];
      return taken;
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      writer.close();
      checkpoints.flush();
      search.close();
      release();
    },
  };
  return store;
};
