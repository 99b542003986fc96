// A long run: people come and go at the rate of 100,000 an hour while others chat, and nothing of it stays behind.
import type { TestCluster, TestNode } from '../cluster/cluster.ts';
import { startCluster } from '../cluster/cluster.ts';
import { startBalancer } from '../cluster/balancer.ts';
import type { Usage } from '../cluster/usage.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import { newUuid } from '../../shared/ids.ts';
import type { SessionView } from '../../shared/commands.ts';
import { check, violations } from './checker.ts';
import { seeded, startLoad } from './load.ts';
import type { Verdict } from './history.ts';
import type { Played } from './rows.ts';
import { pause, within } from './stage.ts';

const connectsPerHour = 100_000;
/** How long those who chat do so, and for how long at most each thinks before a message, ms. */
const chatMs = 5 * 60_000;
const thinkMs = 5000;
/** What a heap may grow by, extrapolated to an hour: fragmentation and tables that reach their bounds late. */
const slopeMiB = 24;
/** What has a bound fills meanwhile: of the commits that a node has at hand (4,000) the last place is taken after some nine. */
const fillMinutes = 10;
/** In less time than this, that still outweighs everything. */
const judgedMinutes = 20;
const mebi = 1024 * 1024;

interface Sample {
  /** Hours since the beginning. */
  at: number;
  bytes: number;
}

/** Least squares: bytes an hour. */
export const slopeOf = (samples: readonly Sample[]): number => {
  const n = samples.length;
  const [meanAt, mean] = [
    samples.reduce((sum, { at }) => sum + at, 0) / n,
    samples.reduce((sum, { bytes }) => sum + bytes, 0) / n,
  ];
  const spread = samples.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  return spread === 0 ? 0 : samples.reduce((sum, { at, bytes }) => sum + (at - meanAt) * (bytes - mean), 0) / spread;
};

/** People who come, do what one does, and go. */
const passersBy = (cluster: TestCluster, url: string, random: () => number) => {
  const { widgetKey, token } = cluster;
  const known: { sessionToken: string; visitorToken: string; conversationId: string }[] = [];
  const kinds: [share: number, visit: () => Promise<void>][] = [
    // Somebody whose page is gone before the session is open.
    [0.43, async () => (await connectVisitor(url, widgetKey)).close()],
    [
      0.4,
      async () => {
        const who = known[Math.floor(random() * known.length)];
        if (who === undefined) return;
        const { sessionToken, visitorToken, conversationId } = who;
        const client = await connectVisitor(url, widgetKey, { sessionToken, visitorToken });
        try {
          await client.must<SessionView>('session:open', {});
          await client.must('typing:set', { conversationId, isTyping: true });
        } finally {
          client.close();
        }
      },
    ],
    // Few, because each fills a place among the states that a node keeps (20,000), and that is not what is looked for.
    [
      0.02,
      async () => {
        const { client, view, conversationId } = await openVisitor(url, widgetKey);
        try {
          await client.must('message:send', { conversationId, clientId: newUuid(), text: 'Hi' });
          const { sessionToken, visitorToken } = view;
          if (known.length < 200) known.push({ sessionToken, visitorToken, conversationId });
        } finally {
          client.close();
        }
      },
    ],
    [
      0.15,
      async () => {
        const agent = await connectStaff(url, token);
        try {
          await agent.must('inbox:open', { filter: 'open' });
          const who = known[Math.floor(random() * known.length)];
          if (who !== undefined) await agent.must('conversation:open', { conversationId: who.conversationId });
        } finally {
          agent.close();
        }
      },
    ],
  ];
  return async (): Promise<void> => {
    let left = random();
    const [, visit] = kinds.find(([share]) => (left -= share) < 0) ?? kinds[0]!;
    await visit();
  };
};

const kindsLeft = (before: Usage, after: Usage): string[] => {
  const left: string[] = [];
  if (after.clients > 0) left.push(`${after.clients} connections of clients`);
  for (const [kind, count] of Object.entries(after.resources)) {
    const was = before.resources[kind] ?? 0;
    if (count > was) left.push(`${kind} ${was} → ${count}`);
  }
  return left;
};

const told = ({ resources, clients, servers }: Usage): string => {
  const kinds = Object.entries(resources).map(([kind, count]) => `${kind} ${count}`);
  return [`clients ${clients}`, `servers ${servers}`, ...kinds].join(', ');
};

/** Each node's usage once everyone has gone and the timers of what they did have run out, at most 40 s later. */
const settled = async (nodes: readonly TestNode[], baseline?: readonly Usage[]): Promise<Usage[]> => {
  const until = performance.now() + 40_000;
  for (;;) {
    await pause(1000);
    const now = await Promise.all(nodes.map((node) => node.usage()));
    const isLeft = (usage: Usage, i: number): boolean =>
      baseline === undefined ? usage.clients > 0 : kindsLeft(baseline[i]!, usage).length > 0;
    if (!now.some(isLeft) || performance.now() > until) return now;
  }
};

/** `npm run chaos -- --only=soak --minutes=60`: an hour is 100,000 connects. */
export const soak = (minutes: number): Played => ({
  name: 'soak',
  async play({ seed }) {
    const random = seeded(seed);
    const cluster = await startCluster({ nodes: 2, env: { AI_BUILTIN_WORDS_PER_SECOND: '0' } });
    const { nodes, store, widgetKey, token } = cluster;
    const balancer = await startBalancer(nodes.map(({ port }) => port));
    const url = balancer.url;
    const comeAndGo = passersBy(cluster, url, random);
    const wrong: string[] = [];
    /** Visits that came to nothing, by why: a node on a busy machine sends some away. */
    const failures = new Map<string, number>();
    let connects = 0;
    const visit = async (): Promise<void> => {
      connects += 1;
      await within(15_000, 'cut off while arriving', comeAndGo()).catch(
        ({ message }: Error) => void failures.set(message, (failures.get(message) ?? 0) + 1),
      );
    };

    // Everything once, so that what is made on first use (pools, compiled code, caches) is there.
    for (let i = 0; i < 20; i += 1) await Promise.all(Array.from({ length: 10 }, visit));
    await pause(5000);
    const baseline = await settled(nodes);

    const widget = await store.documents.widgets.find(`key:${widgetKey}`);
    const [owner] = await store.documents.members.list(widget!.orgId);
    const began = performance.now();
    const endsAt = began + minutes * 60_000;
    const verdicts: Verdict[] = [];
    let messages = 0;
    /** Twenty who chat for a few minutes, and then others: no conversation becomes longer than any that people have. */
    const chat = async (): Promise<void> => {
      for (let leftMs = minutes * 60_000; leftMs > 0; leftMs = endsAt - performance.now()) {
        const load = startLoad({
          url,
          widgetKey,
          token,
          memberId: owner!.id,
          random,
          visitors: 20,
          messages: Math.ceil(Math.min(leftMs, chatMs) / (thinkMs / 2)),
          thinkMs,
          watchers: 3,
        });
        await within(leftMs + 120_000, 'not every message was acked', load.done).catch((error: Error) =>
          wrong.push(`${error.message} (${load.condition()})`),
        );
        await load.converged(store, 30_000).catch((error: Error) => wrong.push(error.message));
        verdicts.push(check(await load.history(store)));
        messages += load.acked();
        load.close();
      }
    };
    const chatted = chat().catch((error: unknown) => wrong.push(String(error)));
    const samples: Sample[][] = nodes.map(() => []);
    const visiting = new Set<Promise<void>>();
    const everyMs = Math.min(15_000, (minutes * 60_000) / 30);
    let nextSample = began;
    const first = connects;
    while (performance.now() < endsAt) {
      const due = ((performance.now() - began) / 3_600_000) * connectsPerHour;
      const wanted = Math.ceil(due - (connects - first));
      for (let i = 0; i < wanted && performance.now() < endsAt; i += 1) {
        // Whoever cannot keep up comes later: an open loop would measure this machine.
        if (visiting.size >= 50) await Promise.race(visiting);
        const visited: Promise<void> = visit().finally(() => visiting.delete(visited));
        visiting.add(visited);
      }
      if (performance.now() >= nextSample) {
        nextSample += everyMs;
        if (random() < 0.1) balancer.cut();
        const usages = await Promise.all(nodes.map((node) => node.usage()));
        const at = (performance.now() - began) / 3_600_000;
        usages.forEach(({ heap, buffers }, i) => samples[i]!.push({ at, bytes: heap + buffers }));
        if (process.env['TILLER_CHAOS_TALK'] === '1') {
          const heaps = usages.map(({ heap, buffers }) => `${(heap / mebi).toFixed(1)}+${(buffers / mebi).toFixed(1)}`);
          console.error(
            Math.round(at * 3600),
            's',
            connects,
            'connects,',
            JSON.stringify([...failures]),
            heaps.join(' '),
          );
        }
      }
      await pause(20);
    }
    await Promise.all(visiting);
    await chatted;
    wrong.push(...verdicts.flatMap(violations).slice(0, 5));
    const count = (kind: 'lost' | 'doubled' | 'reordered' | 'torn' | 'stale'): number =>
      verdicts.flatMap((verdict) => verdict[kind]).length;
    const end = await settled(nodes, baseline);

    const fromAt = Math.min(fillMinutes, minutes / 3) / 60;
    const late = samples.map((all) => all.filter(({ at }) => at >= fromAt));
    const slopes = late.map((all) => slopeOf(all) / mebi);
    slopes.forEach((slope, i) => {
      if (minutes >= judgedMinutes && slope > slopeMiB)
        wrong.push(`the heap of node ${i} grew by ${slope.toFixed(1)} MiB an hour`);
      wrong.push(...kindsLeft(baseline[i]!, end[i]!).map((kind) => `node ${i} kept ${kind}`));
    });
    for (const node of nodes) {
      if (node.process.exitCode !== null) wrong.push(`a node died: ${node.log().slice(-2000)}`);
    }
    await balancer.close();
    await cluster.close();
    const heaps = late.map((all) => `${(all[0]!.bytes / mebi).toFixed(1)} → ${(all.at(-1)!.bytes / mebi).toFixed(1)}`);
    return {
      fault: `soak of ${minutes} min, ${connects} connects`,
      injected: connects,
      messages,
      lost: count('lost'),
      doubled: count('doubled'),
      reordered: count('reordered') + count('torn'),
      stale: count('stale'),
      recoveryMs: null,
      wrong,
      note:
        `heap by node, MiB: ${heaps.join(' and ')}, ${slopes.map((slope) => slope.toFixed(1)).join(' and ')} an hour${minutes < judgedMinutes ? ' (too short to judge)' : ''}; ` +
        `${[...failures.values()].reduce((sum, count) => sum + count, 0)} visits came to nothing${[...failures.keys()]
          .slice(0, 3)
          .map((why) => ` (${why})`)
          .join('')}; before: ${told(baseline[0]!)}; after: ${told(end[0]!)}`,
    };
  },
});
