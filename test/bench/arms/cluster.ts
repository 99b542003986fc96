// What a second node costs: how much later a fact arrives on another node than on its own, what a message costs all nodes
// together, and what each node pays as nodes are added.
import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryRun, Seats } from '../load/delivery.ts';
import type { Target } from '../load/target.ts';
import { interleaved, unlessVoid } from '../measure.ts';
import type { Bench } from '../measure.ts';
import { spendOnNodes, withNodes, withServers } from '../nodes.ts';
import type { Servers } from '../nodes.ts';
import { plainLine, ratioLine } from '../result.ts';
import type { ArmResult } from '../result.ts';
import { median } from '../statistics.ts';

const rooms = 48;
/** Well below what the test server for MongoDB can write: delays are then those of the way, not of a queue. */
const perSecond = 40;

interface Figures {
  run: DeliveryRun;
  /** Of each node on average, µs per message of the whole cluster, without what it costs idle. */
  perNode: number;
  /** Of all nodes together. */
  together: number;
  /** Of a node without any message, % of a core. */
  idle: number;
  loadShare: number;
}

/** `isCrossed`: half of the rooms have the agent on the next node. */
const measure = (servers: Servers, count: number, isCrossed: boolean, ms: number): Promise<Figures> =>
  withNodes(count, servers, async (nodes) => {
    const { load, targets } = nodes;
    const at = (i: number): Target => targets[i % count]!;
    const seats: Seats[] = Array.from({ length: rooms }, (_, i) => ({
      visitor: at(i),
      // Every second round over the nodes, so that each node has rooms of both kinds.
      agent: at(isCrossed && Math.floor(i / count) % 2 === 1 ? i + 1 : i),
    }));
    await load.ask('connectDelivery', { seats });
    await load.ask('runDelivery', { perSecond, ms: 2000 });
    const idle = await spendOnNodes(nodes, () => pause(1500));
    const spent = await spendOnNodes(nodes, () => load.ask<DeliveryRun>('runDelivery', { perSecond, ms }));
    const run = spent.value;
    const messages = run.near.count + run.far.count;
    const idleUs = idle.cpuUs.reduce((sum, cpuUs) => sum + cpuUs, 0) / idle.elapsedMs;
    const together =
      Math.max(0, spent.cpuUs.reduce((sum, cpuUs) => sum + cpuUs, 0) - idleUs * spent.elapsedMs) / messages;
    return { run, together, perNode: together / count, idle: idleUs / count / 10, loadShare: spent.loadShare };
  });

const show = ({ run, perNode, together, idle }: Figures): string => {
  const far = run.far.count === 0 ? '' : `, cross-node p50 ${run.far.p50.toFixed(1)} p99 ${run.far.p99.toFixed(1)} ms`;
  return (
    `same node p50 ${run.near.p50.toFixed(1)} p99 ${run.near.p99.toFixed(1)} ms${far}; ` +
    `${together.toFixed(0)} µs CPU per message, ${perNode.toFixed(0)} per node; idle ${idle.toFixed(1)} %`
  );
};

const nothing: ArmResult = { lines: [], curves: [], raw: [] };

/** Cross-node against same-node delivery within one run, and two nodes against one. */
export const crossNode = async (bench: Bench): Promise<ArmResult> => {
  const ms = bench.isQuick ? 4000 : 10_000;
  const result = await withServers(bench, async (servers): Promise<ArmResult> => {
    const all = await interleaved(bench, [1, 2], async (count, round) => {
      const figures = await unlessVoid(bench, `${count} nodes`, () => measure(servers, count, count > 1, ms));
      bench.log(`  round ${round + 1}, ${count} node${count > 1 ? 's' : ''}: ${show(figures)}`);
      return figures;
    });
    const note = `on ${servers.kind}, ${perSecond} messages/s`;
    const delivery = (name: 'p50' | 'p99') =>
      ratioLine(
        { name: `cross-node delivery, ${name}`, unit: 'ms', referenceName: 'same node', gate: null, note },
        all.map(([, two]) => ({ ours: two!.run.far[name], reference: two!.run.near[name], isVoid: two!.isVoid })),
      );
    const cpu = ratioLine(
      { name: 'two nodes: CPU per message, both together', unit: 'µs', referenceName: 'one node', gate: null, note },
      all.map(([one, two]) => ({
        ours: two!.together,
        reference: one!.together,
        isVoid: one!.isVoid || two!.isVoid,
      })),
    );
    return { lines: [delivery('p50'), delivery('p99'), cpu], curves: [], raw: all };
  });
  return result ?? nothing;
};

/** The same traffic on one, two and three nodes, rooms spread evenly: what each of them pays. */
export const nodesAdded = async (bench: Bench): Promise<ArmResult> => {
  const ms = bench.isQuick ? 4000 : 10_000;
  const counts = [1, 2, 3];
  const result = await withServers(bench, async (servers): Promise<ArmResult> => {
    const all = await interleaved(bench, counts, async (count, round) => {
      const figures = await unlessVoid(bench, `${count} nodes`, () => measure(servers, count, false, ms));
      bench.log(`  round ${round + 1}, ${count} node${count > 1 ? 's' : ''}: ${show(figures)}`);
      return figures;
    });
    const note = `on ${servers.kind}, ${perSecond} messages/s in all`;
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
    const idle = plainLine(
      { name: 'a node without any message', unit: '% of a core', gate: null, note },
      all.flatMap((round) => round.map((figures) => figures.idle)),
    );
    const points = (of: (figures: Figures) => number): [number, number][] =>
      counts.map((count, i) => [count, median(all.map((round) => of(round[i]!)))]);
    const curve = {
      title: 'Cost of a message by nodes',
      x: 'nodes, rooms spread evenly',
      y: 'CPU per message, µs',
      series: [
        { name: 'each node', points: points((figures) => figures.perNode) },
        { name: 'all together', points: points((figures) => figures.together) },
      ],
    };
    return { lines: [against(1), against(2), idle], curves: [curve], raw: all };
  });
  return result ?? nothing;
};
