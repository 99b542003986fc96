// The answer in flight: whatever pieces come, in whatever order, its text is true, and the log has the last word.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReplyTrack } from '../../client/sdk/reply.ts';
import { initialState } from '../../shared/conversation.ts';
import type { ConversationState } from '../../shared/conversation.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import type { Signal } from '../../shared/signals.ts';
import type { View } from '../../shared/view.ts';
import { controlled, createWireLog, opened, said } from './wire-log.ts';

const conversationId = 'conv_1';
const atTurn = (turn: number): ConversationState => {
  const state = initialState(conversationId, true);
  return { ...state, control: { ...state.control, turn } };
};
const reply = { conversationId, replyId: 'msg_r', turn: 1 };
const started = (attempt = 1): Signal => ({ type: 'reply.started', ...reply, attempt, mode: 'answer' });
const delta = (offset: number, text: string, attempt = 1): Signal => ({
  type: 'reply.delta',
  ...reply,
  attempt,
  offset,
  text,
});
const viewWith = (text: string | null, attempt = 1, turn = 1): View => ({
  conversationId,
  state: atTurn(turn),
  facts: [],
  head: { seq: 0, id: '' },
  more: false,
  reads: { visitor: 0, staff: 0 },
  ...(text === null ? {} : { reply: { replyId: 'msg_r', turn, attempt, mode: 'answer' as const, text } }),
});

/** A text cut into pieces: offsets in UTF-16 units, as the wire has them. */
const pieces = fc
  .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 20 })
  .map((texts) => {
    let offset = 0;
    return texts.map((text) => {
      const piece = { offset, text };
      offset += text.length;
      return piece;
    });
  });

describe('the text of an answer', () => {
  test('is always a beginning of the truth, and the whole of it after facts:since', () => {
    const picks = fc.array(fc.record({ pick: fc.nat(40), merge: fc.nat(3) }), { maxLength: 60 });
    fc.assert(
      fc.property(pieces, picks, fc.nat(20), (all, order, seenSoFar) => {
        const truth = all.map(({ text }) => text).join('');
        const track = createReplyTrack('visitor');
        const state = atTurn(1);
        for (const { pick, merge } of order) {
          // Lost, doubled, swapped, and overlapping where several pieces come as one.
          const from = pick % all.length;
          const run = all.slice(from, from + 1 + merge);
          track.signal(delta(run[0]!.offset, run.map(({ text }) => text).join('')), state);
          expect(truth.startsWith(track.get()?.text ?? '')).toBe(true);
        }
        const known = all
          .slice(0, seenSoFar)
          .map(({ text }) => text)
          .join('');
        track.view(viewWith(known), state, track.version());
        expect(truth.startsWith(track.get()?.text ?? '')).toBe(true);
        expect(track.get()!.text.length).toBeGreaterThanOrEqual(known.length);
        track.view(viewWith(truth), state, track.version());
        expect(track.get()?.text).toBe(truth);
        expect(track.isGap()).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('of two attempts is never spliced', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(5), fc.boolean()), { maxLength: 40 }),
        (steps) => {
          const texts = ['', 'aaaaaa', 'bbbbbb', 'cccccc'];
          const track = createReplyTrack('visitor');
          let highest = 0;
          for (const [attempt, offset, isReset] of steps) {
            const signal = isReset
              ? ({ type: 'reply.reset', ...reply, attempt } as const)
              : delta(offset, texts[attempt]!.slice(offset, offset + 2), attempt);
            track.signal(signal, atTurn(1));
            highest = Math.max(highest, attempt);
            expect(texts[highest]!.startsWith(track.get()?.text ?? '')).toBe(true);
            expect(track.get()?.attempt ?? highest).toBe(highest);
          }
        },
      ),
    );
  });

  test('with a hole in it is asked for, and what came meanwhile is added to what the view brings', () => {
    const track = createReplyTrack('visitor');
    track.signal(started(), atTurn(1));
    track.signal(delta(5, 'two '), atTurn(1));
    track.signal(delta(9, 'three'), atTurn(1));
    expect(track.get()?.text).toBe('');
    expect(track.isGap()).toBe(true);
    track.view(viewWith('one  '), atTurn(1), track.version());
    expect(track.get()?.text).toBe('one  two three');
    expect(track.isGap()).toBe(false);
  });

  test('counts in UTF-16 units', () => {
    const track = createReplyTrack('visitor');
    track.signal(delta(0, 'a😀'), atTurn(1));
    track.signal(delta(3, 'b'), atTurn(1));
    expect(track.get()?.text).toBe('a😀b');
  });
});

describe('[R10] what is outdated is dropped', () => {
  const facts = (
    ...bodies: Parameters<ReturnType<typeof createWireLog>['append']>
  ): [VisibleFact, ConversationState][] => {
    const log = createWireLog(conversationId);
    log.append(opened(), said('visitor', 'question'));
    return bodies.map((one) => {
      const [fact] = log.append(one);
      return [fact!, log.state()];
    });
  };

  test.each([
    ['a visitor writes', said('visitor', 'wait')],
    ['a person takes over', controlled(2, 'anna')],
    ['it is closed', { type: 'conversation.closed', turn: 2, by: { kind: 'visitor' } } as const],
  ])('where %s the answer is gone, and no signal of the older turn brings it back', (_, body) => {
    const track = createReplyTrack('staff');
    track.signal(started(), atTurn(1));
    track.signal(delta(0, 'Hello'), atTurn(1));
    for (const [fact, state] of facts(body)) {
      track.fact(fact, state);
      expect(track.get()).toBeNull();
      for (const late of [started(), delta(5, ' stale'), delta(0, 'stale'), started(2)]) track.signal(late, state);
      track.view(viewWith('Hello', 1, 1), state, track.version());
      expect(track.get()).toBeNull();
    }
  });

  test('an answer of the new turn that is faster than the fact that raised it stays', () => {
    const track = createReplyTrack('visitor');
    track.signal({ ...started(), turn: 2 } as Signal, atTurn(1));
    for (const [fact, state] of facts(said('visitor', 'more'))) track.fact(fact, state);
    expect(track.get()?.turn).toBe(2);
  });

  test('after its message no late piece shows it again', () => {
    const track = createReplyTrack('visitor');
    track.signal(started(), atTurn(1));
    track.signal(delta(0, 'Hello'), atTurn(1));
    for (const [fact, state] of facts(said('ai', 'Hello', { messageId: 'msg_r' }))) {
      track.fact(fact, state);
      track.signal(delta(0, 'Hello'), state);
      track.signal(started(2), state);
      track.view(viewWith('Hello'), state, track.version());
    }
    expect(track.get()).toBeNull();
  });

  test('a draft is never shown to a visitor', () => {
    const track = createReplyTrack('visitor');
    track.signal({ ...started(), mode: 'draft' } as Signal, atTurn(1));
    expect(track.get()).toBeNull();
  });

  test('a view without an answer ends the one held, unless that began after the view was asked for', () => {
    const track = createReplyTrack('visitor');
    const askedAt = track.version();
    track.signal(started(), atTurn(1));
    track.view(viewWith(null), atTurn(1), askedAt);
    expect(track.get()).not.toBeNull();
    track.view(viewWith(null), atTurn(1), track.version());
    expect(track.get()).toBeNull();
  });
});
