// Answers in flight: what a token costs beside a server that emits each by itself, and how much later it arrives.
import type { TokenRun } from '../load/streaming.ts';
import { interleaved, spend, unlessVoid, withPair } from '../measure.ts';
import type { Bench, Setup } from '../measure.ts';
import { plainLine, ratioLine } from '../result.ts';
import type { ArmResult, Line } from '../result.ts';
import { median } from '../statistics.ts';

const perSecond = 50;

interface TokenFigures {
  cpuUsPerToken: number;
  tokensPerSecond: number;
  tokensPerPacket: number;
  p50: number;
  p99: number;
  loadShare: number;
  isVoid: boolean;
}

const measure = (
  bench: Bench,
  setup: Setup,
  { answers, ms }: { answers: number; ms: number },
): Promise<TokenFigures> => {
  const overMs = Math.min(2000, answers * 2);
  const restMs = 1500;
  const tokens = Math.ceil(((overMs + restMs + ms + 6000) * perSecond) / 1000);
  return unlessVoid(bench, setup.name, () =>
    withPair({ ...setup, tokens }, async (pair) => {
      const { load, target } = pair;
      await load.ask('connectReaders', { target, count: answers });
      await load.ask('beginAnswers', { overMs });
      await load.ask('readTokens', { ms: restMs });
      const { value, cpuUs, loadShare } = await spend(bench, pair, `tokens ${setup.name}`, () =>
        load.ask<TokenRun>('readTokens', { ms }),
      );
      return {
        cpuUsPerToken: cpuUs / value.tokens,
        tokensPerSecond: (value.tokens * 1000) / ms,
        tokensPerPacket: value.tokens / value.packets,
        p50: value.p50,
        p99: value.p99,
        loadShare,
        isVoid: false,
      };
    }),
  );
};

const setups: Setup[] = [
  { name: 'one emit per token', server: 'bare' },
  { name: 'tiller, SQLite', server: 'tiller', store: 'sqlite' },
];

const compare = async (
  bench: Bench,
  answers: number,
  gates: { ratio: number; p99: number },
): Promise<{ lines: Line[]; raw: TokenFigures[][] }> => {
  const ms = bench.isQuick ? 3000 : 5000;
  const rounds = await interleaved(bench, setups, async (setup, round) => {
    const figures = await measure(bench, setup, { answers, ms });
    const { cpuUsPerToken, tokensPerSecond, tokensPerPacket, p50, p99, loadShare } = figures;
    bench.log(
      `  round ${round + 1}, ${answers} answers, ${setup.name}: ${cpuUsPerToken.toFixed(2)} µs CPU per token, ${Math.round(tokensPerSecond)} tokens/s in packets of ${tokensPerPacket.toFixed(1)}, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, generator ${Math.round(loadShare * 100)} %`,
    );
    return figures;
  });
  const pairs = rounds.map(([reference, ours]) => ({
    ours: ours!.cpuUsPerToken,
    reference: reference!.cpuUsPerToken,
    isVoid: ours!.isVoid || reference!.isVoid,
  }));
  const reached = median(rounds.map(([, ours]) => ours!.tokensPerSecond));
  const lines = [
    ratioLine(
      {
        name: `${answers} answers at ${perSecond} tokens/s: CPU per token`,
        unit: 'µs',
        referenceName: 'one emit per token',
        gate: { at: 'most', value: gates.ratio },
        note: `${Math.round(reached)} tokens/s delivered`,
      },
      pairs,
    ),
    plainLine(
      {
        name: `${answers} answers: token age at the reader, p99`,
        unit: 'ms',
        gate: { at: 'most', value: gates.p99 },
        note: `one emit per token: ${median(rounds.map(([reference]) => reference!.p99)).toFixed(1)} ms`,
      },
      rounds.map(([, ours]) => ours!.p99),
    ),
  ];
  return { lines, raw: rounds };
};

/** As many answers as a server that emits each token by itself can stream here: beyond that nothing can be compared. */
const affordable = async (bench: Bench): Promise<number> => {
  for (const answers of [1000, 500]) {
    const { tokensPerSecond } = await measure(bench, setups[0]!, { answers, ms: 2500 });
    if (tokensPerSecond >= 0.9 * answers * perSecond) return answers;
    bench.log(
      `  one emit per token does not keep up with ${answers} answers here (${Math.round(tokensPerSecond)} tokens/s)`,
    );
  }
  return 250;
};

export const streaming = async (bench: Bench): Promise<ArmResult> => {
  const few = await compare(bench, 40, { ratio: 0.65, p99: 60 });
  const many = await compare(bench, await affordable(bench), { ratio: 0.4, p99: 120 });
  return { lines: [...few.lines, ...many.lines], curves: [], raw: { few: few.raw, many: many.raw } };
};
