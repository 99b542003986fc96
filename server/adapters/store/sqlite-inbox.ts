// Inbox pages in SQLite: every list is a walk along one index from the cursor on, so a page costs the same at any size.
import { ChatError } from '../../../shared/errors.ts';
import type { InboxRow } from '../../../shared/inbox.ts';
import type { InboxQuery, Store } from '../../ports/store.ts';
import { readCursor, writeCursor } from './inbox-cursor.ts';
import { toCounts } from './row-shape.ts';
import { SPAM } from './sqlite-rows.ts';
import type { Rows } from './sqlite-rows.ts';
import type { Database } from './sqlite-schema.ts';

type Bound = string | number;
interface Found {
  n: number;
  at: number;
  row: string;
}

/** What each list takes of the buckets of `sqlite-rows.ts`. */
const buckets = { ai: [0], open: [0, 1, 2], closed: [3], spam: [SPAM] };
const MAX_PAGE = 200;

type Inbox = Pick<Store, 'inbox' | 'row' | 'counts' | 'conversationsOf' | 'labels'>;

export const createInbox = (db: Database, rows: Rows): Inbox => {
  const statements = new Map<string, ReturnType<Database['prepare']>>();
  const all = <T>(sql: string, values: Bound[]): T[] => {
    let statement = statements.get(sql);
    if (statement === undefined) statements.set(sql, (statement = db.prepare(sql)));
    return statement.all(...values) as T[];
  };

  const hasLabel = (c: string): string =>
    `AND EXISTS (SELECT 1 FROM labelled l WHERE l.org = ${c}.org AND l.label = ? AND l.last_at = ${c}.last_at AND l.n = ${c}.n)`;

  const totalOf = (org: number, ...names: string[]): number =>
    names.reduce((sum, name) => {
      const [found] = all<{ total: number }>('SELECT total FROM counters WHERE org = ? AND name = ?', [org, name]);
      return sum + (found?.total ?? 0);
    }, 0);

  /** Longest waiting first: along those who wait, or along what has the label where that is the shorter walk. */
  const waiting = (org: number, query: InboxQuery, limit: number): Found[] => {
    const { label, agentId, cursor } = query;
    // Who waits is held by nobody.
    if (agentId !== undefined) return [];
    const isByLabel = label !== undefined && totalOf(org, `label:${label}`) * 2 < totalOf(org, 'needsPerson');
    const from = cursor === undefined ? undefined : readCursor(cursor);
    const bounds: Bound[] = from === undefined ? [] : [from.at, Number(from.tie)];
    const after = from === undefined ? '' : 'AND (c.waiting_since, c.n) > (?, ?)';
    const order = 'ORDER BY c.waiting_since, c.n LIMIT ?';
    if (isByLabel) {
      return all(
        `SELECT c.n, c.waiting_since AS at, c.row FROM labelled l CROSS JOIN conversations c ON c.n = l.n
         WHERE l.org = ? AND l.label = ? AND c.waiting_since IS NOT NULL ${after} ${order}`,
        [org, label, ...bounds, limit],
      );
    }
    return all(
      `SELECT c.n, c.waiting_since AS at, c.row FROM conversations c
       WHERE c.org = ? AND c.waiting_since IS NOT NULL ${after} ${label === undefined ? '' : hasLabel('c')} ${order}`,
      [org, ...bounds, ...(label === undefined ? [] : [label]), limit],
    );
  };

  /** Latest first along one index; `where` is an equality on its leading columns. */
  const latest = (where: string, bound: Bound[], query: InboxQuery, limit: number): Found[] => {
    const from = query.cursor === undefined ? undefined : readCursor(query.cursor);
    const values = [...bound];
    if (from !== undefined) values.push(from.at, Number(from.tie));
    if (query.label !== undefined) values.push(query.label);
    return all(
      `SELECT c.n, c.last_at AS at, c.row FROM conversations c
       WHERE ${where} ${from === undefined ? '' : 'AND (c.last_at, c.n) < (?, ?)'}
       ${query.label === undefined ? '' : hasLabel('c')} ORDER BY c.last_at DESC, c.n DESC LIMIT ?`,
      [...values, limit],
    );
  };

  /** Latest first along the index of the label. */
  const labelledLatest = (org: number, within: number[], label: string, query: InboxQuery, limit: number): Found[] => {
    const from = query.cursor === undefined ? undefined : readCursor(query.cursor);
    const values: Bound[] = [org, label];
    if (from !== undefined) values.push(from.at, Number(from.tie));
    return all(
      `SELECT c.n, c.last_at AS at, c.row FROM labelled l CROSS JOIN conversations c ON c.n = l.n
       WHERE l.org = ? AND l.label = ? ${from === undefined ? '' : 'AND (l.last_at, l.n) < (?, ?)'}
       AND c.bucket IN (${within.join(', ')}) ORDER BY l.last_at DESC, l.n DESC LIMIT ?`,
      [...values, limit],
    );
  };

  const held = (org: number, agentId: string, query: InboxQuery, limit: number): Found[] =>
    latest('c.org = ? AND c.agent = ?', [org, agentId], query, limit);

  const listed = (org: number, list: keyof typeof buckets, query: InboxQuery, limit: number): Found[] => {
    const { label } = query;
    // Along the shorter of the two: the list, or what has the label.
    if (label !== undefined && totalOf(org, `label:${label}`) <= totalOf(org, list)) {
      return labelledLatest(org, buckets[list], label, query, limit);
    }
    const found = buckets[list].flatMap((bucket) => latest('c.org = ? AND c.bucket = ?', [org, bucket], query, limit));
    return found.sort((a, b) => b.at - a.at || b.n - a.n).slice(0, limit);
  };

  const page = (org: number, query: InboxQuery, limit: number): Found[] => {
    const { filter, agentId, memberId } = query;
    switch (filter) {
      case 'needs-person':
        return waiting(org, query, limit);
      case 'mine':
        return agentId !== undefined && agentId !== memberId ? [] : held(org, memberId, query, limit);
      case 'ai':
        return agentId === undefined ? listed(org, 'ai', query, limit) : [];
      case 'open':
        return agentId === undefined ? listed(org, 'open', query, limit) : held(org, agentId, query, limit);
      case 'closed':
      case 'spam':
        return agentId === undefined ? listed(org, filter, query, limit) : [];
    }
  };

  return {
    inbox: async (query) => {
      const org = rows.orgOf(query.orgId);
      if (query.cursor !== undefined && !/^\d+$/.test(readCursor(query.cursor).tie)) {
        throw new ChatError('invalid', 'The cursor is not one of this list');
      }
      if (org === undefined) return { rows: [], cursor: null };
      const limit = Math.max(1, Math.min(query.limit, MAX_PAGE));
      const found = page(org, query, limit + 1);
      const last = found[limit - 1];
      return {
        rows: found.slice(0, limit).map(({ row }) => JSON.parse(row) as InboxRow),
        cursor: found.length > limit && last !== undefined ? writeCursor({ at: last.at, tie: String(last.n) }) : null,
      };
    },

    row: async (orgId, conversationId) => {
      const [found] = all<{ row: string }>(
        'SELECT c.row FROM conversations c JOIN orgs o ON o.n = c.org WHERE c.id = ? AND o.id = ?',
        [conversationId, orgId],
      );
      return found && (JSON.parse(found.row) as InboxRow);
    },

    counts: async (orgId) => {
      const org = rows.orgOf(orgId);
      if (org === undefined) return toCounts([]);
      const counters = all<{ name: string; total: number }>(
        "SELECT name, total FROM counters WHERE org = ? AND NOT (name >= 'label:' AND name < 'label;')",
        [org],
      );
      return toCounts(counters.map(({ name, total }) => [name, total]));
    },

    conversationsOf: async (orgId, contactId, limit) => {
      const org = rows.orgOf(orgId);
      if (org === undefined) return [];
      return all<{ row: string }>(
        'SELECT row FROM conversations WHERE org = ? AND contact = ? ORDER BY last_at DESC, n DESC LIMIT ?',
        [org, contactId, limit],
      ).map(({ row }) => JSON.parse(row) as InboxRow);
    },

    labels: async (orgId, limit) => {
      const org = rows.orgOf(orgId);
      if (org === undefined) return [];
      return all<{ name: string }>(
        `SELECT name FROM counters WHERE org = ? AND name >= 'label:' AND name < 'label;'
         ORDER BY total DESC, name LIMIT ?`,
        [org, limit],
      ).map(({ name }) => name.slice('label:'.length));
    },
  };
};
