// Elections of the database's primary while people write and are answered on two nodes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pause, underLoad } from '../chaos/stage.ts';
import { startMongoSet } from '../support/mongo-set.ts';
import type { MongoSet } from '../support/mongo-set.ts';
import { canCluster } from './cluster.ts';

const visitors = 4;
const messages = 12;

describe.skipIf(!canCluster)('elections (needs redis-server) (needs mongodb)', { timeout: 120_000 }, () => {
  let set: MongoSet;
  beforeAll(async () => {
    set = await startMongoSet();
  });
  afterAll(async () => set?.close());

  it('[R1] [R2] [R4] [R11] three step-downs and a crash: nothing acked is lost, doubled or reordered, answers are whole', async () => {
    const env = { AI_BUILTIN_WORDS_PER_SECOND: '60' };
    const row = await underLoad(
      'elections',
      { nodes: 2, visitors, messages, thinkMs: 1500, env, set },
      7,
      async ({ load }) => {
        for (const endsConnections of [false, true, false]) {
          await pause(1000);
          await set.stepDown({ endsConnections });
        }
        // In the middle of a commit, and for longer than a caller waits: the node says `unavailable`, the client asks again.
        const slow = set.stall({ command: 'insert', collection: 'commits' }, 200);
        while (slow.applied() === 0) await pause(5);
        slow.end();
        const before = load.acked();
        await set.crash(6000);
        expect(before).toBeGreaterThan(0);
        expect(load.acked()).toBeLessThan(visitors * messages);
        return { injected: 4 };
      },
    );
    expect(row).toMatchObject({ lost: 0, doubled: 0, reordered: 0, stale: 0, wrong: [] });
    expect(row.messages).toBe(visitors * messages);
    // Both nodes wrote, each over a line of its own.
    for (const line of ['node 1', 'node 2']) expect(set.commands(line)['insert']).toBeGreaterThan(0);
  });
});
