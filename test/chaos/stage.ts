// A cluster behind a balancer with people on it, on which one fault after the other is played; and the row that comes of it.
import { startBalancer } from '../cluster/balancer.ts';
import type { Balancer } from '../cluster/balancer.ts';
import { startCluster } from '../cluster/cluster.ts';
import type { TestCluster, TestNode } from '../cluster/cluster.ts';
import { startProxy } from '../cluster/proxy.ts';
import type { Proxy } from '../cluster/proxy.ts';
import type { MongoSet } from '../support/mongo-set.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectStaff, openVisitor } from '../support/raw-client.ts';
import { check, violations } from './checker.ts';
import type { Verdict } from './history.ts';
import { seeded, startLoad } from './load.ts';
import type { Load } from './load.ts';

/** One line of the catalogue. */
export interface Row {
  fault: string;
  /** How often it was played. */
  injected: number;
  messages: number;
  lost: number;
  doubled: number;
  reordered: number;
  stale: number;
  /** From the end of the fault until a message on one node is acked and seen on every other; null where it has no meaning. */
  recoveryMs: number | null;
  /** What else was wrong; empty where nothing was. */
  wrong: string[];
  note: string;
}

/** Of a row that counts for itself. */
export const emptyRow = (): Row => ({
  fault: '',
  injected: 0,
  messages: 0,
  lost: 0,
  doubled: 0,
  reordered: 0,
  stale: 0,
  recoveryMs: null,
  wrong: [],
  note: '',
});

/** What a row that was played under load says. */
export const rowOf = (
  load: Load,
  verdict: Verdict | undefined,
  { fault, injected, recoveryMs, wrong, note }: Pick<Row, 'fault' | 'injected' | 'recoveryMs' | 'wrong' | 'note'>,
): Row => ({
  fault,
  injected,
  messages: load.acked(),
  lost: verdict?.lost.length ?? 0,
  doubled: verdict?.doubled.length ?? 0,
  reordered: (verdict?.reordered.length ?? 0) + (verdict?.torn.length ?? 0),
  stale: verdict?.stale.length ?? 0,
  recoveryMs: recoveryMs === null ? null : Math.round(recoveryMs),
  wrong,
  note,
});

export interface Stage {
  cluster: TestCluster;
  balancer: Balancer;
  /** The line between the clients and the balancer. */
  line: Proxy;
  load: Load;
  random: () => number;
  /** Nodes that run. */
  up: TestNode[];
  /** Starts another one in its place. */
  replace: (node: TestNode) => Promise<TestNode>;
  acked: (count: number) => Promise<void>;
  /** ms until a message that is sent now is acked and seen on every node. */
  probe: () => Promise<number>;
}

export interface Scale {
  nodes?: number;
  visitors: number;
  messages: number;
  thinkMs?: number;
  env?: Record<string, string>;
  /** A database on a server of one's own. */
  mongoUrl?: string;
  /** Nodes reach their database through it. */
  set?: MongoSet;
  /** A Redis of one's own. */
  redis?: RedisServer;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Rejects after `ms`: a row that hangs is a row that failed. */
export const within = async <T>(ms: number, what: string, task: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([task, late]);
  } finally {
    clearTimeout(timer);
  }
};

const probeOnce = async (cluster: TestCluster, up: readonly TestNode[]): Promise<void> => {
  const [first] = up;
  const { client, conversationId } = await openVisitor(first!.url, cluster.widgetKey);
  const say = (text: string): Promise<{ seq: number }> =>
    client.must('message:send', { conversationId, clientId: crypto.randomUUID(), text });
  const staff = [];
  try {
    await say('probe');
    for (const node of up) {
      const agent = await connectStaff(node.url, cluster.token);
      staff.push(agent);
      await agent.must('conversation:open', { conversationId });
    }
    const { seq } = await say('seen?');
    await Promise.all(staff.map((agent) => agent.untilFact('message.created', (fact) => fact.seq === seq)));
  } finally {
    client.close();
    for (const agent of staff) agent.close();
  }
};

/** Plays a fault under load and judges everything that was asked and told meanwhile. */
export const underLoad = async (
  fault: string,
  scale: Scale,
  seed: number,
  play: (stage: Stage) => Promise<{ injected: number; note?: string; wrong?: string[]; recoveryMs?: number | null }>,
): Promise<Row> => {
  const random = seeded(seed);
  const cluster = await startCluster({
    nodes: scale.nodes ?? 3,
    env: { AI_BUILTIN_WORDS_PER_SECOND: '0', ...scale.env },
    ...(scale.mongoUrl === undefined ? {} : { mongoUrl: scale.mongoUrl }),
    ...(scale.set === undefined ? {} : { set: scale.set }),
    ...(scale.redis === undefined ? {} : { redis: scale.redis }),
  });
  const up = [...cluster.nodes];
  const balancer = await startBalancer(up.map(({ port }) => port));
  const widget = await cluster.store.documents.widgets.find(`key:${cluster.widgetKey}`);
  const [owner] = await cluster.store.documents.members.list(widget!.orgId);
  const line = await startProxy({ port: Number(new URL(balancer.url).port) });
  const load = startLoad({
    url: `http://127.0.0.1:${line.port}`,
    widgetKey: cluster.widgetKey,
    token: cluster.token,
    memberId: owner!.id,
    visitors: scale.visitors,
    messages: scale.messages,
    thinkMs: scale.thinkMs ?? 400,
    watchers: 3,
    random,
  });
  const stage: Stage = {
    cluster,
    balancer,
    line,
    load,
    random,
    up,
    async replace(node) {
      const started = await cluster.startNode({ port: node.port });
      up.splice(up.indexOf(node), 1, started);
      return started;
    },
    async acked(count) {
      while (load.acked() < count) await pause(10);
    },
    async probe() {
      const began = performance.now();
      for (;;) {
        try {
          await probeOnce(cluster, up);
          return performance.now() - began;
        } catch (error) {
          if (process.env['TILLER_CHAOS_TALK'] === '1') console.error('probe', performance.now() - began, error);
          if (performance.now() - began > 60_000) throw error;
          await pause(50);
        }
      }
    },
  };
  let verdict: Verdict | undefined;
  const wrong: string[] = [];
  let played: Awaited<ReturnType<typeof play>> = { injected: 0 };
  let recoveryMs: number | null = null;
  try {
    await within(120_000, 'the load did not begin', stage.acked(Math.ceil((scale.visitors * scale.messages) / 20)));
    played = await play(stage);
    recoveryMs = played.recoveryMs === undefined ? await stage.probe() : played.recoveryMs;
    await within(600_000, 'not every message was acked', load.done);
    await load.converged(cluster.store, 30_000);
  } catch (error) {
    wrong.push(`${String(error)} (${load.acked()} acked; ${load.condition()})`);
  }
  try {
    verdict = check(await load.history(cluster.store));
    wrong.push(...violations(verdict).slice(0, 5), ...(played.wrong ?? []));
  } catch (error) {
    wrong.push(String(error));
  }
  for (const node of up) {
    const { exitCode, signalCode } = node.process;
    if (exitCode !== null || signalCode !== null) wrong.push(`a node died (${exitCode}): ${node.log().slice(-2000)}`);
  }
  load.close();
  await line.close();
  await balancer.close();
  await cluster.close();
  return rowOf(load, verdict, { fault, injected: played.injected, recoveryMs, wrong, note: played.note ?? '' });
};
