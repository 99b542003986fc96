// Three nodes under load behind a balancer: restarted one after the other, killed, cut. What was acked is there, once, in order.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { check, violations } from '../chaos/checker.ts';
import { seeded, startLoad } from '../chaos/load.ts';
import type { Load } from '../chaos/load.ts';
import { startBalancer } from './balancer.ts';
import type { Balancer } from './balancer.ts';
import { canCluster, startCluster } from './cluster.ts';
import type { TestCluster } from './cluster.ts';

describe.skipIf(!canCluster)('three nodes under load (needs redis-server) (needs mongodb)', { timeout: 90_000 }, () => {
  let cluster: TestCluster;
  let balancer: Balancer;
  let load: Load | undefined;
  const seed = 7;

  // Fresh for each try: the test ends nodes.
  beforeEach(async () => {
    cluster = await startCluster({ nodes: 3, env: { AI_BUILTIN_WORDS_PER_SECOND: '0' } });
    balancer = await startBalancer(cluster.nodes.map(({ port }) => port));
  });
  afterEach(async () => {
    load?.close();
    await balancer?.close();
    await cluster?.close();
  });

  it(`[R1] [R2] [R3] [R7] a rolling restart, a kill -9 and a cut of every link lose, double and reorder nothing (seed ${seed})`, async () => {
    const random = seeded(seed);
    const widget = await cluster.store.documents.widgets.find(`key:${cluster.widgetKey}`);
    const [owner] = await cluster.store.documents.members.list(widget!.orgId);
    load = startLoad({
      url: balancer.url,
      widgetKey: cluster.widgetKey,
      token: cluster.token,
      memberId: owner!.id,
      visitors: 12,
      messages: 25,
      thinkMs: 500,
      watchers: 3,
      random,
    });
    const reached = async (count: number): Promise<void> => {
      while (load!.acked() < count) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await reached(20);
    const [first, second, third] = cluster.nodes as [(typeof cluster.nodes)[0], ...typeof cluster.nodes];
    balancer.remove(first.port);
    expect(await first.terminate()).toBe(0);
    const renewed = await cluster.startNode({ port: first.port });
    balancer.add(first.port);
    await second!.kill();
    balancer.cut();
    balancer.remove(third!.port);
    expect(await third!.terminate()).toBe(0);
    await load.done;
    expect(renewed.process.exitCode).toBeNull();
    await load.converged(cluster.store, 15_000);
    const verdict = check(await load.history(cluster.store));
    expect(violations(verdict)).toEqual([]);
    expect(verdict.acked).toBe(300);
  });
});
