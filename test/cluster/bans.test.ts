// A ban on one node holds on the others within a second, by Redis and without it.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newUuid } from '../../shared/ids.ts';
import type { BanView } from '../../shared/bans.ts';
import { connectVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { canCluster, startCluster } from './cluster.ts';
import type { TestCluster, TestNode } from './cluster.ts';
import { eventually, peopleOf } from './people.ts';
import type { Visitor } from './people.ts';

describe.skipIf(!canCluster)('bans on two nodes (needs redis-server) (needs mongodb)', { timeout: 60_000 }, () => {
  let cluster: TestCluster;
  let here: TestNode;
  let there: TestNode;
  const people = peopleOf(() => cluster);

  beforeAll(async () => {
    cluster = await startCluster();
    [here, there] = cluster.nodes as [TestNode, TestNode];
  });
  afterEach(() => {
    here.order({ drops: [] });
    people.leave();
  });
  afterAll(() => cluster?.close());

  const ends = (client: RawClient): Promise<void> =>
    new Promise((resolve) => client.socket.once('disconnect', () => resolve()));

  const bans = async (staff: RawClient, { conversationId }: Visitor): Promise<BanView> =>
    (await staff.must<{ ban: BanView }>('conversation:ban', { conversationId, kind: 'contact' })).ban;

  /** Bans somebody on the other node; ms from the ack until their connection there ended. */
  const cutOffAfter = async (): Promise<{ ms: number; visitor: Visitor }> => {
    const visitor = await people.visitor(there);
    await visitor.say('What does a kayak cost?');
    const staff = await people.staff(here);
    let banned = 0;
    const [ended] = await Promise.all([
      ends(visitor.client).then(() => performance.now()),
      bans(staff, visitor).then(() => (banned = performance.now())),
    ]);
    return { ms: ended - banned, visitor };
  };

  const isLetIn = async (node: TestNode, { view: { sessionToken, visitorToken } }: Visitor): Promise<boolean> => {
    const client = await connectVisitor(node.url, cluster.widgetKey, { sessionToken, visitorToken });
    const ack = await client.ask('session:open', { clientId: newUuid() });
    client.close();
    return ack.ok;
  };

  it('ends the connection there within a second, and lets nobody in by the same tokens on any node', async () => {
    const { ms, visitor } = await cutOffAfter();
    expect(ms).toBeLessThan(1000);
    for (const node of [here, there]) expect(await isLetIn(node, visitor)).toBe(false);
  });

  it('ends it within a second where nothing at all comes through from the other node, and lifts it too', async () => {
    here.order({ drops: ['stale', 'facts', 'signal', 'touched'] });
    const { ms, visitor } = await cutOffAfter();
    expect(ms).toBeLessThan(1500);
    expect(await isLetIn(there, visitor)).toBe(false);
    const [ban] = await cluster.store.documents.bans.list((await ownerOf(cluster)).orgId, { reverse: true, limit: 1 });
    const headers = { authorization: `Bearer ${cluster.token}` };
    const lifted = await fetch(`${here.url}/api/console/bans/${ban!.id}`, { method: 'DELETE', headers });
    expect(lifted.status).toBe(200);
    await eventually(async () => expect(await isLetIn(there, visitor)).toBe(true), 1500);
  });

  it('stops the answer that the other node is speaking', async () => {
    const visitor = await people.visitor(there);
    const staff = await people.staff(here, undefined);
    await visitor.say('What does a kayak cost?');
    await visitor.client.untilSignal('reply.delta');
    await bans(staff, visitor);
    await eventually(async () => {
      const { state } = (await cluster.store.state(visitor.conversationId))!;
      expect(state).toMatchObject({ reply: null, unanswered: null });
    }, 3000);
    const facts = await cluster.store.factsAfter(visitor.conversationId, 0, 100);
    expect(facts.at(-1)).toMatchObject({ type: 'control.changed', reason: 'stopped' });
  });
});

const ownerOf = async ({ store, widgetKey }: TestCluster): Promise<{ orgId: string }> => {
  const widget = await store.documents.widgets.find(`key:${widgetKey}`);
  return { orgId: widget!.orgId };
};
