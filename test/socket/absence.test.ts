// A person who holds a conversation and is gone: after a grace somebody else gets to see it.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newUuid } from '../../shared/ids.ts';
import { connectStaff, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addMember, firstOrganisation } from '../support/tenant.ts';

let server: TestServer;
const clients: RawClient[] = [];
beforeEach(async () => {
  server = await startServer({ env: { TILLER_ABSENCE_SECONDS: '1' } });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
});

const join = async (name: string): Promise<{ client: RawClient; token: string; id: string }> => {
  const { orgId } = await firstOrganisation(server);
  const { member, token } = await addMember(server, orgId, name);
  const client = await connectStaff(server.url, token);
  clients.push(client);
  return { client, token, id: member.id };
};
const held = async (by: RawClient): Promise<{ visitor: RawClient; conversationId: string }> => {
  const { client: visitor, conversationId } = await openVisitor(server.url, server.firstRun.widgetKey);
  clients.push(visitor);
  await visitor.must('message:send', { conversationId, clientId: newUuid(), text: 'Hi' });
  await by.must('conversation:take', { conversationId, clientId: newUuid() });
  await visitor.untilFact('control.changed', ({ reason }) => reason === 'taken');
  return { visitor, conversationId };
};

it('a holder whose last connection closed is released to the queue after the grace', async () => {
  const maya = await join('Maya');
  const { visitor, conversationId } = await held(maya.client);
  const second = await connectStaff(server.url, maya.token);
  clients.push(second);
  maya.client.close();
  // Another tab is still there: nothing happens while it is.
  await new Promise((resolve) => setTimeout(resolve, 1800));
  expect((await server.node.store.state(conversationId))?.state.control.agentId).toBe(maya.id);
  second.close();
  const closedAt = performance.now();
  const released = await visitor.untilFact('control.changed', ({ waiting }) => waiting === 'released');
  expect(released).toMatchObject({ agentId: null, agentName: null, isAutopilot: false, reason: 'released' });
  expect(performance.now() - closedAt).toBeGreaterThan(900);
});

it('who comes back within the grace keeps what they hold, and who is away but connected too', async () => {
  const maya = await join('Maya');
  const theo = await join('Theo');
  const mine = await held(maya.client);
  const his = await held(theo.client);
  await theo.client.must('presence:set', { status: 'away' });
  maya.client.close();
  await new Promise((resolve) => setTimeout(resolve, 500));
  clients.push(await connectStaff(server.url, maya.token));
  await new Promise((resolve) => setTimeout(resolve, 1800));
  for (const { conversationId, id } of [
    { ...mine, id: maya.id },
    { ...his, id: theo.id },
  ]) {
    expect((await server.node.store.state(conversationId))?.state.control.agentId).toBe(id);
  }
});
