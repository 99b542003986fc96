// One measurement: a fresh server on one core, a fresh load generator on the other, and what the server spent meanwhile.
import { join } from 'node:path';
import type { Usage } from './child.ts';
import { resultsDir, startChild, withFolder } from './spawn.ts';
import type { Child } from './spawn.ts';
import type { Target } from './load/target.ts';

/** How a server is set up. `bare` has no store; `naive` writes one durable transaction per message. */
export type Setup = { name: string; tokens?: number; nodeArgs?: string[] } & (
  | { server: 'bare'; store?: 'naive' }
  | { server: 'bare-rest'; store: 'sqlite' }
  | { server: 'tiller'; store: 'memory' | 'sqlite'; model?: 'builtin' }
);

export interface Pair {
  server: Child;
  load: Child;
  target: Target;
}

export interface Spent<T> {
  value: T;
  /** Of the server, user and system, µs. */
  cpuUs: number;
  elapsedMs: number;
  /** Of the load generator's core, 0 to 1. */
  loadShare: number;
}

/** Settings of a whole run of the benchmark. */
export interface Bench {
  rounds: number;
  isQuick: boolean;
  /** Writes a CPU profile of each measured stretch of our server. */
  profiles: boolean;
  log(text: string): void;
}

/** Starts both processes and ends them with `work`. */
export const withPair = <T>(setup: Setup, work: (pair: Pair) => Promise<T>): Promise<T> =>
  withFolder(async (folder) => {
    const env: Record<string, string> = {
      DATA_DIR: folder,
      BENCH_STORE: setup.store ?? '',
      BENCH_TOKENS: String(setup.tokens ?? 0),
      BENCH_MODEL: setup.server === 'tiller' ? (setup.model ?? '') : '',
    };
    const nodeArgs = setup.nodeArgs ?? [];
    const children: Child[] = [];
    try {
      const server = await startChild(setup.server, { core: 0, env, nodeArgs });
      children.push(server);
      const load = await startChild('load', { core: 1 });
      children.push(load);
      return await work({ server, load, target: await server.ask<Target>('about') });
    } finally {
      await Promise.all(children.map((child) => child.stop()));
    }
  });

let profiles = 0;

/** Runs `work` and tells what it cost. */
export const spend = async <T>(
  bench: Bench,
  { server, load }: Pair,
  name: string,
  work: () => Promise<T>,
): Promise<Spent<T>> => {
  if (bench.profiles) await server.ask('startProfile');
  const [before, loadBefore] = await Promise.all([server.usage(), load.usage()]);
  const began = performance.now();
  const value = await work();
  const [after, loadAfter]: [Usage, Usage] = await Promise.all([server.usage(), load.usage()]);
  const elapsedMs = performance.now() - began;
  if (bench.profiles) {
    profiles += 1;
    const file = join(resultsDir, `${name.replaceAll(/\W+/g, '-')}-${profiles}.cpuprofile`);
    await server.ask('stopProfile', { file });
  }
  return {
    value,
    cpuUs: after.cpuUs - before.cpuUs,
    elapsedMs,
    loadShare: (loadAfter.cpuUs - loadBefore.cpuUs) / (elapsedMs * 1000),
  };
};

/** Above this the load generator is what was measured. */
const maxLoadShare = 0.85;
const maxRepeats = 2;

/** Repeats a run whose generator was too busy; the last counts as void where all were. */
export const unlessVoid = async <T extends { loadShare: number }>(
  bench: Bench,
  name: string,
  run: () => Promise<T>,
): Promise<T & { isVoid: boolean }> => {
  for (let repeats = 0; ; repeats += 1) {
    const result = await run();
    const isVoid = result.loadShare > maxLoadShare;
    if (!isVoid || repeats === maxRepeats) return { ...result, isVoid };
    bench.log(`  ${name}: void, the load generator used ${Math.round(result.loadShare * 100)} % of its core; again`);
  }
};

/** Every setup once per round, the order turned by one each time, so that none always goes first. */
export const interleaved = async <S, T>(
  bench: Bench,
  setups: readonly S[],
  run: (setup: S, round: number) => Promise<T>,
): Promise<T[][]> => {
  const rounds: T[][] = [];
  for (let round = 0; round < bench.rounds; round += 1) {
    const results: T[] = [];
    for (let i = 0; i < setups.length; i += 1) {
      const index = (i + round) % setups.length;
      results[index] = await run(setups[index]!, round);
    }
    rounds.push(results);
  }
  return rounds;
};
