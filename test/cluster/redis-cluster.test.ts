// Redis in cluster mode, for whoever has nothing else: every node hears everything, whichever member it is connected to.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSharedCounter } from '../../server/adapters/bus/redis-cluster.ts';
import { openRedis } from '../../server/adapters/bus/redis-link.ts';
import type { RedisLink } from '../../server/adapters/bus/redis-link.ts';
import { createRedisBus } from '../../server/adapters/bus/redis.ts';
import { createLog } from '../../server/adapters/log/pino.ts';
import type { Delivery } from '../../server/ports/bus.ts';
import { systemClock } from '../../server/ports/clock.ts';
import { Limits, rates } from '../../server/usecases/limits.ts';
import { hasRedis, startRedisCluster } from '../support/redis-server.ts';
import type { RedisCluster, RedisServer } from '../support/redis-server.ts';
import { eventually } from './people.ts';

const log = createLog('silent');
describe.skipIf(!hasRedis)('on a Redis Cluster (needs redis-server)', () => {
  let servers: RedisServer[] = [];
  let links: RedisLink[] = [];
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    servers = cluster.servers;
    links = await Promise.all(servers.slice(0, 2).map(({ url }) => openRedis({ url, log })));
  });
  afterAll(async () => {
    for (const link of links) await link.close();
    await cluster?.close();
  });

  it('[B2] nodes at different members hear each other, on plain channels', async () => {
    expect(links.map(({ facts }) => facts.isSharded)).toEqual([false, false]);
    const [a, b] = links.map((link, i) =>
      createRedisBus({ link, log, node: `node_${i}`, prefix: 'tiller:test', accepts: () => true }),
    ) as [ReturnType<typeof createRedisBus>, ReturnType<typeof createRedisBus>];
    const heard: Delivery[] = [];
    b.subscribe((delivery) => heard.push(delivery));
    // Conversations whose names belong to whichever member.
    const ids = Array.from({ length: 12 }, (_, i) => `conv_${i}`);
    for (const id of ids) b.follow(id);
    // The subscriptions are not waited for: what came before them is lost, and asked again.
    await eventually(async () => {
      heard.length = 0;
      for (const conversationId of ids)
        a.publish({ kind: 'viewers', orgId: 'org_1', conversationId, node: 'node_0', agents: [], asks: false });
      await eventually(() => expect(heard).toHaveLength(ids.length), 1000);
    });
    expect(heard.map((delivery) => (delivery.kind === 'viewers' ? delivery.conversationId : ''))).toEqual(ids);
    await a.close();
    await b.close();
  });

  it('a limit whose key another member keeps counts on each node for itself, and is still one', async () => {
    const limits = new Limits(systemClock, false, createSharedCounter(links[0]!, 'tiller:limits'));
    for (let visitor = 0; visitor < 12; visitor += 1) {
      const ask = (): Promise<unknown> => limits.checkShared('newSession', `visitor ${visitor}`);
      for (let i = 0; i < rates.newSession.count; i += 1) expect(await ask()).toBeUndefined();
      expect(await ask()).toMatchObject({ code: 'rate_limited' });
    }
  });

  it('[R7] a node goes to another member when the one that it spoke to dies, and starts where the first one is gone', async () => {
    const { port: gone } = servers[2]!;
    const others = servers.slice(0, 2).map(({ port }) => `127.0.0.1:${port}`);
    const url = `redis+cluster://127.0.0.1:${gone},${others.join(',')}`;
    const moving = await openRedis({ url, log });
    const bus = createRedisBus({ link: moving, log, node: 'node_2', prefix: 'tiller:test', accepts: () => true });
    const other = createRedisBus({ link: links[0]!, log, node: 'node_0', prefix: 'tiller:test', accepts: () => true });
    const heard: string[] = [];
    other.follow('org_1');
    other.subscribe((delivery) => {
      if (delivery.kind === 'touched') heard.push(delivery.orgId);
    });
    let backs = 0;
    moving.onBack(() => (backs += 1));
    const flows = async (): Promise<void> => {
      await eventually(async () => {
        heard.length = 0;
        bus.publish({ kind: 'touched', orgId: 'org_1', heads: [] });
        await eventually(() => expect(heard).toHaveLength(1), 200);
      }, 5000);
    };
    await flows();
    await servers[2]!.kill();
    await eventually(() => expect(backs).toBe(1), 5000);
    await flows();
    const late = await openRedis({ url, log });
    expect(late.isFlowing()).toBe(true);
    for (const one of [bus, other]) await one.close();
    for (const link of [moving, late]) await link.close();
  });
});
