// A snapshot as the list of what the thread draws: pure, so that grouping and keys can be tested without a browser.
import type { Author, Fact, FactOf, Source, Usage, VisibleFact } from '../../../shared/facts.ts';
import type { ConversationSnapshot, OutboxEntry } from '../../sdk/api.ts';
import { dayOf } from '../format.ts';
import { cutLine, systemLine } from './system-line.ts';
import type { Reader, SystemLine } from './system-line.ts';

/** Messages of one author within this time stand together, ms. */
const groupGap = 3 * 60_000;

export interface MessageItem {
  kind: 'message';
  /** Kept from the first token to the final message, and from the outbox to the log: nothing is mounted twice. */
  key: string;
  seq: number | null;
  author: Author;
  text: string;
  at: number;
  isFirst: boolean;
  isLast: boolean;
  state: 'said' | 'streaming' | 'interrupted' | 'sending' | 'failed';
  /** Under an interrupted answer. */
  cut?: string;
  sources: Source[];
  actions: string[];
  files: NonNullable<FactOf<'message.created'>['files']>;
  usage?: Usage;
  /** On `sending` and `failed`. */
  entry?: OutboxEntry;
}

export interface NoteItem {
  kind: 'note';
  key: string;
  author: Author;
  text: string;
  at: number;
  isSending: boolean;
}

export type TimelineItem =
  | MessageItem
  | NoteItem
  | { kind: 'day'; key: string; at: number }
  | ({ kind: 'line'; key: string; at: number } & SystemLine);

const authorKey = (author: Author): string =>
  `${author.kind}:${author.agentId ?? author.name ?? ''}:${author.reviewedBy ?? ''}`;

const messageOf = (fact: FactOf<'message.created'>, next: Fact | undefined, reader: Reader): MessageItem => ({
  kind: 'message',
  key: fact.clientId ?? fact.messageId,
  seq: fact.seq,
  author: fact.author,
  text: fact.text,
  at: fact.at,
  isFirst: true,
  isLast: true,
  state: fact.status === 'interrupted' ? 'interrupted' : 'said',
  ...(fact.status === 'interrupted' ? { cut: cutLine(fact, next, reader) } : {}),
  sources: fact.sources ?? [],
  actions: (fact.actions ?? []).map((action) => action.label),
  files: fact.files ?? [],
  ...(fact.usage === undefined ? {} : { usage: fact.usage }),
});

const itemOf = (fact: Fact, next: Fact | undefined, reader: Reader): TimelineItem | null => {
  if (fact.type === 'message.created') return messageOf(fact, next, reader);
  if (fact.type === 'note.created') {
    return { kind: 'note', key: fact.noteId, author: fact.author, text: fact.text, at: fact.at, isSending: false };
  }
  const line = systemLine(fact, reader);
  return line === null ? null : { kind: 'line', key: fact.id, at: fact.at, ...line };
};

/** What waits in the outbox and will be seen in the thread. */
const queuedItem = (entry: OutboxEntry, reader: Reader & { name: string }): TimelineItem | null => {
  const text = typeof entry.input['text'] === 'string' ? entry.input['text'] : '';
  const author: Author = { kind: 'agent', name: reader.name, agentId: reader.id };
  const common = { key: entry.clientId, author, text, at: entry.createdAt };
  if (entry.command === 'note:add') {
    return entry.status === 'failed' ? null : { kind: 'note', ...common, isSending: true };
  }
  if (entry.command !== 'message:send') return null;
  const state = entry.status === 'failed' ? 'failed' : 'sending';
  return {
    kind: 'message',
    ...common,
    seq: null,
    isFirst: true,
    isLast: true,
    state,
    sources: [],
    actions: [],
    files: [],
    entry,
  };
};

const joins = (before: TimelineItem | undefined, item: MessageItem): before is MessageItem =>
  before?.kind === 'message' &&
  authorKey(before.author) === authorKey(item.author) &&
  before.state !== 'interrupted' &&
  Math.abs(item.at - before.at) < groupGap;

/** A note in the log does not name the entry it came from: its text, its author and its time tell that it is there. */
const isNoted = (settled: readonly TimelineItem[], entry: OutboxEntry, reader: Reader): boolean =>
  entry.command === 'note:add' &&
  settled.some(
    (item) =>
      item.kind === 'note' &&
      item.text === entry.input['text'] &&
      item.author.agentId === reader.id &&
      item.at > entry.createdAt - groupGap,
  );

const lastDay = (items: readonly TimelineItem[]): number => {
  const last = items.at(-1);
  return last === undefined ? -1 : dayOf(last.at);
};

/** Appends `more`: marks the ends of groups, puts a heading before each day. What stands already keeps its identity. */
const arrange = (before: readonly TimelineItem[], more: readonly TimelineItem[]): TimelineItem[] => {
  const items = [...before];
  let day = lastDay(items);
  for (const item of more) {
    if (dayOf(item.at) !== day) {
      day = dayOf(item.at);
      items.push({ kind: 'day', key: `day-${day}`, at: day });
    }
    const last = items.at(-1);
    if (item.kind === 'message' && joins(last, item)) {
      items[items.length - 1] = { ...last, isLast: false };
      items.push({ ...item, isFirst: false });
    } else {
      items.push(item);
    }
  }
  return items;
};

/** The part of a timeline that only facts decide: kept as it is while an answer streams. */
export const itemsOf = (facts: readonly VisibleFact[], reader: Reader): TimelineItem[] => {
  const shown = facts.filter((fact): fact is Fact => fact.type !== 'hidden');
  return arrange(
    [],
    shown.flatMap((fact, index) => itemOf(fact, shown[index + 1], reader) ?? []),
  );
};

/** The whole thread: what was said, the answer in flight, what is on its way. Drafts in flight are the card's. */
export const timelineOf = (
  snapshot: Pick<ConversationSnapshot, 'reply' | 'outbox'>,
  settled: readonly TimelineItem[],
  reader: Reader & { name: string },
  assistantName: string,
): TimelineItem[] => {
  const known = new Set(settled.map((item) => item.key));
  const tail: TimelineItem[] = [];
  const { reply } = snapshot;
  if (reply !== null && reply.mode === 'answer' && !known.has(reply.replyId)) {
    tail.push({
      kind: 'message',
      key: reply.replyId,
      seq: null,
      author: { kind: 'ai', name: assistantName },
      text: reply.text,
      at: reply.startedAt,
      isFirst: true,
      isLast: true,
      state: 'streaming',
      sources: [],
      actions: [],
      files: [],
    });
  }
  for (const entry of snapshot.outbox) {
    const isSaid = known.has(entry.clientId) || isNoted(settled, entry, reader);
    const item = isSaid ? null : queuedItem(entry, reader);
    if (item !== null) tail.push(item);
  }
  return tail.length === 0 ? [...settled] : arrange(settled, tail);
};

/** The name that the AI went by last, for an answer whose final message is not there yet. */
export const assistantNameIn = (facts: readonly VisibleFact[]): string => {
  for (let at = facts.length - 1; at >= 0; at -= 1) {
    const fact = facts[at];
    if (fact?.type === 'message.created' && fact.author.kind === 'ai' && fact.author.name !== undefined) {
      return fact.author.name;
    }
  }
  return '';
};
