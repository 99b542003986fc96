// Owning an answer: whoever dies, freezes or leaves, its answer is taken up or closed, and never spliced from two.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newUuid } from '../../shared/ids.ts';
import type { Fact, FactOf } from '../../shared/facts.ts';
import { canCluster, startCluster } from './cluster.ts';
import type { TestCluster, TestNode } from './cluster.ts';
import { eventually, peopleOf, staleDeltas, streamed } from './people.ts';
import type { Visitor } from './people.ts';

/** An answer that streams for half a minute unless somebody ends it. */
const question = 'Tell me everything about your multi-day trips, please';
const isAnswer = ({ author, status }: FactOf<'message.created'>): boolean =>
  author.kind === 'ai' && status === 'complete';

describe.skipIf(!canCluster)('the owner of an answer (needs redis-server) (needs mongodb)', { timeout: 90_000 }, () => {
  let cluster: TestCluster;
  let stays: TestNode;
  const people = peopleOf(() => cluster);

  beforeAll(async () => {
    cluster = await startCluster({ nodes: 1, env: { AI_BUILTIN_WORDS_PER_SECOND: '30' } });
    stays = cluster.nodes[0]!;
  });
  afterEach(() => {
    // Also where a test broke off: the next one needs a Redis that answers.
    cluster.redis.thaw();
    return people.leave();
  });
  afterAll(() => cluster?.close());

  const claims = async ({ conversationId }: Visitor): Promise<FactOf<'reply.claimed'>[]> =>
    (await cluster.store.factsAfter(conversationId, 0, 1000)).filter((fact: Fact) => fact.type === 'reply.claimed');

  it('[R10] a takeover while Redis is frozen: the stream ends within a second, and nothing of it follows', async () => {
    const owner = await cluster.startNode();
    const visitor = await people.visitor(owner);
    await visitor.say(question);
    const agent = await people.staff(stays, visitor.conversationId);
    await visitor.client.untilSignal('reply.delta', ({ offset }) => offset > 60);
    cluster.redis.freeze();
    const taken = agent.must('conversation:take', { conversationId: visitor.conversationId, clientId: newUuid() });
    await taken;
    const takenAt = performance.now();
    await visitor.client.untilFact('control.changed');
    await visitor.client.untilSignal('reply.ended');
    expect(performance.now() - takenAt).toBeLessThan(1500);
    cluster.redis.thaw();
    await agent.must('message:send', { conversationId: visitor.conversationId, clientId: newUuid(), text: 'Hello' });
    await visitor.client.untilFact('message.created', ({ author }) => author.kind === 'agent');
    const facts = await cluster.store.factsAfter(visitor.conversationId, 0, 1000);
    const frozen = facts.find((fact) => fact.type === 'message.created' && fact.status === 'interrupted');
    const { text } = streamed(visitor.client, (frozen as FactOf<'message.created'>).messageId);
    // Never more than was published, and not much less.
    expect(text.startsWith((frozen as FactOf<'message.created'>).text)).toBe(true);
    expect(staleDeltas(visitor.client)).toBe(0);
    expect(staleDeltas(agent)).toBe(0);
    await owner.kill();
  });

  it('[R9] [R12] killed in the middle: another node takes the answer up within 10 s, from its beginning', async () => {
    const owner = await cluster.startNode();
    const visitor = await people.visitor(owner);
    await visitor.say('What does a kayak cost?');
    const agent = await people.staff(stays, visitor.conversationId);
    const { replyId } = await agent.untilSignal('reply.delta');
    const killedAt = performance.now();
    await owner.kill();
    const claim = await agent.untilFact('reply.claimed', ({ attempt }) => attempt === 2);
    expect(performance.now() - killedAt).toBeLessThan(10_000);
    expect(claim.replyId).toBe(replyId);
    await agent.untilSignal('reply.reset', ({ attempt }) => attempt === 2);
    const answer = await agent.untilFact('message.created', isAnswer);
    expect(streamed(agent, replyId)).toEqual({ text: answer.text, attempt: 2 });
    const again = await people.again(stays, visitor);
    expect(again.view.facts.filter((fact) => fact.type === 'message.created')).toHaveLength(2);
  });

  it('[R9] frozen until another claimed, then thawed: nothing that it says or writes is accepted', async () => {
    const owner = await cluster.startNode();
    const visitor = await people.visitor(owner);
    await visitor.say(question);
    const agent = await people.staff(stays, visitor.conversationId);
    const { replyId } = await agent.untilSignal('reply.delta', ({ offset }) => offset > 40);
    owner.freeze();
    await agent.untilFact('reply.claimed', ({ attempt }) => attempt === 2);
    await agent.untilSignal('reply.delta', ({ attempt, offset }) => attempt === 2 && offset > 100);
    owner.thaw();
    // Its own visitor is told, by the feed, that somebody else speaks now, and hears that one from the beginning.
    await visitor.client.untilSignal('reply.delta', ({ attempt, offset }) => attempt === 2 && offset > 150);
    const seen = agent.frames.length;
    await agent.untilSignal('reply.delta', ({ attempt, offset }) => attempt === 2 && offset > 300);
    const later = agent.frames.slice(seen).flatMap((frame) => (frame.event === 'signal' ? [frame.signal] : []));
    expect(later.filter((signal) => signal.type === 'reply.delta' && signal.attempt === 1)).toEqual([]);
    await agent.must('reply:stop', { conversationId: visitor.conversationId, clientId: newUuid() });
    const frozen = await visitor.client.untilFact('message.created', ({ status }) => status === 'interrupted');
    expect(frozen.text).toBe(streamed(agent, replyId).text);
    expect(frozen.text).toBe(streamed(visitor.client, replyId).text);
    expect(await claims(visitor)).toMatchObject([{ attempt: 1 }, { attempt: 2 }]);
    // What it writes now is as good as anybody's.
    await visitor.say('Still there?');
    await owner.kill();
  });

  it('draining: what does not end in 7 s is released and taken up at once; what is asked meanwhile, another node answers', async () => {
    const owner = await cluster.startNode();
    const [visitor, late] = [await people.visitor(owner), await people.visitor(owner)];
    await visitor.say(question);
    const agent = await people.staff(stays, visitor.conversationId);
    await agent.untilSignal('reply.delta', ({ offset }) => offset > 20);
    const began = performance.now();
    const stopped = owner.terminate();
    await eventually(async () => expect((await fetch(`${owner.url}/readyz`)).status).toBe(503));
    const { seq } = await late.say('Hi!');
    const other = await people.staff(stays, late.conversationId);
    const answer = await other.untilFact('message.created', isAnswer);
    expect(answer.answers).toBe(seq);
    expect(performance.now() - began).toBeLessThan(6000);
    await agent.untilFact('reply.claimed', ({ attempt }) => attempt === 2);
    expect(performance.now() - began).toBeLessThan(9000);
    expect(await stopped).toBe(0);
    const again = await people.again(stays, visitor);
    await again.say('Never mind');
    await again.client.untilFact('message.created', ({ status }) => status === 'interrupted');
  });
});
