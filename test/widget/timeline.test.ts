// The list as a pure function of facts, outbox and the answer in flight.
import { describe, expect, it } from 'vitest';
import { buildTimeline } from '../../client/widget/panel/timeline.ts';
import type { Item, MessageItem } from '../../client/widget/panel/timeline.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import type { OutboxEntry } from '../../client/sdk/api.ts';

const now = new Date(2026, 4, 20, 15, 0).getTime();
const minute = 60_000;
let seq = 0;
const fact = (body: object, at = now): VisibleFact =>
  ({ conversationId: 'c', seq: (seq += 1), id: `f${seq}`, at, ...body }) as VisibleFact;
const message = (kind: string, at = now, more: object = {}): VisibleFact =>
  fact(
    { type: 'message.created', messageId: `m${seq + 1}`, author: { kind }, text: 'x', status: 'complete', ...more },
    at,
  );
const control = (more: object): VisibleFact =>
  fact({
    type: 'control.changed',
    isAutopilot: false,
    agentId: null,
    agentName: null,
    waiting: null,
    turn: 1,
    ...more,
  });
const entry = (clientId: string, more: Partial<OutboxEntry> = {}): OutboxEntry => ({
  clientId,
  conversationId: 'c',
  command: 'message:send',
  input: { text: 'x' },
  createdAt: now,
  status: 'queued',
  ...more,
});
const build = (
  facts: VisibleFact[],
  outbox: OutboxEntry[] = [],
  reply: { replyId: string; startedAt: number } | null = null,
): Item[] => buildTimeline({ facts, outbox, reply, now });
const messages = (items: Item[]): MessageItem[] => items.filter((item) => item.kind === 'message');

describe('the list of messages', () => {
  it('groups one author within three minutes, and no further', () => {
    const list = messages(
      build([message('visitor', now), message('visitor', now + minute), message('visitor', now + 4 * minute + 1)]),
    );
    expect(list.map(({ isFirst, isLast }) => [isFirst, isLast])).toEqual([
      [true, false],
      [false, true],
      [true, true],
    ]);
  });

  it('does not put an answer that a person checked into one group with one that nobody checked', () => {
    const checked = message('ai', now, { author: { kind: 'ai', reviewedBy: 'Maya' } });
    expect(messages(build([message('ai'), checked])).map(({ isFirst }) => isFirst)).toEqual([true, true]);
  });

  it('keeps the key of a message from the outbox to the log, and shows it once', () => {
    const queued = messages(build([], [entry('client-1')]));
    const sent = messages(build([message('visitor', now, { clientId: 'client-1' })], [entry('client-1')]));
    expect(queued.map(({ key }) => key)).toEqual(['client-1']);
    expect(sent.map(({ key }) => key)).toEqual(['client-1']);
  });

  it('keeps the key of an answer from its first dot to the final fact, and shows it once', () => {
    const reply = { replyId: 'r1', startedAt: now };
    const live = messages(build([message('visitor')], [], reply));
    const both = messages(build([message('visitor'), message('ai', now, { messageId: 'r1' })], [], reply));
    expect(live.at(-1)).toMatchObject({ key: 'r1', replyId: 'r1', side: 'ai' });
    expect(both).toHaveLength(2);
    expect(both.at(-1)).toMatchObject({ key: 'r1', side: 'ai' });
    expect(both.at(-1)?.replyId).toBeUndefined();
  });

  it('says who cut an answer: the person who joined, the visitor, or a member of the team', () => {
    const cut = (why: string, change: object): MessageItem['cut'] =>
      messages(build([message('ai', now, { status: 'interrupted', cut: why }), control(change)]))[0]?.cut;
    expect(cut('taken', { agentId: 'a', agentName: 'Maya L', reason: 'taken' })).toEqual({
      kind: 'joined',
      name: 'Maya L',
    });
    expect(cut('stopped', { reason: 'stopped' })).toEqual({ kind: 'you' });
    expect(cut('stopped', { reason: 'stopped', by: { id: 'a', name: 'Theo' } })).toEqual({ kind: 'by', name: 'Theo' });
    expect(cut('failed', { reason: 'failed' })).toEqual({ kind: 'failed' });
  });

  it('tells of people who join and leave, and of nothing else that changes control', () => {
    const lines = build([
      control({ agentId: 'a', agentName: 'Maya', reason: 'taken' }),
      control({ agentId: 'a', agentName: 'Maya', reason: 'answered' }),
      control({ reason: 'released' }),
      control({ isAutopilot: true, reason: 'widget' }),
    ]);
    expect(lines.map((item) => item.kind === 'line' && item.line)).toEqual([
      { type: 'joined', name: 'Maya' },
      { type: 'left', name: 'Maya' },
    ]);
  });

  it('puts a day above older messages, and none above those of today alone', () => {
    const yesterday = now - 24 * 60 * minute;
    expect(build([message('visitor')]).map(({ kind }) => kind)).toEqual(['message']);
    expect(build([message('visitor', yesterday), message('visitor')]).map(({ kind }) => kind)).toEqual([
      'day',
      'message',
      'day',
      'message',
    ]);
  });

  it('marks only the latest message of the visitor in the log as the one that says Sent or Read', () => {
    const list = messages(build([message('visitor'), message('visitor'), message('ai')], [entry('later')]));
    expect(list.map(({ isLastOwn }) => isLastOwn)).toEqual([false, true, false, false]);
  });

  it('leaves commands that are no messages out of the list', () => {
    expect(build([], [entry('x', { command: 'handoff:request' })])).toEqual([]);
  });
});
