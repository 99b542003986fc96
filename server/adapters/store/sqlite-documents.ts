// Documents in SQLite: one table for every kind, and one of lookups, unique per kind.
import { ChatError } from '../../../shared/errors.ts';
import { groups, kinds, lookups } from '../../ports/documents.ts';
import type { Base, Collections, DocumentOf, Kind } from '../../ports/documents.ts';
import type { Collection } from '../../ports/store.ts';
import type { Database } from './sqlite-schema.ts';
import type { Writer } from './sqlite-writer.ts';

const PURGED_AT_ONCE = 500;
const EVERYTHING = -1;

export interface DocumentStore {
  collections: Collections;
  purge: (now: number) => Promise<number>;
}

interface BodyRow {
  body: string;
}

export const createDocuments = (db: Database, writer: Writer): DocumentStore => {
  const select = db.prepare('SELECT body FROM documents WHERE kind = ? AND org = ? AND id = ?');
  const byLookup = db.prepare(
    `SELECT d.body FROM lookups l JOIN documents d ON d.kind = l.kind AND d.org = l.org AND d.id = l.id
     WHERE l.kind = ? AND l.lookup = ?`,
  );
  const selectLookup = db.prepare('SELECT org, id FROM lookups WHERE kind = ? AND lookup = ?');
  const insertLookup = db.prepare('INSERT INTO lookups (kind, lookup, org, id) VALUES (?, ?, ?, ?)');
  const deleteLookup = db.prepare('DELETE FROM lookups WHERE kind = ? AND lookup = ?');
  const upsert = db.prepare(
    `INSERT INTO documents (kind, org, id, grp, expires_at, body) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET grp = excluded.grp, expires_at = excluded.expires_at, body = excluded.body`,
  );
  const remove = db.prepare('DELETE FROM documents WHERE kind = ? AND org = ? AND id = ?');
  const expired = db.prepare('SELECT kind, org, id FROM documents WHERE expires_at <= ? LIMIT ?');
  const lists = new Map(
    [false, true].flatMap((isGroup) =>
      [false, true].map((isReverse) => [
        `${isGroup} ${isReverse}`,
        db.prepare(
          `SELECT body FROM documents WHERE kind = ?1 AND org = ?2 ${isGroup ? 'AND grp = ?5' : ''}
           AND (?3 IS NULL OR id ${isReverse ? '<' : '>'} ?3) ORDER BY id ${isReverse ? 'DESC' : 'ASC'} LIMIT ?4`,
        ),
      ]),
    ),
  );

  const read = <K extends Kind>(kind: K, orgId: string, id: string): DocumentOf<K> | undefined => {
    const row = select.get(kind, orgId, id) as BodyRow | undefined;
    return row && (JSON.parse(row.body) as DocumentOf<K>);
  };

  const lookupsOf = <K extends Kind>(kind: K, document: DocumentOf<K>): string[] => [
    ...new Set(lookups[kind](document)),
  ];

  /** Inside a transaction. */
  const deleteNow = (kind: Kind, org: string, id: string): void => {
    const before = read(kind, org, id);
    if (before === undefined) return;
    for (const lookup of lookupsOf(kind, before)) deleteLookup.run(kind, lookup);
    remove.run(kind, org, id);
  };

  /** Inside a transaction. False, and nothing written, where a lookup belongs to another document. */
  const putNow = <K extends Kind>(kind: K, document: DocumentOf<K> & Base, wanted: string[], body: string): boolean => {
    const { orgId: org, id } = document;
    const before = read(kind, org, id);
    const held = before === undefined ? [] : lookupsOf(kind, before);
    const added = wanted.filter((lookup) => !held.includes(lookup));
    if (added.some((lookup) => selectLookup.get(kind, lookup) !== undefined)) return false;
    for (const lookup of held) if (!wanted.includes(lookup)) deleteLookup.run(kind, lookup);
    for (const lookup of added) insertLookup.run(kind, lookup, org, id);
    upsert.run(kind, org, id, groups[kind](document), document.expiresAt ?? null, body);
    return true;
  };

  const collection = <K extends Kind>(kind: K): Collection<DocumentOf<K>> => ({
    get: async (orgId, id) => read(kind, orgId, id),
    find: async (lookup) => {
      const row = byLookup.get(kind, lookup) as BodyRow | undefined;
      return row && (JSON.parse(row.body) as DocumentOf<K>);
    },
    list: async (orgId, { group, limit = EVERYTHING, after = null as string | null, reverse = false } = {}) => {
      const values = [kind, orgId, after, limit, ...(group === undefined ? [] : [group])];
      return (lists.get(`${group !== undefined} ${reverse}`)!.all(...values) as BodyRow[]).map(
        ({ body }) => JSON.parse(body) as DocumentOf<K>,
      );
    },
    put: async (document) => {
      // Encoded here, so that what cannot be encoded harms no other write, and later changes of the object are not taken.
      const body = JSON.stringify(document);
      const copy = JSON.parse(body) as DocumentOf<K>;
      const wanted = lookupsOf(kind, copy);
      if (!(await writer.write(() => putNow(kind, copy, wanted, body)))) {
        throw new ChatError('conflict', 'Another one has this key or address already');
      }
    },
    delete: async (orgId, id) => {
      await writer.write(() => deleteNow(kind, orgId, id));
    },
  });

  return {
    collections: Object.fromEntries(kinds.map((kind) => [kind, collection(kind)])) as unknown as Collections,
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
