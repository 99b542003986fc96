// The clients' lines: reset, swallowed, slowed, deaf in one direction; and a thousand reconnects, each with a gap to heal.
import { createVisitorClient, memoryStorage } from '../../client/sdk/index.ts';
import type { VisitorClient } from '../../client/sdk/api.ts';
import { newUuid } from '../../shared/ids.ts';
import { startCluster } from '../cluster/cluster.ts';
import { startProxy } from '../cluster/proxy.ts';
import type { Proxy } from '../cluster/proxy.ts';
import { connectStaff } from '../support/raw-client.ts';
import { check, violations } from './checker.ts';
import type { Entry } from './history.ts';
import type { Played } from './rows.ts';
import { pause, underLoad, within } from './stage.ts';
import type { Stage } from './stage.ts';

/** The promise: everything that was missed is there within this after the line is back, ms. */
const healedMs = 2000;

/** How long a connection lasts before it is cut: from 5 s on a client counts as settled and comes back without a long wait. */
const settledMs = 5200;

/** The largest, and the one that 99 of 100 stay below. */
const spread = (times: readonly number[]): { max: number; p99: number; median: number } => {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { max: sorted.at(-1) ?? 0, p99: at(0.99), median: at(0.5) };
};

const said = (times: readonly number[]): string => {
  const { max, p99, median } = spread(times);
  return `healed in ${Math.round(median)} ms (median), ${Math.round(p99)} (p99), ${Math.round(max)} (max) of ${times.length}`;
};

/**
 * Fifty who think so long say some 12 messages a second, each of which is answered: a third of what two cores with everything
 * on them can do. All who come back at once are the rest; how a cluster heals that is busy anyway is no question of links.
 */
const thinkMs = (isQuick: boolean): number => (isQuick ? 1000 : 8000);

const tooLate = (times: readonly number[]): string[] => {
  const late = times.filter((ms) => ms > healedMs);
  return late.length === 0
    ? []
    : [`${late.length} of ${times.length} healed later than ${healedMs} ms: ${said(times)}`];
};

const heal = ({ load, cluster }: Stage): Promise<number[]> => load.healed(cluster.store, 20_000);

const resets: Played = {
  name: 'links',
  play: ({ seed, isQuick }) =>
    underLoad(
      'client links reset and blackholed',
      { visitors: isQuick ? 10 : 50, messages: isQuick ? 20 : 60, thinkMs: thinkMs(isQuick) },
      seed,
      async (stage) => {
        const { balancer, random } = stage;
        const times = isQuick ? 4 : 20;
        const healing: number[] = [];
        for (let i = 0; i < times; i += 1) {
          if (i % 4 === 3) {
            // Nobody is told: some find out by themselves, the others are reset when the network is back.
            balancer.blackhole();
            await pause(8000);
          }
          balancer.cut();
          healing.push(...(await heal(stage)));
          // Clients that are cut again and again wait longer by design: that is not what is measured.
          await pause(settledMs + 1500 * random());
        }
        return {
          injected: times * ((isQuick ? 10 : 50) + 3),
          note: `injected: connections that were lost; ${said(healing)}`,
          wrong: tooLate(healing),
        };
      },
    ),
};

const slowed: Played = {
  name: 'link-slow',
  play: ({ seed, isQuick }) =>
    underLoad(
      `client links slowed to 2 KB/s and 100 ms for ${isQuick ? 6 : 30} s`,
      { visitors: isQuick ? 8 : 40, messages: isQuick ? 20 : 50, thinkMs: 1500 },
      seed,
      async (stage) => {
        const { line, load } = stage;
        const before = load.acked();
        line.throttle(2048);
        line.delay(100);
        await pause(isQuick ? 6000 : 30_000);
        const acked = load.acked() - before;
        line.throttle(0);
        line.delay(0);
        const healing = await heal(stage);
        return {
          injected: Math.round(line.slowed() / 1024),
          note: `injected: KB that were held back; ${acked} acked meanwhile; ${said(healing)}`,
          wrong: [...tooLate(healing), ...(line.slowed() === 0 ? ['nothing was slowed'] : [])],
        };
      },
    ),
};

const deaf: Played = {
  name: 'acks-dropped',
  play: ({ seed, isQuick }) =>
    underLoad(
      'everything that servers say dropped for 3 s, then cut',
      { visitors: isQuick ? 10 : 50, messages: isQuick ? 20 : 30, thinkMs: thinkMs(isQuick) },
      seed,
      async (stage) => {
        const { line, load, cluster } = stage;
        const times = isQuick ? 2 : 8;
        const healing: number[] = [];
        let bytes = 0;
        let unheard = 0;
        let heard = 0;
        for (let i = 0; i < times; i += 1) {
          line.mute();
          const began = load.acked();
          await pause(3000);
          heard += load.acked() - began;
          bytes += line.muted();
          unheard += await load.unheard(cluster.store);
          line.cut();
          healing.push(...(await heal(stage)));
          await pause(1000);
        }
        return {
          injected: unheard,
          note: `injected: messages committed whose acks were dropped; ${Math.round(bytes / 1024)} KB dropped; ${said(healing)}`,
          wrong: [
            ...tooLate(healing),
            ...(unheard === 0 || bytes === 0 ? ['no ack was dropped'] : []),
            // What was on its way already.
            ...(heard > times * 5 ? [`${heard} acks came through`] : []),
          ],
        };
      },
    ),
};

interface Commuter {
  client: VisitorClient;
  line: Proxy;
  conversationId: string;
}

const reconnects: Played = {
  name: 'reconnects',
  async play({ isQuick }) {
    const wanted = isQuick ? 60 : 1000;
    const people = isQuick ? 20 : 50;
    const cluster = await startCluster({ nodes: 2, env: { AI_BUILTIN_WORDS_PER_SECOND: '0' } });
    const { nodes, widgetKey, token, store } = cluster;
    const agent = await connectStaff(nodes[1]!.url, token);
    const entries: Entry[] = [];
    const times: number[] = [];
    let ops = 0;
    let acked = 0;
    const record = (op: number, conversationId: string, clientId: string, client: string): void =>
      void entries.push({ kind: 'invoke', at: performance.now(), op, client, conversationId, clientId });
    /** A member writes; where in the log. */
    const write = async (conversationId: string): Promise<number> => {
      const [op, clientId] = [(ops += 1), newUuid()];
      record(op, conversationId, clientId, 'staff');
      const { seq } = await agent.must<{ seq: number }>('message:send', { conversationId, clientId, text: `n${op}` });
      entries.push({ kind: 'ok', at: performance.now(), op, seq });
      acked += 1;
      return seq;
    };
    const settle = async (what: string, isSo: () => boolean): Promise<void> =>
      within(
        30_000,
        what,
        (async () => {
          while (!isSo()) await pause(5);
        })(),
      );
    const arrive = async (n: number): Promise<Commuter> => {
      const line = await startProxy({ port: nodes[n % 2]!.port });
      const client = createVisitorClient({
        url: `http://127.0.0.1:${line.port}`,
        widgetKey,
        // As a browser has it: the first wait is anything up to half a second.
        storage: memoryStorage(),
      });
      const name = `visitor ${n}`;
      client.onFact((fact) => void entries.push({ kind: 'fact', at: performance.now(), client: name, fact }));
      client.connect();
      await settle('a visitor did not arrive', () => client.conversation.get()?.isLoaded === true);
      const { conversationId } = client.conversation.get()!;
      await client.perform('message:send', { text: 'Hello' });
      await agent.must('conversation:take', { conversationId, clientId: newUuid() });
      return { client, line, conversationId };
    };

    const commute = async ({ client, line, conversationId }: Commuter): Promise<void> => {
      while (times.length < wanted) {
        await settle('not online', () => client.connection.get().status === 'online');
        await pause(settledMs);
        line.cut();
        const cutAt = performance.now();
        const seq = await write(conversationId);
        await settle('the gap was not healed', () => client.conversation.get()!.state.head.seq >= seq);
        times.push(performance.now() - cutAt);
      }
    };

    const commuters = await Promise.all(Array.from({ length: people }, (_, n) => arrive(n)));
    const wrong: string[] = [];
    await Promise.all(commuters.map(commute)).catch((error: Error) => wrong.push(error.message));
    const logs = new Map<string, Awaited<ReturnType<typeof store.factsAfter>>>();
    const complete = new Map<string, string[]>();
    for (const [n, { conversationId, client }] of commuters.entries()) {
      await settle('not level', () => client.conversation.get()!.outbox.length === 0).catch((error: Error) =>
        wrong.push(error.message),
      );
      logs.set(conversationId, await store.factsAfter(conversationId, 0, 1000));
      complete.set(`visitor ${n}`, [conversationId]);
    }
    const verdict = check({ entries, logs, complete });
    wrong.push(...violations(verdict).slice(0, 5), ...tooLate(times));
    for (const { client, line } of commuters) {
      client.disconnect();
      await line.close();
    }
    agent.close();
    await cluster.close();
    return {
      fault: `${times.length} reconnects, each with a gap`,
      injected: times.length,
      messages: acked,
      lost: verdict.lost.length,
      doubled: verdict.doubled.length,
      reordered: verdict.reordered.length + verdict.torn.length,
      stale: verdict.stale.length,
      recoveryMs: Math.round(spread(times).max),
      wrong,
      note: `recovered: from the cut until the last gap was healed, waits included; ${said(times)}`,
    };
  },
};

export const linkRows: Played[] = [resets, slowed, deaf, reconnects];
