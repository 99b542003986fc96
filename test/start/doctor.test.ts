// `npm run doctor` against a real installation, a proxy that spoils it, and nothing at all.
import { execFile } from 'node:child_process';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { hasRedis, startRedis } from '../support/redis-server.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

vi.setConfig({ testTimeout: 60_000 });

const doctor = join(resolve(import.meta.dirname, '../..'), 'scripts/doctor.mjs');
let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const examine = (url: string, settings: Record<string, string> = {}): Promise<{ code: number; text: string }> =>
  new Promise((done) => {
    // Empty ones say that nothing is set, also where a .env file of this folder says otherwise.
    const env = { PATH: process.env['PATH'], DATA_DIR: server.dataDir, MONGODB_URL: '', REDIS_URL: '', ...settings };
    execFile(process.execPath, [doctor, url], { env }, (error, stdout) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout });
    });
  });

const failed = (text: string): string[] => text.split('\n').filter((line) => line.includes('✗'));
const line = (text: string, name: string): string => text.split('\n').find((one) => one.includes(name)) ?? '';

test('a sound installation passes', async () => {
  const { code, text } = await examine(server.url);
  expect(failed(text)).toEqual([]);
  expect(text).toContain('WebSocket passes through the proxy');
  expect([code, text.trim().split('\n').at(-1)]).toEqual([0, 'All is well']);
});

test('a proxy that drops upgrades, rewrites Origin and strips headers is found out, each by its name', async () => {
  const backend = new URL(server.url);
  const proxy = createServer((incoming, response) => {
    const { upgrade: _u, connection: _c, ...headers } = incoming.headers;
    const { hostname, port } = backend;
    const rewritten = {
      ...headers,
      host: backend.host,
      ...(headers.origin === undefined ? {} : { origin: server.url }),
    };
    const asked = request(
      { hostname, port, path: incoming.url, method: incoming.method, headers: rewritten },
      (answer) => {
        const { 'content-security-policy': _p, 'cross-origin-resource-policy': _r, ...kept } = answer.headers;
        response.writeHead(answer.statusCode ?? 500, kept);
        answer.pipe(response);
      },
    );
    incoming.pipe(asked);
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const { code, text } = await examine(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  proxy.closeAllConnections();
  proxy.close();
  expect(code).toBe(1);
  const problems = failed(text).join('\n');
  for (const name of [
    'The embed script',
    'The console is closed',
    'The console answers under its own names alone',
    'WebSocket passes',
    'A foreign site cannot act',
  ]) {
    expect(problems).toContain(name);
  }
});

test('nothing at all is said to be nothing at all', async () => {
  const { code, text } = await examine('http://127.0.0.1:1');
  expect([code, failed(text)]).toEqual([1, [expect.stringContaining('nothing listens there')]]);
});

test('one process needs neither MongoDB nor Redis, and is told so', async () => {
  const { code, text } = await examine(server.url);
  expect(line(text, 'Redis goes with MongoDB')).toMatch(/^–.*neither is needed/);
  expect(line(text, 'MongoDB keeps what it acknowledges')).toMatch(/^–.*MONGODB_URL is not set/);
  expect(line(text, 'Redis answers')).toMatch(/^–.*REDIS_URL is not set/);
  expect(code).toBe(0);
});

test('MongoDB and Redis that are not there are named within seconds, without their passwords', async () => {
  const began = performance.now();
  const { code, text } = await examine(server.url, {
    MONGODB_URL: 'mongodb://tiller:open-sesame@127.0.0.1:1/tiller',
    REDIS_URL: 'redis://:open-sesame@127.0.0.1:1',
  });
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(code).toBe(1);
  expect(line(text, 'MongoDB keeps what it acknowledges')).toMatch(/^✗.*ECONNREFUSED/);
  expect(line(text, 'The clocks of MongoDB')).toMatch(/^–/);
  expect(line(text, 'Redis answers')).toMatch(/^✗.*ECONNREFUSED/);
  expect(text).not.toContain('open-sesame');
});

test('Redis without MongoDB is a mistake, and addresses that are none are called that', async () => {
  const alone = await examine(server.url, { REDIS_URL: 'redis://127.0.0.1:1' });
  expect([alone.code, line(alone.text, 'Redis goes with MongoDB')]).toEqual([
    1,
    expect.stringContaining('REDIS_URL needs MONGODB_URL'),
  ]);
  const wrong = await examine(server.url, { MONGODB_URL: 'http://mongo', REDIS_URL: 'localhost:6379' });
  expect([wrong.code, line(wrong.text, 'MongoDB keeps')]).toEqual([1, expect.stringContaining('mongodb://')]);
  expect(line(wrong.text, 'Redis answers')).toMatch(/^✗.*redis:\/\//);
});

describe.skipIf(!hasRedis || !hasMongo)('the servers of a cluster (needs redis-server) (needs mongodb)', () => {
  test('sound ones pass, and nothing of the look stays behind', async () => {
    const [redis, url] = await Promise.all([startRedis(), freshMongoUrl('doctor')]);
    const { code, text } = await examine(server.url, { MONGODB_URL: url, REDIS_URL: redis.url });
    await redis.close();
    expect(failed(text)).toEqual([]);
    expect(line(text, 'Redis goes with MongoDB')).toMatch(/^✓/);
    expect(line(text, 'Redis answers, is new enough and evicts nothing')).toMatch(/^✓/);
    // A server that is no replica set works, and is told what it lacks.
    expect(line(text, 'MongoDB keeps what it acknowledges')).toMatch(/^(✓|– .*replica set)/);
    expect(code).toBe(0);
    const client = await new MongoClient(url).connect();
    expect(await client.db().listCollections().toArray()).toEqual([]);
    await client.close();
  });

  test('a Redis that evicts is found out', async () => {
    const redis = await startRedis(['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru']);
    const { code, text } = await examine(server.url, {
      REDIS_URL: redis.url,
      MONGODB_URL: await freshMongoUrl('doctor'),
    });
    await redis.close();
    expect([code, failed(text)]).toEqual([1, [expect.stringContaining('maxmemory-policy is allkeys-lru')]]);
  });

  test('a Redis that takes no writes is found out, with the line to change', async () => {
    const master = await startRedis();
    const replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)]);
    const full = await startRedis(['--maxmemory', '1', '--maxmemory-policy', 'noeviction']);
    const MONGODB_URL = await freshMongoUrl('doctor');
    const ask = async (url: string): Promise<string[]> =>
      failed((await examine(server.url, { REDIS_URL: url, MONGODB_URL })).text);
    expect(await ask(replica.url)).toEqual([expect.stringContaining('let REDIS_URL name the master')]);
    expect(await ask(full.url)).toEqual([expect.stringContaining('raise maxmemory')]);
    expect(await ask('redis+sentinel://127.0.0.1:1')).toEqual([
      expect.stringContaining('the Sentinels know the master'),
    ]);
    for (const redis of [replica, full, master]) await redis.close();
  });

  test('a Redis that hangs is given up within seconds', async () => {
    const redis = await startRedis();
    redis.freeze();
    const began = performance.now();
    const { code, text } = await examine(server.url, {
      REDIS_URL: redis.url,
      MONGODB_URL: await freshMongoUrl('doctor'),
    });
    expect(performance.now() - began).toBeLessThan(10_000);
    redis.thaw();
    await redis.close();
    expect([code, failed(text)]).toEqual([1, [expect.stringContaining('Redis answers')]]);
  });
});
