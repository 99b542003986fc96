// Processes of the benchmark: pinned to a core each, asked over their channel, ended with their arm.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import type { Reply, Usage } from './child.ts';

export type Entry = 'tiller' | 'bare' | 'bare-rest' | 'load';

export interface Child {
  process: ChildProcess;
  ask<T = unknown>(name: string, input?: unknown): Promise<T>;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** Whether server and load generator have a core each. */
export const isPinned = canPin;

/** A command as it is run on one core: the server's is 0, the load generator's 1. */
export const pinned = (core: 0 | 1, command: string, args: string[]): [string, string[]] =>
  canPin ? ['taskset', ['-c', String(core), command, ...args]] : [command, args];

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a bundled entry; resolves when it answers. */
export const startChild = async (
  entry: Entry,
  options: { core: 0 | 1; env?: Record<string, string>; nodeArgs?: string[] },
): Promise<Child> => {
  const file = join(import.meta.dirname, `${entry}.js`);
  const [command, args] = pinned(options.core, process.execPath, [
    '--enable-source-maps',
    ...(options.nodeArgs ?? []),
    file,
  ]);
  const child = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Keeps NaN what it is.
    serialization: 'advanced',
    env: { ...process.env, NODE_ENV: 'production', ...options.env },
  });
  running.add(child);
  const open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let last = 0;
  const ready = new Promise<void>((resolve, reject) => {
    open.set(0, { resolve, reject });
  });
  child.on('message', (reply: Reply) => {
    const question = open.get(reply.id);
    open.delete(reply.id);
    if ('error' in reply) question?.reject(new Error(`${entry}: ${reply.error}`));
    else question?.resolve(reply.value as never);
  });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      for (const { reject } of open.values()) reject(new Error(`${entry} ended: ${signal ?? code}`));
      open.clear();
      resolve();
    });
  });
  const ask = <T>(name: string, input?: unknown): Promise<T> =>
    new Promise((resolve, reject) => {
      last += 1;
      open.set(last, { resolve, reject });
      child.send({ id: last, name, input });
    });
  await ready;
  return {
    process: child,
    ask,
    usage: () => ask<Usage>('usage'),
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
};

/** Runs `work` with a fresh folder on a real disk, which goes away after it. */
export const withFolder = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(resultsDir, 'data-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

export const resultsDir = join(import.meta.dirname, '../../bench-results');
