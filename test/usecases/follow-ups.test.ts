// How far what must follow commits is behind, by a clock and a store that the test holds.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { initialState } from '../../shared/conversation.ts';
import { newUuid } from '../../shared/ids.ts';
import { createLocalBus } from '../../server/adapters/bus/local.ts';
import type { Commit, SharedStore } from '../../server/ports/store.ts';
import type { Log } from '../../server/ports/telemetry.ts';
import { FollowUps } from '../../server/usecases/follow-ups.ts';

let now = 0;
const silent = (): void => undefined;
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
const bus = createLocalBus({ log });
const state = initialState('conv_1', true);
const commit = (): Commit => ({
  id: newUuid(),
  orgId: 'org_1',
  conversationId: 'conv_1',
  first: 1,
  key: 'v:1',
  hash: '',
  at: now,
  facts: [],
  result: null,
});

/** A store that settles the oldest batch when it is told to. */
const stage = () => {
  const ends: (() => void)[] = [];
  const settle = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
  const store = { settle } as unknown as SharedStore;
  const followUps = new FollowUps({ store, bus, clock: { now: () => now, monotonic: () => now }, log });
  return {
    followUps,
    /** So many commits within a window, at the end of which they are in work. */
    add: async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 1) followUps.appended(commit(), state);
      now += 150;
      await vi.advanceTimersByTimeAsync(150);
    },
    end: async (): Promise<void> => {
      ends.shift()?.();
      await vi.advanceTimersByTimeAsync(0);
    },
  };
};

beforeEach(() => {
  now = 10_000;
  vi.useFakeTimers({ toFake: ['setTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what must follow commits', () => {
  it('is as far behind as its oldest batch, and not at all when that is settled', async () => {
    const { followUps, add, end } = stage();
    expect(followUps.owedMs()).toBe(0);
    await add(3);
    now += 700;
    expect(followUps.owedMs()).toBe(700);
    await end();
    expect(followUps.owedMs()).toBe(0);
  });

  it('has the best speed of the last seconds, which a calm and a slow start say nothing about', async () => {
    const { followUps, add, end } = stage();
    expect(followUps.speed()).toBe(0);
    // Four windows of 150 ms with 40 each, of which three are done: 200 a second.
    for (let i = 0; i < 40; i += 1) {
      await add(40);
      if (i % 4 !== 3) await end();
    }
    expect(followUps.speed()).toBeCloseTo(0.2, 2);
    expect(followUps.owed()).toBe(400);
    // Of what is owed more and more is late, and none of it is done any faster.
    expect(followUps.owedMs()).toBeGreaterThan(1000);
    now += 6000;
    await end();
    expect(followUps.speed()).toBeCloseTo(0.2, 2);
    expect(followUps.owed()).toBe(360);
    now += 6000;
    for (let i = 0; i < 9; i += 1) await end();
    expect(followUps.owed()).toBe(0);
    expect(followUps.speed()).toBeCloseTo(0.12, 2);
  });

  it('what failed is owed no longer by this node: others find it undone', async () => {
    const store = { settle: () => Promise.reject(new Error('away')) } as unknown as SharedStore;
    const followUps = new FollowUps({ store, bus, clock: { now: () => now, monotonic: () => now }, log });
    for (let i = 0; i < 100; i += 1) followUps.appended(commit(), state);
    await followUps.settled();
    now += 5000;
    expect(followUps.owedMs()).toBe(0);
    expect(followUps.owed()).toBe(0);
  });
});
