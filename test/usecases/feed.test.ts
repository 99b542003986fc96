// How often a node looks at what the others wrote: what it costs follows what is written, and the promises hold in a calm too.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../server/adapters/log/pino.ts';
import type { Commit } from '../../server/ports/store.ts';
import { Feed, fenceMs } from '../../server/usecases/feed.ts';
import { newId } from '../../shared/ids.ts';
import { buildLog } from '../contract/log-builder.ts';

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const cursor = { kind: 'feed' } as const;

let feed: Feed;
let looks: number[];
let news: Commit[];
let given: number;
let isSpeaking: boolean;
let isTold: boolean;
let isRestless: boolean;
let ages: number[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  looks = [];
  news = [];
  given = 0;
  isSpeaking = false;
  isTold = true;
  isRestless = false;
  ages = [];
  feed = new Feed({
    store: {
      feed: async () => {
        looks.push(performance.now());
        return { commits: news.splice(0), cursor, more: false };
      },
      undone: async (olderThanMs) => {
        ages.push(olderThanMs);
        return [];
      },
      onChange: () => () => undefined,
    },
    clock,
    log: createLog('silent'),
    deliver: (commits) => void (given += commits.length),
    followUp: async () => {},
    isSpeaking: () => isSpeaking,
    isTold: () => isTold,
    isRestless: () => isRestless,
  });
  await feed.start();
});
afterEach(async () => {
  await feed.stop();
  vi.useRealTimers();
});

/** The longest time between two looks in the next so many ms. */
const longestGap = async (ms: number): Promise<number> => {
  const from = looks.length - 1;
  await vi.advanceTimersByTimeAsync(ms);
  const seen = looks.slice(from);
  return Math.max(...seen.slice(1).map((at, i) => at - seen[i]!));
};

describe('the feed of a node', () => {
  it('[R7] is looked at seldom where nothing was written lately, and soon enough for what Redis lost', async () => {
    await vi.advanceTimersByTimeAsync(10_000);
    const before = looks.length;
    expect(await longestGap(20_000)).toBeLessThanOrEqual(2500);
    expect(looks.length - before).toBeLessThanOrEqual(10);
    news.push(buildLog({ orgId: newId('org') }).open().commit);
    await vi.advanceTimersByTimeAsync(2500);
    expect(given).toBe(1);
    expect(await longestGap(3000)).toBeLessThan(1000);
  });

  it('[R7] is looked at often where nothing else tells of the others', async () => {
    isTold = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await longestGap(10_000)).toBeLessThan(1000);
  });

  it('[R10] is fresh within a moment of somebody beginning to speak, however calm it was, and stays so', async () => {
    await vi.advanceTimersByTimeAsync(11_500);
    isSpeaking = true;
    feed.prepare();
    await vi.advanceTimersByTimeAsync(50);
    for (let i = 0; i < 100; i++) {
      expect(feed.isFresh()).toBe(true);
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(await longestGap(5000)).toBeLessThan(fenceMs / 2);
  });

  it('[R8] leaves what is not done yet to whoever began it, but for a node that died or one that has just begun itself', async () => {
    await vi.advanceTimersByTimeAsync(7000);
    expect(new Set(ages)).toEqual(new Set([4000]));
    await vi.advanceTimersByTimeAsync(4000);
    ages.length = 0;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ages.length).toBeGreaterThan(2);
    expect(new Set(ages)).toEqual(new Set([8000]));
    isRestless = true;
    ages.length = 0;
    await vi.advanceTimersByTimeAsync(4100);
    expect(new Set(ages)).toEqual(new Set([4000]));
  });
});
