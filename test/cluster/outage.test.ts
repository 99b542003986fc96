// Servers that go away while nodes run: nothing dies, nothing false is acked, and everything is mended when they are back.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newUuid } from '../../shared/ids.ts';
import { canCluster, startCluster } from './cluster.ts';
import type { TestCluster, TestNode } from './cluster.ts';
import { eventually, peopleOf, textsOf, toldSeqs } from './people.ts';

describe.skipIf(!canCluster)('an outage (needs redis-server) (needs mongodb)', { timeout: 60_000 }, () => {
  let cluster: TestCluster;
  let here: TestNode;
  let there: TestNode;
  const people = peopleOf(() => cluster);

  beforeAll(async () => {
    cluster = await startCluster({ env: { TILLER_ABSENCE_SECONDS: '3', AI_BUILTIN_WORDS_PER_SECOND: '0' } });
    [here, there] = cluster.nodes as [TestNode, TestNode];
  });
  afterEach(() => {
    // Also where a test broke off: the next one needs a store that answers.
    cluster.mongo.thaw();
    return people.leave();
  });
  afterAll(() => cluster?.close());

  const isAlive = ({ process }: TestNode): boolean => process.exitCode === null && process.signalCode === null;

  it('[R7] Redis killed for 2 s: local delivery goes on, the other node is served by the feed, and all is well after', async () => {
    const visitor = await people.visitor(here);
    await visitor.say('Before');
    const agent = await people.staff(there, visitor.conversationId);
    await cluster.redis.kill();
    const { seq } = await visitor.say('During');
    await visitor.client.untilFact('message.created', (fact) => fact.seq === seq);
    await agent.untilFact('message.created', (fact) => fact.seq === seq);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await cluster.redis.restart();
    const sent = performance.now();
    const after = await visitor.say('After');
    await agent.untilFact('message.created', (fact) => fact.seq === after.seq);
    expect(performance.now() - sent).toBeLessThan(5000);
    const seqs = toldSeqs(agent, visitor.conversationId);
    expect(seqs).toEqual(seqs.map((_, i) => seqs[0]! + i));
    expect([here, there].map(isAlive)).toEqual([true, true]);
    // The fast way is back: a signal, which the feed does not carry, crosses.
    await eventually(async () => {
      await visitor.client.must('typing:set', { conversationId: visitor.conversationId, isTyping: true });
      expect(agent.frames.some((frame) => frame.event === 'signal' && frame.signal.type === 'typing.changed')).toBe(
        true,
      );
    });
  });

  it('[R4] MongoDB frozen: unavailable within 5 s, nothing false is acked, and the same key is one message after', async () => {
    const visitor = await people.visitor(here);
    await visitor.say('Before');
    cluster.mongo.freeze();
    const clientId = newUuid();
    const began = performance.now();
    const ack = await visitor.client.ask('message:send', {
      conversationId: visitor.conversationId,
      clientId,
      text: 'While frozen',
    });
    expect(performance.now() - began).toBeLessThan(5000);
    expect(ack).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    const opening = performance.now();
    expect(await visitor.client.ask('session:open', {})).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    expect(performance.now() - opening).toBeLessThan(5500);
    expect((await fetch(`${here.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${here.url}/healthz`)).status).toBe(200);
    cluster.mongo.thaw();
    await eventually(async () => void (await visitor.say('While frozen', clientId)));
    await eventually(async () => void (await visitor.say('After')));
    const texts = textsOf(await cluster.store.factsAfter(visitor.conversationId, 0, 100));
    expect(texts.filter((text) => text === 'While frozen')).toHaveLength(1);
    expect(texts.filter((text) => text === 'After')).toHaveLength(1);
    expect([here, there].map(isAlive)).toEqual([true, true]);
    await eventually(async () => expect((await fetch(`${here.url}/readyz`)).status).toBe(200));
  });

  it('a holder without a socket on any node is released after the grace, and an outage of the store is no absence', async () => {
    const [visitor, other] = [await people.visitor(here), await people.visitor(here)];
    await Promise.all([visitor.say('Hi'), other.say('Hi')]);
    const [gone, stays] = [await people.colleague('Gone'), await people.colleague('Stays')];
    const [one, two] = [
      await people.staff(here, undefined, gone.token),
      await people.staff(there, undefined, stays.token),
    ];
    await one.must('conversation:take', { conversationId: visitor.conversationId, clientId: newUuid() });
    await two.must('conversation:take', { conversationId: other.conversationId, clientId: newUuid() });
    one.close();
    const closedAt = performance.now();
    // In the middle of the grace nobody can tell who is there.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    cluster.mongo.cut();
    await cluster.mongo.block();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await cluster.mongo.unblock();
    const backAt = performance.now();
    const released = await visitor.client.untilFact('control.changed', ({ waiting }) => waiting === 'released');
    expect(released).toMatchObject({ agentId: null, reason: 'released' });
    expect(performance.now() - closedAt).toBeGreaterThan(3000);
    expect(performance.now() - backAt).toBeGreaterThan(2000);
    expect((await cluster.store.state(other.conversationId))?.state.control.agentId).toBe(stays.memberId);
  });
});
