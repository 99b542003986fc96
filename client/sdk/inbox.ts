// The staff's list of conversations: pages and live rows of the same versioned rows, merged.
import { isRetryable } from '../../shared/errors.ts';
import { matchesFilter } from '../../shared/inbox-filter.ts';
import type { InboxCounts, InboxFilter, InboxRow } from '../../shared/inbox.ts';
import type { SignalOf } from '../../shared/signals.ts';
import type { InboxSnapshot, Observable } from './api.ts';
import { delay, jitter } from './backoff.ts';
import type { Backoff } from './backoff.ts';
import type { Ask } from './ask.ts';
import { value } from './observable.ts';

export interface Inbox {
  readonly snapshot: Observable<InboxSnapshot>;
  isOpen: () => boolean;
  open: (filter: InboxFilter, label?: string) => void;
  /** Loads as many pages again as were loaded; what is shown stays until they are there. False where nobody answered. */
  reload: (timeoutMs?: number) => Promise<boolean>;
  more: () => Promise<void>;
  changed: (signal: SignalOf<'inbox.changed'>) => void;
}

interface Answer {
  conversations: InboxRow[];
  cursor: string | null;
  counts: InboxCounts;
}

interface Around {
  ask: Ask;
  isOnline: () => boolean;
  memberId: string;
  backoff: Backoff;
}

/** Positive where `b` comes first. */
const compare = (filter: InboxFilter, a: InboxRow, b: InboxRow): number => {
  const byTime =
    filter === 'needs-person' ? (a.waitingSince ?? Infinity) - (b.waitingSince ?? Infinity) : b.lastAt - a.lastAt;
  return byTime || (a.conversationId < b.conversationId ? -1 : 1);
};

export const createInbox = ({ ask, isOnline, memberId, backoff }: Around): Inbox => {
  const counts: InboxCounts = { needsPerson: 0, ai: 0, open: 0, closed: 0, held: {} };
  const snapshot = value<InboxSnapshot>({ filter: 'needs-person', rows: [], counts, hasMore: false, isLoading: false });
  /** All rows seen, also those that do not match any longer: an older page must not bring one back. */
  let held = new Map<string, InboxRow>();
  /** Rows that came live since the pages were last asked for. */
  let fresh = new Map<string, InboxRow>();
  let cursor: string | null = null;
  let pages = 0;
  /** The last row of the last page: beyond it, while there is more, live rows would leave a hole above them. */
  let horizon: InboxRow | null = null;
  let isOpen = false;
  /** Rises with every choice of a list: answers for an earlier one are dropped. */
  let version = 0;
  /** A reload that failed is tried again by whoever comes last. */
  let loads = 0;

  const hold = (rows: Map<string, InboxRow>, row: InboxRow): void => {
    const before = rows.get(row.conversationId);
    if (before === undefined || before.head.seq <= row.head.seq) rows.set(row.conversationId, row);
  };

  const publish = (more: Partial<InboxSnapshot>): void => {
    const { error: _, ...before } = snapshot.get();
    const { filter, label } = before;
    const isShown = (row: InboxRow): boolean =>
      matchesFilter(row, filter, memberId) &&
      (label === undefined || row.labels.includes(label)) &&
      (cursor === null || horizon === null || row === horizon || compare(filter, row, horizon) < 0);
    const rows = [...held.values()].filter(isShown).sort((a, b) => compare(filter, a, b));
    snapshot.set({ ...before, rows, hasMore: cursor !== null, ...more });
  };

  const question = (): { filter: InboxFilter; label?: string } => {
    const { filter, label } = snapshot.get();
    return { filter, ...(label === undefined ? {} : { label }) };
  };

  const take = (answer: Answer): void => {
    for (const row of answer.conversations) hold(held, row);
    cursor = answer.cursor;
    horizon = answer.conversations.at(-1) ?? horizon;
    pages += 1;
  };

  const load = async (timeoutMs?: number): Promise<boolean> => {
    const mine = ++loads;
    const asked = version;
    const isOurs = (): boolean => mine === loads && asked === version;
    fresh = new Map();
    for (let tries = 0; isOurs() && isOnline(); tries += 1) {
      const got: Answer[] = [];
      let next: string | null = null;
      let failed = null;
      do {
        const answer = await ask(
          'inbox:open',
          { ...question(), ...(next === null ? {} : { cursor: next }) },
          timeoutMs,
        );
        if (!isOurs()) return true;
        if (!answer.ok) {
          failed = answer.error;
          break;
        }
        const page = answer.data as Answer;
        got.push(page);
        next = page.cursor;
      } while (next !== null && got.length < pages);
      if (failed === null) {
        held = new Map();
        pages = 0;
        horizon = null;
        for (const page of got) take(page);
        for (const row of fresh.values()) hold(held, row);
        publish({ isLoading: false, counts: got.at(-1)?.counts ?? counts });
        return true;
      }
      if (!isRetryable(failed.code)) {
        publish({ isLoading: false, error: failed });
        return true;
      }
      if (timeoutMs !== undefined) return failed.code !== 'unavailable';
      await delay(failed.retryAfterMs ?? jitter(tries, backoff));
    }
    return true;
  };

  return {
    snapshot,
    isOpen: () => isOpen,
    open: (filter, label) => {
      version += 1;
      isOpen = true;
      held = new Map();
      pages = 0;
      cursor = null;
      horizon = null;
      const { counts } = snapshot.get();
      snapshot.set({
        filter,
        ...(label === undefined ? {} : { label }),
        rows: [],
        counts,
        hasMore: false,
        isLoading: true,
      });
      if (isOnline()) void load();
    },
    reload: load,
    more: async () => {
      if (cursor === null || snapshot.get().isLoading) return;
      const asked = version;
      publish({ isLoading: true });
      const answer = await ask('inbox:open', { ...question(), cursor });
      if (asked !== version) return;
      if (answer.ok) take(answer.data as Answer);
      publish({ isLoading: false, ...(answer.ok ? { counts: (answer.data as Answer).counts } : {}) });
    },
    changed: ({ row, counts }) => {
      if (row !== undefined) {
        hold(fresh, row);
        hold(held, row);
      }
      publish(counts === undefined ? {} : { counts });
    },
  };
};
