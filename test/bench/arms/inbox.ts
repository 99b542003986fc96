// The inbox over many conversations: opening, paging and searching must not feel how many there are.
import type { InboxRun, InboxVerb } from '../load/inbox.ts';
import { withPair } from '../measure.ts';
import type { Bench, Pair, Setup } from '../measure.ts';
import { plainLine, ratioLine } from '../result.ts';
import type { ArmResult, Line } from '../result.ts';

const setup: Setup = { name: 'tiller, SQLite', server: 'tiller', store: 'sqlite' };
const verbs: InboxVerb[] = ['inbox', 'page', 'conversation', 'search'];
const names: Record<InboxVerb, string> = {
  inbox: 'open the inbox',
  page: 'next page',
  conversation: 'open a conversation',
  search: 'search',
};

const fill = async (bench: Bench, { server, load, target }: Pair, from: number, to: number): Promise<string[]> => {
  const began = performance.now();
  const ids = await server.ask<string[]>('fill', { from, to });
  await load.ask('openInbox', { target, ids: ids.slice(-20_000) });
  // The first search waits for the index.
  let last = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 200 && last > 1; i += 1) last = await quietly(server);
  bench.log(`  ${to} conversations written in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return ids;
};

/** CPU share of the last 250 ms in percent: near 0 once the index has caught up. */
const quietly = async (server: Pair['server']): Promise<number> => {
  const before = await server.usage();
  await new Promise((resolve) => setTimeout(resolve, 250));
  const after = await server.usage();
  return (after.cpuUs - before.cpuUs) / 2500;
};

export const inbox = async (bench: Bench): Promise<ArmResult> => {
  const sizes = bench.isQuick ? ([1000, 20_000] as const) : ([1000, 100_000] as const);
  const times = bench.isQuick ? 30 : 60;
  return withPair(setup, (small) =>
    withPair(setup, async (large) => {
      await fill(bench, small, 0, sizes[0]);
      await fill(bench, large, 0, sizes[1]);
      const rounds: { few: InboxRun; many: InboxRun }[] = [];
      for (const { load } of [small, large]) await load.ask('runInbox', { times: 10 });
      for (let round = 0; round < bench.rounds; round += 1) {
        const few = await small.load.ask<InboxRun>('runInbox', { times });
        const many = await large.load.ask<InboxRun>('runInbox', { times });
        rounds.push({ few, many });
        bench.log(
          `  round ${round + 1}: ${verbs.map((verb) => `${verb} ${few[verb].p99.toFixed(1)} / ${many[verb].p99.toFixed(1)} ms`).join(', ')} (p99)`,
        );
      }
      const lines: Line[] = verbs.flatMap((verb) => [
        plainLine(
          { name: `${sizes[1]} conversations, ${names[verb]}: p99`, unit: 'ms', gate: { at: 'most', value: 50 } },
          rounds.map(({ many }) => many[verb].p99),
        ),
        ratioLine(
          {
            name: `${names[verb]}: median time`,
            unit: 'ms',
            referenceName: `${sizes[0]} conversations`,
            gate: { at: 'most', value: 2 },
          },
          rounds.map(({ few, many }) => ({ ours: many[verb].p50, reference: few[verb].p50 })),
        ),
      ]);
      const last = rounds.at(-1)!;
      const series = verbs.map((verb) => ({
        name: names[verb],
        points: [
          [sizes[0], last.few[verb].p99],
          [sizes[1], last.many[verb].p99],
        ] as [number, number][],
      }));
      const curve = { title: 'Inbox by conversations in the store', x: 'conversations', y: 'p99, ms', series };
      return { lines, curves: [curve], raw: rounds };
    }),
  );
};
