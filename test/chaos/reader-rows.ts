// Readers that do not keep up with a busy conversation: they cost little, are cut soon, and nobody else notices them.
import { newUuid } from '../../shared/ids.ts';
import type { TestNode } from '../cluster/cluster.ts';
import { startProxy } from '../cluster/proxy.ts';
import { startCanary } from '../hostile/canary.ts';
import { openRaw } from '../hostile/raw-socket.ts';
import type { RawSocket } from '../hostile/raw-socket.ts';
import { connectStaff, openVisitor } from '../support/raw-client.ts';
import type { Played } from './rows.ts';
import { soloUnderLoad } from './solo.ts';
import { pause } from './stage.ts';

const mebi = 1024 * 1024;
/** The promises: what they may cost all together, bytes; how long one may stall, ms; what others wait, ms. */
const allowedBytes = 32 * mebi;
const allowedMs = 5000;
const promptMs = 1000;
/** Between two looks at a node, ms; a cut comes at a sweep of the node's own, four a second. */
const lookMs = 100;
const sweepMs = 250;
/** 12 KB in UTF-8. */
const long = '舟'.repeat(4000);

/** One more tab of a visitor's session, by hand. */
const openTab = async (
  url: string,
  widgetKey: string,
  tokens: { sessionToken: string; visitorToken: string },
): Promise<RawSocket> => {
  const raw = await openRaw(url, { widgetKey });
  raw.frame(`40/widget,${JSON.stringify({ v: 1, ...tokens })}`);
  await raw.until('40/widget,');
  raw.frame('42/widget,1["session:open",{}]');
  await raw.until('43/widget,1[');
  return raw;
};

const stalledOn = async (node: TestNode): Promise<number> => {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  return Number(/^tiller_stalled_sockets_total (\d+)/m.exec(text)?.[1] ?? 0);
};

/** Looks at the connections of a node: since when the kernel takes no more for one, and how long that lasted when it was cut. */
const watchStalls = (node: TestNode) => {
  const since = new Map<number, number>();
  const lasted: number[] = [];
  let peak = 0;
  let waiting = 0;
  const run = { isOver: false };
  const looking = (async () => {
    while (!run.isOver) {
      const readers = await node.readers();
      const now = performance.now();
      const here = new Set(readers.map(([port]) => port));
      for (const [port, at] of since) {
        if (here.has(port)) continue;
        lasted.push(now - at);
        since.delete(port);
      }
      for (const [port, bytes] of readers) {
        if (bytes === 0) since.delete(port);
        else if (!since.has(port)) since.set(port, now);
      }
      waiting = Math.max(waiting, since.size);
      peak = Math.max(peak, await node.memory());
      await pause(lookMs);
    }
  })();
  return {
    /** How long each that was cut had stalled, ms. */
    lasted,
    peak: () => peak,
    /** The most that stalled at a time. */
    waiting: () => waiting,
    async stop() {
      run.isOver = true;
      await looking;
    },
  };
};

/** Somebody whose questions are timed all the while, and who must not be cut. */
const watchOthers = async (node: TestNode, widgetKey: string) => {
  const canaries = await Promise.all(Array.from({ length: 5 }, () => startCanary(node.url, widgetKey)));
  let times: number[] = [];
  const run = { isOver: false };
  const harmed: string[] = [];
  const singing = canaries.map(async (canary) => {
    while (!run.isOver) {
      try {
        times.push(await canary.sings());
      } catch (error) {
        harmed.push(String(error));
        return;
      }
      await pause(50);
    }
  });
  return {
    harmed,
    /** What they waited since the last call, ms: 99 of 100 no longer than `p99`. */
    take(): { count: number; p99: number } {
      const sorted = times.toSorted((a, b) => a - b);
      times = [];
      return { count: sorted.length, p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0 };
    },
    async stop() {
      run.isOver = true;
      await Promise.all(singing);
      for (const canary of canaries) canary.close();
    },
  };
};

const stalling = (name: string, fault: string, bytesPerSecond: number): Played => ({
  name,
  play: ({ seed, isQuick }) =>
    // One process with its own file: what is asked of it is how much it can say, not how fast a database is.
    soloUnderLoad(
      fault,
      { visitors: isQuick ? 6 : 20, messages: isQuick ? 20 : 60, thinkMs: 1000 },
      seed,
      async ({ node, widgetKey, token }) => {
        const count = isQuick ? 15 : 60;
        const { client, view, conversationId } = await openVisitor(node.url, widgetKey);
        await client.must('message:send', { conversationId, clientId: newUuid(), text: 'Hello' });
        const agent = await connectStaff(node.url, token);
        await agent.must('conversation:take', { conversationId, clientId: newUuid() });
        const line = await startProxy({ port: node.port });
        const tabs: RawSocket[] = [];
        for (let i = 0; i < count; i += 1) {
          const url = bytesPerSecond === 0 ? node.url : `http://127.0.0.1:${line.port}`;
          tabs.push(await openTab(url, widgetKey, view));
        }
        let sent = 0;
        /** `perSecond` messages, or as many as the server takes. */
        const flood = async (perSecond: number, isOver: () => boolean): Promise<void> => {
          const began = performance.now();
          for (let said = 0; !isOver();) {
            const due = ((performance.now() - began) / 1000) * perSecond;
            if (said >= due) {
              await pause(10);
              continue;
            }
            const batch = Math.min(8, Math.ceil(due - said));
            await Promise.all(
              Array.from({ length: batch }, () =>
                agent.must('message:send', { conversationId, clientId: newUuid(), text: long }),
              ),
            );
            said += batch;
            sent += batch;
          }
        };
        const others = await watchOthers(node, widgetKey);
        // The same with everybody reading: what it costs anyhow, and how long others wait on this machine.
        const warmUntil = performance.now() + (isQuick ? 3000 : 6000);
        await flood(20, () => performance.now() > warmUntil);
        sent = 0;
        const wrong: string[] = [];
        if ((await stalledOn(node)) > 0) wrong.push('somebody was cut who did read');
        const before = await node.memory();
        const usual = others.take();
        const stalls = watchStalls(node);
        if (bytesPerSecond === 0) for (const { tcp } of tabs) tcp.pause();
        else line.throttle(bytesPerSecond);
        const until = performance.now() + 90_000;
        await flood(60, () => stalls.lasted.length >= count || performance.now() > until);
        const meanwhile = others.take();
        await Promise.all([others.stop(), stalls.stop()]);
        const cut = await stalledOn(node);
        const grown = stalls.peak() - before;
        const longest = Math.max(0, ...stalls.lasted);
        agent.close();
        client.close();
        for (const tab of tabs) tab.destroy();
        await line.close();
        if (cut !== count) wrong.push(`${cut} of ${count} were cut`);
        if (grown > allowedBytes) wrong.push(`grew by ${(grown / mebi).toFixed(0)} MiB`);
        if (longest > allowedMs + sweepMs + 2 * lookMs + promptMs)
          wrong.push(`one stalled for ${Math.round(longest)} ms`);
        if (meanwhile.p99 > Math.max(promptMs, 2 * usual.p99)) {
          wrong.push(`others waited ${Math.round(meanwhile.p99)} ms (p99), ${Math.round(usual.p99)} before`);
        }
        wrong.push(...others.harmed);
        return {
          injected: count,
          recoveryMs: null,
          note:
            `${cut} cut, the last ${(longest / 1000).toFixed(1)} s after the kernel took no more for it; ${stalls.waiting()} at a time; ` +
            `grew by ${(grown / mebi).toFixed(1)} MiB while ${((sent * long.length * 3) / mebi).toFixed(0)} MiB were said to each; ` +
            `others: ${meanwhile.count} questions, p99 ${Math.round(meanwhile.p99)} ms (${Math.round(usual.p99)} before), ` +
            `${others.harmed.length} cut`,
          wrong,
        };
      },
    ),
});

export const readerRows: Played[] = [
  stalling('readers', 'connections that never read', 0),
  stalling('slow-readers', 'connections that read 1 KB/s', 1024),
];
