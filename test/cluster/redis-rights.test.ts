// A Redis that refuses: a user with few rights, a memory that is full, a disk that cannot be written.
import { Redis } from 'ioredis';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRoomAdapter, createSharedCounter } from '../../server/adapters/bus/redis-cluster.ts';
import { openRedis, RedisStartError } from '../../server/adapters/bus/redis-link.ts';
import type { RedisLink } from '../../server/adapters/bus/redis-link.ts';
import { hasRedis, startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';

/** The line of docs/operations.md, by its words. */
const documented = (): string[] => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const [, line = ''] = /^ACL SETUSER (tiller .*)$/m.exec(text) ?? [];
  return line.split(' ');
};

describe.skipIf(!hasRedis)('a Redis that refuses (needs redis-server)', () => {
  let server: RedisServer;
  let admin: Redis;
  const said: string[] = [];
  const note = (_fields: object, message: string): void => void said.push(message);
  const log = { debug: () => {}, info: () => {}, warn: note, error: note };

  beforeAll(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
  });
  afterAll(async () => {
    admin?.disconnect();
    await server?.close();
  });

  /** A user with the documented rights, but for those that are left out. */
  const userWithout = async (...left: string[]): Promise<string> => {
    const rules = documented()
      .slice(1)
      .map((rule) => (rule === '>PASSWORD' ? '>secret' : rule));
    await admin.call('ACL', 'DELUSER', 'tiller');
    await admin.call('ACL', 'SETUSER', 'tiller', ...rules.filter((rule) => !left.includes(rule)));
    said.length = 0;
    return server.url.replace('redis://', 'redis://tiller:secret@');
  };
  const count = (link: RedisLink): Promise<number | undefined> =>
    createSharedCounter(link, 'tiller:x').take('limit', { count: 3, perMs: 60_000 }, `${Math.random()}`);

  it('works with the rights of the documentation, and no others are needed', async () => {
    const link = await openRedis({ url: await userWithout(), log });
    expect(link.facts).toMatchObject({ role: 'master', isSharded: true });
    expect(await count(link)).toBe(0);
    expect(await createRoomAdapter(link, 'tiller:x')).toBeTypeOf('function');
    await link.commands.zadd('tiller:installations', '1', 'x');
    await expect(link.commands.set('another', '1')).rejects.toThrow('NOPERM');
    await expect(link.commands.call('FLUSHALL')).rejects.toThrow('NOPERM');
    expect(said).toEqual([]);
    await link.close();
  });

  it('does without what is only convenient', async () => {
    const link = await openRedis({ url: await userWithout('+info', '+role', '+time'), log });
    expect(link.facts).toMatchObject({ version: '', role: '', isSharded: false });
    expect(await count(link)).toBe(0);
    await link.close();
  });

  it.each(['+@pubsub', '&*'])('does not start without %s, and says why', async (right) => {
    const error = await openRedis({ url: await userWithout(right), log }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RedisStartError);
    expect(error).toMatchObject({ mayPass: false, message: expect.stringContaining('docs/operations.md') });
    expect(String(error)).not.toContain('secret');
  });

  it.each(['+@scripting', '~tiller:*', '+@write'])(
    'counts on each node without %s, and says so once',
    async (right) => {
      const link = await openRedis({ url: await userWithout(right), log });
      for (let i = 0; i < 3; i += 1) expect(await count(link)).toBeUndefined();
      expect(said.filter((line) => line.includes('its user lacks a right'))).toHaveLength(1);
      await link.close();
    },
  );

  it('a memory that is full stops the counts over all nodes, is told once with the line to change, and nothing else stops', async () => {
    const small = await startRedis(['--maxmemory', '1mb', '--maxmemory-policy', 'noeviction']);
    const link = await openRedis({ url: small.url, log });
    said.length = 0;
    const filler = new Redis(small.url);
    for (let i = 0; i < 50; i += 1) await filler.set(`ballast ${i}`, 'x'.repeat(100_000)).catch(() => {});
    for (let i = 0; i < 3; i += 1) expect(await count(link)).toBeUndefined();
    expect(said.filter((line) => line.includes('raise maxmemory'))).toHaveLength(1);
    expect(link.isFlowing()).toBe(true);
    expect(await link.commands.publish('tiller:x', 'y')).toBe(0);
    filler.disconnect();
    await link.close();
    await small.close();
  });

  it('a master that lacks its replicas refuses to be written, and is told', async () => {
    const alone = await startRedis(['--min-replicas-to-write', '1']);
    const link = await openRedis({ url: alone.url, log });
    said.length = 0;
    expect(await count(link)).toBeUndefined();
    expect(said.filter((line) => line.includes('min-replicas-to-write'))).toHaveLength(1);
    await link.close();
    await alone.close();
  });
});
