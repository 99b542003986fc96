// An owner of an answer whose primary was outvoted and does not know it: it is given old answers as if they were a majority's.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newUuid } from '../../shared/ids.ts';
import { freshMongoUrl } from '../support/mongo-server.ts';
import { startMongoSet } from '../support/mongo-set.ts';
import type { MongoSet } from '../support/mongo-set.ts';
import { canCluster, startCluster } from './cluster.ts';
import type { TestCluster, TestNode } from './cluster.ts';
import { peopleOf, staleDeltas } from './people.ts';

const question = 'Tell me everything about your multi-day trips, please';

describe.skipIf(!canCluster)('an outvoted primary (needs redis-server) (needs mongodb)', { timeout: 90_000 }, () => {
  let set: MongoSet;
  let cluster: TestCluster;
  let owner: TestNode;
  let other: TestNode;
  const people = peopleOf(() => cluster);

  beforeAll(async () => {
    const url = await freshMongoUrl('outvoted');
    set = await startMongoSet({ url });
    const env = { AI_BUILTIN_WORDS_PER_SECOND: '30', MONGODB_URL: await set.line('there') };
    cluster = await startCluster({ nodes: 1, mongoUrl: url, env });
    other = cluster.nodes[0]!;
    owner = await cluster.startNode({ env: { MONGODB_URL: await set.line('here') } });
  });
  afterAll(async () => {
    people.leave();
    cluster?.redis.thaw();
    await cluster?.close();
    await set?.close();
  });

  it('[R10] a takeover through the new primary while Redis is frozen: nothing is said later than 1 s after it', async () => {
    const visitor = await people.visitor(owner);
    await visitor.say(question);
    const agent = await people.staff(other, visitor.conversationId);
    await visitor.client.untilSignal('reply.delta', ({ offset }) => offset > 60);
    cluster.redis.freeze();
    const spoken: number[] = [];
    visitor.client.socket.on('signal', ({ type }: { type: string }) => {
      if (type === 'reply.delta') spoken.push(performance.now());
    });
    await set.partition({ lines: ['here'] });
    await agent.must('conversation:take', { conversationId: visitor.conversationId, clientId: newUuid() });
    const takenAt = performance.now();
    // Longer than an outvoted primary is believed would take too long; long enough for a look at each pace of the feed.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    // What is said at the last moment is on its way for a moment.
    expect(spoken.filter((at) => at > takenAt + 1100)).toEqual([]);
    await set.heal();
    cluster.redis.thaw();
    await visitor.client.untilFact('control.changed');
    await visitor.client.untilSignal('reply.ended');
    expect(staleDeltas(visitor.client)).toBe(0);
    expect(staleDeltas(agent)).toBe(0);
  });
});
