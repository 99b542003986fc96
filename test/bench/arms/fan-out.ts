// One fact to a thousand members of a conversation, beside a bare room emit.
import type { FanOutRun } from '../load/fan-out.ts';
import { interleaved, spend, unlessVoid, withPair } from '../measure.ts';
import type { Bench, Setup } from '../measure.ts';
import { ratioLine } from '../result.ts';
import type { ArmResult } from '../result.ts';

const members = 1000;
/** Few enough that neither side falls behind. */
const perSecond = 40;
const setups: Setup[] = [
  { name: 'bare', server: 'bare' },
  { name: 'tiller, memory', server: 'tiller', store: 'memory' },
];

export const fanOut = async (bench: Bench): Promise<ArmResult> => {
  const ms = bench.isQuick ? 2000 : 4000;
  const rounds = await interleaved(bench, setups, async (setup, round) => {
    const figures = await unlessVoid(bench, setup.name, () =>
      withPair(setup, async (pair) => {
        const { load, target } = pair;
        await load.ask('connectMembers', { target, count: members });
        await load.ask('runFanOut', { perSecond, ms: 1500 });
        const { value, cpuUs, loadShare } = await spend(bench, pair, `fan-out ${setup.name}`, () =>
          load.ask<FanOutRun>('runFanOut', { perSecond, ms }),
        );
        return { cpuUsPerFact: cpuUs / value.facts, p50: value.p50, p99: value.p99, loadShare };
      }),
    );
    const { cpuUsPerFact, p99, loadShare } = figures;
    bench.log(
      `  round ${round + 1}, ${setup.name}: ${cpuUsPerFact.toFixed(0)} µs CPU per fact, p99 ${p99.toFixed(1)} ms, generator ${Math.round(loadShare * 100)} %`,
    );
    return figures;
  });
  const pairs = rounds.map(([reference, ours]) => ({
    ours: ours!.cpuUsPerFact,
    reference: reference!.cpuUsPerFact,
    isVoid: ours!.isVoid || reference!.isVoid,
  }));
  const about = {
    name: `fan-out to ${members} members: CPU per fact`,
    unit: 'µs',
    referenceName: 'bare room emit',
    gate: { at: 'most', value: 1.15 },
  } as const;
  return { lines: [ratioLine(about, pairs)], curves: [], raw: rounds };
};
