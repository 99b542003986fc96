// A Redis of a test's own, on a free port, that can be killed, frozen and brought back.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './child-server.ts';

/** Whether there is a `redis-server` on PATH; tests that need one say `(needs redis-server)` in their titles. */
export const hasRedis = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

export interface RedisServer {
  url: string;
  port: number;
  /** Of the one that runs now. */
  pid(): number | undefined;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  freeze(): void;
  thaw(): void;
  /** SIGKILL; everything in it is gone. */
  kill(): Promise<void>;
  /** After `kill`: an empty one on the same port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const done = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    // One with a password refuses, and is there.
    socket.once('data', () => done(true));
    socket.once('error', () => done(false));
  });

/** `options` are those of its command line (`--maxmemory-policy`, `allkeys-lru`). */
export const startRedis = async (options: readonly string[] = []): Promise<RedisServer> => {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...options];
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const started = spawn('redis-server', args, { stdio: 'ignore', cwd: tmpdir() });
    child = started;
    const gone = once(started, 'exit').then(() => false);
    while (!(await Promise.race([answers(port), gone]))) {
      if (started.exitCode !== null) throw new Error('redis-server ended at once');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  // A run that is broken off leaves no server behind.
  const end = (): void => void child?.kill('SIGKILL');
  process.once('exit', end);
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: () => child?.pid,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    kill,
    restart: start,
    close: async () => {
      process.off('exit', end);
      await kill();
    },
  };
};

export interface Sentinels {
  /** What REDIS_URL says to use them. */
  url: string;
  /** The first one is the master to begin with. */
  servers: RedisServer[];
  /** The port of the master that they agree on. */
  master(): Promise<number>;
  close(): Promise<void>;
}

/** Three Sentinels over a master and a replica; a master that is silent for a second is voted out. */
export const startSentinels = async (): Promise<Sentinels> => {
  const folder = mkdtempSync(join(tmpdir(), 'tiller-sentinel-'));
  const first = await startRedis();
  const second = await startRedis(['--replicaof', '127.0.0.1', String(first.port)]);
  const ports = await Promise.all([0, 1, 2].map(() => freePort()));
  const children = await Promise.all(
    ports.map(async (port) => {
      const file = join(folder, `${port}.conf`);
      const lines = [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${folder}`,
        `sentinel monitor mymaster 127.0.0.1 ${first.port} 2`,
        'sentinel down-after-milliseconds mymaster 1000',
        'sentinel failover-timeout mymaster 3000',
      ];
      writeFileSync(file, `${lines.join('\n')}\n`);
      const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
      while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 10));
      return child;
    }),
  );
  const end = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  process.once('exit', end);
  const sentinels = ports.map((port) => new Redis({ host: '127.0.0.1', port }));
  /** They have found each other and the replica: before that nothing can be voted. */
  const isComplete = async (): Promise<boolean> => {
    const all = await Promise.all(
      sentinels.map(async (one) => {
        const told = (await one.call('SENTINEL', 'MASTER', 'mymaster')) as string[] | Record<string, string>;
        const entries = Array.isArray(told)
          ? Object.fromEntries(told.flatMap((name, i) => (i % 2 === 0 ? [[name, told[i + 1]!]] : [])))
          : told;
        return Number(entries['num-slaves']) === 1 && Number(entries['num-other-sentinels']) === 2;
      }),
    );
    return all.every(Boolean);
  };
  while (!(await isComplete())) await new Promise((resolve) => setTimeout(resolve, 100));
  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/mymaster`,
    servers: [first, second],
    master: async () => {
      const told = (await sentinels[0]!.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster')) as string[];
      return Number(told[1]);
    },
    close: async () => {
      for (const one of sentinels) one.disconnect();
      process.off('exit', end);
      const gone = children.map(async (child) => (child.exitCode === null ? once(child, 'exit') : undefined));
      end();
      await Promise.all(gone);
      await Promise.all([first.close(), second.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export interface RedisCluster {
  /** What REDIS_URL says to use it. */
  url: string;
  servers: RedisServer[];
  close(): Promise<void>;
}

const slots = 16_384;

/** Three masters that know each other and share the slots. */
export const startRedisCluster = async (): Promise<RedisCluster> => {
  const folder = mkdtempSync(join(tmpdir(), 'tiller-redis-'));
  const servers = await Promise.all(
    [0, 1, 2].map((i) => startRedis(['--cluster-enabled', 'yes', '--cluster-config-file', join(folder, `${i}.conf`)])),
  );
  const clients = servers.map(({ url }) => new Redis(url));
  for (const [i, client] of clients.entries()) {
    const [from, to] = [i, i + 1].map((place) => Math.floor((slots * place) / servers.length)) as [number, number];
    await client.call('CLUSTER', 'ADDSLOTSRANGE', from, to - 1);
    await client.call('CLUSTER', 'MEET', '127.0.0.1', servers[(i + 1) % servers.length]!.port);
  }
  const isWhole = async (): Promise<boolean> => {
    const told = await Promise.all(clients.map(async (client) => String(await client.call('CLUSTER', 'INFO'))));
    return told.every((info) => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3'));
  };
  while (!(await isWhole())) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const client of clients) client.disconnect();
  return {
    url: `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    servers,
    close: async () => {
      for (const server of servers) await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
