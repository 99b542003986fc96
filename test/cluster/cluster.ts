// A cluster under test: real node processes, a Redis of its own, and a database of its own on a real server.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FirstRunFacts } from '../../server/seed/first-run.ts';
import { systemClock } from '../../server/ports/clock.ts';
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import type { SharedStore } from '../../server/ports/store.ts';
import { freePort } from '../support/child-server.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import type { MongoSet } from '../support/mongo-set.ts';
import { hasRedis, startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import type { Order } from './node-child.ts';
import { bundled } from '../support/bundled.ts';
import { startProxy } from './proxy.ts';
import type { Proxy } from './proxy.ts';
import type { Reader, Usage } from './usage.ts';

export const canCluster = hasRedis && hasMongo;

export interface TestNode {
  url: string;
  port: number;
  process: ChildProcess;
  facts: FirstRunFacts;
  log(): string;
  order(order: Order): void;
  /** Bytes in use. */
  memory(): Promise<number>;
  /** After a full collection of garbage, which holds the node up for a moment. */
  usage(): Promise<Usage>;
  /** Who is connected to it. */
  readers(): Promise<Reader[]>;
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  terminate(): Promise<number | null>;
}

interface StartOptions {
  port?: number;
  fault?: string;
  env?: Record<string, string>;
  /** Another build of the node than the present one. */
  program?: string;
}

export interface TestCluster {
  nodes: TestNode[];
  redis: RedisServer;
  /** Between every node and MongoDB; of no effect on a set, which has its own. */
  mongo: Proxy;
  mongoUrl: string;
  widgetKey: string;
  /** An API token of the owner. */
  token: string;
  /** The log as the database has it. */
  store: SharedStore;
  /** One more; `port` where clients look for one that went. */
  startNode(options?: StartOptions): Promise<TestNode>;
  close(): Promise<void>;
}

/** Resolves when it is ready; `signal` kills it also before. */
export const startNodeProcess = async (
  env: Record<string, string>,
  { fault = 'none', signal, program }: { fault?: string; signal?: AbortSignal; program?: string | undefined } = {},
): Promise<TestNode> => {
  const port = env['PORT'] ?? String(await freePort());
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', program ?? (await bundled('test/cluster/node-child.ts')), fault],
    {
      env: { ...process.env, LOG_LEVEL: 'warn', TILLER_LIMITS: 'off', HOST: '127.0.0.1', ...env, PORT: port },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  signal?.addEventListener('abort', () => child.kill('SIGKILL'));
  let log = '';
  child.stderr!.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stdout!.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const ready = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout!).on('line', (line) => {
      if (line.startsWith('{"url"')) resolve(line);
    });
    exited.then(([code]) => reject(new Error(`the node ended with ${code}: ${log}`)), reject);
  });
  const facts = JSON.parse(await ready) as FirstRunFacts;
  /** What the child answers to an order, under this name. */
  const told = <T>(order: Order, name: string): Promise<T> =>
    new Promise((resolve) => {
      const look = (message: Record<string, T>): void => {
        if (!(name in message)) return;
        child.off('message', look);
        resolve(message[name]!);
      };
      child.on('message', look);
      child.send(order);
    });
  return {
    url: facts.url,
    port: Number(port),
    process: child,
    facts,
    log: () => log,
    order: (order) => void child.send(order),
    memory: () => told({ memory: true }, 'memory'),
    usage: () => told({ usage: true }, 'usage'),
    readers: () => told({ readers: true }, 'readers'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await exited;
    },
    async terminate() {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
  };
};

export const startCluster = async (
  options: {
    nodes?: number;
    env?: Record<string, string>;
    redis?: RedisServer;
    /** A database on a server of one's own. */
    mongoUrl?: string;
    /** Nodes reach their database through this set, each on a line of its own: `node 1`, `node 2`, … */
    set?: MongoSet;
  } = {},
): Promise<TestCluster> => {
  const [redis, directUrl, folder] = await Promise.all([
    options.redis ?? startRedis(),
    options.set?.url ?? options.mongoUrl ?? freshMongoUrl('cluster'),
    mkdtemp(join(tmpdir(), 'tiller-cluster-')),
  ]);
  // An address of several hosts is no URL.
  const direct = new URL(directUrl.replace(/,[^/]*/, ''));
  const mongo = await startProxy({ host: direct.hostname, port: Number(direct.port === '' ? '27017' : direct.port) });
  const through = new URL(direct);
  through.hostname = '127.0.0.1';
  through.port = String(mongo.port);
  // A replica set would lead the driver past the proxy.
  through.searchParams.delete('replicaSet');
  through.searchParams.set('directConnection', 'true');
  const mongoUrl = options.set?.url ?? through.href;

  let count = 0;
  const all: TestNode[] = [];
  const startNode: TestCluster['startNode'] = async ({ port, fault = 'none', env = {}, program } = {}) => {
    count += 1;
    const node = await startNodeProcess(
      {
        MONGODB_URL: (await options.set?.line(`node ${count}`)) ?? mongoUrl,
        REDIS_URL: redis.url,
        DATA_DIR: join(folder, String(count)),
        AI_BUILTIN_WORDS_PER_SECOND: '20',
        ...options.env,
        ...env,
        ...(port === undefined ? {} : { PORT: String(port) }),
      },
      { fault, program },
    );
    all.push(node);
    return node;
  };
  const nodes = await Promise.all(Array.from({ length: options.nodes ?? 2 }, () => startNode()));
  // Whichever was first has the keys.
  let facts: FirstRunFacts | undefined;
  for (let i = 1; i <= count && facts?.keys === undefined; i += 1) {
    const text = await readFile(join(folder, String(i), 'first-run.json'), 'utf8').catch(() => '{}');
    facts = JSON.parse(text) as FirstRunFacts;
  }
  const store = await openMongoStore({ url: directUrl, clock: systemClock });
  return {
    nodes,
    redis,
    mongo,
    mongoUrl,
    widgetKey: nodes[0]!.facts.widgetKey,
    token: facts?.keys?.console ?? '',
    store,
    startNode,
    async close() {
      await Promise.all(all.map((node) => node.kill()));
      await Promise.all([store.close(), mongo.close(), options.redis === undefined ? redis.close() : undefined]);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
