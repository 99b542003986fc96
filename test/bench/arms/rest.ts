// Two calls of the contracts beside a bare Express handler that parses with zod and writes to the same store.
import type { RestKind, RestRun } from '../load/rest.ts';
import { interleaved, spend, unlessVoid, withPair } from '../measure.ts';
import type { Bench, Setup } from '../measure.ts';
import { ratioLine } from '../result.ts';
import type { ArmResult, Line } from '../result.ts';

const bare: Setup = { name: 'bare Express', server: 'bare-rest', store: 'sqlite' };
const ours: Setup = { name: 'tiller', server: 'tiller', store: 'sqlite', model: 'builtin' };

const lanes = 16;
/** Calls before the first that counts, so that both sides are compiled. */
const warmUp: Record<RestKind, number> = { widget: 1500, message: 800 };

interface RestFigures {
  cpuUs: number;
  perSecond: number;
  p50: number;
  p99: number;
  loadShare: number;
  isVoid: boolean;
}

const measure = (bench: Bench, setup: Setup, kind: RestKind, calls: number): Promise<RestFigures> =>
  unlessVoid(bench, setup.name, () =>
    withPair(setup, async (pair) => {
      const { load, target } = pair;
      await load.ask('openRest', { target, kind, lanes, sessions: kind === 'message' ? warmUp[kind] + calls : 0 });
      await load.ask('runRest', { count: warmUp[kind] });
      const { value, cpuUs, loadShare } = await spend(bench, pair, `rest ${kind} ${setup.name}`, () =>
        load.ask<RestRun>('runRest', { count: calls }),
      );
      return {
        cpuUs: cpuUs / value.answered,
        perSecond: (value.answered * 1000) / value.elapsedMs,
        p50: value.p50,
        p99: value.p99,
        loadShare,
        isVoid: false,
      };
    }),
  );

const show = ({ cpuUs, perSecond, p50, p99, loadShare }: RestFigures): string =>
  `${cpuUs.toFixed(0)} µs CPU, ${Math.round(perSecond)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, generator ${Math.round(loadShare * 100)} %`;

const linesOf = async (
  bench: Bench,
  kind: RestKind,
  name: string,
  calls: number,
): Promise<{ lines: Line[]; raw: unknown }> => {
  const rounds = await interleaved(bench, [bare, ours], async (setup, round) => {
    const figures = await measure(bench, setup, kind, calls);
    bench.log(`  ${name}, round ${round + 1}, ${setup.name}: ${show(figures)}`);
    return figures;
  });
  const pairs = (of: (figures: RestFigures) => number) =>
    rounds.map(([reference, mine]) => ({
      ours: of(mine!),
      reference: of(reference!),
      isVoid: mine!.isVoid || reference!.isVoid,
    }));
  const about = { referenceName: 'bare Express + zod', gate: null };
  return {
    lines: [
      ratioLine(
        { ...about, name: `${name}: CPU per call`, unit: 'µs' },
        pairs(({ cpuUs }) => cpuUs),
      ),
      ratioLine(
        { ...about, name: `${name}: calls per second`, unit: '/s' },
        pairs(({ perSecond }) => perSecond),
      ),
      ratioLine(
        { ...about, name: `${name}: p99`, unit: 'ms' },
        pairs(({ p99 }) => p99),
      ),
    ],
    raw: rounds,
  };
};

export const rest = async (bench: Bench): Promise<ArmResult> => {
  const calls = bench.isQuick ? 1000 : 3000;
  const widget = await linesOf(bench, 'widget', 'widget creation over REST', calls);
  const message = await linesOf(bench, 'message', 'message over REST, answered', calls);
  return {
    lines: [...widget.lines, ...message.lines],
    curves: [],
    raw: { widget: widget.raw, message: message.raw },
  };
};
