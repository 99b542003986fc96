// The connections to Redis: bounded, never waited for, and replaced where Redis has fallen silent.
import { Redis } from 'ioredis';
import type { RedisOptions as AllOptions } from 'ioredis';
import { parseRedisUrl } from '../../../shared/redis-address.ts';
import type { RedisAddress } from '../../../shared/redis-address.ts';
import type { Log } from '../../ports/telemetry.ts';
import { readFacts, refusalOf } from './redis-facts.ts';
import type { RedisFacts } from './redis-facts.ts';

/** Replies come as ioredis has always given them. */
export type RedisOptions = Omit<AllOptions, 'replyMapping'>;

/** Why Redis cannot be used; the message is for the person who started the server and holds no password. */
export class RedisStartError extends Error {
  /** Waiting and trying again may help. */
  readonly mayPass: boolean;

  constructor(message: string, mayPass: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'RedisStartError';
    this.mayPass = mayPass;
  }
}

export interface RedisLink {
  /** Commands and publishing. Rejects at once while there is no connection. */
  readonly commands: Redis;
  /** Subscriptions of the bus; they are made anew by the bus, not by the client. */
  readonly subscriptions: Redis;
  readonly facts: RedisFacts;
  /** The hosts and ports, without credentials. */
  readonly address: string;
  /** False while what is sent would be lost or pile up: then nothing is sent. */
  isFlowing(): boolean;
  /** Called after each moment in which deliveries may have been lost, once the connection is back. */
  onBack(back: () => void): void;
  /** How often that was so far. */
  gaps(): number;
  /** Something was refused: said once, and again where it comes back after an hour. @returns whether it was a refusal */
  refused(error: unknown): boolean;
  /** Another connection that closes with this one. */
  connect(options?: RedisOptions): Promise<Redis>;
  close(): Promise<void>;
}

const pingMs = 500;
/** A ping unanswered for so long: Redis or the way to it stands still, and nothing more is sent. */
const stuckMs = 1000;
/** After so long the connection is given up and made anew. */
const deadMs = 3000;
/** What may wait in the socket's buffer. */
const bufferBytes = 4 * 1024 * 1024;

const baseOptions: RedisOptions = {
  lazyConnect: true,
  // A command that cannot go now fails now: nothing queues up while Redis is away.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  autoResubscribe: false,
  enableAutoPipelining: true,
  connectTimeout: 2000,
  keepAlive: 10_000,
  retryStrategy: (times) => Math.min(2000, 50 * 2 ** Math.min(times, 6)) * (0.5 + Math.random() / 2),
};

const addressOf = ({ hosts, master }: RedisAddress): string =>
  hosts.map(({ host, port }) => `${host}:${port}`).join(',') + (master === undefined ? '' : ` (${master})`);

const isCredential = (error: unknown): boolean => /WRONGPASS|NOAUTH|invalid (?:username|password)/i.test(String(error));
const isRight = (error: unknown): boolean => String(error).includes('NOPERM');

/** A refusal that lasts is said again after so long, ms. */
const saidAgainMs = 3_600_000;

/** Where a connection goes first; of several members of a cluster the next one is tried after each failure. */
const optionsOf = (address: RedisAddress): RedisOptions => {
  const { kind, hosts, isTls, username, password, db, master, sentinelUsername, sentinelPassword } = address;
  const tls = isTls ? { tls: {} } : {};
  const common = { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
  const database = db === undefined ? {} : { db };
  if (kind !== 'sentinel') return { ...hosts[0], ...common, ...database, ...tls };
  return {
    ...common,
    ...database,
    ...tls,
    sentinels: hosts,
    name: master,
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(isTls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
    // A Sentinel that does not answer is passed over soon, and all of them are asked again soon.
    sentinelCommandTimeout: 1000,
    // A Sentinel tells of a new master at once.
    failoverDetector: true,
    sentinelRetryStrategy: (times) => Math.min(1000, 100 * times),
  };
};

/** Rejects after `ms`: a frozen Redis accepts connections and answers nothing. */
const within = async <T>(ms: number, task: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('does not answer')), ms);
  });
  task.catch(() => undefined);
  try {
    return await Promise.race([task, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Destroys the connection itself; the client makes it anew. `disconnect` would wait for a peer that is frozen. */
const cut = (redis: Redis): void => {
  (redis as unknown as { stream?: { destroy(): void } }).stream?.destroy();
};

const waitingBytes = (redis: Redis): number =>
  (redis as unknown as { stream?: { writableLength?: number } }).stream?.writableLength ?? 0;

/** Without these rights no node would hear of another. @throws the refusal */
const tryRights = async (commands: Redis, subscriptions: Redis, isSharded: boolean): Promise<void> => {
  const channel = 'tiller:rights';
  await commands.publish(channel, '');
  await subscriptions.subscribe(channel);
  await subscriptions.unsubscribe(channel);
  if (!isSharded) return;
  await commands.spublish(channel, '');
  await subscriptions.ssubscribe(channel);
  await subscriptions.sunsubscribe(channel);
};

/**
 * Connects, once.
 * @throws RedisStartError: `mayPass` where Redis does not answer (yet)
 */
export const openRedis = async ({ url, log }: { url: string; log: Log }): Promise<RedisLink> => {
  const named = parseRedisUrl(url);
  if ('problem' in named) throw new RedisStartError(`REDIS_URL: ${named.problem}`, false);
  const address = addressOf(named);
  const all: Redis[] = [];
  let isClosed = false;
  /** What it said itself: a connection that fails rejects with no reason. */
  let complaint: unknown;

  const backs: (() => void)[] = [];
  let gaps = 0;
  let isAway = false;
  let awaySince = 0;
  const lost = (why: string): void => {
    if (isClosed) return;
    awaySince = performance.now();
    if (isAway) return;
    isAway = true;
    gaps += 1;
    log.warn({ redis: address, why }, 'Redis is away: deliveries between nodes take the slow way');
  };

  /** When the ping that is unanswered was sent. */
  const asked = new Map<Redis, number>();
  /** When each connection last answered one. */
  const heard = new Map<Redis, number>();
  const watched: Redis[] = [];
  const watch = (redis: Redis): void => {
    watched.push(redis);
    redis.on('close', () => {
      asked.delete(redis);
      lost('the connection closed');
    });
  };

  const connectTo = async (first: number, options: RedisOptions): Promise<Redis> => {
    const hosts = named.kind === 'cluster' ? { ...named.hosts[first]! } : {};
    const redis = new Redis({ ...baseOptions, ...optionsOf(named), ...hosts, ...options });
    all.push(redis);
    let next = first;
    redis.on('close', () => {
      // Of a cluster any member will do: the one that was spoken to may be gone.
      if (named.kind !== 'cluster') return;
      next = (next + 1) % named.hosts.length;
      Object.assign(redis.options, named.hosts[next]);
    });
    // Without a listener each failed try would be printed; what matters is told by `watch`.
    redis.on('error', (error: unknown) => {
      complaint = error;
    });
    try {
      await within(3000, redis.connect());
    } catch (error) {
      redis.disconnect();
      throw error;
    }
    watch(redis);
    return redis;
  };
  const connect = async (options: RedisOptions = {}): Promise<Redis> => {
    const last = named.kind === 'cluster' ? named.hosts.length - 1 : 0;
    for (let i = 0; ; i += 1) {
      try {
        return await connectTo(i, options);
      } catch (error) {
        if (i === last) throw error;
      }
    }
  };

  /** When each refusal was told. */
  const told = new Map<string, number>();
  const refused = (error: unknown): boolean => {
    const refusal = refusalOf(error);
    if (refusal === undefined) return false;
    const { code, remedy } = refusal;
    const now = performance.now();
    if (now - (told.get(code) ?? Number.NEGATIVE_INFINITY) > saidAgainMs) {
      told.set(code, now);
      log.warn({ redis: address, code }, `The Redis at ${address} refuses what a node asks: ${remedy}.`);
    }
    return true;
  };

  const closeAll = (): void => {
    isClosed = true;
    for (const redis of all) {
      redis.disconnect();
      cut(redis);
    }
  };

  let commands: Redis;
  let subscriptions: Redis;
  let facts: RedisFacts;
  try {
    [commands, subscriptions] = await Promise.all([connect(), connect()]);
    facts = await within(3000, readFacts(commands));
    await within(3000, tryRights(commands, subscriptions, facts.isSharded));
  } catch (error) {
    closeAll();
    if (isCredential(error) || isCredential(complaint)) {
      throw new RedisStartError(`Redis at ${address} refuses the user name or password of REDIS_URL`, false, error);
    }
    if (isRight(error) || isRight(complaint)) {
      const refusal = isRight(error) ? error : complaint;
      throw new RedisStartError(
        `The user of REDIS_URL lacks a right at ${address} (${(refusal as Error).message}): see the ACL line in docs/operations.md`,
        false,
        error,
      );
    }
    throw new RedisStartError(`Redis at ${address} does not answer`, true, complaint ?? error);
  }

  const isStuck = (redis: Redis, now: number, ms: number): boolean => now - (asked.get(redis) ?? now) > ms;
  const isUp = (redis: Redis, now: number): boolean => redis.status === 'ready' && !isStuck(redis, now, stuckMs);

  const look = (): void => {
    const now = performance.now();
    for (const redis of watched) {
      if (redis.status !== 'ready') continue;
      if (isStuck(redis, now, deadMs)) {
        asked.delete(redis);
        cut(redis);
        continue;
      }
      if (isStuck(redis, now, stuckMs)) lost('it does not answer');
      if (asked.has(redis)) continue;
      asked.set(redis, now);
      const settled = (): void => {
        if (asked.get(redis) === now) asked.delete(redis);
      };
      const answered = (): void => {
        settled();
        heard.set(redis, performance.now());
        recover();
        if (redis === commands) askRole();
      };
      // A rejection comes with a closed connection; the next look sees the new one.
      redis.ping().then(answered, settled);
    }
  };
  /** A master that was voted out still answers, and what is published there reaches nobody else. */
  let isRoleKnown = true;
  const askRole = (): void => {
    if (!isRoleKnown || named.kind === 'cluster') return;
    commands.role().then(
      ([role]) => {
        if (role !== 'slave' || isClosed) return;
        refused(new Error('READONLY'));
        // Sentinels know the master of now; a single server is all there is.
        if (named.kind === 'sentinel') for (const redis of watched) cut(redis);
      },
      (error: unknown) => {
        // A user without the right, or a service that hides it.
        if (refusalOf(error)?.code === 'NOPERM' || /unknown command/i.test(String(error))) isRoleKnown = false;
      },
    );
  };
  /** Every connection has answered since something was lost. */
  const recover = (): void => {
    const isBack = (redis: Redis): boolean => redis.status === 'ready' && (heard.get(redis) ?? 0) > awaySince;
    if (!isAway || !watched.every(isBack)) return;
    isAway = false;
    log.info({ redis: address }, 'Redis is back');
    for (const back of backs) back();
  };
  const timer = setInterval(look, pingMs);
  timer.unref();

  return {
    commands,
    subscriptions,
    facts,
    address,
    isFlowing: () => isUp(commands, performance.now()) && waitingBytes(commands) < bufferBytes,
    onBack: (back) => void backs.push(back),
    gaps: () => gaps,
    refused,
    connect,
    async close() {
      clearInterval(timer);
      closeAll();
    },
  };
};
