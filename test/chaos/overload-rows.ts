// More than can be done: three times what a node or a cluster sustains, and thousands who come at once.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../server/ports/store.ts';
import type { Target } from '../bench/load/target.ts';
import { percentile } from '../bench/statistics.ts';
import { startCluster } from '../cluster/cluster.ts';
import type { TestNode } from '../cluster/cluster.ts';
import { arrive, residents } from './arrivals.ts';
import type { Arrivals } from './arrivals.ts';
import { gather } from './flood.ts';
import type { Flood, OpenRun } from './flood.ts';
import type { Played } from './rows.ts';
import { startSolo } from './solo.ts';
import { emptyRow, pause } from './stage.ts';

const mebibyte = 1024 * 1024;

interface Stage {
  nodes: TestNode[];
  targets: Target[];
  store: Store;
  close(): Promise<void>;
}

const env = { AI_BUILTIN_WORDS_PER_SECOND: '0' };

const onCluster = async (): Promise<Stage> => {
  const cluster = await startCluster({ nodes: 3, env });
  const { nodes, widgetKey, token, store } = cluster;
  return { nodes, targets: nodes.map(({ url }) => ({ url, widgetKey, token })), store, close: () => cluster.close() };
};

const onOneProcess = async (): Promise<Stage> => {
  const folder = await mkdtemp(join(tmpdir(), 'tiller-overload-'));
  const solo = await startSolo(folder, env);
  const { node, widgetKey, token, store } = solo;
  return {
    nodes: [node],
    targets: [{ url: node.url, widgetKey, token }],
    store,
    close: () => solo.close().then(() => rm(folder, { recursive: true, force: true })),
  };
};

const memoryOf = async (nodes: readonly TestNode[]): Promise<number> =>
  Math.max(...(await Promise.all(nodes.map((node) => node.memory())))) / mebibyte;

/** ms until ten messages in a row are acked within a second each. */
const normalAgain = async (flood: Flood, patienceMs = 60_000): Promise<number> => {
  const began = performance.now();
  for (let inARow = 0; inARow < 10;) {
    const { p99, seconds } = await flood.open(20, 50);
    inARow = seconds.every(({ sent, acked }) => sent === acked) && p99 < 1000 ? inARow + 1 : 0;
    if (performance.now() - began > patienceMs) throw new Error(`not normal again within ${patienceMs / 1000} s`);
  }
  return performance.now() - began;
};

/** With how many in flight the most is acked a second, when whoever is refused comes again when told. */
const bestInFlight = async (flood: Flood, begin: number): Promise<number> => {
  let [best, bestAt] = [0, begin];
  // Once without a gain may be a busy machine: only twice in a row is the end.
  for (let inFlight = begin, vain = 0; vain < 2; inFlight *= 2) {
    await normalAgain(flood, 180_000);
    const perSecond = await flood.patient(inFlight, 8000);
    vain = perSecond > best * 1.1 ? 0 : vain + 1;
    if (perSecond > best) [best, bestAt] = [perSecond, inFlight];
  }
  return bestAt;
};

/** What is acked a second in the long run, so that what follows the acks is felt too. */
const lasting = async (flood: Flood, inFlight: number, ms: number): Promise<number> => {
  await normalAgain(flood, 180_000);
  return flood.patient(inFlight, ms);
};

const judgeRun = (run: OpenRun, peak: number): { goodput: number; refused: number; wrong: string[] } => {
  const sum = (of: (second: OpenRun['seconds'][number]) => number, all = run.seconds): number =>
    all.reduce((total, second) => total + of(second), 0);
  // Until it is known that this is no mere burst everything is taken on: that is not the time that is judged.
  const sending = run.seconds.filter((second, n) => n >= 3 && second.sent > 0);
  const goodput = sum(({ good }) => good, sending) / sending.length;
  const refused = sum((second) => second.refused);
  const otherwise = run.seconds.flatMap((second) => second.otherwise);
  const share = goodput / peak;
  const late = sum(({ acked, good }) => acked - good, sending) / sum(({ acked }) => acked, sending);
  const unknown = sum((second) => second.unknown) / sum((second) => second.sent);
  return {
    goodput,
    refused,
    wrong: [
      ...(share < 0.8 ? [`goodput was ${Math.round(share * 100)} % of the peak`] : []),
      ...(refused === 0 ? ['nothing was refused'] : []),
      ...(otherwise.length > 0
        ? [`${otherwise.length} were refused without a time to come again: ${otherwise[0]}`]
        : []),
      ...(run.unanswered > 0 ? [`${run.unanswered} were not answered at all`] : []),
      ...(unknown > 0.01 ? [`the store did not answer ${Math.round(unknown * 100)} % in time`] : []),
      ...(late > 0.05 ? [`${Math.round(late * 100)} % of the acks took more than 5 s`] : []),
      ...(run.longest > 15_000 ? [`acked after ${Math.round(run.longest)} ms`] : []),
      ...(run.behindMs > 2000 ? [`the generator fell ${Math.round(run.behindMs)} ms behind: this says nothing`] : []),
    ],
  };
};

const overload = (
  name: string,
  where: string,
  start: () => Promise<Stage>,
  scale: { visitors: number; inFlight: number; maxGrownMiB: number },
): Played => ({
  name,
  async play({ isQuick }) {
    const stage = await start();
    const played = { ...emptyRow(), fault: `three times the sustainable load, ${where}`, wrong: [] as string[] };
    try {
      const flood = await gather(stage.targets, scale.visitors);
      const inFlight = await bestInFlight(flood, scale.inFlight);
      const lastingMs = isQuick ? 15_000 : 30_000;
      const sustained = await lasting(flood, inFlight, lastingMs);
      const before = await memoryOf(stage.nodes);
      let most = before;
      const sampling = setInterval(() => void memoryOf(stage.nodes).then((now) => (most = Math.max(most, now))), 1000);
      const run = await flood.open(sustained * 3, isQuick ? 20_000 : 60_000);
      clearInterval(sampling);
      if (process.env['TILLER_CHAOS_TALK'] === '1') {
        console.error('in flight', inFlight, 'sustained', sustained, 'before', before, run);
        for (const node of stage.nodes) console.error(node.log());
      }
      played.recoveryMs = Math.round(await normalAgain(flood));
      // A machine is not as fast in every minute, so what is sustained is taken on both sides of what is judged.
      const peak = (sustained + (await lasting(flood, inFlight, lastingMs))) / 2;
      const { goodput, refused, wrong } = judgeRun(run, peak);
      const { acked, lost, doubled } = await flood.judge(stage.store);
      flood.close();
      Object.assign(played, { injected: Math.round(sustained * 3), messages: acked, lost, doubled });
      played.wrong.push(...wrong);
      if (played.recoveryMs > 5000) played.wrong.push(`normal again after ${played.recoveryMs} ms`);
      if (most - before > scale.maxGrownMiB) played.wrong.push(`grew by ${Math.round(most - before)} MB`);
      played.note =
        `injected: a second; ${Math.round(goodput)} of ${Math.round(peak)}/s in time (${Math.round((100 * goodput) / peak)} %), ` +
        `p50 ${Math.round(run.p50)} ms, p99 ${Math.round(run.p99)} ms, longest ${Math.round(run.longest)} ms, ${refused} refused, +${Math.round(most - before)} MB`;
    } finally {
      for (const node of stage.nodes) if (node.process.exitCode !== null) played.wrong.push('a node died');
      await stage.close();
    }
    return played;
  },
});

const storm = (name: string, where: string, start: () => Promise<Stage>): Played => ({
  name,
  async play({ isQuick }) {
    const stage = await start();
    const count = isQuick ? 500 : 5000;
    const played = {
      ...emptyRow(),
      fault: `a storm of ${count} clients, ${where}`,
      injected: count,
      wrong: [] as string[],
    };
    try {
      const flood = await gather(stage.targets, 30);
      const living = residents(flood.visitors);
      await pause(5000);
      const calm = living.take();
      const seen: Arrivals = { refused: 0, silent: [], timeouts: 0 };
      const began = performance.now();
      const isOver = (): boolean => performance.now() - began > 600_000;
      const clients = await Promise.all(
        Array.from({ length: count }, async (_, n) => {
          await pause(1000 * Math.random());
          return arrive(stage.targets[n % stage.targets.length]!, seen, isOver);
        }),
      );
      const seconds = (performance.now() - began) / 1000;
      const during = living.take();
      await living.stop();
      const inside = clients.filter((one) => one !== undefined);
      for (const { client } of inside) client.close();
      flood.close();
      const [usual, p99] = [percentile(calm.times, 0.5), percentile(during.times, 0.99)];
      played.messages = during.times.length;
      played.note =
        `${inside.length} in after ${seconds.toFixed(1)} s, ${seen.refused} explicit refusals, ${seen.timeouts} timeouts, ` +
        `${seen.silent.length} without a word; who was there before: p50 ${Math.round(percentile(during.times, 0.5))} ms ` +
        `(usual ${Math.round(usual)}), p99 ${Math.round(p99)} ms, ${during.refused} refused`;
      if (inside.length < count) played.wrong.push(`${count - inside.length} did not get in`);
      if (seen.silent.length > 0) played.wrong.push(`refused without a time to come again: ${seen.silent[0]}`);
      if (seen.timeouts > 0) played.wrong.push(`${seen.timeouts} waited in vain`);
      if (!(p99 < 5000)) played.wrong.push(`who was there before waited ${Math.round(p99)} ms (p99)`);
    } finally {
      for (const node of stage.nodes) if (node.process.exitCode !== null) played.wrong.push('a node died');
      await stage.close();
    }
    return played;
  },
});

export const overloadRows: Played[] = [
  overload('overload', 'three nodes', onCluster, { visitors: 900, inFlight: 12, maxGrownMiB: 150 }),
  overload('overload-solo', 'one process', onOneProcess, { visitors: 1000, inFlight: 100, maxGrownMiB: 400 }),
  storm('storm', 'three nodes', onCluster),
  storm('storm-solo', 'one process', onOneProcess),
];
