// Inbox rows, states and counters of conversations, written in the transaction of the commits that they are folded from.
import type { ConversationState } from '../../../shared/conversation.ts';
import { foldRow, matchesFilter } from '../../../shared/inbox.ts';
import type { InboxRow } from '../../../shared/inbox.ts';
import type { Entry } from '../../ports/store.ts';
import { countersOf, countsAlike, isUnfinished, sameLabels } from './row-shape.ts';
import type { Database } from './sqlite-schema.ts';

/** What is known of a conversation while it is written to. `row` is undefined until its first commit. */
export interface Live {
  n: number;
  org: number;
  head: number;
  row: InboxRow | undefined;
  /** As the database has it. */
  unfinished: number;
}

/** A conversation as the running transaction leaves it; `before` is its row as the database has it. */
interface Changed {
  live: Live;
  before: InboxRow | undefined;
  state: ConversationState;
}

export const SPAM = 4;

/** 0 the AI's, 1 nobody's, 2 held, 3 closed, 4 spam. */
export const bucketOf = (row: InboxRow): number => {
  if (row.isSpam === true) return SPAM;
  if (row.status === 'closed') return 3;
  if (row.control.agentId !== null) return 2;
  return matchesFilter(row, 'ai', '') ? 0 : 1;
};

/** Who holds it, as the inbox lists it. */
const holderOf = (row: InboxRow): string | null => (row.status === 'open' ? row.control.agentId : null);

const CACHED = 4096;

export interface Rows {
  /** Inside a transaction: the conversation, made where the id is new. */
  live(orgId: string, conversationId: string): Live;
  /** Inside a transaction: the entry's commit is in the log now. */
  fold(live: Live, entry: Entry): void;
  orgOf(orgId: string): number | undefined;
  /** Inside the transaction, at its end: writes what `fold` changed, once per conversation. */
  save(): void;
  /** Forgets what the transaction left in memory. */
  forget(): void;
}

export const createRows = (db: Database): Rows => {
  const select = db.prepare('SELECT n, org, head, row, unfinished FROM conversations WHERE id = ?');
  const insert = db.prepare(
    `INSERT INTO conversations (contact, head, bucket, agent, last_at, waiting_since, unfinished, row, state, n, id, org)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const update = db.prepare(
    `UPDATE conversations SET contact = ?, head = ?, bucket = ?, agent = ?, last_at = ?, waiting_since = ?, unfinished = ?,
     row = ?, state = ? WHERE n = ?`,
  );
  // The same lists as before, only later: touches one index instead of six.
  const advance = db.prepare('UPDATE conversations SET head = ?, last_at = ?, row = ?, state = ? WHERE n = ?');
  const selectOrg = db.prepare('SELECT n FROM orgs WHERE id = ?');
  const insertOrg = db.prepare('INSERT INTO orgs (id) VALUES (?)');
  const addLabel = db.prepare('INSERT OR REPLACE INTO labelled (org, label, last_at, n) VALUES (?, ?, ?, ?)');
  const dropLabel = db.prepare('DELETE FROM labelled WHERE org = ? AND label = ? AND last_at = ? AND n = ?');
  const count = db.prepare(
    `INSERT INTO counters (org, name, total) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET total = total + excluded.total`,
  );
  const dropCounter = db.prepare('DELETE FROM counters WHERE org = ? AND name = ? AND total = 0');

  const cache = new Map<string, Live>();
  const changed = new Map<string, Changed>();
  const orgs = new Map<string, number>();
  let next = (db.prepare('SELECT coalesce(max(n), 0) + 1 AS next FROM conversations').get() as { next: number }).next;

  const orgOf = (orgId: string): number | undefined => {
    const known = orgs.get(orgId) ?? (selectOrg.get(orgId) as { n: number } | undefined)?.n;
    if (known !== undefined) orgs.set(orgId, known);
    return known;
  };

  const load = (orgId: string, conversationId: string): Live => {
    const found = select.get(conversationId) as
      | { n: number; org: number; head: number; row: string; unfinished: number }
      | undefined;
    if (found !== undefined) return { ...found, row: JSON.parse(found.row) as InboxRow };
    let org = orgOf(orgId);
    if (org === undefined) {
      org = Number(insertOrg.run(orgId).lastInsertRowid);
      orgs.set(orgId, org);
    }
    return { n: next++, org, head: 0, row: undefined, unfinished: 0 };
  };

  const saveLabels = ({ live, before }: Changed, row: InboxRow): void => {
    const labels = before?.labels ?? [];
    if (labels.length === 0 && row.labels.length === 0) return;
    if (before !== undefined && before.lastAt === row.lastAt && sameLabels(labels, row.labels)) return;
    for (const label of labels) dropLabel.run(live.org, label, before!.lastAt, live.n);
    for (const label of row.labels) addLabel.run(live.org, label, row.lastAt, live.n);
  };

  const saveRow = (id: string, change: Changed, row: InboxRow): void => {
    const { live, before, state } = change;
    const texts = [JSON.stringify(row), JSON.stringify(state)] as const;
    const unfinished = isUnfinished(state) ? 1 : 0;
    const bucket = bucketOf(row);
    const isAlike =
      before !== undefined &&
      unfinished === live.unfinished &&
      before.waitingSince === row.waitingSince &&
      holderOf(before) === holderOf(row) &&
      before.contactId === row.contactId &&
      bucketOf(before) === bucket;
    live.unfinished = unfinished;
    if (isAlike) {
      advance.run(row.head.seq, row.lastAt, ...texts, live.n);
      return;
    }
    const lists = [row.contactId, row.head.seq, bucket, holderOf(row), row.lastAt, row.waitingSince] as const;
    if (before === undefined) insert.run(...lists, unfinished, ...texts, live.n, id, live.org);
    else update.run(...lists, unfinished, ...texts, live.n);
  };

  return {
    live: (orgId, conversationId) => cache.get(conversationId) ?? load(orgId, conversationId),

    fold: (live, entry) => {
      const id = entry.commit.conversationId;
      const change = changed.get(id);
      if (change === undefined) changed.set(id, { live, before: live.row, state: entry.state });
      else change.state = entry.state;
      cache.set(id, live);
      live.row = foldRow(live.row, entry.commit.facts, entry.state);
      live.head = entry.state.head.seq;
    },

    orgOf,

    save: () => {
      const deltas = new Map<number, Map<string, number>>();
      const add = (org: number, row: InboxRow, by: number): void => {
        let counters = deltas.get(org);
        if (counters === undefined) deltas.set(org, (counters = new Map()));
        for (const name of countersOf(row)) counters.set(name, (counters.get(name) ?? 0) + by);
      };
      for (const [id, change] of changed) {
        const row = change.live.row!;
        saveRow(id, change, row);
        saveLabels(change, row);
        if (change.before !== undefined && countsAlike(change.before, row)) continue;
        if (change.before !== undefined) add(change.live.org, change.before, -1);
        add(change.live.org, row, 1);
      }
      for (const [org, counters] of deltas) {
        for (const [name, by] of counters) {
          if (by === 0) continue;
          count.run(org, name, by);
          if (by < 0) dropCounter.run(org, name);
        }
      }
      changed.clear();
      if (cache.size > CACHED) {
        let over = cache.size - CACHED / 2;
        for (const id of cache.keys()) {
          if (over-- <= 0) break;
          cache.delete(id);
        }
      }
    },

    forget: () => {
      changed.clear();
      cache.clear();
      orgs.clear();
    },
  };
};
