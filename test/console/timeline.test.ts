// What the thread makes of a log: groups, days, keys that survive, plain words.
import { describe, expect, it } from 'vitest';
import { draftOf } from '../../client/console/conversation/draft.ts';
import { itemsOf, timelineOf } from '../../client/console/conversation/timeline.ts';
import type { MessageItem, TimelineItem } from '../../client/console/conversation/timeline.ts';
import type { ConversationSnapshot, OutboxEntry } from '../../client/sdk/api.ts';
import { Story, me, theo } from './gallery/story.ts';

const noon = new Date(2026, 4, 4, 12).getTime();
const begin = (isAutopilot = true): Story => new Story('c1', { at: noon, isAutopilot });
const messages = (items: readonly TimelineItem[]): MessageItem[] =>
  items.filter((item): item is MessageItem => item.kind === 'message');
const lines = (story: Story): string[] =>
  itemsOf(story.facts, me).flatMap((item) => (item.kind === 'line' ? [item.text] : []));
const quiet = { reply: null, outbox: [] };
const replyOf = (story: Story, text: string): ConversationSnapshot['reply'] => ({
  ...story.state.reply!,
  text,
  startedAt: noon + 60_000,
});

describe('the timeline', () => {
  it('puts messages of one author within three minutes into one group', () => {
    const story = begin().visitor('one').visitor('two').wait(4).visitor('three').agent('four').agent('five', theo);
    const ends = messages(itemsOf(story.facts, me)).map(({ text, isFirst, isLast }) => [text, isFirst, isLast]);
    expect(ends).toEqual([
      ['one', true, false],
      ['two', false, true],
      ['three', true, true],
      ['four', true, true],
      ['five', true, true],
    ]);
  });

  it('heads each day once', () => {
    const story = begin()
      .visitor('one')
      .wait(24 * 60)
      .visitor('two')
      .visitor('three');
    const days = itemsOf(story.facts, me).filter((item) => item.kind === 'day');
    expect(days).toHaveLength(2);
  });

  it('keeps the key of an answer from its first token to its final message, and the identity of what stands', () => {
    const story = begin().visitor('hello').claim('reply_1', 'answer');
    const settled = itemsOf(story.facts, me);
    const reply = replyOf(story, 'Hel')!;
    const live = timelineOf({ reply, outbox: [] }, settled, me, 'Robin');
    const more = timelineOf({ reply: replyOf(story, 'Hello th'), outbox: [] }, settled, me, 'Robin');
    expect(more.slice(0, -1)).toEqual(live.slice(0, -1));
    for (const [index, item] of live.slice(0, -1).entries()) expect(more[index]).toBe(item);
    expect(live.at(-1)).toMatchObject({ key: 'reply_1', state: 'streaming', text: 'Hel' });
    story.ai('Hello there', { messageId: 'reply_1' });
    const final = timelineOf(
      { reply: { ...reply, text: 'Hello there' }, outbox: [] },
      itemsOf(story.facts, me),
      me,
      'Robin',
    );
    expect(messages(final).filter(({ key }) => key === 'reply_1')).toHaveLength(1);
    expect(final.at(-1)).toMatchObject({ key: 'reply_1', state: 'said' });
  });

  it('shows what waits in the outbox once, under the key that its message will have', () => {
    const story = begin().visitor('hello').takenBy();
    const entry: OutboxEntry = {
      clientId: 'client-1',
      conversationId: 'c1',
      command: 'message:send',
      input: { text: 'hi' },
      createdAt: noon + 5000,
      status: 'sending',
    };
    const before = timelineOf({ reply: null, outbox: [entry] }, itemsOf(story.facts, me), me, '');
    expect(before.at(-1)).toMatchObject({ key: 'client-1', state: 'sending' });
    story.says({ kind: 'agent', name: me.name, agentId: me.id }, 'hi', { clientId: 'client-1' });
    const after = timelineOf({ reply: null, outbox: [entry] }, itemsOf(story.facts, me), me, '');
    expect(messages(after).filter(({ key }) => key === 'client-1')).toHaveLength(1);
  });

  it('does not show a note twice while its ack is on the way', () => {
    const story = begin().visitor('hello');
    const entry: OutboxEntry = {
      clientId: 'client-2',
      conversationId: 'c1',
      command: 'note:add',
      input: { text: 'nice one' },
      createdAt: noon,
      status: 'sending',
    };
    story.add({ type: 'note.created', noteId: 'n1', author: { kind: 'agent', agentId: me.id }, text: 'nice one' });
    const items = timelineOf({ reply: null, outbox: [entry] }, itemsOf(story.facts, me), me, '');
    expect(items.filter((item) => item.kind === 'note')).toHaveLength(1);
  });

  it('tells changes of hands in plain words', () => {
    const story = begin()
      .visitor('a person please')
      .control({ reason: 'handoff', waiting: 'handoff', note: '' })
      .takenBy()
      .control({ reason: 'released', isAutopilot: true, agentId: null, agentName: null, by: me })
      .takenBy(theo)
      .control({ reason: 'assigned', agentId: me.id, agentName: me.name, by: theo });
    expect(lines(story)).toEqual([
      'Conversation started on Hire a kayak',
      'Handed over: asked for a person',
      'You took over',
      'You gave it back to the AI',
      'Theo took over',
      'Theo assigned it to you',
    ]);
  });

  it('says why the AI could not answer, and never uses the words of the protocol', () => {
    const story = begin().visitor('hello').claim('r1', 'answer');
    story.add({ type: 'reply.failed', replyId: 'r1', why: 'rate_limited' });
    story.control({ reason: 'failed', waiting: 'failed' }).control({ reason: 'stopped' }).control({ reason: 'widget' });
    expect(lines(story)).toContain('AI could not answer: rate limited');
    expect(lines(story).join(' ')).not.toMatch(/\b(turn|fact)s?\b/i);
  });

  it('names who cut an answer', () => {
    const story = begin().visitor('hello').ai('Well, the', { status: 'interrupted', cut: 'taken' }).takenBy(theo);
    expect(messages(itemsOf(story.facts, me)).at(-1)).toMatchObject({
      state: 'interrupted',
      cut: 'Stopped when Theo took over',
    });
  });
});

describe('the draft card', () => {
  const shown = (story: Story) => draftOf({ facts: story.facts, reply: null, state: story.state });

  it('shows a draft that waits, and nothing once it was decided', () => {
    const story = begin(false).visitor('hello').draft('d1', 'Hi!');
    expect(shown(story)).toMatchObject({ status: 'waiting', draftId: 'd1' });
    story.add({ type: 'draft.rejected', draftId: 'd1', by: me });
    expect(shown(story)).toBeNull();
  });

  it('greys a draft that the visitor overtook, until the next one streams', () => {
    const story = begin(false).visitor('hello').draft('d1', 'Hi!').visitor('and more');
    expect(shown(story)).toMatchObject({ status: 'stale', why: 'Visitor wrote again' });
    story.claim('d2', 'draft');
    const streaming = draftOf({ facts: story.facts, reply: replyOf(story, 'Yes'), state: story.state });
    expect(streaming).toMatchObject({ status: 'streaming', draftId: 'd2', text: 'Yes' });
  });

  it('goes when a person takes over and writes instead', () => {
    const story = begin(false).visitor('hello').draft('d1', 'Hi!').takenBy();
    expect(shown(story)).toBeNull();
    expect(timelineOf(quiet, itemsOf(story.facts, me), me, '').some((item) => item.key === 'd1')).toBe(false);
  });
});
