// How streamed text becomes visible.
import { assert, integer, nat, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_BACKLOG, nextReveal } from '../../client/widget/panel/reveal.ts';

describe('revealing what was received', () => {
  it('moves forward by at least one character a frame and never past the end', () => {
    assert(
      property(string({ unit: 'grapheme', minLength: 1 }), nat(), integer({ min: 1, max: 200 }), (text, at, ms) => {
        const shown = at % text.length;
        const next = nextReveal(text, shown, ms);
        expect(next).toBeGreaterThan(shown);
        expect(next).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it(`never leaves more than ${MAX_BACKLOG} characters unseen`, () => {
    expect(nextReveal('x'.repeat(5000), 0, 16)).toBeGreaterThanOrEqual(5000 - MAX_BACKLOG);
  });

  it('spreads a delta over several frames', () => {
    let shown = 0;
    let frames = 0;
    for (; shown < 40; frames += 1) shown = nextReveal('x'.repeat(40), shown, 16);
    expect(frames).toBeGreaterThan(8);
    expect(frames).toBeLessThan(60);
  });

  it('never shows half of a surrogate pair', () => {
    const text = '👍'.repeat(300);
    for (let shown = 0; shown < text.length;) {
      shown = nextReveal(text, shown, 16);
      expect(text.slice(0, shown).isWellFormed()).toBe(true);
    }
  });
});
