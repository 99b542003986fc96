// Starting against servers that are not there, not right, or somebody else's: one clear message each.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../server/ports/clock.ts';
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import { freePort } from '../support/child-server.ts';
import { freshMongoUrl } from '../support/mongo-server.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { canCluster, startNodeProcess } from './cluster.ts';
import type { TestNode } from './cluster.ts';
import { eventually } from './people.ts';
import { startProxy } from './proxy.ts';

describe.skipIf(!canCluster)('a node that starts (needs redis-server) (needs mongodb)', { timeout: 60_000 }, () => {
  const opened: { close(): Promise<unknown> }[] = [];
  let all = new AbortController();
  const statusOf = async (port: string, path: string): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}${path}`)).status;

  const environment = async (redisUrl: string, mongoUrl?: string): Promise<Record<string, string>> => {
    const folder = await mkdtemp(join(tmpdir(), 'tiller-cluster-start-'));
    opened.push({ close: () => rm(folder, { recursive: true, force: true }) });
    return {
      MONGODB_URL: mongoUrl ?? (await freshMongoUrl('start')),
      REDIS_URL: redisUrl,
      DATA_DIR: folder,
      PORT: String(await freePort()),
    };
  };
  const redis = async (options?: string[]): Promise<RedisServer> => {
    const server = await startRedis(options);
    opened.push(server);
    return server;
  };
  const start = (env: Record<string, string>): Promise<TestNode> => startNodeProcess(env, { signal: all.signal });

  afterEach(async () => {
    all.abort();
    all = new AbortController();
    for (const one of opened.splice(0)) await one.close();
  });

  it('waits for MongoDB and for Redis, answers 503 meanwhile and says for what', async () => {
    const server = await redis();
    const url = new URL(await freshMongoUrl('start'));
    const target = { host: url.hostname, port: Number(url.port === '' ? '27017' : url.port) };
    const [mongo, toRedis] = [await startProxy(target), await startProxy({ port: server.port })];
    opened.push(mongo, toRedis);
    await Promise.all([mongo.block(), toRedis.block()]);
    url.hostname = '127.0.0.1';
    url.port = String(mongo.port);
    url.searchParams.delete('replicaSet');
    url.searchParams.set('directConnection', 'true');
    const env = await environment(`redis://127.0.0.1:${toRedis.port}`, url.href);
    const started = start(env);
    await eventually(async () => {
      expect(await statusOf(env['PORT']!, '/readyz')).toBe(503);
      expect(await statusOf(env['PORT']!, '/healthz')).toBe(200);
    }, 40_000);
    setTimeout(() => void mongo.unblock(), 4000);
    setTimeout(() => void toRedis.unblock(), 10_000);
    const node = await started;
    expect(await statusOf(env['PORT']!, '/readyz')).toBe(200);
    expect(node.log()).toMatch(/MongoDB .*127\.0\.0\.1:\d+.*Waiting for it/);
    expect(node.log()).toMatch(/Redis at 127\.0\.0\.1:\d+ does not answer\. Waiting for it/);
  });

  it('says that a Redis may evict, and runs', async () => {
    const server = await redis(['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru']);
    const node = await start(await environment(server.url));
    expect(node.log()).toMatch(/may evict keys \(maxmemory-policy allkeys-lru\)/);
  });

  it('says that another installation uses the same Redis, and that a copy of its database speaks there', async () => {
    const server = await redis();
    const own = await environment(server.url);
    const first = await start(own);
    const strange = await environment(server.url);
    const copied = await environment(server.url);
    const read = async (url: string, write?: string): Promise<string> => {
      const store = await openMongoStore({ url, clock: systemClock });
      try {
        if (write !== undefined)
          await store.documents.settings.put({ id: 'cluster', orgId: '', createdAt: 1, value: write });
        return (await store.documents.settings.find('name:cluster'))?.value ?? '';
      } finally {
        await store.close();
      }
    };
    const id = await read(own['MONGODB_URL']!);
    await read(copied['MONGODB_URL']!, id);
    const [other] = await Promise.all([start(strange), start(copied)]);
    await eventually(() => expect(other.log()).toMatch(/Another Tiller installation uses the Redis/));
    await eventually(() => expect(first.log()).toMatch(/A node of another database speaks on this Redis/), 20_000);
  });

  it('ends with one message where waiting would not help', async () => {
    const env = await environment('redis://127.0.0.1:1');
    await expect(start({ ...env, MONGODB_URL: '' })).rejects.toThrow(/REDIS_URL: Needs MONGODB_URL/);
    const locked = await redis(['--requirepass', 'secret']);
    const refused = start({ ...env, REDIS_URL: `redis://:wrong@127.0.0.1:${locked.port}` });
    await expect(refused).rejects.toThrow(/refuses the user name or password of REDIS_URL/);
  });
});
