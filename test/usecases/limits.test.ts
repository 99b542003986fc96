// Rates in token buckets: debts, addresses and the networks around them, and the memory that all of it takes.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { ChatError } from '../../shared/errors.ts';
import { addressKey } from '../../server/edges/http/address.ts';
import { readHistory } from '../../server/usecases/history.ts';
import { Limiter, Limits, perSite, rates, siteOf } from '../../server/usecases/limits.ts';

/** A clock that stands still until it is told to go on. */
const clockAt = () => {
  const clock = { at: 0, now: () => clock.at, monotonic: () => clock.at };
  return clock;
};

describe('a bucket', () => {
  test('that is charged more than it holds is in debt, and says when the debt is paid', () => {
    const clock = clockAt();
    const limiter = new Limiter({ count: 10, perMs: 1000, burst: 20 }, clock);
    expect(limiter.take('a', 0)).toBe(0);
    limiter.charge('a', 50);
    // 30 are owed and one is asked for: 31 at ten a second.
    expect(limiter.take('a', 0)).toBe(3100);
    clock.at += 3100;
    expect([limiter.take('a', 0), limiter.take('b')]).toEqual([0, 0]);
  });

  test('passes as many as its burst, then as many as its rate', () => {
    const clock = clockAt();
    const limiter = new Limiter({ count: 10, perMs: 1000, burst: 3 }, clock);
    expect([1, 2, 3].map(() => limiter.take('a'))).toEqual([0, 0, 0]);
    expect(limiter.take('a')).toBe(100);
    clock.at += 100;
    expect(limiter.take('a')).toBe(0);
  });
});

describe('an address', () => {
  test('of IPv6 lies in a site, one of IPv4 does not', () => {
    expect(siteOf(addressKey('2001:db8:1:2::1'))).toBe('2001:db8:1::/48');
    expect(siteOf(addressKey('2001:db8::1'))).toBe('2001:db8:0::/48');
    expect([siteOf(addressKey('203.0.113.7')), siteOf(addressKey('::ffff:203.0.113.7')), siteOf('unknown')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('that is ever another one of a /48 passes no more than 50 times as often as one', () => {
    const limits = new Limits(clockAt(), false);
    let passed = 0;
    for (let n = 0; n < 30_000; n += 1) {
      const key = addressKey(`2001:db8:1:${n.toString(16)}::1`);
      if (limits.checkFrom('page', key) === undefined) passed += 1;
    }
    expect(passed).toBe(rates.page.burst * perSite);
    expect(limits.checkFrom('page', addressKey('2001:db8:2::1'))).toBeUndefined();
  });

  test('is counted apart at each widget, and its site too', () => {
    const limits = new Limits(clockAt(), false);
    const key = addressKey('2001:db8:1:2::1');
    for (let n = 0; n < rates.newSession.burst; n += 1) limits.checkFrom('newSession', key, { at: 'one' });
    expect(limits.checkFrom('newSession', key, { at: 'one' })?.code).toBe('rate_limited');
    expect(limits.checkFrom('newSession', key, { at: 'two' })).toBeUndefined();
  });

  test('where addresses never end, memory does: 300,000 of them take less than 40 MB', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const limits = new Limits(clockAt(), false);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 300_000; n += 1) {
      limits.checkFrom('page', `2001:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}:1::/64`);
    }
    collect();
    const grownMb = (process.memoryUsage().heapUsed - before) / 1e6;
    console.log(`300,000 addresses: ${grownMb.toFixed(1)} MB`);
    expect(grownMb).toBeLessThan(40);
    expect(limits.checkFrom('page', 'one more')).toBeUndefined();
  });
});

describe('history', () => {
  const page = ['x'.repeat(4_000_000)];
  /** Whether a read of 4 MB was let in. */
  const reads = (limits: Limits, visitorId: string, address?: string): Promise<boolean> =>
    readHistory(
      limits,
      { visitorId, address },
      async () => page,
      (given) => given,
    ).then(
      () => true,
      (error: unknown) => !(error instanceof ChatError && error.code === 'rate_limited'),
    );
  const passed = (all: readonly boolean[]): number => all.filter(Boolean).length;

  test('is let in until 8 MiB are read by one visitor, also where all reads are asked for at once', async () => {
    const clock = clockAt();
    const limits = new Limits(clock, false);
    expect(passed(await Promise.all(Array.from({ length: 50 }, () => reads(limits, 'vst_1'))))).toBe(3);
    clock.at += 3000;
    expect(await reads(limits, 'vst_1')).toBe(false);
    clock.at += 2000;
    expect(await reads(limits, 'vst_1')).toBe(true);
  });

  test('is let in until 32 MiB are read by all visitors at one address', async () => {
    const limits = new Limits(clockAt(), false);
    const address = addressKey('203.0.113.7');
    const all = await Promise.all(Array.from({ length: 40 }, (_, n) => reads(limits, `vst_${n % 20}`, address)));
    // Twenty read side by side before the first of them is charged, and none after.
    expect(passed(all)).toBe(20);
    expect(await reads(limits, 'vst_new', address)).toBe(false);
    expect(await reads(limits, 'vst_new', addressKey('203.0.113.8'))).toBe(true);
  });
});

test('limits that are off let everything pass and keep nothing', async () => {
  const limits = new Limits(clockAt(), true);
  limits.charge('history', 'a', 1e12);
  expect([
    limits.check('history', 'a', 0),
    limits.checkFrom('page', 'a'),
    await limits.checkSharedFrom('newSession', 'a', { at: 'b' }),
  ]).toEqual([undefined, undefined, undefined]);
});
