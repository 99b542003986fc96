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
/** Looks that were asked to be current, when. */
let proofs: number[];
/** Whether the store can tell that a page is current where it is asked for that. */
let isProvable: boolean;
/** Whether the store's changes are watched, and what they call. */
let wake: (() => void) | null;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  looks = [];
  news = [];
  given = 0;
  isSpeaking = false;
  isTold = true;
  isRestless = false;
  ages = [];
  proofs = [];
  isProvable = true;
  wake = null;
  feed = new Feed({
    store: {
      feed: async (_after, _limit, mustBeCurrent = false) => {
        looks.push(performance.now());
        if (mustBeCurrent) proofs.push(performance.now());
        return { commits: news.splice(0), cursor, more: false, isCurrent: mustBeCurrent && isProvable };
      },
      undone: async (olderThanMs) => {
        ages.push(olderThanMs);
        return [];
      },
      onChange: (listener) => {
        wake = listener;
        return () => void (wake = null);
      },
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

  it('[R10] is not fresh by a look that may not have seen all, and asks for a proof only while somebody speaks', async () => {
    await vi.advanceTimersByTimeAsync(5000);
    expect(proofs).toEqual([]);
    expect(feed.isFresh()).toBe(false);
    isSpeaking = true;
    feed.prepare();
    await vi.advanceTimersByTimeAsync(50);
    expect(feed.isFresh()).toBe(true);
    isProvable = false;
    const stopped = performance.now();
    await vi.advanceTimersByTimeAsync(fenceMs);
    expect(feed.isFresh()).toBe(false);
    news.push(buildLog({ orgId: newId('org') }).open().commit);
    await vi.advanceTimersByTimeAsync(1000);
    expect(given).toBe(1);
    expect(feed.isFresh()).toBe(false);
    isProvable = true;
    await vi.advanceTimersByTimeAsync(400);
    expect(feed.isFresh()).toBe(true);
    expect(proofs.filter((at) => at > stopped).length).toBeGreaterThan(5);
    isSpeaking = false;
    await vi.advanceTimersByTimeAsync(400);
    proofs.length = 0;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(proofs).toEqual([]);
  });

  it('[R7] lets the store wake it only while nothing else tells of the others, and looks at a burst a few times', async () => {
    expect(wake).toBeNull();
    isTold = false;
    await vi.advanceTimersByTimeAsync(2500);
    expect(wake).not.toBeNull();
    await vi.advanceTimersByTimeAsync(5000);
    let before = looks.length;
    wake!();
    await vi.advanceTimersByTimeAsync(50);
    expect(looks.length).toBe(before + 1);
    before = looks.length;
    for (let ms = 0; ms < 1000; ms += 10) {
      wake!();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(looks.length - before).toBeLessThanOrEqual(8);
    expect(looks.length - before).toBeGreaterThanOrEqual(5);
    // Nor does it cost more proofs, where somebody speaks.
    isSpeaking = true;
    for (let ms = 0; ms < 3000; ms += 10) {
      wake!();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(proofs.length).toBeGreaterThan(5);
    expect(proofs.length).toBeLessThanOrEqual(12);
    expect(feed.isFresh()).toBe(true);
    isSpeaking = false;
    isTold = true;
    await vi.advanceTimersByTimeAsync(2500);
    expect(wake).toBeNull();
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
