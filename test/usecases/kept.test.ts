// What is kept of the store for a moment, by a clock that the test holds.
import { beforeEach, describe, expect, it } from 'vitest';
import { Kept } from '../../server/usecases/kept.ts';

let now = 0;
const clock = { monotonic: () => now };
const create = (most = 3): Kept<string | undefined> => new Kept({ clock, freshMs: 2000, most });

beforeEach(() => {
  now = 0;
});

/** A store that answers when the test says so, and counts. */
const slow = () => {
  const answers: ((value: string | undefined) => void)[] = [];
  const load = (): Promise<string | undefined> => new Promise((resolve) => answers.push(resolve));
  return { answers, load };
};

describe('what is kept', () => {
  it('is read once, however many ask while it is being read, and again only when it is old', async () => {
    const kept = create();
    const { answers, load } = slow();
    const asked = Array.from({ length: 1000 }, () => kept.read('a', load));
    expect(answers).toHaveLength(1);
    answers[0]!('one');
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['one']));
    now = 1999;
    expect(await kept.read('a', load)).toBe('one');
    expect(answers).toHaveLength(1);
    now = 2000;
    const again = kept.read('a', load);
    answers[1]!('two');
    expect(await again).toBe('two');
  });

  it('is as old as its asking, not as its answer', async () => {
    const kept = create();
    const { answers, load } = slow();
    const first = kept.read('a', load);
    now = 1500;
    answers[0]!('one');
    await first;
    now = 2100;
    void kept.read('a', load);
    expect(answers).toHaveLength(2);
  });

  it('does not outlive a change, not even where it was being read just then', async () => {
    const kept = create();
    const { answers, load } = slow();
    const before = kept.read('a', load);
    kept.forget();
    const after = kept.read('a', load);
    expect(answers).toHaveLength(2);
    answers[1]!('new');
    answers[0]!('old');
    expect([await before, await after]).toEqual(['old', 'new']);
    expect(await kept.read('a', load)).toBe('new');
  });

  it('is not a failure, nor what may not be kept, but those who asked together share even that', async () => {
    const kept = create();
    let asked = 0;
    const fail = (): Promise<undefined> => {
      asked += 1;
      return Promise.reject(new Error('away'));
    };
    const all = await Promise.allSettled([kept.read('a', fail), kept.read('a', fail)]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(asked).toBe(1);
    const nothing = (): Promise<undefined> => {
      asked += 1;
      return Promise.resolve(undefined);
    };
    const isKept = (value: string | undefined): boolean => value !== undefined;
    await Promise.all([kept.read('a', nothing, isKept), kept.read('a', nothing, isKept)]);
    await kept.read('a', nothing, isKept);
    expect(asked).toBe(3);
  });

  it('is bounded: the one that was read longest ago goes first', async () => {
    const kept = create(2);
    let reads = 0;
    const load = (): Promise<string> => {
      reads += 1;
      return Promise.resolve('value');
    };
    for (const key of ['a', 'b', 'c']) await kept.read(key, load);
    await kept.read('c', load);
    await kept.read('b', load);
    expect(reads).toBe(3);
    await kept.read('a', load);
    expect(reads).toBe(4);
  });
});
