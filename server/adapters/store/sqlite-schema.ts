// The databases of a data folder: how each is opened, and its numbered migrations.
import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { sqliteCode, StoreStartError } from './data-lock.ts';

export type Database = DatabaseSyncInstance;

/** Migration `n` (from 1) leads from `user_version` n - 1 to n. Written once, never edited after a release. */
export type Migrations = readonly string[];

/**
 * `tiller.db`: the truth. `n` numbers a conversation within this file, which keeps its indexes small. `bucket` is what the
 * inbox lists by: 0 the AI's, 1 nobody's, 2 held, 3 closed, 4 spam.
 */
export const mainMigrations: Migrations = [
  `
  CREATE TABLE orgs (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;

  CREATE TABLE commits (
    rid INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    first INTEGER NOT NULL,
    key TEXT NOT NULL,
    id TEXT NOT NULL,
    hash TEXT NOT NULL,
    at INTEGER NOT NULL,
    facts TEXT NOT NULL,
    result TEXT
  ) STRICT;
  CREATE UNIQUE INDEX commits_first ON commits (n, first);
  CREATE UNIQUE INDEX commits_key ON commits (n, key);

  CREATE TABLE conversations (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    org INTEGER NOT NULL,
    contact TEXT NOT NULL,
    head INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    agent TEXT,
    last_at INTEGER NOT NULL,
    waiting_since INTEGER,
    unfinished INTEGER NOT NULL,
    row TEXT NOT NULL,
    state TEXT NOT NULL
  ) STRICT;
  CREATE INDEX conversations_list ON conversations (org, bucket, last_at, n);
  CREATE INDEX conversations_waiting ON conversations (org, waiting_since, n) WHERE waiting_since IS NOT NULL;
  CREATE INDEX conversations_held ON conversations (org, agent, last_at, n) WHERE agent IS NOT NULL;
  CREATE INDEX conversations_contact ON conversations (org, contact);
  CREATE INDEX conversations_unfinished ON conversations (n) WHERE unfinished = 1;

  CREATE TABLE labelled (
    org INTEGER NOT NULL,
    label TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (org, label, last_at, n)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE counters (
    org INTEGER NOT NULL,
    name TEXT NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (org, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE reads (
    conversation TEXT PRIMARY KEY,
    visitor INTEGER NOT NULL,
    staff INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE documents (
    kind TEXT NOT NULL,
    org TEXT NOT NULL,
    id TEXT NOT NULL,
    grp TEXT NOT NULL,
    expires_at INTEGER,
    lookups TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, org, id)
  ) STRICT;
  CREATE INDEX documents_grp ON documents (kind, org, grp, id);
  CREATE INDEX documents_expiry ON documents (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE lookups (
    kind TEXT NOT NULL,
    lookup TEXT NOT NULL,
    org TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (kind, lookup)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** `side.db`: texts of answers in flight. It may be lost, so it is never waited for. */
export const sideMigrations: Migrations = [
  `CREATE TABLE checkpoints (conversation TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
];

/**
 * `search.db`: derived from the log, and made afresh where it is lost. A row number is `org * 2^32 +` the commit's (texts) or
 * the conversation's (people), so that a question stays within its organisation and reads the latest first.
 */
export const searchMigrations: Migrations = [
  `
  CREATE VIRTUAL TABLE texts USING fts5(
    grams, content='', contentless_delete=1, detail=none, tokenize='ascii'
  );
  CREATE VIRTUAL TABLE people USING fts5(
    grams, content='', contentless_delete=1, detail=none, tokenize='ascii'
  );
  CREATE TABLE progress (id INTEGER PRIMARY KEY CHECK (id = 1), rid INTEGER NOT NULL, mark TEXT NOT NULL) STRICT;
  INSERT INTO progress VALUES (1, 0, '');
  `,
];

const CORRUPT = 11;
const NOT_A_DATABASE = 26;

const versionOf = (db: Database): number =>
  (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;

const migrate = (db: Database, migrations: Migrations): void => {
  for (let version = versionOf(db); version < migrations.length; version++) {
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(migrations[version]!);
      db.exec(`PRAGMA user_version = ${version + 1}; COMMIT`);
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
};

export interface OpenOptions {
  /** FULL: a commit is on the disk before it returns. NORMAL: in order, maybe later. OFF: whenever. */
  synchronous: 'FULL' | 'NORMAL' | 'OFF';
  cacheMiB: number;
}

/** How long a commit waits for another process that holds the write lock (a backup tool), blocking everything. */
export const BUSY_MS = 250;

/** Why a database cannot be used, for a person. */
export const toStartError = (path: string, error: unknown): StoreStartError => {
  if (error instanceof StoreStartError) return error;
  const code = sqliteCode(error);
  return code === CORRUPT || code === NOT_A_DATABASE
    ? new StoreStartError(
        `${path} is damaged or not a database of this server. Restore a backup of it, or move the file away to start empty.`,
        error,
      )
    : new StoreStartError(`Cannot open ${path}: ${(error as Error).message}`, error);
};

/** A file that was cut off opens well, and fails at some later read. */
const refuseCutOff = (db: Database, path: string): void => {
  const { page_count: pages } = db.prepare('PRAGMA page_count').get() as { page_count: number };
  const { page_size: bytes } = db.prepare('PRAGMA page_size').get() as { page_size: number };
  const wal = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (wal === 0 && statSync(path).size < pages * bytes) {
    throw Object.assign(new Error('the file is shorter than it says'), { sqliteCode: CORRUPT });
  }
};

/**
 * Opens a database and brings it to the newest version.
 * @throws StoreStartError where the file is damaged, no database, or of a newer version
 */
export const openDatabase = (path: string, migrations: Migrations, options: OpenOptions): Database => {
  let db: Database | undefined;
  try {
    closeSync(openSync(path, 'a', 0o600));
    db = new DatabaseSync(path, { timeout: BUSY_MS });
    const version = versionOf(db);
    if (version > migrations.length) {
      throw new StoreStartError(
        `${path} was written by a newer version of this server (schema ${version}, this build knows ${migrations.length}). ` +
          'Start that version, or restore a backup made before the update.',
      );
    }
    db.exec('SELECT count(*) FROM sqlite_schema');
    db.exec('PRAGMA journal_mode = WAL');
    db.exec(`
      PRAGMA synchronous = ${options.synchronous};
      PRAGMA cache_size = ${-options.cacheMiB * 1024};
      PRAGMA wal_autocheckpoint = 4000;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA temp_store = MEMORY;
    `);
    refuseCutOff(db, path);
    migrate(db, migrations);
    return db;
  } catch (error) {
    if (db?.isOpen === true) db.close();
    throw toStartError(path, error);
  }
};

/** As `openDatabase` for what can be made again: a file that cannot be used is replaced by an empty one. */
export const openDerived = (path: string, migrations: Migrations, options: OpenOptions): Database => {
  try {
    return openDatabase(path, migrations, options);
  } catch {
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    return openDatabase(path, migrations, options);
  }
};

/** Closes, and leaves everything in the one file: SQLite itself would do so only once every statement is collected. */
export const closeDatabase = (db: Database): void => {
  if (!db.isOpen) return;
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A full disk: the write-ahead log stays, and the next start reads it.
  }
  db.close();
};
