// Two nodes, one conversation: what is written on one is seen on the other, at once by Redis and surely by the feed.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts.ts';
import { newHexId, newUuid } from '../../shared/ids.ts';
import type { InboxRow } from '../../shared/inbox.ts';
import type { View } from '../../shared/view.ts';
import type { RawClient } from '../support/raw-client.ts';
import { canCluster, startCluster } from './cluster.ts';
import type { TestCluster, TestNode } from './cluster.ts';
import { eventually, peopleOf, staleDeltas, streamed, toldSeqs } from './people.ts';
import type { Visitor } from './people.ts';

const question = 'What does a kayak cost?';

describe.skipIf(!canCluster)('two nodes (needs redis-server) (needs mongodb)', { timeout: 60_000 }, () => {
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

  it('shows staff on one node what a visitor on the other is told, each fact once and in order', async () => {
    const visitor = await people.visitor(here);
    await visitor.say(question);
    const agent = await people.staff(there, visitor.conversationId);
    const answer = await agent.untilFact('message.created', ({ author }) => author.kind === 'ai');
    await visitor.client.untilFact('message.created', ({ author }) => author.kind === 'ai');
    expect(toldSeqs(visitor.client, visitor.conversationId)).toEqual([1, 2, 3, 4]);
    expect(toldSeqs(agent, visitor.conversationId)).toEqual([4]);
    // Whoever came in the middle has the beginning too.
    expect(answer.text.startsWith(streamed(agent, answer.messageId).text)).toBe(true);
    expect(streamed(visitor.client, answer.messageId).text).toBe(answer.text);
    expect(streamed(agent, answer.messageId).text).toBe(answer.text);
  });

  it('[R10] [R12] a takeover on one node ends the stream of the other and freezes just what was said', async () => {
    const visitor = await people.visitor(here);
    await visitor.say(question);
    const agent = await people.staff(there, visitor.conversationId);
    const { replyId } = await agent.untilSignal('reply.delta', ({ offset }) => offset > 20);
    await agent.must('conversation:take', { conversationId: visitor.conversationId, clientId: newUuid() });
    const frozen = await visitor.client.untilFact('message.created', ({ status }) => status === 'interrupted');
    await visitor.client.untilSignal('reply.ended');
    await agent.must('message:send', { conversationId: visitor.conversationId, clientId: newUuid(), text: 'Hello' });
    await visitor.client.untilFact('message.created', ({ author }) => author.kind === 'agent');
    expect(frozen.messageId).toBe(replyId);
    expect(frozen.text).toBe(streamed(visitor.client, replyId).text);
    expect(frozen.text).toBe(streamed(agent, replyId).text);
    expect(staleDeltas(visitor.client)).toBe(0);
    expect(staleDeltas(agent)).toBe(0);
  });

  it('[R7] heals within 5 s what was lost between the nodes, without anybody asking', async () => {
    const visitor = await people.visitor(here);
    await visitor.say(question);
    const agent = await people.staff(there, visitor.conversationId);
    await agent.must('inbox:open', { filter: 'open' });
    await visitor.client.untilFact('message.created', ({ author }) => author.kind === 'ai');
    here.order({ drops: ['facts', 'signal', 'touched'] });
    const began = performance.now();
    const { seq } = await visitor.say('Is anybody there?');
    await agent.untilFact('message.created', (fact) => fact.seq === seq);
    await agent.untilSignal('inbox.changed', ({ row }) => (row?.head.seq ?? 0) >= seq);
    expect(performance.now() - began).toBeLessThan(5000);
    const seqs = toldSeqs(agent, visitor.conversationId);
    expect(seqs).toEqual(seqs.map((_, i) => seqs[0]! + i));
  });

  it('[R2] gives a place in the log to each of 40 messages sent on both nodes at once', async () => {
    const one = await people.visitor(here);
    await one.say('first');
    const two = await people.again(there, one);
    // A slow store may say `unavailable` to one that lost too many races: the same key is asked again.
    const say = ({ say: ask }: Visitor, text: string): Promise<number> => {
      const clientId = newUuid();
      return eventually(async () => void (await ask(text, clientId)), 30_000);
    };
    await Promise.all(Array.from({ length: 20 }, (_, i) => [say(one, `one ${i}`), say(two, `two ${i}`)]).flat());
    const { head } = await one.client.must<View>('facts:since', { conversationId: one.conversationId, sinceSeq: 0 });
    const whole = (from: number): number[] => Array.from({ length: head.seq - from }, (_, i) => from + i + 1);
    await eventually(() => {
      expect(toldSeqs(one.client, one.conversationId).slice(0, head.seq)).toEqual(whole(0));
      expect(toldSeqs(two.client, one.conversationId).slice(0, head.seq - two.view.head.seq)).toEqual(
        whole(two.view.head.seq),
      );
    });
  });

  it('60 races for a takeover over two nodes: one winner each, the other is told who has it', async () => {
    const visitors = await Promise.all(Array.from({ length: 20 }, () => people.visitor(here)));
    const colleague = await people.colleague('Theo');
    const [owner, theo] = await Promise.all([people.staff(here), people.staff(there, undefined, colleague.token)]);
    let wins = 0;
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(
        visitors.map(async ({ conversationId, say }) => {
          if (round === 0) await say('Hi');
          const take = { conversationId, clientId: newUuid() };
          const acks = await Promise.all([
            owner.ask('conversation:take', take),
            theo.ask('conversation:take', { ...take, clientId: newUuid() }),
          ]);
          const winners = acks.filter(({ ok }) => ok);
          expect(winners).toHaveLength(1);
          wins += 1;
          const lost = acks.find(({ ok }) => !ok);
          const state = (await cluster.store.state(conversationId))!.state;
          expect(lost).toMatchObject({
            error: { code: 'conflict', details: { control: { agentId: state.control.agentId } } },
          });
          const holder = acks[0].ok ? owner : theo;
          await holder.must('conversation:release', { conversationId, clientId: newUuid(), to: 'queue' });
        }),
      );
    }
    expect(wins).toBe(60);
  });

  it('who looks and who is there is known on both nodes', async () => {
    const visitor = await people.visitor(here);
    await visitor.say('Hi');
    const colleague = await people.colleague('Uma');
    const mine = await people.staff(here, visitor.conversationId);
    const uma = await people.staff(there, visitor.conversationId, colleague.token);
    await mine.untilSignal('presence.changed', ({ agents }) => agents?.some(({ name }) => name === 'Uma') === true);
    await uma.untilSignal('presence.changed', ({ agents }) => agents?.length === 2);
    await uma.must('typing:set', { conversationId: visitor.conversationId, isTyping: true });
    await mine.untilSignal('presence.changed', ({ agents }) => agents?.some(({ typing }) => typing) === true);
    uma.close();
    const left = await mine.untilSignal('presence.changed', ({ agents }) => agents?.length === 1);
    expect(left.agents?.map(({ name }) => name)).not.toContain('Uma');
  });

  it('a revoked token ends its sockets on every node within a second', async () => {
    const colleague = await people.colleague('Vera');
    const sockets = await Promise.all([
      people.staff(here, undefined, colleague.token),
      people.staff(there, undefined, colleague.token),
    ]);
    const gone = sockets.map(
      ({ socket }) => new Promise<void>((resolve) => socket.once('disconnect', () => resolve())),
    );
    const began = performance.now();
    await people.disable(here, colleague.memberId);
    await Promise.all(gone);
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('[R7] a site that an owner takes away on one node is shut out of the other within a second, and let in again likewise', async () => {
    const { id, allowedDomains } = (await cluster.store.documents.widgets.find(`key:${cluster.widgetKey}`))!;
    const allow = async (domains: readonly string[]): Promise<void> => {
      const headers = { authorization: `Bearer ${cluster.token}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ allowedDomains: domains });
      const changed = await fetch(`${here.url}/api/console/widgets/${id}`, { method: 'PATCH', headers, body });
      expect(changed.status).toBe(200);
    };
    // Read every few milliseconds, so that the other node always has a fresh copy of the widget as it was.
    const told = (status: number): Promise<number> =>
      eventually(async () => {
        const headers = { origin: 'https://shop.example' };
        const asked = await fetch(`${there.url}/w/${cluster.widgetKey}`, { headers });
        expect(asked.status).toBe(status);
      }, 1000);
    await allow(['shop.example']);
    await told(200);
    await allow(['other.example']);
    await told(403);
    await allow(['shop.example']);
    await told(200);
    await allow(allowedDomains);
    await told(200);
  });

  it('a visitor who comes back on the other node finds everything', async () => {
    const visitor = await people.visitor(here);
    const { seq } = await visitor.say('Remember me');
    const again = await people.again(there, visitor);
    expect(again.conversationId).toBe(visitor.conversationId);
    expect(again.view.head.seq).toBeGreaterThanOrEqual(seq);
    expect(again.view.facts.some((fact) => fact.type === 'message.created' && fact.text === 'Remember me')).toBe(true);
    await again.say('Here I am');
    const rows = await people.staff(here);
    await eventually(async () => {
      const { conversations } = await rows.must<{ conversations: InboxRow[] }>('inbox:open', { filter: 'open' });
      const row = conversations.find(({ conversationId }) => conversationId === visitor.conversationId);
      expect(row?.head.seq).toBeGreaterThan(seq);
    });
  });

  it('a newer node’s facts are passed over, and where they are critical the log is left to it', async () => {
    const visitor = await people.visitor(here);
    await visitor.say('Hi');
    await visitor.client.untilFact('message.created', ({ author }) => author.kind === 'ai');
    const agent = await people.staff(there, visitor.conversationId);
    const write = async (fields: Record<string, unknown>): Promise<number> => {
      const { orgId, state } = (await cluster.store.state(visitor.conversationId))!;
      const head = { seq: state.head.seq + 1, id: newHexId() };
      const fact = { conversationId: visitor.conversationId, ...head, at: Date.now(), ...fields } as unknown as Fact;
      const { conversationId, at } = fact;
      const commit = {
        id: newHexId(),
        orgId,
        conversationId,
        first: head.seq,
        key: newHexId(),
        hash: '',
        at,
        facts: [fact],
      };
      expect(await cluster.store.append([{ commit: { ...commit, result: {} }, state: { ...state, head } }])).toEqual([
        'appended',
      ]);
      return head.seq;
    };
    const told = (client: RawClient, seq: number): Promise<number> =>
      eventually(() => expect(toldSeqs(client, visitor.conversationId)).toContain(seq));
    const seq = await write({ type: 'mood.noted', mood: 'fine' });
    await told(agent, seq);
    await told(visitor.client, seq);
    const isHidden = visitor.client.frames.some(
      (frame) => frame.event === 'fact' && frame.fact.type === 'hidden' && frame.fact.seq === seq,
    );
    expect(isHidden).toBe(true);
    expect((await visitor.say('Still there?')).seq).toBeGreaterThan(seq);
    await told(agent, await write({ type: 'vote.cast', critical: true }));
    const ask = { conversationId: visitor.conversationId, clientId: newUuid(), text: 'And now?' };
    expect(await visitor.client.ask('message:send', ask)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  });

  it('[R1] [R8] killed between commit and publish: the other node shows it within 5 s, and the same key gives the same seq', async () => {
    const dying = await cluster.startNode({ fault: 'before-publish' });
    const visitor = await people.visitor(dying);
    await visitor.say('Hello');
    const agent = await people.staff(here, visitor.conversationId);
    const clientId = newUuid();
    const began = performance.now();
    await expect(visitor.say('kill me', clientId)).rejects.toThrow(/disconnected|timed out/);
    const fact = await agent.untilFact('message.created', ({ text }) => text === 'kill me');
    expect(performance.now() - began).toBeLessThan(5000);
    const again = await people.again(there, visitor);
    expect((await again.say('kill me', clientId)).seq).toBe(fact.seq);
    // Its owner is dead: somebody else answers it.
    await again.client.untilFact(
      'message.created',
      ({ author, answers }) => author.kind === 'ai' && answers === fact.seq,
    );
    const facts = await cluster.store.factsAfter(visitor.conversationId, 0, 1000);
    expect(facts.map(({ seq }) => seq)).toEqual(facts.map((_, i) => i + 1));
    expect(facts.filter((one) => one.type === 'message.created' && one.clientId === clientId)).toHaveLength(1);
  });
});
