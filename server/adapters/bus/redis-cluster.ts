// What else Redis does for a cluster: rooms over all nodes for Socket.IO, counts that all nodes share, and the check that
// nobody else uses this Redis unawares.
import { createAdapter } from '@socket.io/redis-adapter';
import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { SharedCounter } from '../../ports/counter.ts';
import type { Log } from '../../ports/telemetry.ts';
import type { RedisLink } from './redis-link.ts';

const publishing = new Set(['publish', 'spublish']);
const asking = new Set(['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe']);

/**
 * A client whose publishing and subscribing never reject: the adapter waits for neither, and a promise that nobody waits for
 * would end the process some ten seconds into an outage. While Redis is away nothing is sent.
 */
const guarded = (redis: Redis, link: Pick<RedisLink, 'isFlowing' | 'refused'>): Redis =>
  new Proxy(redis, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = value.bind(target) as (...args: unknown[]) => unknown;
      const isPublishing = publishing.has(String(name));
      if (!isPublishing && !asking.has(String(name))) return call;
      return (...args: unknown[]): Promise<unknown> => {
        if (isPublishing && !link.isFlowing()) return Promise.resolve(0);
        return Promise.resolve(call(...args)).catch((error: unknown) => void link.refused(error));
      };
    },
  });

/**
 * Socket.IO's rooms over all nodes, for what is rare and ends or reaches many connections: revocations, availability.
 * Conversations never travel here: their facts meet the fence of each node (R11).
 */
export const createRoomAdapter = async (link: RedisLink, prefix: string): Promise<ReturnType<typeof createAdapter>> => {
  // A connection of its own: the adapter reads every message of the one that it subscribes on.
  const subscriber = await link.connect({ autoResubscribe: true });
  return createAdapter(guarded(link.commands, link), guarded(subscriber, link), { key: `${prefix}:rooms` });
};

/** Counts in Redis; undefined where it cannot tell within a moment, and then the caller counts for itself. */
export const createSharedCounter = (link: RedisLink, prefix: string): SharedCounter => {
  const limiters = new Map<string, RateLimiterRedis>();
  const limiterOf = (name: string, count: number, perMs: number): RateLimiterRedis => {
    const found = limiters.get(name);
    if (found !== undefined) return found;
    const limiter = new RateLimiterRedis({
      storeClient: link.commands,
      keyPrefix: `${prefix}:limit:${name}`,
      points: count,
      duration: Math.ceil(perMs / 1000),
      rejectIfRedisNotReady: true,
    });
    limiters.set(name, limiter);
    return limiter;
  };
  return {
    async take(name, { count, perMs }, key) {
      if (!link.isFlowing()) return undefined;
      const task = limiterOf(name, count, perMs).consume(key);
      const taken = task.then(
        () => 0,
        (refused: unknown) => {
          if (refused instanceof RateLimiterRes) return Math.max(1, refused.msBeforeNext);
          link.refused(refused);
          return undefined;
        },
      );
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), 200);
      });
      try {
        return await Promise.race([taken, late]);
      } finally {
        clearTimeout(timer);
      }
    },
    async giveBack(name, key) {
      if (!link.isFlowing()) return;
      await limiters
        .get(name)
        ?.reward(key)
        .catch(() => undefined);
    },
    async forget(name, key) {
      if (!link.isFlowing()) return;
      await limiters
        .get(name)
        ?.delete(key)
        .catch(() => undefined);
    },
  };
};

const installations = 'tiller:installations';
const signMs = 5000;
/** An installation is running while it signed within this. */
const presentMs = 20_000;

/** Signs this installation's presence in Redis and says once where another one uses it too. Returns what ends it. */
export const watchNeighbours = (link: RedisLink, installation: string, log: Log): (() => void) => {
  let isTold = false;
  const sign = async (): Promise<void> => {
    if (!link.isFlowing()) return;
    const [seconds = 0] = (await link.commands.time()).map(Number);
    const now = seconds * 1000;
    await link.commands.zadd(installations, String(now), installation);
    await link.commands.zremrangebyscore(installations, '-inf', String(now - presentMs));
    const others = (await link.commands.zrange(installations, '0', '9')).filter((id) => id !== installation);
    if (others.length > 0 && !isTold) {
      log.error(
        { redis: link.address, others: others.length },
        `Another Tiller installation uses the Redis at ${link.address} too. Nothing is mixed up, because each has channels of its own, but load and outages are shared: give each installation a Redis of its own (REDIS_URL).`,
      );
    }
    isTold = others.length > 0;
  };
  const tick = (): void => void sign().catch((error: unknown) => link.refused(error));
  tick();
  const timer = setInterval(tick, signMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    if (link.isFlowing()) void link.commands.zrem(installations, installation).catch(() => undefined);
  };
};
