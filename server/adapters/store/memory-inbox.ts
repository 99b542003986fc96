// Inbox and search over the logs in memory. Rows are folded when somebody looks, so that an append costs next to nothing.
import { matchesFilter } from '../../../shared/inbox.ts';
import type { InboxRow } from '../../../shared/inbox.ts';
import type { InboxQuery, Store } from '../../ports/store.ts';
import { readCursor, writeCursor } from './inbox-cursor.ts';
import type { Kept } from './memory.ts';
import { countersOf, toCounts } from './row-shape.ts';
import { excerptOf, holds, nameText, searchedText, wantedOf } from './search-text.ts';

type Inbox = Pick<Store, 'inbox' | 'row' | 'counts' | 'conversationsOf' | 'labels' | 'search'>;

/** `logs` by conversation; `dirty` are those whose row lags; `fold` brings one row up to date. */
export const createMemoryInbox = (
  logs: ReadonlyMap<string, Kept>,
  dirty: Set<Kept>,
  fold: (log: Kept) => InboxRow,
): Inbox => {
  const counters = new Map<string, Map<string, number>>();

  const count = (orgId: string, row: InboxRow, by: number): void => {
    let totals = counters.get(orgId);
    if (totals === undefined) counters.set(orgId, (totals = new Map()));
    for (const name of countersOf(row)) totals.set(name, (totals.get(name) ?? 0) + by);
  };

  const refresh = (log: Kept): void => {
    const before = log.row;
    const after = fold(log);
    dirty.delete(log);
    if (before !== undefined) count(log.orgId, before, -1);
    count(log.orgId, after, 1);
  };

  const totalsOf = (orgId: string): ReadonlyMap<string, number> => {
    for (const log of dirty) refresh(log);
    return counters.get(orgId) ?? new Map<string, number>();
  };

  const allOf = (orgId: string): { n: number; row: InboxRow; log: Kept }[] => {
    for (const log of dirty) refresh(log);
    return [...logs.values()].filter((log) => log.orgId === orgId).map((log) => ({ n: log.n, row: log.row!, log }));
  };

  const isWanted = (row: InboxRow, { filter, memberId, agentId, label }: InboxQuery): boolean =>
    matchesFilter(row, filter, memberId) &&
    (agentId === undefined || row.control.agentId === agentId) &&
    (label === undefined || row.labels.includes(label));

  return {
    inbox: async (query) => {
      const isWaiting = query.filter === 'needs-person';
      const sign = isWaiting ? 1 : -1;
      const from = query.cursor === undefined ? undefined : readCursor(query.cursor);
      const keyed = allOf(query.orgId)
        .filter(({ row }) => isWanted(row, query))
        .map(({ n, row }) => ({ at: isWaiting ? (row.waitingSince ?? 0) : row.lastAt, n, row }))
        .filter(({ at, n }) => from === undefined || sign * (at - from.at || n - Number(from.tie)) > 0)
        .sort((a, b) => sign * (a.at - b.at || a.n - b.n));
      const last = keyed[query.limit - 1];
      return {
        rows: keyed.slice(0, query.limit).map(({ row }) => row),
        cursor:
          keyed.length > query.limit && last !== undefined ? writeCursor({ at: last.at, tie: String(last.n) }) : null,
      };
    },
    row: async (orgId, conversationId) => {
      const log = logs.get(conversationId);
      if (log === undefined || log.orgId !== orgId) return undefined;
      if (dirty.has(log)) refresh(log);
      return log.row;
    },
    counts: async (orgId) => toCounts(totalsOf(orgId)),
    conversationsOf: async (orgId, contactId, limit) =>
      allOf(orgId)
        .filter(({ row }) => row.contactId === contactId)
        .sort((a, b) => b.row.lastAt - a.row.lastAt || b.n - a.n)
        .slice(0, limit)
        .map(({ row }) => row),
    labels: async (orgId, limit) =>
      [...totalsOf(orgId)]
        .filter(([name, total]) => name.startsWith('label:') && total > 0)
        .sort(([a, some], [b, others]) => others - some || (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([name]) => name.slice('label:'.length)),
    search: async (orgId, words, limit) => {
      const wanted = wantedOf(words);
      if (wanted.words.length === 0) return [];
      const found = allOf(orgId).flatMap(({ row, log }) => {
        if (row.isSpam === true) return [];
        const name = nameText(row.visitor);
        if (holds(name, wanted.words)) return [{ row, text: name, at: Number.POSITIVE_INFINITY }];
        const fact = log.facts.findLast((one) => holds(searchedText(one) ?? '', wanted.words));
        return fact === undefined ? [] : [{ row, text: searchedText(fact) ?? '', at: fact.at }];
      });
      return found
        .sort((a, b) => b.at - a.at || b.row.lastAt - a.row.lastAt)
        .slice(0, limit)
        .map(({ row, text }) => ({ row, excerpt: excerptOf(text, wanted.words) }));
    },
  };
};
