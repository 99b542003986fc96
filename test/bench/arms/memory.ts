// What an idle visitor holds in the server's memory beyond a bare Socket.IO connection.
import type { Usage } from '../child.ts';
import { interleaved, withPair } from '../measure.ts';
import type { Bench, Setup } from '../measure.ts';
import { plainLine } from '../result.ts';
import type { ArmResult } from '../result.ts';

const connections = 4000;
/** Connected before the first look, so that what grows but once is not counted. */
const warm = 500;
const nodeArgs = ['--expose-gc'];
const setups: Setup[] = [
  { name: 'bare', server: 'bare', nodeArgs },
  { name: 'tiller, SQLite', server: 'tiller', store: 'sqlite', nodeArgs },
];

interface Held {
  rssKiB: number;
  heapKiB: number;
  heldKiB: number;
}

const kib = 1024;

export const memory = async (bench: Bench): Promise<ArmResult> => {
  const rounds = await interleaved(bench, setups, (setup, round) =>
    withPair(setup, async ({ server, load, target }) => {
      await load.ask('connectIdle', { target, count: warm });
      const before = await server.ask<Usage>('settle');
      await load.ask('connectIdle', { target, count: connections });
      const after = await server.ask<Usage>('settle');
      const each = (of: (usage: Usage) => number): number => (of(after) - of(before)) / connections / kib;
      const held: Held = {
        rssKiB: each(({ rssBytes }) => rssBytes),
        heapKiB: each(({ heapBytes }) => heapBytes),
        heldKiB: each(({ heldBytes }) => heldBytes),
      };
      bench.log(
        `  round ${round + 1}, ${setup.name}: ${held.rssKiB.toFixed(1)} KiB RSS, ${held.heapKiB.toFixed(1)} KiB heap per connection`,
      );
      return held;
    }),
  );
  const beyond = (of: (held: Held) => number): number[] =>
    rounds.map(([reference, ours]) => of(ours!) - of(reference!));
  const about = { unit: 'KiB', gate: { at: 'most', value: 8 } } as const;
  return {
    lines: [
      plainLine(
        { ...about, name: 'idle visitor beyond a bare connection: RSS' },
        beyond(({ rssKiB }) => rssKiB),
      ),
      plainLine(
        { ...about, name: 'idle visitor beyond a bare connection: heap', gate: null },
        beyond(({ heapKiB }) => heapKiB),
      ),
    ],
    curves: [],
    raw: rounds,
  };
};
