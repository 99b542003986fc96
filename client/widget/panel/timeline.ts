// From facts, the outbox and the answer in flight to the lines of the list, in order, each under a key it keeps.
import type { FactOf, VisibleFact } from '../../../shared/facts.ts';
import type { OutboxEntry } from '../../sdk/api.ts';

type MessageFact = FactOf<'message.created'>;
export type Side = 'visitor' | 'ai' | 'agent' | 'system';

/** Why an answer stopped before its end, as far as the visitor is told. */
export type Cut = { kind: 'joined' | 'by'; name: string } | { kind: 'you' | 'message' | 'failed' | 'other' };

export interface MessageItem {
  kind: 'message';
  key: string;
  side: Side;
  at: number;
  /** Absent: still in the outbox, or an answer in flight. */
  fact?: MessageFact;
  entry?: OutboxEntry;
  /** The answer in flight, by its id: its text comes from elsewhere, so that a token does not redraw the list. */
  replyId?: string;
  cut?: Cut;
  isFirst: boolean;
  isLast: boolean;
  /** The visitor's latest message in the log: it alone says Sent or Read. */
  isLastOwn: boolean;
}

export type Line =
  | { type: 'joined' | 'left'; name: string }
  | { type: 'asked' | 'closed' | 'reopened' | 'details' }
  | { type: 'rated'; rating: number };

export type Item =
  | MessageItem
  | { kind: 'line'; key: string; at: number; line: Line }
  | { kind: 'day'; key: string; at: number };

export interface TimelineInput {
  facts: readonly VisibleFact[];
  outbox: readonly OutboxEntry[];
  reply: { replyId: string; startedAt: number } | null;
  now: number;
}

const GROUP_MS = 3 * 60_000;

const dayOf = (at: number): string => new Date(at).toDateString();

/** Who cut an answer stands in the change of control that follows it in the same commit. */
const cutOf = (fact: MessageFact, following: readonly VisibleFact[]): Cut => {
  const change = following.find((other) => other.type === 'control.changed');
  switch (fact.cut) {
    case 'taken':
    case 'assigned':
      return { kind: 'joined', name: change?.agentName ?? '' };
    case 'stopped':
      return change?.by === undefined ? { kind: 'you' } : { kind: 'by', name: change.by.name };
    case 'message':
      return { kind: 'message' };
    case 'failed':
      return { kind: 'failed' };
    case 'autopilot':
    case 'closed':
    case 'handoff':
    case 'widget':
    case undefined:
      return { kind: 'other' };
  }
};

/** What a change of control looks like from outside; most of them are nobody's business but the team's. */
const lineOf = (fact: VisibleFact, holder: string | null): Line | null => {
  switch (fact.type) {
    case 'control.changed':
      if (fact.agentName !== null && fact.agentName !== holder) return { type: 'joined', name: fact.agentName };
      if (fact.agentName === null && holder !== null) return { type: 'left', name: holder };
      return fact.reason === 'handoff' ? { type: 'asked' } : null;
    case 'conversation.closed':
      return { type: 'closed' };
    case 'conversation.reopened':
      return { type: 'reopened' };
    case 'lead.captured':
      return { type: 'details' };
    case 'csat.submitted':
      return { type: 'rated', rating: fact.rating };
    default:
      return null;
  }
};

const isSameGroup = (a: MessageItem, b: MessageItem): boolean =>
  a.side === b.side &&
  a.fact?.author.reviewedBy === b.fact?.author.reviewedBy &&
  (a.side !== 'agent' || a.fact?.author.name === b.fact?.author.name) &&
  Math.abs(b.at - a.at) < GROUP_MS;

const messageItem = (key: string, side: Side, at: number): MessageItem => ({
  kind: 'message',
  key,
  side,
  at,
  isFirst: true,
  isLast: true,
  isLastOwn: false,
});

/** Pure. Keys outlive the change from queued to sent (`clientId`) and from streaming to final (`messageId`). */
export const buildTimeline = ({ facts, outbox, reply, now }: TimelineInput): Item[] => {
  const items: Item[] = [];
  let day = dayOf(now);
  let previous: MessageItem | null = null;
  let lastOwn: MessageItem | null = null;
  let holder: string | null = null;
  const held = new Set<string>();

  const startDay = (at: number): void => {
    // Today needs no heading as long as nothing older stands above it.
    if (dayOf(at) === day) return;
    day = dayOf(at);
    items.push({ kind: 'day', key: `day-${day}`, at });
    previous = null;
  };
  const pushMessage = (item: MessageItem): void => {
    startDay(item.at);
    if (previous !== null && isSameGroup(previous, item)) {
      previous.isLast = false;
      item.isFirst = false;
    }
    previous = item;
    items.push(item);
  };

  facts.forEach((fact, index) => {
    if (fact.type === 'message.created') {
      const side = fact.author.kind;
      const key = side === 'visitor' ? (fact.clientId ?? fact.messageId) : fact.messageId;
      if (fact.clientId !== undefined) held.add(fact.clientId);
      const item: MessageItem = { ...messageItem(key, side, fact.at), fact };
      if (fact.status === 'interrupted') item.cut = cutOf(fact, facts.slice(index + 1, index + 4));
      if (side === 'visitor') lastOwn = item;
      pushMessage(item);
      return;
    }
    const line = lineOf(fact, holder);
    if (fact.type === 'control.changed') holder = fact.agentName;
    else if (fact.type === 'conversation.closed' || fact.type === 'conversation.reopened') holder = null;
    if (line === null || fact.type === 'hidden') return;
    startDay(fact.at);
    previous = null;
    items.push({ kind: 'line', key: fact.id, at: fact.at, line });
  });

  if (reply !== null && !facts.some((fact) => fact.type === 'message.created' && fact.messageId === reply.replyId))
    pushMessage({ ...messageItem(reply.replyId, 'ai', reply.startedAt), replyId: reply.replyId });

  for (const entry of outbox) {
    if (entry.command !== 'message:send' || held.has(entry.clientId)) continue;
    pushMessage({ ...messageItem(entry.clientId, 'visitor', entry.createdAt), entry });
  }
  if (lastOwn !== null) (lastOwn as MessageItem).isLastOwn = true;
  return items;
};
