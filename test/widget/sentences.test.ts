// What a screen reader hears of a streaming answer: finished sentences, each once.
import { describe, expect, it, vi } from 'vitest';
import { createAnnouncer } from '../../client/widget/panel/announcer.ts';
import { createSentences, plainOf } from '../../client/widget/panel/sentences.ts';

const text = 'No licence is needed. You must be able to swim! Shall I look for dates?';

describe('cutting a growing text into sentences', () => {
  it('gives every sentence exactly once, however the text arrives', () => {
    for (const step of [1, 3, 7, 20, text.length]) {
      const sentences = createSentences('en');
      const heard: string[] = [];
      for (let length = step; length < text.length; length += step)
        heard.push(...sentences.take(text.slice(0, length), false));
      heard.push(...sentences.take(text, true));
      expect(heard).toEqual(['No licence is needed.', 'You must be able to swim!', 'Shall I look for dates?']);
    }
  });

  it('keeps a sentence back until it is finished', () => {
    const sentences = createSentences('en');
    expect(sentences.take('No licence is', false)).toEqual([]);
    expect(sentences.take('No licence is needed. You', false)).toEqual(['No licence is needed.']);
    expect(sentences.take('No licence is needed. You', true)).toEqual(['You']);
    expect(sentences.take('No licence is needed. You', true)).toEqual([]);
  });

  it('speaks words, not mark-up, and nothing for a line of dashes', () => {
    expect(plainOf('## Hello\n- **bold** and `code` [link](https://x.y)')).toBe('Hello bold and code link');
    expect(createSentences('en').take('---\n', true)).toEqual([]);
  });
});

describe('the announcer', () => {
  const regionOf = () => {
    const lines: string[] = [];
    const region = {
      append: (line: { textContent: string }) => void lines.push(line.textContent),
      childElementCount: 0,
    } as unknown as HTMLElement;
    return { lines, region };
  };

  it('paces what it says, and an interruption drops what was still to be said', () => {
    vi.useFakeTimers();
    vi.stubGlobal('document', {});
    vi.stubGlobal('Document', { prototype: { createElement: () => ({ textContent: '' }) } });
    const polite = regionOf();
    const urgent = regionOf();
    const announcer = createAnnouncer(polite.region, urgent.region);
    for (const sentence of ['one', 'two', 'three']) announcer.say(sentence);
    expect(polite.lines).toEqual(['one']);
    announcer.interrupt('Maya joined');
    vi.advanceTimersByTime(5000);
    expect(polite.lines).toEqual(['one', 'Maya joined']);
    announcer.alert('Not sent');
    expect(urgent.lines).toEqual(['Not sent']);
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
});
