// Documents in SQLite: one table for every kind, and one of lookups, unique per kind.
import { ChatError } from '../../../shared/errors.ts';
import { createTurns } from '../../../shared/turns.ts';
import { groups, kinds, lookups } from '../../ports/documents.ts';
import type { Base, Collections, DocumentOf, Kind } from '../../ports/documents.ts';
import type { Collection } from '../../ports/store.ts';
import { answering } from './answering.ts';
import type { Database } from './sqlite-schema.ts';
import type { Writer } from './sqlite-writer.ts';
import type { Write } from './write-batch.ts';

const PURGED_AT_ONCE = 500;
const EVERYTHING = -1;

export interface DocumentStore {
  collections: Collections;
  purge: (now: number) => Promise<number>;
  /** All of them or none. @throws ChatError `conflict`, `unavailable` */
  writeAll: (writes: readonly Write[]) => Promise<void>;
}

interface BodyRow {
  body: string;
}

interface ListOptions {
  group?: string;
  limit?: number;
  after?: string;
  reverse?: boolean;
}

export const createDocuments = (db: Database, writer: Writer): DocumentStore => {
  const select = db.prepare('SELECT body FROM documents WHERE kind = ? AND org = ? AND id = ?');
  // As they were written: a later build may make other lookups of the same body.
  const selectHeld = db.prepare('SELECT lookups FROM documents WHERE kind = ? AND org = ? AND id = ?');
  const byLookup = db.prepare(
    `SELECT d.body FROM lookups l JOIN documents d ON d.kind = l.kind AND d.org = l.org AND d.id = l.id
     WHERE l.kind = ? AND l.lookup = ?`,
  );
  const selectLookup = db.prepare('SELECT 1 FROM lookups WHERE kind = ? AND lookup = ?');
  const insertLookup = db.prepare('INSERT INTO lookups (kind, lookup, org, id) VALUES (?, ?, ?, ?)');
  const deleteLookup = db.prepare('DELETE FROM lookups WHERE kind = ? AND lookup = ?');
  const upsert = db.prepare(
    `INSERT INTO documents (kind, org, id, grp, expires_at, lookups, body) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET grp = excluded.grp, expires_at = excluded.expires_at, lookups = excluded.lookups,
     body = excluded.body`,
  );
  const remove = db.prepare('DELETE FROM documents WHERE kind = ? AND org = ? AND id = ?');
  const expired = db.prepare('SELECT kind, org, id FROM documents WHERE expires_at <= ? LIMIT ?');
  const turns = createTurns();
  const lists = new Map<string, ReturnType<Database['prepare']>>();
  const list = (kind: Kind, orgId: string, { group, limit, after, reverse }: ListOptions): BodyRow[] => {
    const sql = `SELECT body FROM documents WHERE kind = ? AND org = ? ${group === undefined ? '' : 'AND grp = ?'}
      ${after === undefined ? '' : `AND id ${reverse === true ? '<' : '>'} ?`}
      ORDER BY id ${reverse === true ? 'DESC' : 'ASC'} LIMIT ?`;
    let statement = lists.get(sql);
    if (statement === undefined) lists.set(sql, (statement = db.prepare(sql)));
    const values = [kind, orgId, group, after, limit ?? EVERYTHING].filter((value) => value !== undefined);
    return statement.all(...values) as BodyRow[];
  };

  const bodyOf = (kind: Kind, org: string, id: string): string | undefined =>
    (select.get(kind, org, id) as BodyRow | undefined)?.body;
  const parse = <K extends Kind>(body: string | undefined): DocumentOf<K> | undefined =>
    body === undefined ? undefined : (JSON.parse(body) as DocumentOf<K>);

  const heldBy = (kind: Kind, org: string, id: string): string[] => {
    const row = selectHeld.get(kind, org, id) as { lookups: string } | undefined;
    return row === undefined ? [] : (JSON.parse(row.lookups) as string[]);
  };

  /** Inside a transaction. False where there was nothing. */
  const deleteNow = (kind: Kind, org: string, id: string): boolean => {
    for (const lookup of heldBy(kind, org, id)) deleteLookup.run(kind, lookup);
    return remove.run(kind, org, id).changes > 0;
  };

  /** Inside a transaction. False, and nothing written, where a lookup belongs to another document. */
  const putNow = <K extends Kind>(kind: K, document: DocumentOf<K> & Base, wanted: string[], body: string): boolean => {
    const { orgId: org, id } = document;
    const held = heldBy(kind, org, id);
    const added = wanted.filter((lookup) => !held.includes(lookup));
    if (added.some((lookup) => selectLookup.get(kind, lookup) !== undefined)) return false;
    for (const lookup of held) if (!wanted.includes(lookup)) deleteLookup.run(kind, lookup);
    for (const lookup of added) insertLookup.run(kind, lookup, org, id);
    const group = groups[kind](document);
    upsert.run(kind, org, id, group, document.expiresAt ?? null, JSON.stringify(wanted), body);
    return true;
  };

  /** `mayWrite` is asked inside the transaction; false, and nothing written, where it says so. */
  const write = async <K extends Kind>(kind: K, document: DocumentOf<K>, mayWrite: () => boolean): Promise<boolean> => {
    // Encoded here, so that what cannot be encoded harms no other write, and later changes of the object are not taken.
    const body = JSON.stringify(document);
    const copy = JSON.parse(body) as DocumentOf<K>;
    const wanted = [...new Set(lookups[kind](copy))];
    const outcome = await writer.write(() => {
      if (!mayWrite()) return 'outrun';
      return putNow(kind, copy, wanted, body) ? 'written' : 'conflict';
    });
    if (outcome === 'conflict') throw new ChatError('conflict', 'Another one has this key or address already');
    return outcome === 'written';
  };

  /** All of them or, where a lookup of one belongs to another document, none. */
  const writeAll = async (writes: readonly Write[]): Promise<void> => {
    const isWritten = await writer.write(() => {
      db.exec('SAVEPOINT batch');
      const isRefused = writes.some(({ kind, orgId, id, document }) => {
        if (document !== undefined) {
          const wanted = [...new Set(lookups[kind](document as never))];
          return !putNow(kind, document, wanted, JSON.stringify(document));
        }
        deleteNow(kind, orgId, id);
        return false;
      });
      db.exec(isRefused ? 'ROLLBACK TO batch; RELEASE batch' : 'RELEASE batch');
      return !isRefused;
    });
    if (!isWritten) throw new ChatError('conflict', 'Another one has this key or address already');
  };

  const collection = <K extends Kind>(kind: K): Collection<DocumentOf<K>> => ({
    get: async (orgId, id) => parse<K>(bodyOf(kind, orgId, id)),
    find: async (lookup) => {
      return parse<K>((byLookup.get(kind, lookup) as BodyRow | undefined)?.body);
    },
    list: async (orgId, options = {}) =>
      list(kind, orgId, options).map(({ body }) => JSON.parse(body) as DocumentOf<K>),
    put: async (document) => {
      await write(kind, document, () => true);
    },
    update: async (orgId, id, change) =>
      turns(`${kind} ${orgId} ${id}`, async () => {
        for (;;) {
          const before = bodyOf(kind, orgId, id);
          const changed = await change(parse<K>(before));
          if (changed === undefined) return parse<K>(before);
          if (await write(kind, changed, () => bodyOf(kind, orgId, id) === before)) return changed;
        }
      }),
    delete: async (orgId, id) => writer.write(() => deleteNow(kind, orgId, id)),
  });

  return {
    collections: Object.fromEntries(kinds.map((kind) => [kind, answering(collection(kind))])) as unknown as Collections,
    ...answering({ writeAll }),
    purge: async (now) => {
      let purged = 0;
      for (;;) {
        const some = await writer.write(() => {
          const found = expired.all(now, PURGED_AT_ONCE) as { kind: Kind; org: string; id: string }[];
          for (const { kind, org, id } of found) deleteNow(kind, org, id);
          return found.length;
        });
        purged += some;
        if (some < PURGED_AT_ONCE) return purged;
      }
    },
  };
};
