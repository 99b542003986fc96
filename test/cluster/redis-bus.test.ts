// The bus over a real Redis, by itself: who hears what, in which order, and what happens while Redis is away.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSharedCounter } from '../../server/adapters/bus/redis-cluster.ts';
import { createRedisBus } from '../../server/adapters/bus/redis.ts';
import { openRedis } from '../../server/adapters/bus/redis-link.ts';
import type { RedisLink } from '../../server/adapters/bus/redis-link.ts';
import { createLog } from '../../server/adapters/log/pino.ts';
import type { Bus, Delivery } from '../../server/ports/bus.ts';
import { systemClock } from '../../server/ports/clock.ts';
import { Limits, rates } from '../../server/usecases/limits.ts';
import { hasRedis, startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { eventually } from './people.ts';

const log = createLog('silent');

interface End {
  bus: Bus;
  link: RedisLink;
  heard: Delivery[];
}

const typing = (conversationId: string, preview: string): Delivery => ({
  kind: 'signal',
  orgId: 'org_1',
  to: 'staff',
  signal: { type: 'typing.changed', conversationId, who: 'visitor', isTyping: true, preview },
});
const previews = ({ heard }: End): string[] =>
  heard.flatMap((delivery) =>
    delivery.kind === 'signal' && delivery.signal.type === 'typing.changed' ? [delivery.signal.preview ?? ''] : [],
  );

/** Bytes that wait in the client's own buffer. */
const piledUp = ({ link }: End): number =>
  (link.commands as unknown as { stream?: { writableLength?: number } }).stream?.writableLength ?? 0;

describe.skipIf(!hasRedis).each([
  ['sharded', true],
  ['plain', false],
])('on %s channels (needs redis-server)', (_, isSharded) => {
  let redis: RedisServer;
  const ends: End[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    for (const { bus, link } of ends.splice(0)) {
      await bus.close();
      await link.close();
    }
  });
  afterAll(() => redis?.close());

  const open = async (
    node: string,
    options: { prefix?: string; accepts?: (node: string) => boolean } = {},
  ): Promise<End> => {
    const opened = await openRedis({ url: redis.url, log });
    const link = { ...opened, facts: { ...opened.facts, isSharded } };
    const { prefix = 'tiller:test', accepts = () => true } = options;
    const bus = createRedisBus({ link, log, node, prefix, accepts });
    const heard: Delivery[] = [];
    bus.subscribe((delivery) => heard.push(delivery));
    ends.push({ bus, link, heard });
    return { bus, link, heard };
  };
  /** Follows, and waits until the subscription is in place. */
  const following = async (end: End, by: End, id: string): Promise<() => void> => {
    const stop = end.bus.follow(id);
    await eventually(() => {
      by.bus.publish(typing(id, 'there?'));
      expect(end.heard.length).toBeGreaterThan(0);
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    end.heard.length = 0;
    return stop;
  };

  it('[B2] [B3] a node hears what it follows, in order and once, and no more after the last follower ended', async () => {
    const [a, b] = [await open('node_a'), await open('node_b')];
    const stop = await following(b, a, 'conv_1');
    const second = b.bus.follow('conv_1');
    for (let i = 0; i < 1000; i += 1) {
      a.bus.publish(typing('conv_1', String(i)));
      a.bus.publish(typing('conv_2', 'not followed'));
    }
    await eventually(() => expect(b.heard.length).toBeGreaterThanOrEqual(1000));
    expect(previews(b)).toEqual(Array.from({ length: 1000 }, (_item, i) => String(i)));
    expect(a.heard.filter((delivery) => delivery.kind === 'signal').length).toBeGreaterThanOrEqual(2000);
    stop();
    a.bus.publish(typing('conv_1', 'still'));
    await eventually(() => expect(previews(b).at(-1)).toBe('still'));
    second();
    await new Promise((resolve) => setTimeout(resolve, 50));
    a.bus.publish(typing('conv_1', 'over'));
    a.bus.publish({ kind: 'leaving', node: 'node_a' });
    await eventually(() => expect(b.heard.at(-1)).toMatchObject({ kind: 'leaving' }));
    expect(previews(b).at(-1)).toBe('still');
  });

  it('neither another installation nor a node that is not known is heard', async () => {
    const known = new Set(['node_a']);
    const b = await open('node_b', { accepts: (node) => known.has(node) });
    const [a, stranger, other] = [
      await open('node_a'),
      await open('node_x'),
      await open('node_a', { prefix: 'tiller:other' }),
    ];
    await following(b, a, 'conv_1');
    stranger.bus.publish(typing('conv_1', 'stranger'));
    other.bus.publish(typing('conv_1', 'other'));
    a.bus.publish(typing('conv_1', 'friend'));
    await eventually(() => expect(previews(b)).toContain('friend'));
    expect(previews(b)).toEqual(['friend']);
  });

  it('[B1] [B4] frozen: publishing goes on at once, little piles up, and it says when it is back', async () => {
    const [a, b] = [await open('node_a'), await open('node_b')];
    await following(b, a, 'conv_1');
    let back = 0;
    a.link.onBack(() => (back += 1));
    const text = 'x'.repeat(2000);
    redis.freeze();
    try {
      const began = performance.now();
      while (performance.now() - began < 2500) {
        for (let i = 0; i < 200; i += 1) a.bus.publish(typing('conv_1', text));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(a.link.isFlowing()).toBe(false);
      // Two hundred megabytes were published meanwhile.
      expect(piledUp(a)).toBeLessThan(8 * 1024 * 1024);
    } finally {
      redis.thaw();
    }
    await eventually(() => expect(back).toBe(1), 15_000);
    expect(a.link.gaps()).toBeGreaterThan(0);
    a.heard.length = 0;
    b.heard.length = 0;
    await eventually(() => {
      a.bus.publish(typing('conv_1', 'well again'));
      expect(previews(b)).toContain('well again');
    });
  });

  it('killed and back: what is followed is followed again', async () => {
    const [a, b] = [await open('node_a'), await open('node_b')];
    await following(b, a, 'conv_1');
    await redis.kill();
    await eventually(() => expect(a.link.isFlowing()).toBe(false));
    a.bus.publish(typing('conv_1', 'lost'));
    const later = b.bus.follow('conv_late');
    await redis.restart();
    await eventually(() => {
      a.bus.publish(typing('conv_1', 'one'));
      a.bus.publish(typing('conv_late', 'two'));
      expect(previews(b)).toEqual(expect.arrayContaining(['one', 'two']));
    });
    expect(previews(b)).not.toContain('lost');
    later();
  });

  it('a try that is given back counts on no node', async () => {
    const [a, b] = [await open('node_a'), await open('node_b')];
    const [here, there] = [a, b].map(({ link }) => createSharedCounter(link, `tiller:back:${isSharded}`));
    const rate = { count: 2, perMs: 60_000 };
    const take = (counter = here!) => counter.take('try', rate, 'one');
    expect([await take(), await take(there)]).toEqual([0, 0]);
    expect(await take()).toBeGreaterThan(50_000);
    await there!.giveBack('try', 'one');
    await here!.giveBack('try', 'one');
    expect([await take(there), await take()]).toEqual([0, expect.any(Number)]);
    expect(await take()).toBeGreaterThan(50_000);
  });

  it('a limit over all nodes is one limit, and each counts for itself while Redis is away', async () => {
    const [a, b] = [await open('node_a'), await open('node_b')];
    const limits = [a, b].map(
      ({ link }) => new Limits(systemClock, false, createSharedCounter(link, `tiller:${isSharded}`)),
    );
    const ask = (i: number, key = 'one'): Promise<unknown> => limits[i % 2]!.checkShared('newSession', key);
    for (let i = 0; i < rates.newSession.count; i += 1) expect(await ask(i)).toBeUndefined();
    expect(await ask(0)).toMatchObject({ code: 'rate_limited' });
    expect(await ask(1)).toMatchObject({ code: 'rate_limited' });
    expect(await ask(1, 'another')).toBeUndefined();
    await redis.kill();
    await eventually(() => expect(a.link.isFlowing()).toBe(false));
    expect(await ask(0)).toBeUndefined();
    await redis.restart();
  });
});
