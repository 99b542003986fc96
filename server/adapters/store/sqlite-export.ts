// Reads everything out of a data folder, for another keeper to take in: as it is stored, in an order that is always the same.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lockDataDir, StoreStartError } from './data-lock.ts';
import { closeDatabase, mainMigrations, openDatabase } from './sqlite-schema.ts';

/** A conversation with its row and its snapshot, as JSON. */
export interface ExportedConversation {
  id: string;
  orgId: string;
  /** `seq` of the last fact. */
  head: number;
  row: string;
  state: string;
}

/** A commit; facts and result are JSON. */
export interface ExportedCommit {
  id: string;
  first: number;
  key: string;
  hash: string;
  at: number;
  facts: string;
  result: string | null;
}

export interface ExportedDocument {
  kind: string;
  orgId: string;
  id: string;
  body: string;
}

export interface ExportedReads {
  id: string;
  visitor: number;
  staff: number;
}

export interface Export {
  /** Tells two installations apart. */
  readonly fingerprint: string;
  readonly totals: { conversations: number; commits: number; documents: number };
  conversations(): IterableIterator<ExportedConversation>;
  /** In the order of the log. */
  commits(conversationId: string): IterableIterator<ExportedCommit>;
  /** By kind, organisation and id. */
  documents(): IterableIterator<ExportedDocument>;
  reads(): IterableIterator<ExportedReads>;
  close(): void;
}

/** Rows read at once: an iterator of the driver does not outlive other statements. */
const PAGE = 200;

/** All rows, page by page; `read` gives those after the last one. */
function* pages<T>(read: (last: T | undefined) => T[]): IterableIterator<T> {
  for (let last: T | undefined; ;) {
    const page = read(last);
    yield* page;
    if (page.length < PAGE) return;
    last = page.at(-1);
  }
}

/**
 * Opens a data folder that no server uses, and keeps it locked until `close`.
 * @throws StoreStartError where there is none, it is in use, or this build cannot read it
 */
export const openExport = (dataDir: string): Export => {
  const path = join(dataDir, 'tiller.db');
  if (!existsSync(path))
    throw new StoreStartError(`There is no tiller.db in ${dataDir}: name the folder of the server's data.`);
  const unlock = lockDataDir(dataDir);
  try {
    const db = openDatabase(path, mainMigrations, { synchronous: 'FULL', cacheMiB: 64 });
    const first = (sql: string): string => ((db.prepare(sql).get() ?? {}) as { value?: string }).value ?? '';
    const count = (table: string): number => Number(first(`SELECT count(*) AS value FROM ${table}`));
    const selectConversations = db.prepare(
      `SELECT c.n, c.id, o.id AS orgId, c.head, c.row, c.state FROM conversations c JOIN orgs o ON o.n = c.org
       WHERE c.n > ? ORDER BY c.n LIMIT ?`,
    );
    const selectCommits = db.prepare(
      `SELECT m.id, m.first, m.key, m.hash, m.at, m.facts, m.result FROM commits m
       WHERE m.n = (SELECT n FROM conversations WHERE id = ?) AND m.first > ? ORDER BY m.first LIMIT ?`,
    );
    const selectDocuments = db.prepare(
      'SELECT kind, org AS orgId, id, body FROM documents WHERE (kind, org, id) > (?, ?, ?) ORDER BY kind, org, id LIMIT ?',
    );
    const selectReads = db.prepare(
      'SELECT conversation AS id, visitor, staff FROM reads WHERE conversation > ? ORDER BY conversation LIMIT ?',
    );
    const marks = [
      first('SELECT id AS value FROM orgs ORDER BY n LIMIT 1'),
      first('SELECT id AS value FROM conversations ORDER BY n LIMIT 1'),
      first("SELECT id AS value FROM documents WHERE kind = 'organisations' ORDER BY id LIMIT 1"),
    ];
    return {
      fingerprint: marks.join(' '),
      totals: { conversations: count('conversations'), commits: count('commits'), documents: count('documents') },
      conversations: () =>
        pages<ExportedConversation & { n: number }>((last) => selectConversations.all(last?.n ?? 0, PAGE)),
      commits: (id) => pages<ExportedCommit>((last) => selectCommits.all(id, last?.first ?? 0, PAGE)),
      documents: () =>
        pages<ExportedDocument>(({ kind, orgId, id } = { kind: '', orgId: '', id: '', body: '' }) =>
          selectDocuments.all(kind, orgId, id, PAGE),
        ),
      reads: () => pages<ExportedReads>((last) => selectReads.all(last?.id ?? '', PAGE)),
      close: () => {
        closeDatabase(db);
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
};
