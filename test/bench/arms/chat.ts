// Chat round trips: what a message costs beside a bare Socket.IO server, and what durability costs.
import type { ChatRun } from '../load/chat.ts';
import { interleaved, spend, unlessVoid, withPair } from '../measure.ts';
import type { Bench, Setup } from '../measure.ts';
import { ratioLine } from '../result.ts';
import type { ArmResult, Pairing } from '../result.ts';

const bare: Setup = { name: 'bare', server: 'bare' };
const memory: Setup = { name: 'tiller, memory', server: 'tiller', store: 'memory' };
const durable: Setup = { name: 'tiller, SQLite', server: 'tiller', store: 'sqlite' };
const naive: Setup = { name: 'naive', server: 'bare', store: 'naive' };

/** Messages before the first that counts. */
const warmUp = 20_000;

export interface ChatFigures {
  cpuUsPerMessage: number;
  perSecond: number;
  p50: number;
  p99: number;
  loadShare: number;
  isVoid: boolean;
}

export const measureChat = (
  bench: Bench,
  setup: Setup,
  { rooms, idle, ms }: { rooms: number; idle: number; ms: number },
): Promise<ChatFigures> =>
  unlessVoid(bench, setup.name, () =>
    withPair(setup, async (pair) => {
      const { load, target } = pair;
      if (idle > 0) await load.ask('connectIdle', { target, count: idle });
      await load.ask('connectChat', { target, count: rooms });
      await load.ask('warmChat', { messages: setup.store === 'naive' ? 1500 : warmUp });
      const { value, cpuUs, loadShare } = await spend(bench, pair, `chat ${setup.name}`, () =>
        load.ask<ChatRun>('runChat', { ms }),
      );
      return {
        cpuUsPerMessage: cpuUs / value.acked,
        perSecond: (value.acked * 1000) / value.elapsedMs,
        p50: value.p50,
        p99: value.p99,
        loadShare,
        isVoid: false,
      };
    }),
  );

const show = ({ cpuUsPerMessage, perSecond, p99, loadShare }: ChatFigures): string =>
  `${cpuUsPerMessage.toFixed(1)} µs CPU, ${Math.round(perSecond)}/s, p99 ${p99.toFixed(1)} ms, generator ${Math.round(loadShare * 100)} %`;

export const chat = async (bench: Bench): Promise<ArmResult> => {
  const size = { rooms: 200, idle: 0, ms: bench.isQuick ? 1500 : 2500 };
  const rounds = await interleaved(bench, [bare, memory, durable, naive], async (setup, round) => {
    const figures = await measureChat(bench, setup, size);
    bench.log(`  round ${round + 1}, ${setup.name}: ${show(figures)}`);
    return figures;
  });
  const pairs = (ours: number, reference: number, of: (figures: ChatFigures) => number): Pairing[] =>
    rounds.map((round) => ({
      ours: of(round[ours]!),
      reference: of(round[reference]!),
      isVoid: round[ours]!.isVoid || round[reference]!.isVoid,
    }));
  const cpu = (figures: ChatFigures): number => figures.cpuUsPerMessage;
  const rate = (figures: ChatFigures): number => figures.perSecond;
  return {
    lines: [
      ratioLine(
        {
          name: 'chat, not durable: CPU per acked message',
          unit: 'µs',
          referenceName: 'bare Socket.IO',
          gate: { at: 'most', value: 1.25 },
        },
        pairs(1, 0, cpu),
      ),
      ratioLine(
        {
          name: 'chat, durable: messages per second',
          unit: '/s',
          referenceName: 'bare Socket.IO',
          gate: { at: 'least', value: 0.4 },
        },
        pairs(2, 0, rate),
      ),
      ratioLine(
        {
          name: 'chat, durable: messages per second',
          unit: '/s',
          referenceName: 'one transaction each',
          gate: { at: 'least', value: 10 },
        },
        pairs(2, 3, rate),
      ),
      ratioLine(
        { name: 'chat, durable: CPU per acked message', unit: 'µs', referenceName: 'bare Socket.IO', gate: null },
        pairs(2, 0, cpu),
      ),
    ],
    curves: [],
    raw: rounds,
  };
};

/** What a message costs as conversations and connections grow: one run per point. */
export const growth = async (bench: Bench): Promise<ArmResult> => {
  const ms = bench.isQuick ? 1000 : 2000;
  const setups = [bare, memory, durable];
  const along = async (
    xs: readonly number[],
    sizeOf: (x: number) => { rooms: number; idle: number; ms: number },
  ): Promise<{ name: string; points: [number, number][] }[]> => {
    const series = setups.map(({ name }) => ({ name, points: [] as [number, number][] }));
    for (const x of xs) {
      for (const [i, setup] of setups.entries()) {
        const figures = await measureChat(bench, setup, sizeOf(x));
        bench.log(`  ${x}, ${setup.name}: ${show(figures)}`);
        series[i]!.points.push([x, figures.cpuUsPerMessage]);
      }
    }
    return series;
  };
  const y = 'server CPU per message, µs';
  const byRooms = await along([10, 50, 200, 800], (rooms) => ({ rooms, idle: 0, ms }));
  const byIdle = await along([0, 1000, 3000], (idle) => ({ rooms: 100, idle, ms }));
  return {
    lines: [],
    curves: [
      { title: 'Cost of a message by live conversations', x: 'conversations of two', y, series: byRooms },
      { title: 'Cost of a message by idle connections', x: 'idle connections beside 100 rooms', y, series: byIdle },
    ],
    raw: { byRooms, byIdle },
  };
};
