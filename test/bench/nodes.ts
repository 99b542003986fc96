// Several nodes on one MongoDB and one Redis, for the arms that measure what a cluster costs.
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { localMongo, startMongoProcess } from '../support/mongo-process.ts';
import { hasRedis, startRedis } from '../support/redis-server.ts';
import type { Target } from './load/target.ts';
import type { Bench } from './measure.ts';
import { startChild, withFolder } from './spawn.ts';
import type { Child } from './spawn.ts';

export interface Servers {
  mongoUrl: string;
  redisUrl: string;
  /** What the MongoDB is. */
  kind: string;
}

export interface Nodes {
  nodes: Child[];
  load: Child;
  targets: Target[];
}

/** MongoDB and Redis as the environment names them, else of this machine; undefined, and said so, where there are none. */
export const withServers = async <T>(bench: Bench, work: (servers: Servers) => Promise<T>): Promise<T | undefined> => {
  const { MONGODB_URL: mongoUrl = '', REDIS_URL: redisUrl = '' } = process.env;
  const kind = mongoUrl === '' ? localMongo() : 'MONGODB_URL';
  if (kind === undefined || (redisUrl === '' && !hasRedis)) {
    bench.log('  no MongoDB or no Redis here: set MONGODB_URL and REDIS_URL, or install what `npm test` names');
    return undefined;
  }
  const mongo = mongoUrl === '' ? await startMongoProcess() : undefined;
  const redis = redisUrl === '' ? await startRedis() : undefined;
  try {
    return await work({ mongoUrl: mongo?.url ?? mongoUrl, redisUrl: redis?.url ?? redisUrl, kind });
  } finally {
    await Promise.all([mongo?.stop(), redis?.close()]);
  }
};

let databases = 0;

/** So many nodes on a database of their own, and a load generator; all end with `work`. */
export const withNodes = <T>(
  count: number,
  { mongoUrl, redisUrl }: Servers,
  work: (nodes: Nodes) => Promise<T>,
): Promise<T> =>
  withFolder(async (folder) => {
    databases += 1;
    const database = new URL(mongoUrl);
    database.pathname = `/bench_${process.pid}_${databases}`;
    // A part of Redis of its own too: who was killed there a moment ago would count as a neighbour.
    const part = new URL(redisUrl);
    part.pathname = `/${databases % 16}`;
    const children: Child[] = [];
    const begin = async (entry: 'tiller' | 'load', core: 0 | 1, env: Record<string, string> = {}): Promise<Child> => {
      const child = await startChild(entry, { core, env });
      children.push(child);
      return child;
    };
    try {
      const targets: Target[] = [];
      const nodes: Child[] = [];
      for (let i = 0; i < count; i += 1) {
        const dataDir = join(folder, String(i));
        mkdirSync(dataDir);
        const node = await begin('tiller', 0, { DATA_DIR: dataDir, MONGODB_URL: database.href, REDIS_URL: part.href });
        nodes.push(node);
        const about = await node.ask<Target>('about');
        // The first one met the empty store: it alone has the keys.
        const token = about.token ?? targets[0]?.token;
        targets.push({
          url: about.url,
          ...(about.widgetKey === undefined ? {} : { widgetKey: about.widgetKey }),
          ...(token === undefined ? {} : { token }),
        });
      }
      return await work({ nodes, load: await begin('load', 1), targets });
    } finally {
      await Promise.all(children.map((child) => child.stop()));
    }
  });

export interface NodesSpent<T> {
  value: T;
  /** Per node, user and system, µs. */
  cpuUs: number[];
  elapsedMs: number;
  /** Of the load generator's core, 0 to 1. */
  loadShare: number;
}

/** Runs `work` and tells what each node spent on it. */
export const spendOnNodes = async <T>({ nodes, load }: Nodes, work: () => Promise<T>): Promise<NodesSpent<T>> => {
  const usage = (): Promise<number[]> =>
    Promise.all([...nodes, load].map(async (child) => (await child.usage()).cpuUs));
  const before = await usage();
  const began = performance.now();
  const value = await work();
  const after = await usage();
  const elapsedMs = performance.now() - began;
  const spent = after.map((cpuUs, i) => cpuUs - before[i]!);
  return { value, elapsedMs, cpuUs: spent.slice(0, -1), loadShare: spent.at(-1)! / (elapsedMs * 1000) };
};
