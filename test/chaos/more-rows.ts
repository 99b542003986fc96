// The rest of the catalogue: the store, the clients' links, readers that do not read, restarts, storms, and long runs.
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { startCluster } from '../cluster/cluster.ts';
import { openVisitor } from '../support/raw-client.ts';
import { pause, underLoad } from './stage.ts';
import type { Row } from './stage.ts';
import type { Played } from './rows.ts';

const mongoAway = (kind: 'frozen' | 'unreachable'): Played => ({
  name: `mongo-${kind}`,
  play: ({ seed, isQuick }) =>
    underLoad(
      `MongoDB ${kind} for ${isQuick ? 4 : 12} s`,
      { visitors: isQuick ? 8 : 40, messages: 40, thinkMs: 500 },
      seed,
      async ({ cluster, up, probe }) => {
        const { client, conversationId } = await openVisitor(up[0]!.url, cluster.widgetKey);
        const memory = await Promise.all(up.map((node) => node.memory()));
        if (kind === 'frozen') cluster.mongo.freeze();
        else await cluster.mongo.block();
        const asked = performance.now();
        const ack = await client.ask('message:send', { conversationId, clientId: crypto.randomUUID(), text: 'probe' });
        const answeredMs = Math.round(performance.now() - asked);
        await pause(isQuick ? 3000 : 10_000);
        const after = await Promise.all(up.map((node) => node.memory()));
        const grown = Math.max(...after.map((bytes, i) => bytes - memory[i]!)) / 1024 / 1024;
        if (kind === 'frozen') cluster.mongo.thaw();
        else await cluster.mongo.unblock();
        const recoveryMs = await probe();
        client.close();
        return {
          injected: 1,
          recoveryMs,
          note: `answered ${ack.ok ? 'ok' : ack.error.code} in ${answeredMs} ms, grew by ${grown.toFixed(0)} MB`,
          wrong: [
            ...(ack.ok ? ['acked what could not be durable'] : []),
            ...(answeredMs > 5000 ? [`answered after ${answeredMs} ms`] : []),
            ...(grown > 64 ? [`grew by ${grown.toFixed(0)} MB`] : []),
          ],
        };
      },
    ),
});

const links: Played = {
  name: 'links',
  play: ({ seed, isQuick }) =>
    underLoad(
      'client links reset and blackholed',
      { visitors: isQuick ? 10 : 50, messages: isQuick ? 20 : 60, thinkMs: 1000 },
      seed,
      async ({ balancer, random }) => {
        const times = isQuick ? 4 : 20;
        for (let i = 0; i < times; i += 1) {
          if (i % 4 === 3) balancer.blackhole();
          else balancer.cut();
          await pause(i % 4 === 3 ? 8000 : 1500 * random());
        }
        return { injected: times * ((isQuick ? 10 : 50) + 3), note: 'injected: connections that were lost' };
      },
    ),
};

const rolling: Played = {
  name: 'rolling',
  play: ({ seed, isQuick }) =>
    underLoad(
      'rolling restart of three nodes',
      { visitors: isQuick ? 10 : 60, messages: isQuick ? 40 : 80, thinkMs: 1000 },
      seed,
      async ({ up, balancer, replace }) => {
        const wrong: string[] = [];
        for (const node of up.slice()) {
          balancer.remove(node.port);
          const code = await node.terminate();
          if (code !== 0) wrong.push(`the node at ${node.port} ended with ${code}`);
          await replace(node);
          balancer.add(node.port);
        }
        return { injected: 3, wrong };
      },
    ),
};

/** A handshake by hand, and then nothing is read ever again. */
const stalled = (port: number, widgetKey: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.write(
        `GET /socket.io/?EIO=4&transport=websocket&widgetKey=${widgetKey} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
          'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      socket.once('data', () => {
        socket.pause();
        resolve(socket);
      });
    });
  });

const readers: Played = {
  name: 'readers',
  play: ({ seed, isQuick }) =>
    underLoad(
      'connections that never read',
      { nodes: 2, visitors: isQuick ? 8 : 30, messages: 40, thinkMs: 300 },
      seed,
      async ({ cluster, up }) => {
        const before = await up[0]!.memory();
        const count = isQuick ? 50 : 300;
        const sockets = await Promise.all(Array.from({ length: count }, () => stalled(up[0]!.port, cluster.widgetKey)));
        await pause(6000);
        const grown = ((await up[0]!.memory()) - before) / 1024 / 1024;
        for (const socket of sockets) socket.destroy();
        return {
          injected: count,
          note: `grew by ${grown.toFixed(0)} MB`,
          wrong: grown > 32 + count * 0.1 ? [`grew by ${grown.toFixed(0)} MB`] : [],
        };
      },
    ),
};

const storm: Played = {
  name: 'storm',
  async play({ isQuick }) {
    const cluster = await startCluster({ nodes: 3, env: { AI_BUILTIN_WORDS_PER_SECOND: '0' } });
    const count = isQuick ? 200 : 5000;
    const wave = 100;
    let [opened, refused] = [0, 0];
    const began = performance.now();
    const clients: { close(): void }[] = [];
    for (let i = 0; i < count; i += wave) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: wave }, (_, n) => openVisitor(cluster.nodes[n % 3]!.url, cluster.widgetKey)),
      );
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') {
          opened += 1;
          clients.push(outcome.value.client);
        } else refused += 1;
      }
    }
    const seconds = (performance.now() - began) / 1000;
    for (const client of clients) client.close();
    const died = cluster.nodes.filter(({ process }) => process.exitCode !== null).length;
    await cluster.close();
    const row: Row = {
      fault: `a storm of ${count} clients`,
      injected: count,
      messages: opened,
      lost: 0,
      doubled: 0,
      reordered: 0,
      stale: 0,
      recoveryMs: null,
      wrong: died > 0 ? [`${died} nodes died`] : [],
      note: `${opened} sessions in ${seconds.toFixed(0)} s, ${refused} refused`,
    };
    return row;
  },
};

/** `npm run chaos -- --only=soak --minutes=60`. */
export const soak = (minutes: number): Played => ({
  name: 'soak',
  play: ({ seed }) =>
    underLoad(
      `soak of ${minutes} min`,
      { visitors: 30, messages: Math.ceil(minutes * 60), thinkMs: 2000 },
      seed,
      async ({ up, random, balancer }) => {
        const samples: number[] = [];
        const until = performance.now() + minutes * 60_000;
        while (performance.now() < until) {
          await pause(Math.min(10_000, minutes * 6000));
          if (random() < 0.3) balancer.cut();
          samples.push(Math.max(...(await Promise.all(up.map((node) => node.memory())))) / 1024 / 1024);
        }
        const half = samples.slice(Math.floor(samples.length / 2));
        const grown = half.at(-1)! - half[0]!;
        return {
          injected: 1,
          note: `${half[0]!.toFixed(0)} MB at half time, ${half.at(-1)!.toFixed(0)} MB at the end`,
          wrong: grown > 100 ? [`grew by ${grown.toFixed(0)} MB in the second half`] : [],
        };
      },
    ),
});

export const moreRows: Played[] = [mongoAway('frozen'), mongoAway('unreachable'), links, readers, rolling, storm];
