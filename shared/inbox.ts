// The inbox row of a conversation: a second fold of the same facts, with the little text that a list shows.
import { z } from 'zod';
import type { ConversationState } from './conversation.ts';
import type { Fact } from './facts.ts';
import { needsPerson } from './inbox-filter.ts';
import { clip } from './text.ts';

export { matchesFilter, needsPerson } from './inbox-filter.ts';

export const inboxFilter = z.enum(['needs-person', 'mine', 'ai', 'open', 'closed', 'spam']);
export type InboxFilter = z.infer<typeof inboxFilter>;

export interface InboxRow {
  conversationId: string;
  widgetId: string;
  contactId: string;
  /** The version of this row: apply it only where it is newer than what you hold. */
  head: { seq: number; id: string };
  status: 'open' | 'closed';
  channel: 'widget' | 'test';
  control: ConversationState['control'];
  /** The visitor's name or e-mail; absent while unknown. */
  visitor: ConversationState['visitor'];
  preview: {
    who: 'visitor' | 'ai' | 'agent' | 'system' | 'note' | 'draft';
    name?: string;
    agentId?: string;
    text: string;
  } | null;
  labels: string[];
  /** When the last message, note or change of hands happened, in ms. */
  lastAt: number;
  unanswered: number | null;
  /** When the oldest unanswered state began: what "longest waiting first" sorts by. */
  waitingSince: number | null;
  hasDraft: boolean;
  /** The AI is at work on an answer or a draft. */
  isAnswering: boolean;
  /** `seq` of the last visitor's message; unread where staff have not read that far. */
  lastVisitorSeq: number;
  /** How far staff have read; not part of the fold: set where rows are sent to a list. */
  staffRead?: number;
  page?: { url: string; title?: string };
  /** Marked as spam: in the list `spam` alone, and in no count. */
  isSpam?: true;
}

/** Counts over an organisation. `held` counts open conversations by the member who holds them ("mine" is `held[me]`). */
export const inboxCounts = z.object({
  needsPerson: z.number(),
  ai: z.number(),
  open: z.number(),
  closed: z.number(),
  held: z.record(z.string(), z.number()),
});
export type InboxCounts = z.infer<typeof inboxCounts>;

const previewOf = (fact: Fact): InboxRow['preview'] | undefined => {
  switch (fact.type) {
    case 'message.created':
      return {
        who: fact.author.kind,
        ...(fact.author.name === undefined ? {} : { name: fact.author.name }),
        ...(fact.author.agentId === undefined ? {} : { agentId: fact.author.agentId }),
        text: clip(fact.text, 160),
      };
    case 'note.created':
      return {
        who: 'note',
        ...(fact.author.name === undefined ? {} : { name: fact.author.name }),
        text: clip(fact.text, 160),
      };
    case 'draft.created':
      return { who: 'draft', text: clip(fact.text, 160) };
    default:
      return undefined;
  }
};

/**
 * The row after a commit. `before` is absent for a conversation's first commit; `state` is the fold after the commit,
 * whose head becomes the row's version. Idempotent: a commit that the row already holds leaves it as it is.
 */
export const foldRow = (before: InboxRow | undefined, facts: readonly Fact[], state: ConversationState): InboxRow => {
  const last = facts.at(-1);
  if (last === undefined || (before !== undefined && before.head.seq >= state.head.seq)) {
    if (before === undefined) throw new Error('a row begins with a fact');
    return before;
  }
  let preview = before?.preview ?? null;
  let page = before?.page;
  let lastVisitorSeq = before?.lastVisitorSeq ?? 0;
  let waitingSince = before?.waitingSince ?? null;
  for (const fact of facts) {
    preview = previewOf(fact) ?? preview;
    if (fact.type === 'conversation.opened' && fact.page !== undefined) {
      page = { url: fact.page.url, ...(fact.page.title === undefined ? {} : { title: fact.page.title }) };
    }
    if (fact.type === 'message.created' && fact.author.kind === 'visitor') lastVisitorSeq = fact.seq;
  }
  const shape = { status: state.status === 'closed' ? ('closed' as const) : ('open' as const), control: state.control };
  const hasDraft = state.draft !== null;
  const needs = needsPerson({ ...shape, hasDraft, unanswered: state.unanswered });
  waitingSince = needs ? (state.control.waitingSince ?? waitingSince ?? last.at) : null;
  return {
    conversationId: state.conversationId,
    widgetId: state.widgetId ?? '',
    contactId: state.contactId ?? '',
    head: state.head,
    ...shape,
    channel: state.channel,
    visitor: state.visitor,
    preview,
    labels: state.labels,
    lastAt: last.at,
    unanswered: state.unanswered,
    waitingSince,
    hasDraft,
    isAnswering: state.reply !== null,
    lastVisitorSeq,
    ...(page === undefined ? {} : { page }),
    ...(state.isSpam === true ? { isSpam: true } : {}),
  };
};

export const inboxRow = z.custom<InboxRow>((value) => typeof value === 'object' && value !== null);
