// The Redis between the nodes fails over under load: its master dies under Sentinels, or the member of a cluster that a node spoke to.
import { startRedisCluster, startSentinels } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { watchGaps } from './member-rows.ts';
import type { Played } from './rows.ts';
import { pause, underLoad } from './stage.ts';

/** Kills a server for good and judges what comes of it. */
const failover = (
  name: string,
  fault: string,
  start: () => Promise<{ url: string; victim: RedisServer; close: () => Promise<void> }>,
): Played => ({
  name,
  async play({ seed, isQuick }) {
    const { url, victim, close } = await start();
    try {
      const size = isQuick ? { visitors: 6, messages: 20 } : { visitors: 30, messages: 60 };
      // The cluster closes what it is given, and this is closed below.
      const redis: RedisServer = { ...victim, url, close: async () => {} };
      return await underLoad(fault, { ...size, nodes: 2, thinkMs: 500, redis }, seed, async ({ load, probe }) => {
        const watching = watchGaps(load);
        await victim.kill();
        const recoveries = [await probe()];
        await pause(isQuick ? 3000 : 8000);
        recoveries.push(await probe());
        const recoveryMs = Math.max(...recoveries);
        return {
          injected: 1,
          recoveryMs,
          note: `longest gap without an ack ${watching.end()} ms`,
          wrong: recoveryMs > 5000 ? [`seen on the other node after ${Math.round(recoveryMs)} ms`] : [],
        };
      });
    } finally {
      await close();
    }
  },
});

export const redisRows: Played[] = [
  failover('sentinel-failover', 'the master of Redis dies, Sentinels elect another', async () => {
    const sentinels = await startSentinels();
    return { url: sentinels.url, victim: sentinels.servers[0]!, close: () => sentinels.close() };
  }),
  failover('cluster-failover', 'the member of a Redis Cluster that the nodes speak to dies', async () => {
    const cluster = await startRedisCluster();
    return { url: cluster.url, victim: cluster.servers[0]!, close: () => cluster.close() };
  }),
];
