// What an inbox row counts as: the lists it is in, and the counters it moves.
import type { ConversationState } from '../../../shared/conversation.ts';
import { owes } from '../../../shared/conversation.ts';
import { matchesFilter, needsPerson } from '../../../shared/inbox.ts';
import type { InboxCounts, InboxRow } from '../../../shared/inbox.ts';

/** An answer may be owed or claimed. */
export const isUnfinished = (state: ConversationState): boolean => state.reply !== null || owes(state) !== 'none';

/** The names of the counters that a row raises by one. What is spam counts nowhere. */
export const countersOf = (row: InboxRow): string[] => {
  if (row.isSpam === true) return [];
  const names: string[] = [row.status];
  if (needsPerson(row)) names.push('needsPerson');
  if (matchesFilter(row, 'ai', '')) names.push('ai');
  if (row.status === 'open' && row.control.agentId !== null) names.push(`held:${row.control.agentId}`);
  for (const label of row.labels) names.push(`label:${label}`);
  return names;
};

/** Whether two versions of a row raise the same counters, without making their names. */
export const countsAlike = (a: InboxRow, b: InboxRow): boolean =>
  a.status === b.status &&
  a.isSpam === b.isSpam &&
  a.control.agentId === b.control.agentId &&
  a.control.isAutopilot === b.control.isAutopilot &&
  a.control.waiting === b.control.waiting &&
  a.hasDraft === b.hasDraft &&
  (a.unanswered === null) === (b.unanswered === null) &&
  sameLabels(a.labels, b.labels);

export const sameLabels = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((label, i) => label === b[i]));

/** Counters by name as the counts of an organisation. */
export const toCounts = (counters: Iterable<readonly [name: string, total: number]>): InboxCounts => {
  const counts: InboxCounts = { needsPerson: 0, ai: 0, open: 0, closed: 0, held: {} };
  for (const [name, total] of counters) {
    if (total === 0) continue;
    if (name.startsWith('held:')) counts.held[name.slice(5)] = total;
    else if (name === 'needsPerson' || name === 'ai' || name === 'open' || name === 'closed') counts[name] = total;
  }
  return counts;
};
