// How many sessions are opened at once, by a clock that the test holds.
import { assert, asyncProperty, integer } from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ChatError } from '../../shared/errors.ts';
import { Openings } from '../../server/usecases/openings.ts';
import type { Comer } from '../../server/usecases/openings.ts';

let now = 0;
const clock = { monotonic: () => now };
const refusal = (): ChatError => new ChatError('unavailable', 'Later', { retryAfterMs: 1000 });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Openings whose end the test decides. */
const stage = () => {
  const openings = new Openings(clock);
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  let wanted = 0;
  return {
    openings,
    begun,
    open: (who: Comer = 'new'): Promise<number> => {
      const n = wanted;
      wanted += 1;
      return openings.open(
        who,
        async () => {
          begun.push(n);
          await new Promise<void>((end) => ends.push(end));
          return n;
        },
        refusal,
      );
    },
    /** Ends all that run, the oldest first; those that begin meanwhile go on. */
    end: async (): Promise<void> => {
      for (const end of ends.splice(0)) end();
      await turn();
    },
    endOne: async (): Promise<void> => {
      ends.shift()?.();
      await turn();
    },
    running: () => ends.length,
  };
};

beforeEach(() => {
  now = 1000;
});

describe('sessions that are being opened', () => {
  it('are twenty at most, in the order of asking, and who would wait for longer than a second and a half is told so', async () => {
    const { open, begun, endOne } = stage();
    const all = Array.from({ length: 22 }, () => open());
    expect(begun).toHaveLength(20);
    now += 700;
    await endOne();
    expect(await all[0]).toBe(0);
    expect(begun.at(-1)).toBe(20);
    now += 801;
    await expect(open()).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 1000 });
    const told = Promise.allSettled([all[21]]);
    await endOne();
    expect(await told).toMatchObject([{ reason: { code: 'unavailable', retryAfterMs: 1000 } }]);
  });

  it('become fewer while they are slow, down to two, and more again where they are quick', async () => {
    const { open, end, running } = stage();
    const refused: Promise<unknown>[] = [];
    const fill = (): number => {
      for (let i = 0; i < 30; i += 1) refused.push(open().catch(() => undefined));
      return running();
    };
    const sizes: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      sizes.push(fill());
      now += 1600;
      await end();
    }
    expect(sizes[0]).toBe(20);
    expect(sizes[1]).toBe(13);
    expect(sizes.at(-1)).toBe(2);
    for (let round = 0; round < 25; round += 1) {
      fill();
      now += 1;
      await end();
    }
    expect(fill()).toBe(20);
  });

  it('one slow round is one cut, however many of it were slow', async () => {
    const { open, end, running } = stage();
    for (let i = 0; i < 20; i += 1) void open();
    now += 1200;
    await end();
    for (let i = 0; i < 40; i += 1) void open().catch(() => undefined);
    expect(running()).toBe(13);
  });

  it('are too many for whoever comes when the line would take longer than a second and a half', async () => {
    const { openings, open, end, running } = stage();
    // Twenty take 100 ms each, again and again.
    for (let round = 0; round < 20; round += 1) {
      for (let i = 0; i < 20; i += 1) void open();
      now += 100;
      await end();
    }
    const crowd = Array.from({ length: 20 + 300 }, () => open().catch(() => 'refused'));
    expect(openings.isFull()).toBe(false);
    crowd.push(open().catch(() => 'refused'));
    crowd.push(open().catch(() => 'refused'));
    expect(openings.isFull()).toBe(true);
    now += 751;
    while (running() > 0) await end();
    expect(await Promise.all(crowd)).toHaveLength(322);
    expect(openings.isFull()).toBe(false);
  });

  it('let those who come back in before those who are new, and let them wait for four seconds', async () => {
    const { open, begun, end, endOne } = stage();
    for (let i = 0; i < 20; i += 1) void open();
    const crowd = [open(), open('back'), open('back')];
    await endOne();
    await endOne();
    expect(begun.slice(20)).toEqual([21, 22]);
    expect(await Promise.all([end(), crowd[1]])).toEqual([undefined, 21]);
    await end();
    expect(await Promise.all(crowd)).toEqual([20, 21, 22]);

    for (let i = 0; i < 20; i += 1) void open();
    const late = [open('back'), open()];
    now += 3999;
    await expect(open()).rejects.toMatchObject({ retryAfterMs: 1000 });
    const told = Promise.allSettled(late);
    await end();
    await end();
    expect(await told).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'unavailable' } }]);

    // It was slow, so that there are fewer places.
    for (let i = 0; i < 20; i += 1) void open().catch(() => undefined);
    const last = open('back').catch((error: unknown) => error);
    now += 4001;
    await expect(open('back')).rejects.toMatchObject({ retryAfterMs: 1000 });
    await end();
    expect(await last).toMatchObject({ code: 'unavailable' });
  });

  it('a failed one gives its place back', async () => {
    const openings = new Openings(clock);
    for (let i = 0; i < 50; i += 1) {
      await expect(openings.open('new', () => Promise.reject(new Error('no')), refusal)).rejects.toThrow('no');
    }
    expect(await openings.open('new', () => Promise.resolve('in'), refusal)).toBe('in');
  });

  it('whatever the times, never more than twenty run, and everybody is answered', async () => {
    await assert(
      asyncProperty(integer({ min: 1, max: 2000 }), integer({ min: 1, max: 60 }), async (tookMs, crowd) => {
        const { openings, open, end, running } = stage();
        const all: Promise<unknown>[] = [];
        for (let round = 0; round < 6; round += 1) {
          for (let i = 0; i < crowd; i += 1) all.push(open(i % 3 === 0 ? 'back' : 'new').catch(() => 'refused'));
          expect(running()).toBeLessThanOrEqual(20);
          now += tookMs;
          await end();
        }
        while (running() > 0) await end();
        await Promise.all(all);
        expect(openings.isFull()).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});
