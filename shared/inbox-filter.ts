// Which rows belong in which list. No zod here, because browsers load this file.
import type { InboxFilter, InboxRow } from './inbox.ts';

/** What a person should look at: it waits, a draft waits, or nobody at all would answer. */
export const needsPerson = (row: Pick<InboxRow, 'status' | 'control' | 'hasDraft' | 'unanswered'>): boolean =>
  row.status === 'open' &&
  row.control.agentId === null &&
  (row.control.waiting !== null || row.hasDraft || (!row.control.isAutopilot && row.unanswered !== null));

/** Whether a row belongs in a list; `agentId` is the member who looks. */
export const matchesFilter = (row: InboxRow, filter: InboxFilter, agentId: string): boolean => {
  // What is spam is in its own list and in no other.
  if (row.isSpam === true || filter === 'spam') return row.isSpam === true && filter === 'spam';
  switch (filter) {
    case 'needs-person':
      return needsPerson(row);
    case 'mine':
      return row.status === 'open' && row.control.agentId === agentId;
    case 'ai':
      return (
        row.status === 'open' && row.control.agentId === null && row.control.isAutopilot && row.control.waiting === null
      );
    case 'open':
      return row.status === 'open';
    case 'closed':
      return row.status === 'closed';
  }
};
