// The rest of the catalogue: the store that does not answer, and restarts.
import { openVisitor } from '../support/raw-client.ts';
import { pause, underLoad } from './stage.ts';
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

export const moreRows: Played[] = [mongoAway('frozen'), mongoAway('unreachable'), rolling];
