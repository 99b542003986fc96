// What a second node costs: how much later a fact arrives on another node than on its own, what a message costs the nodes,
// Redis and the database, and what each node pays as nodes are added.
import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryRun, Seats } from '../load/delivery.ts';
import type { Target } from '../load/target.ts';
import { interleaved, unlessVoid } from '../measure.ts';
import type { Bench } from '../measure.ts';
import { spendOnNodes, withNodes, withServers } from '../nodes.ts';
import type { ClusterCost, Servers } from '../nodes.ts';
import { plainLine, ratioLine } from '../result.ts';
import type { ArmResult, Line } from '../result.ts';
import type { Commands } from '../servers/commands.ts';
import { median } from '../statistics.ts';

export interface Pace {
  rooms: number;
  /** Messages over all rooms. */
  perSecond: number;
  /** Before anything is measured: a server warms up by what it does, not by the clock. */
  warmPerSecond: number;
}

/** Well below what the test server for MongoDB can write: delays are then those of the way, not of a queue. */
const usual: Pace = { rooms: 48, perSecond: 40, warmPerSecond: 100 };
/** What came last is written and marked, and the feed has come to rest, before it is looked at what an idle node does. */
const restMs = 6500;

export interface Figures {
  run: DeliveryRun;
  /** Per message, µs, without what everybody spends idle. */
  cost: ClusterCost;
  /** The same of each node, on average. */
  perNode: number;
  /** Of a node without any message, % of a core. */
  idle: number;
  /** Of the database, % of a core for each node that watches. */
  idleDatabase: number;
  /** Questions to the database per message, without those of an idle cluster. */
  commands: Commands;
  /** Of an idle node, per second. */
  idleCommands: Commands;
  loadShare: number;
}

/** `isCrossed`: half of the rooms have the agent on the next node. */
export const measure = (
  bench: Bench,
  servers: Servers,
  count: number,
  isCrossed: boolean,
  pace = usual,
): Promise<Figures> =>
  withNodes(count, servers, async (nodes) => {
    const { load, targets } = nodes;
    const { rooms, perSecond, warmPerSecond } = pace;
    const ms = bench.isQuick ? 5000 : 10_000;
    const at = (i: number): Target => targets[i % count]!;
    const seats: Seats[] = Array.from({ length: rooms }, (_, i) => ({
      visitor: at(i),
      // Every second round over the nodes, so that each node has rooms of both kinds.
      agent: at(isCrossed && Math.floor(i / count) % 2 === 1 ? i + 1 : i),
    }));
    await load.ask('connectDelivery', { seats });
    await load.ask('runDelivery', { perSecond: warmPerSecond, ms: bench.isQuick ? 4000 : 8000 });
    await load.ask('runDelivery', { perSecond, ms: 1000 });
    await pause(restMs);
    const idle = await spendOnNodes(nodes, servers, () => pause(bench.isQuick ? 4000 : 8000));
    const work = (): Promise<DeliveryRun> => load.ask<DeliveryRun>('runDelivery', { perSecond, ms });
    const spent = await spendOnNodes(nodes, servers, work, bench.profiles ? `cluster-of-${count}` : undefined);
    const run = spent.value;
    const messages = run.near.count + run.far.count;
    const share = spent.elapsedMs / idle.elapsedMs;
    const of = (who: keyof ClusterCost): number => Math.max(0, spent.cpuUs[who] - idle.cpuUs[who] * share) / messages;
    const cost = { nodes: of('nodes'), redis: of('redis'), database: of('database') };
    return {
      run,
      cost,
      perNode: cost.nodes / count,
      idle: idle.cpuUs.nodes / idle.elapsedMs / count / 10,
      idleDatabase: idle.cpuUs.database / idle.elapsedMs / count / 10,
      commands: scaled(spent.commands, (name, all) => (all - (idle.commands[name] ?? 0) * share) / messages),
      idleCommands: scaled(idle.commands, (_, all) => all / count / (idle.elapsedMs / 1000)),
      loadShare: spent.loadShare,
    };
  });

/** Those that come to something, most frequent first. */
const scaled = (commands: Commands, scale: (name: string, count: number) => number): Commands =>
  Object.fromEntries(
    Object.entries(commands)
      .map(([name, count]): [string, number] => [name, Math.round(scale(name, count) * 100) / 100])
      .filter(([, count]) => Math.abs(count) >= 0.01)
      .toSorted(([, some], [, others]) => others - some),
  );

export const totalOf = (commands: Commands): number => Object.values(commands).reduce((sum, count) => sum + count, 0);

const show = ({ run, cost, idle, idleDatabase, commands, idleCommands }: Figures): string => {
  const far = run.far.count === 0 ? '' : `, cross-node p50 ${run.far.p50.toFixed(1)} p99 ${run.far.p99.toFixed(1)} ms`;
  return (
    `same node p50 ${run.near.p50.toFixed(1)} p99 ${run.near.p99.toFixed(1)} ms${far}; CPU per message: ` +
    `nodes ${cost.nodes.toFixed(0)}, Redis ${cost.redis.toFixed(0)}, database ${cost.database.toFixed(0)} µs; ` +
    `${totalOf(commands).toFixed(1)} commands a message; an idle node: ${idle.toFixed(1)} %, ` +
    `of the database ${idleDatabase.toFixed(1)} %, ${totalOf(idleCommands).toFixed(1)} commands/s`
  );
};

const run = async (
  bench: Bench,
  servers: Servers,
  counts: readonly number[],
  isCrossed: boolean,
): Promise<(Figures & { isVoid: boolean })[][]> =>
  interleaved(bench, counts, async (count, round) => {
    const measured = (): Promise<Figures> => measure(bench, servers, count, isCrossed && count > 1);
    const figures = await unlessVoid(bench, `${count} nodes`, measured);
    bench.log(`  round ${round + 1}, ${count} node${count > 1 ? 's' : ''}: ${show(figures)}`);
    return figures;
  });

/** What a message costs each of the parties, one line each; those that nobody could look into are left out. */
const costLines = (counts: readonly number[], all: readonly Figures[][], note: string): Line[] =>
  counts.flatMap((count, i) => {
    const name = (who: string): string => `${count} node${count > 1 ? 's' : ''}, a message: ${who}`;
    const line = (who: string, unit: string, of: (figures: Figures) => number): Line[] => {
      const values = all.map((round) => of(round[i]!));
      return values.some(Number.isNaN) ? [] : [plainLine({ name: name(who), unit, gate: null, note }, values)];
    };
    return [
      ...line('CPU of all nodes', 'µs', ({ cost }) => cost.nodes),
      ...line('CPU of Redis', 'µs', ({ cost }) => cost.redis),
      ...line('CPU of the database', 'µs', ({ cost }) => cost.database),
      ...line('asks of the database', 'commands', ({ commands }) => totalOf(commands)),
    ];
  });

const nothing: ArmResult = { lines: [], curves: [], raw: [] };

/** Cross-node against same-node delivery within one run, and two nodes against one. */
export const crossNode = async (bench: Bench): Promise<ArmResult> => {
  const counts = [1, 2];
  const result = await withServers(bench, async (servers): Promise<ArmResult> => {
    const all = await run(bench, servers, counts, true);
    const note = `on ${servers.kind}, ${usual.perSecond} messages/s`;
    const delivery = (name: 'p50' | 'p99') =>
      ratioLine(
        { name: `cross-node delivery, ${name}`, unit: 'ms', referenceName: 'same node', gate: null, note },
        all.map(([, two]) => ({ ours: two!.run.far[name], reference: two!.run.near[name], isVoid: two!.isVoid })),
      );
    const cpu = ratioLine(
      { name: 'two nodes: CPU per message, both together', unit: 'µs', referenceName: 'one node', gate: null, note },
      all.map(([one, two]) => ({
        ours: two!.cost.nodes,
        reference: one!.cost.nodes,
        isVoid: one!.isVoid || two!.isVoid,
      })),
    );
    return { lines: [delivery('p50'), delivery('p99'), cpu, ...costLines(counts, all, note)], curves: [], raw: all };
  });
  return result ?? nothing;
};

/** The same traffic on one, two and three nodes, rooms spread evenly: what each of them pays. */
export const nodesAdded = async (bench: Bench): Promise<ArmResult> => {
  const counts = [1, 2, 3];
  const result = await withServers(bench, async (servers): Promise<ArmResult> => {
    const all = await run(bench, servers, counts, false);
    const note = `on ${servers.kind}, ${usual.perSecond} messages/s in all`;
    const against = (index: number) =>
      ratioLine(
        {
          name: `${counts[index]!} nodes: CPU of each per message of all`,
          unit: 'µs',
          referenceName: 'one node',
          gate: null,
          note,
        },
        all.map((round) => ({
          ours: round[index]!.perNode,
          reference: round[0]!.perNode,
          isVoid: round[index]!.isVoid || round[0]!.isVoid,
        })),
      );
    const every = all.flat();
    const idle = [
      plainLine(
        { name: 'a node without any message', unit: '% of a core', gate: null, note },
        every.map((figures) => figures.idle),
      ),
      plainLine(
        { name: 'a node without any message', unit: 'commands/s', gate: null, note },
        every.map((figures) => totalOf(figures.idleCommands)),
      ),
    ];
    const points = (of: (figures: Figures) => number): [number, number][] =>
      counts.map((count, i) => [count, median(all.map((round) => of(round[i]!)))]);
    const curve = {
      title: 'Cost of a message by nodes',
      x: 'nodes, rooms spread evenly',
      y: 'CPU per message, µs',
      series: [
        { name: 'each node', points: points((figures) => figures.perNode) },
        { name: 'all together', points: points((figures) => figures.cost.nodes) },
      ],
    };
    return { lines: [against(1), against(2), ...costLines(counts, all, note), ...idle], curves: [curve], raw: all };
  });
  return result ?? nothing;
};
