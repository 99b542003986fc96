// Two people reach for the same conversation.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newUuid } from '../../shared/ids.ts';
import { connectStaff, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addMember, firstOrganisation } from '../support/tenant.ts';

interface Agent {
  client: RawClient;
  id: string;
}

let server: TestServer;
let agents: Agent[];
beforeAll(async () => {
  server = await startServer();
  const { orgId } = await firstOrganisation(server);
  agents = await Promise.all(
    ['Maya', 'Theo'].map(async (name) => {
      const { member, token } = await addMember(server, orgId, name);
      return { client: await connectStaff(server.url, token), id: member.id };
    }),
  );
});
afterAll(async () => {
  for (const { client } of agents) client.close();
  await server.stop();
});

const conversations = 10;
const rounds = 20;

it('200 races for a takeover: one winner each, the loser is told who has it', async () => {
  const wins = new Map<string, number>();
  const race = async (conversationId: string, round: number): Promise<void> => {
    const order = round % 2 === 0 ? agents : agents.toReversed();
    const acks = await Promise.all(
      order.map(async (agent) => {
        const ack = await agent.client.ask('conversation:take', { conversationId, clientId: newUuid() });
        return { agent, ack };
      }),
    );
    const winners = acks.filter(({ ack }) => ack.ok);
    expect(winners).toHaveLength(1);
    const { agent: winner } = winners[0]!;
    wins.set(winner.id, (wins.get(winner.id) ?? 0) + 1);
    const loser = acks.find(({ ack }) => !ack.ok)!;
    expect(loser.ack).toMatchObject({
      ok: false,
      error: { code: 'conflict', details: { control: { agentId: winner.id, isAutopilot: false } } },
    });
    // Held by me: the same ack again.
    const again = await winner.client.ask('conversation:take', { conversationId, clientId: newUuid() });
    expect(again).toEqual(winners[0]!.ack);
    await winner.client.must('conversation:release', { conversationId, to: 'queue', clientId: newUuid() });
  };
  await Promise.all(
    Array.from({ length: conversations }, async () => {
      const { client, conversationId } = await openVisitor(server.url, server.firstRun.widgetKey);
      await client.must('message:send', { conversationId, clientId: newUuid(), text: 'Hello' });
      await client.untilFact('message.created', ({ author }) => author.kind === 'ai');
      for (let round = 0; round < rounds; round += 1) await race(conversationId, round);
      const log = await server.node.store.factsAfter(conversationId, 0, 1000);
      const changes = log.flatMap((fact) => (fact.type === 'control.changed' ? [fact] : []));
      expect(changes.map(({ reason }) => reason)).toEqual(
        Array.from({ length: rounds }, () => ['taken', 'released']).flat(),
      );
      expect(changes.every(({ turn }, i) => i === 0 || turn === changes[i - 1]!.turn + 1)).toBe(true);
      client.close();
    }),
  );
  expect([...wins.values()].reduce((sum, count) => sum + count, 0)).toBe(conversations * rounds);
});
