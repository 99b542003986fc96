// The feed's arithmetic through clocks that jump, elections, nodes that are late to know of either, and slow appends: [S8].
import { describe, expect, it } from 'vitest';
import { Cursor } from '../../server/adapters/store/feed-cursor.ts';
import { createSharedClock } from '../../server/adapters/store/mongo-clock.ts';
import type { SharedClock } from '../../server/adapters/store/mongo-clock.ts';

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
const random = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const start = 1_800_000_000_000;
const stepMs = 50;
/** A node asks for the server's clock so often, and after a break. */
const measureMs = 20_000;

interface Written {
  id: string;
  bucket: number;
  /** When readers can see it first. */
  visibleAt: number;
}

interface Node {
  /** Of a build before the shared clock: it stamps the server's clock as it knows it, whatever others stamped. */
  isOld: boolean;
  clock: SharedClock;
  /** The server's clock less the time, as an old build knows it. */
  believes: number;
  cursor: Cursor | undefined;
  given: Map<string, number>;
  lookMs: number;
  lookAt: number;
  beatAt: number;
  measureAt: number;
  breaks: number;
}

interface World {
  /** Each member's clock is off by so much, ms. */
  offsets: number[];
  nodes: number;
  oldNodes?: number;
  isRouted?: boolean;
  /** Beats take seconds now and then. */
  isSlow?: boolean;
  ms: number;
}

/** Runs a world; each commit must be with each new node within 5 s, and a look reads few seconds. */
const run = (seed: number, { offsets, nodes: count, oldNodes = 0, isRouted = false, isSlow = false, ms }: World) => {
  const next = random(seed);
  const between = (from: number, to: number): number => from + next() * (to - from);
  let at = 0;
  let primary = 0;
  const serverNow = (): number => start + at + offsets[primary]!;
  const nodes = Array.from({ length: count + oldNodes }, (_, i): Node => {
    const clock = createSharedClock(() => at);
    clock.measured(serverNow());
    return {
      isOld: i >= count,
      clock,
      believes: serverNow() - at,
      cursor: undefined,
      given: new Map(),
      lookMs: [300, 700, 2000][i % 3]!,
      lookAt: between(0, 500),
      beatAt: between(0, 1000),
      measureAt: between(0, measureMs),
      breaks: 0,
    };
  });
  const beats = new Map<string, number>();
  const log: Written[] = [];
  const late: string[] = [];
  let mostRead = 0;
  let mostOfLog = 0;
  let electionAt = between(5000, 30_000);

  const secondOf = (one: number): number => Math.floor(one / 1000);
  const timeOf = ({ isOld, clock, believes }: Node): number => (isOld ? at + believes : clock.now());
  const look = (node: Node): void => {
    for (let more = true; more;) {
      const { clock, breaks } = node;
      const moment = { at, second: secondOf(clock.now()), behind: clock.behind().map(secondOf), breaks };
      node.cursor ??= new Cursor(moment);
      const { read, isBehind } = node.cursor.look(moment);
      const seconds = new Set(read);
      const found = log.filter(({ bucket, visibleAt }) => visibleAt <= at && seconds.has(bucket));
      for (const { id } of found) if (!node.cursor.isGiven(id)) node.given.set(id, node.given.get(id) ?? at);
      node.cursor.give(found.map(({ id, bucket }) => ({ _id: id, bucket })));
      node.cursor.advance(read, moment);
      for (const { bucket } of found) node.clock.heard(bucket * 1000);
      mostRead = Math.max(mostRead, read.length);
      mostOfLog = Math.max(mostOfLog, found.length);
      more = isBehind;
    }
  };

  for (; at < ms; at += stepMs) {
    if (at >= electionAt) {
      primary = Math.floor(next() * offsets.length);
      electionAt = at + between(8000, 60_000);
      for (const node of nodes) {
        node.breaks += 1;
        // Behind a router nobody sees an election, so some learn of it when they ask the next time.
        if (!node.isOld && (!isRouted || next() < 0.5)) node.measureAt = at + between(0, 1500);
      }
    }
    for (const node of nodes) {
      if (at >= node.measureAt) {
        node.clock.measured(serverNow() + between(-40, 40));
        node.believes = serverNow() - at;
        node.measureAt = at + measureMs;
      }
      if (at >= node.beatAt) {
        // Now and then the store is slow to take or to give a beat.
        node.beatAt = at + (isSlow && next() < 0.1 ? between(3000, 8000) : between(950, 1300));
        if (!node.isOld) for (const [other, heard] of beats) node.clock.heardOf(other, heard);
        beats.set(String(nodes.indexOf(node)), timeOf(node));
      }
      if (next() < 0.05) {
        const takesMs = next() < 0.2 ? between(0, 4500) : between(0, 30);
        log.push({ id: String(log.length), bucket: secondOf(timeOf(node)), visibleAt: at + takesMs });
      }
      if (!node.isOld && at >= node.lookAt) {
        look(node);
        node.lookAt = at + node.lookMs;
      }
    }
  }
  for (const node of nodes.filter(({ isOld }) => !isOld)) {
    for (const { id, visibleAt } of log) {
      // Of before the first look, or too young to be judged.
      if (visibleAt < 5000 || visibleAt > ms - 7000) continue;
      const givenAt = node.given.get(id);
      if (givenAt === undefined || givenAt - visibleAt > 5000) late.push(`${id}: ${givenAt ?? 'never'} (${visibleAt})`);
    }
  }
  return { late, mostRead, mostOfLog, written: log.length };
};

const seeds = Array.from({ length: 12 }, (_, i) => i + 1);

describe('[S8] the seconds of the feed', () => {
  it.each(seeds)(
    'give every commit within 5 s where a new primary is behind or ahead by half a minute (seed %i)',
    (seed) => {
      const { late, mostRead } = run(seed, { offsets: [0, -35_000, 32_000], nodes: 3, isRouted: true, ms: 240_000 });
      expect(late).toEqual([]);
      expect(mostRead).toBeLessThan(120);
    },
  );

  it.each(seeds)('give every commit within 5 s where clocks are apart by minutes (seed %i)', (seed) => {
    const { late, mostOfLog, written } = run(seed, {
      offsets: [0, -600_000, 300_000],
      nodes: 3,
      isSlow: true,
      ms: 240_000,
    });
    expect(late).toEqual([]);
    // Time goes on while the server's stands back: no look holds the work of minutes.
    expect(mostOfLog).toBeLessThan(written / 3);
  });

  it.each(seeds)('give what builds without the shared clock stamp beside it (seed %i)', (seed) => {
    const { late } = run(seed, { offsets: [0, -35_000, 300_000], nodes: 2, oldNodes: 2, ms: 240_000 });
    expect(late).toEqual([]);
  });

  it('are read on for 20 s behind a leap, because whoever has not heard of it still stamps them', () => {
    const cursor = new Cursor({ at: 0, second: 100, behind: [], breaks: 0 });
    const readAt = new Map<number, number[]>();
    for (let at = 0; at < 30_000; at += 700) {
      const moment = { at, second: (at === 0 ? 100 : 1000) + Math.floor(at / 1000), behind: [], breaks: 0 };
      for (let more = true; more;) {
        const { read, isBehind } = cursor.look(moment);
        for (const second of read) readAt.set(second, [...(readAt.get(second) ?? []), at]);
        cursor.advance(read, moment);
        more = isBehind;
      }
    }
    for (let ahead = 0; ahead < 15; ahead += 1) {
      const stampedAt = ahead * 1000;
      const found = readAt.get(100 + ahead)!.find((at) => at > stampedAt);
      expect(found! - stampedAt).toBeLessThan(5000);
    }
  });

  it('cost a few seconds a look where all clocks agree', () => {
    const { late, mostRead } = run(1, { offsets: [0], nodes: 3, ms: 60_000 });
    expect(late).toEqual([]);
    expect(mostRead).toBeLessThan(40);
  });
});

describe('the clock that nodes share', () => {
  it('never goes back, goes on at half the rate while the server is behind, and follows it again', () => {
    let at = 0;
    const clock = createSharedClock(() => at);
    clock.measured(start);
    at = 1000;
    expect(clock.now()).toBe(start + 1000);
    clock.measured(start + 1000 - 30_000);
    expect(clock.now()).toBe(start + 1000);
    at = 21_000;
    expect(clock.now()).toBe(start + 11_000);
    at = 61_000;
    expect(clock.now()).toBe(start + 31_000);
    at = 71_000;
    expect(clock.now()).toBe(start + 41_000);
  });

  it('is no less than what another node has stamped', () => {
    let at = 0;
    const clock = createSharedClock(() => at);
    clock.measured(start);
    clock.heard(start - 5000);
    expect(clock.now()).toBe(start);
    clock.heard(start + 60_000);
    expect(clock.now()).toBe(start + 60_000);
    at = 10_000;
    expect(clock.now()).toBe(start + 65_000);
  });

  it('knows who stamps what is behind it, for as long as they say so', () => {
    let at = 0;
    const clock = createSharedClock(() => at);
    clock.measured(start);
    clock.heardOf('new', start + 60_000);
    clock.heardOf('old', start + 500);
    expect(clock.behind()).toEqual([start + 500]);
    at = 1000;
    clock.heardOf('old', start + 500);
    expect(clock.behind()).toEqual([start + 1500]);
    at = 4000;
    clock.heardOf('new', clock.now());
    at = 6000;
    expect(clock.behind()).toEqual([]);
  });
});
