// How far this person has looked at each conversation on this device: what makes a row unread where the server does not say.
import { signal } from '@preact/signals';
import type { InboxRow } from '../../../shared/inbox.ts';
import { stored } from '../prefs.ts';

const key = 'tiller.console.seen';
const most = 2000;

const load = (): Map<string, number> => {
  try {
    return new Map(JSON.parse(stored.get(key) ?? '[]') as [string, number][]);
  } catch {
    return new Map();
  }
};

const seen = signal(load());

/** Marks a conversation as looked at up to `seq`. */
export const markSeen = (conversationId: string, seq: number): void => {
  if ((seen.value.get(conversationId) ?? 0) >= seq) return;
  const next = new Map(seen.value);
  next.delete(conversationId);
  next.set(conversationId, seq);
  for (const oldest of next.keys()) {
    if (next.size <= most) break;
    next.delete(oldest);
  }
  seen.value = next;
  stored.set(key, JSON.stringify([...next]));
};

/** The visitor said something that nobody has read: by the server's mark, else by this device's. */
export const isUnread = (row: InboxRow): boolean => {
  if (row.status === 'closed' || row.unanswered === null) return false;
  const read = Math.max(row.staffRead ?? 0, seen.value.get(row.conversationId) ?? 0);
  return row.lastVisitorSeq > read;
};
