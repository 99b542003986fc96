// Keeps rows still while somebody points at them: what is drawn is the order of before with the news written in.
import type { InboxRow } from '../../../shared/inbox.ts';

export interface HeldRow {
  row: InboxRow;
  /** It no longer belongs in this list and goes as soon as the list is let go. */
  isGone: boolean;
}

/** The rows as they should stand now. */
export const settled = (rows: readonly InboxRow[]): HeldRow[] => rows.map((row) => ({ row, isGone: false }));

/**
 * The held list brought up to date: every row stays where it was, with its new content; what left stays, greyed; what
 * came below the last held row is appended (nothing moves by that); other newcomers wait and are counted.
 */
export const held = (before: readonly HeldRow[], rows: readonly InboxRow[]): { list: HeldRow[]; waiting: number } => {
  const now = new Map(rows.map((row) => [row.conversationId, row]));
  const list = before.map(({ row }) => {
    const current = now.get(row.conversationId);
    return current === undefined ? { row, isGone: true } : { row: current, isGone: false };
  });
  const known = new Set(before.map(({ row }) => row.conversationId));
  let tail = rows.length;
  while (tail > 0 && !known.has(rows[tail - 1]!.conversationId)) tail -= 1;
  // A page that was loaded: many rows after the last known one. With nothing known, everything is news.
  const appended = before.length === 0 ? [] : rows.slice(tail);
  list.push(...appended.map((row) => ({ row, isGone: false })));
  const waiting = rows.slice(0, tail).filter((row) => !known.has(row.conversationId)).length;
  return { list, waiting: before.length === 0 ? rows.length : waiting };
};

/** The window of equally high rows to draw: indexes from (inclusive) and to (exclusive). */
export const windowOf = (
  count: number,
  rowHeight: number,
  scrollTop: number,
  viewHeight: number,
  overscan = 6,
): { from: number; to: number } => {
  const first = Math.floor(scrollTop / rowHeight) - overscan;
  const last = Math.ceil((scrollTop + viewHeight) / rowHeight) + overscan;
  return { from: Math.max(0, Math.min(first, count)), to: Math.max(0, Math.min(last, count)) };
};
