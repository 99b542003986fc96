// Several nodes on one MongoDB and one Redis, for the arms that measure what a cluster costs.
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { localMongo, startMongoProcess } from '../support/mongo-process.ts';
import { hasRedis, startRedis } from '../support/redis-server.ts';
import type { Target } from './load/target.ts';
import type { Bench } from './measure.ts';
import { cpuUsOf } from './processes.ts';
import type { Commands } from './servers/commands.ts';
import { resultsDir, startChild, withFolder } from './spawn.ts';
import type { Child } from './spawn.ts';

export interface Servers {
  mongoUrl: string;
  /** Undefined where the nodes have none. */
  redisUrl: string | undefined;
  /** What the MongoDB is. */
  kind: string;
  /** What each has spent so far, µs; NaN where it is a server of somebody else's. */
  cpuUs(): { redis: number; database: number };
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
    return await work({
      mongoUrl: mongo?.url ?? mongoUrl,
      redisUrl: redis?.url ?? redisUrl,
      kind,
      cpuUs: () => ({
        redis: redis === undefined ? Number.NaN : cpuUsOf([redis.pid() ?? 0]),
        database: mongo === undefined ? Number.NaN : cpuUsOf(mongo.pids()),
      }),
    });
  } finally {
    await Promise.all([mongo?.stop(), redis?.close()]);
  }
};

let databases = 0;

/** The same address with another database; one of several members is no `URL`. */
const withDatabase = (mongoUrl: string, name: string): string =>
  mongoUrl.replace(/^([^/]*\/\/[^/?]*)(\/[^?]*)?/, `$1/${name}`);

/** So many nodes on a database of their own, and a load generator; all end with `work`. */
export const withNodes = <T>(
  count: number,
  { mongoUrl, redisUrl }: Servers,
  work: (nodes: Nodes) => Promise<T>,
): Promise<T> =>
  withFolder(async (folder) => {
    databases += 1;
    const database = withDatabase(mongoUrl, `bench_${process.pid}_${databases}`);
    // A part of Redis of its own too: who was killed there a moment ago would count as a neighbour.
    const part = redisUrl?.replace(/(\/\/[^/?]*)(\/[^?]*)?/, `$1/${databases % 16}`);
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
        const node = await begin('tiller', 0, {
          DATA_DIR: dataDir,
          MONGODB_URL: database,
          ...(part === undefined ? {} : { REDIS_URL: part }),
          BENCH_COMMANDS: '1',
        });
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

/** What a cluster spends, µs. */
export interface ClusterCost {
  /** All nodes together, user and system. */
  nodes: number;
  redis: number;
  database: number;
}

export interface NodesSpent<T> {
  value: T;
  cpuUs: ClusterCost;
  /** What the nodes asked of the database, all together. */
  commands: Commands;
  elapsedMs: number;
  /** Of the load generator's core, 0 to 1. */
  loadShare: number;
}

let profiles = 0;

/** Runs `work` and tells what everybody spent on it. `name`: of the profiles of the nodes, where they are wanted. */
export const spendOnNodes = async <T>(
  { nodes, load }: Nodes,
  servers: Servers,
  work: () => Promise<T>,
  name?: string,
): Promise<NodesSpent<T>> => {
  const look = async () => {
    const [cpuUs, commands, { cpuUs: loadUs }] = await Promise.all([
      Promise.all(nodes.map(async (node) => (await node.usage()).cpuUs)),
      Promise.all(nodes.map(async (node) => node.ask<Commands>('commands'))),
      load.usage(),
    ]);
    const sum = cpuUs.reduce((all, one) => all + one, 0);
    return { cpuUs: { nodes: sum, ...servers.cpuUs() }, commands: sumOf(commands), loadUs };
  };
  if (name !== undefined) await Promise.all(nodes.map((node) => node.ask('startProfile')));
  const before = await look();
  const began = performance.now();
  const value = await work();
  const after = await look();
  const elapsedMs = performance.now() - began;
  if (name !== undefined) {
    profiles += 1;
    const fileOf = (i: number): string => join(resultsDir, `${name}-${profiles}-node${i + 1}.cpuprofile`);
    await Promise.all(nodes.map((node, i) => node.ask('stopProfile', { file: fileOf(i) })));
  }
  return {
    value,
    elapsedMs,
    cpuUs: {
      nodes: after.cpuUs.nodes - before.cpuUs.nodes,
      redis: after.cpuUs.redis - before.cpuUs.redis,
      database: after.cpuUs.database - before.cpuUs.database,
    },
    commands: Object.fromEntries(
      Object.entries(after.commands).map(([of, count]) => [of, count - (before.commands[of] ?? 0)]),
    ),
    loadShare: (after.loadUs - before.loadUs) / (elapsedMs * 1000),
  };
};

const sumOf = (all: readonly Commands[]): Commands => {
  const sum: Commands = {};
  for (const one of all) for (const [name, count] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
};
