// A Redis whose master changes: by Sentinels, under traffic, with a master that dies, and one that freezes and comes back.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRedisBus } from '../../server/adapters/bus/redis.ts';
import { createSharedCounter } from '../../server/adapters/bus/redis-cluster.ts';
import { openRedis } from '../../server/adapters/bus/redis-link.ts';
import type { RedisLink } from '../../server/adapters/bus/redis-link.ts';
import type { Bus } from '../../server/ports/bus.ts';
import { hasRedis, startSentinels } from '../support/redis-server.ts';
import type { Sentinels } from '../support/redis-server.ts';
import { eventually } from './people.ts';

describe.skipIf(!hasRedis)('a Redis with Sentinels (needs redis-server)', { timeout: 60_000 }, () => {
  let sentinels: Sentinels;
  let links: RedisLink[];
  let buses: Bus[];
  let heard: string[];
  const said: string[] = [];
  const note = (_fields: object, message: string): void => void said.push(message);
  const log = { debug: () => {}, info: note, warn: note, error: note };

  beforeEach(async () => {
    said.length = 0;
    sentinels = await startSentinels();
    links = await Promise.all([0, 1].map(() => openRedis({ url: sentinels.url, log })));
    buses = links.map((link, i) =>
      createRedisBus({ link, log, node: `node_${i}`, prefix: 'tiller:test', accepts: () => true }),
    );
    heard = [];
    buses[1]!.follow('org_1');
    buses[1]!.subscribe((delivery) => {
      if (delivery.kind === 'touched') heard.push(...delivery.heads.map(({ conversationId }) => conversationId));
    });
  });
  afterEach(async () => {
    for (const bus of buses ?? []) await bus.close();
    for (const link of links ?? []) await link.close();
    await sentinels?.close();
  });

  let count = 0;
  /** Resolves when something that is said on one node now reaches the other. */
  const flows = async (patienceMs: number): Promise<void> => {
    await eventually(async () => {
      const id = `conv_${(count += 1)}`;
      buses[0]!.publish({ kind: 'touched', orgId: 'org_1', heads: [{ conversationId: id, seq: 1 }] });
      await eventually(() => expect(heard).toContain(id), 200);
    }, patienceMs);
  };

  it('[R7] goes on at the new master when the old one dies, tells once that it was away, and counts again', async () => {
    await flows(3000);
    const backs: number[] = [];
    for (const [i, link] of links.entries()) link.onBack(() => backs.push(i));
    const [first, second] = sentinels.servers;
    await first!.kill();
    const began = performance.now();
    await eventually(async () => expect(await sentinels.master()).toBe(second!.port), 15_000);
    const elected = performance.now();
    await flows(5000);
    expect(performance.now() - elected).toBeLessThan(5000);
    expect(elected - began).toBeGreaterThan(900);
    await eventually(() => expect(new Set(backs)).toEqual(new Set([0, 1])), 5000);
    expect(said.filter((line) => line.startsWith('Redis is away'))).toHaveLength(2);
    const counter = createSharedCounter(links[0]!, 'tiller:test');
    await eventually(async () => expect(await counter.take('x', { count: 5, perMs: 60_000 }, 'k')).toBe(0), 3000);
  });

  it('[R7] leaves a master that froze, and does not go back to it when it thaws as a replica', async () => {
    await flows(3000);
    const [first, second] = sentinels.servers;
    first!.freeze();
    await eventually(async () => expect(await sentinels.master()).toBe(second!.port), 15_000);
    await flows(8000);
    first!.thaw();
    await flows(5000);
    await eventually(async () => {
      const [role] = await links[0]!.commands.role();
      expect(role).toBe('master');
    }, 5000);
  });

  it('a replica that REDIS_URL names by itself is told with the line to change, once', async () => {
    const replica = await openRedis({ url: sentinels.servers[1]!.url, log });
    expect(replica.facts.role).toBe('slave');
    const told = (): string[] => said.filter((line) => line.includes('let REDIS_URL name the master'));
    await eventually(() => expect(told()).toHaveLength(1), 5000);
    const counter = createSharedCounter(replica, 'tiller:test');
    expect(await counter.take('x', { count: 5, perMs: 60_000 }, 'k')).toBeUndefined();
    await eventually(async () => {
      await replica.commands.ping();
      expect(told()).toHaveLength(1);
    }, 1000);
    await replica.close();
  });
});
