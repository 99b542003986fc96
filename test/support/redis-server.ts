// A Redis of a test's own, on a free port, that can be killed, frozen and brought back.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
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
