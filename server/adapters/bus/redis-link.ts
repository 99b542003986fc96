// The connections to Redis: bounded, never waited for, and replaced where Redis has fallen silent.
import { Redis } from 'ioredis';
import type { RedisOptions as AllOptions } from 'ioredis';
import type { Log } from '../../ports/telemetry.ts';

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

/** How Redis was found at the start. */
export interface RedisFacts {
  version: string;
  /** Channels of their own per conversation travel by `SPUBLISH`: Redis 7 and newer, outside of Redis Cluster. */
  isSharded: boolean;
  evictionPolicy: string;
}

export interface RedisLink {
  /** Commands and publishing. Rejects at once while there is no connection. */
  readonly commands: Redis;
  /** Subscriptions of the bus; they are made anew by the bus, not by the client. */
  readonly subscriptions: Redis;
  readonly facts: RedisFacts;
  /** The host and port, without credentials. */
  readonly address: string;
  /** False while what is sent would be lost or pile up: then nothing is sent. */
  isFlowing(): boolean;
  /** Called after each moment in which deliveries may have been lost, once the connection is back. */
  onBack(back: () => void): void;
  /** How often that was so far. */
  gaps(): number;
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

const addressOf = (url: string): string => {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? '6379' : port}`;
};

const field = (info: string, name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';

const isCredential = (error: unknown): boolean => /WRONGPASS|NOAUTH|invalid (?:username|password)/i.test(String(error));

const readFacts = async (redis: Redis): Promise<RedisFacts> => {
  const [server, memory] = await Promise.all([redis.info('server'), redis.info('memory')]);
  const version = field(server, 'redis_version');
  return {
    version,
    isSharded: Number.parseInt(version, 10) >= 7 && field(server, 'redis_mode') !== 'cluster',
    evictionPolicy: field(memory, 'maxmemory_policy'),
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

/**
 * Connects, once.
 * @throws RedisStartError: `mayPass` where Redis does not answer (yet)
 */
export const openRedis = async ({ url, log }: { url: string; log: Log }): Promise<RedisLink> => {
  const address = addressOf(url);
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

  const connect = async (options: RedisOptions = {}): Promise<Redis> => {
    const redis = new Redis(url, { ...baseOptions, ...options });
    all.push(redis);
    // Without a listener each failed try would be printed; what matters is told by `watch`.
    redis.on('error', (error: unknown) => {
      complaint = error;
    });
    await within(3000, redis.connect());
    watch(redis);
    return redis;
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
  } catch (error) {
    closeAll();
    if (isCredential(error) || isCredential(complaint)) {
      throw new RedisStartError(`Redis at ${address} refuses the user name or password of REDIS_URL`, false, error);
    }
    throw new RedisStartError(`Redis at ${address} does not answer`, true, error);
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
      };
      // A rejection comes with a closed connection; the next look sees the new one.
      redis.ping().then(answered, settled);
    }
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
    connect,
    async close() {
      clearInterval(timer);
      closeAll();
    },
  };
};
