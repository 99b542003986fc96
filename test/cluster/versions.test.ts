// Two versions at once, as in every rolling upgrade: a node of this build beside one whose schemas have grown.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts.ts';
import { newUuid } from '../../shared/ids.ts';
import type { View } from '../../shared/view.ts';
import type { RawClient } from '../support/raw-client.ts';
import { canCluster, startCluster } from './cluster.ts';
import type { TestCluster, TestNode } from './cluster.ts';
import { grownProgram } from './grown-program.ts';
import { eventually, peopleOf, staleDeltas, toldSeqs } from './people.ts';
import type { Visitor } from './people.ts';

describe.skipIf(!canCluster)(
  'a node of this version and one of the next (needs redis-server) (needs mongodb)',
  { timeout: 60_000 },
  () => {
    let cluster: TestCluster;
    let older: TestNode;
    let newer: TestNode;
    const people = peopleOf(() => cluster);

    beforeAll(async () => {
      const [program, started] = await Promise.all([grownProgram(), startCluster({ nodes: 1 })]);
      cluster = started;
      older = cluster.nodes[0]!;
      newer = await cluster.startNode({ program });
    }, 60_000);
    afterEach(() => people.leave());
    afterAll(() => cluster?.close());

    /** With the field that only the newer one knows. */
    const sayIn = ({ client, conversationId }: Visitor, tone: string, text: string): Promise<{ seq: number }> =>
      client.must('message:send', { conversationId, clientId: newUuid(), text, tone });
    const factsOf = (id: string): Promise<Fact[]> => cluster.store.factsAfter(id, 0, 1000);
    const kindsTold = (client: RawClient, conversationId: string): string[] =>
      client.frames.flatMap((frame) =>
        frame.event === 'fact' && frame.fact.conversationId === conversationId ? [frame.fact.type] : [],
      );
    const stateOn = async (node: TestNode, conversationId: string): Promise<Record<string, unknown>> => {
      const agent = await people.staff(node);
      const { state } = await agent.must<View>('conversation:open', { conversationId });
      return { ...state };
    };
    const answered = (client: RawClient, seq: number): Promise<unknown> =>
      client.untilFact('message.created', ({ author, answers }) => author.kind === 'ai' && (answers ?? 0) >= seq);

    it('what only the newer one knows goes by, and both write on in the same log', async () => {
      const visitor = await people.visitor(newer);
      const first = await sayIn(visitor, 'cheerful', 'Hello!');
      await answered(visitor.client, first.seq);
      const { conversationId } = visitor;
      const kinds: string[] = (await factsOf(conversationId)).map(({ type }) => type);
      expect(kinds).toContain('mood.noted');

      // The same visitor, and staff, on the older one.
      const agent = await people.staff(older, conversationId);
      const again = await people.again(older, visitor);
      expect(again.view.facts.map(({ seq }) => seq)).toEqual(again.view.facts.map((_, i) => i + 1));
      expect(again.view.facts.find(({ seq }) => seq === first.seq)).toMatchObject({ text: 'Hello!' });
      expect(again.view.facts.find(({ seq }) => seq === first.seq + 1)).toMatchObject({ type: 'hidden' });
      const second = await again.say('What does a kayak cost?');
      await answered(agent, second.seq);
      await answered(visitor.client, second.seq);
      const third = await sayIn(visitor, 'worried', 'And if it rains?');
      await answered(again.client, third.seq);

      const facts = await factsOf(conversationId);
      expect(facts.map(({ seq }) => seq)).toEqual(facts.map((_, i) => i + 1));
      await eventually(() => {
        const all = facts.map(({ seq }) => seq);
        expect(toldSeqs(visitor.client, conversationId)).toEqual(all);
        expect(toldSeqs(agent, conversationId)).toEqual(all.slice(all.indexOf(second.seq)));
      });
      expect(kindsTold(visitor.client, conversationId).filter((type) => type === 'mood.noted')).toHaveLength(2);
      expect(kindsTold(again.client, conversationId)).not.toContain('mood.noted');
      const told = facts.find(({ seq }) => seq === third.seq);
      expect(told).toMatchObject({ text: 'And if it rains?', tone: 'worried' });
    });

    it('a newer client’s field is left out by the older one, not refused', async () => {
      const visitor = await people.visitor(older);
      const { seq } = await sayIn(visitor, 'cheerful', 'Hello!');
      const fact = (await factsOf(visitor.conversationId)).find((one) => one.seq === seq);
      expect(fact).toMatchObject({ text: 'Hello!' });
      expect(fact).not.toHaveProperty('tone');
    });

    it('the newer one knows what it noted also after the older one has written on', async () => {
      const visitor = await people.visitor(newer);
      const { conversationId } = visitor;
      await answered(visitor.client, (await sayIn(visitor, 'cheerful', 'Hello!')).seq);
      const again = await people.again(older, visitor);
      await answered(again.client, (await again.say('What does a kayak cost?')).seq);
      expect(await stateOn(newer, conversationId)).toMatchObject({ mood: 'cheerful' });
      // One that has nothing in memory begins with what the database keeps of the fold.
      const fresh = await cluster.startNode({ program: await grownProgram() });
      expect(await stateOn(fresh, conversationId)).toMatchObject({ mood: 'cheerful' });
      await fresh.terminate();
    });

    it('[R10] a takeover on the older one ends the answer of the newer one', async () => {
      const visitor = await people.visitor(newer);
      const { conversationId } = visitor;
      await sayIn(visitor, 'curious', 'What does a kayak cost?');
      const agent = await people.staff(older, conversationId);
      await agent.untilSignal('reply.delta', ({ offset }) => offset > 20);
      await agent.must('conversation:take', { conversationId, clientId: newUuid() });
      await visitor.client.untilFact('message.created', ({ status }) => status === 'interrupted');
      await agent.must('message:send', { conversationId, clientId: newUuid(), text: 'Maya here' });
      await visitor.client.untilFact('message.created', ({ author }) => author.kind === 'agent');
      expect([staleDeltas(visitor.client), staleDeltas(agent)]).toEqual([0, 0]);
    });

    it('a log that the older one cannot understand is left to the newer one, and only that log', async () => {
      const visitor = await people.visitor(newer);
      const { conversationId } = visitor;
      await answered(visitor.client, (await visitor.say('Hello!')).seq);
      const agent = await people.staff(older, conversationId);
      const other = await people.visitor(older);
      await other.say('Hello!');
      const vote = await visitor.say('I vote yes');
      await answered(visitor.client, vote.seq);
      await eventually(() => expect(toldSeqs(agent, conversationId)).toContain(vote.seq));
      const note = { conversationId, clientId: newUuid(), text: 'Hm' };
      expect(await agent.ask('note:add', note)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
      // The newer one goes on with it, and takes the very command that the older one could not.
      const beside = await people.staff(newer, conversationId);
      expect(await beside.ask('note:add', note)).toMatchObject({ ok: true });
      expect(await stateOn(newer, conversationId)).toMatchObject({ votes: 1 });
      await other.say('Are you still there?');
      expect(older.process.exitCode).toBeNull();
    });

    it('a field of a document lives through an edit by the older one', async () => {
      const widget = (await cluster.store.documents.widgets.find(`key:${cluster.widgetKey}`))!;
      const edit = async (node: TestNode, change: object): Promise<Record<string, unknown>> => {
        const response = await fetch(`${node.url}/api/console/widgets/${widget.id}`, {
          method: 'PATCH',
          headers: { authorization: `Bearer ${cluster.token}`, 'content-type': 'application/json' },
          body: JSON.stringify(change),
        });
        expect(response.status).toBe(200);
        return (await response.json()) as Record<string, unknown>;
      };
      await edit(newer, { mascot: 'otter' });
      await edit(older, { description: 'Edited by the older one' });
      expect(await cluster.store.documents.widgets.get(widget.orgId, widget.id)).toMatchObject({
        mascot: 'otter',
        description: 'Edited by the older one',
      });
    });
  },
);
