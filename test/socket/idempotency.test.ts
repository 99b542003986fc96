// The same command twice over the wire: the first result, before permission, control and rate.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ack } from '../../shared/wire.ts';
import { newUuid } from '../../shared/ids.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addMember, firstOrganisation } from '../support/tenant.ts';

let server: TestServer;
let maya: { client: RawClient; id: string };
let theo: { client: RawClient; id: string };
beforeAll(async () => {
  server = await startServer({ env: { TILLER_LIMITS: 'default' } });
  const { orgId } = await firstOrganisation(server);
  const join = async (name: string): Promise<{ client: RawClient; id: string }> => {
    const { member, token } = await addMember(server, orgId, name);
    return { client: await connectStaff(server.url, token), id: member.id };
  };
  maya = await join('Maya');
  theo = await join('Theo');
});
afterAll(async () => {
  maya.client.close();
  theo.client.close();
  await server.stop();
});

const talking = async () => {
  const scene = await openVisitor(server.url, server.firstRun.widgetKey);
  await scene.client.must('message:send', { conversationId: scene.conversationId, clientId: newUuid(), text: 'Hello' });
  await scene.client.untilFact('message.created', ({ author }) => author.kind === 'ai');
  return scene;
};
const headOf = async (conversationId: string): Promise<number> =>
  (await server.node.store.state(conversationId))!.state.head.seq;

/** Asks until the rate refuses; gives the refusal. */
const exhaust = async (ask: () => Promise<Ack<unknown>>): Promise<Ack<unknown>> => {
  for (let i = 0; i < 10; i += 1) {
    const acks = await Promise.all(Array.from({ length: 10 }, ask));
    const refused = acks.find((ack) => !ack.ok);
    if (refused !== undefined) return refused;
  }
  throw new Error('nothing was ever refused');
};

describe('[R3] a repeat', () => {
  it('gives the first result after control has changed hands', async () => {
    const { client, conversationId } = await talking();
    const took = { conversationId, clientId: newUuid() };
    const said = { conversationId, clientId: newUuid(), text: 'Maya here' };
    const taken = await maya.client.must('conversation:take', took);
    const sent = await maya.client.must('message:send', said);
    await maya.client.must('conversation:release', { conversationId, to: 'queue' });
    await theo.client.must('conversation:take', { conversationId });
    const head = await headOf(conversationId);
    expect(await maya.client.ask('message:send', { ...said, clientId: newUuid() })).toMatchObject({
      ok: false,
      error: { code: 'forbidden' },
    });
    expect(await maya.client.must('message:send', said)).toEqual(sent);
    expect(await maya.client.must('conversation:take', took)).toEqual(taken);
    expect(await headOf(conversationId)).toBe(head);
    client.close();
  });

  it('gives the first result of an assignment though the colleague has left since', async () => {
    const { client, conversationId } = await talking();
    const { orgId } = await firstOrganisation(server);
    const { member } = await addMember(server, orgId, 'Gone');
    const given = { conversationId, clientId: newUuid(), agentId: member.id };
    const first = await maya.client.must('conversation:assign', given);
    await server.node.store.documents.members.put({ ...member, name: 'Long gone', isDisabled: true });
    expect(await maya.client.must('conversation:assign', given)).toEqual(first);
    expect(await maya.client.ask('conversation:assign', { ...given, clientId: newUuid() })).toMatchObject({
      ok: false,
      error: { code: 'not_found' },
    });
    client.close();
  });

  it('gives the first result after the rate is exhausted, on a new connection too', async () => {
    const { client, view, conversationId } = await openVisitor(server.url, server.firstRun.widgetKey);
    const body = { conversationId, clientId: newUuid(), text: 'Once' };
    const first = await client.must('message:send', body);
    const refused = await exhaust(() =>
      client.ask('message:send', { conversationId, clientId: newUuid(), text: 'More' }),
    );
    expect(refused).toMatchObject({ ok: false, error: { code: 'rate_limited', retryAfterMs: expect.any(Number) } });
    const head = await headOf(conversationId);
    expect(await client.must('message:send', body)).toEqual(first);
    const other = await connectVisitor(server.url, server.firstRun.widgetKey, { ...view });
    await other.must('session:open', {});
    expect(await other.must('message:send', body)).toEqual(first);
    expect(await headOf(conversationId)).toBe(head);
    client.close();
    other.close();
  });

  it('gives staff the first result after their rate is exhausted', async () => {
    const { client, conversationId } = await talking();
    const { orgId } = await firstOrganisation(server);
    const { token } = await addMember(server, orgId, 'Fast');
    const fast = await connectStaff(server.url, token);
    const body = { conversationId, clientId: newUuid(), text: 'A note' };
    const first = await fast.must('note:add', body);
    const refused = await exhaust(() => fast.ask('message:read', { conversationId, seq: 1 }));
    expect(refused).toMatchObject({ ok: false, error: { code: 'rate_limited' } });
    expect(await fast.must('note:add', body)).toEqual(first);
    fast.close();
    client.close();
  });

  it('of a new conversation is never refused for its rate', async () => {
    const { client } = await talking();
    let last = { clientId: '', conversationId: '' };
    for (;;) {
      const clientId = newUuid();
      const ack = await client.ask<{ conversationId: string }>('conversation:new', { clientId });
      if (!ack.ok) {
        expect(ack.error.code).toBe('rate_limited');
        break;
      }
      last = { clientId, conversationId: ack.data.conversationId };
    }
    const repeat = await client.must('conversation:new', { clientId: last.clientId });
    expect(repeat['conversationId']).toBe(last.conversationId);
    client.close();
  });

  it('with another body is a conflict, for a visitor and for staff', async () => {
    const { client, conversationId } = await talking();
    const clientId = newUuid();
    await client.must('message:send', { conversationId, clientId, text: 'One' });
    await maya.client.must('note:add', { conversationId, clientId, text: 'One' });
    const head = await headOf(conversationId);
    for (const [who, command] of [
      [client, 'message:send'],
      [maya.client, 'note:add'],
    ] as const) {
      expect(await who.ask(command, { conversationId, clientId, text: 'Two' })).toMatchObject({
        ok: false,
        error: { code: 'conflict' },
      });
    }
    expect(await headOf(conversationId)).toBeGreaterThanOrEqual(head);
    expect(JSON.stringify(await server.node.store.factsAfter(conversationId, 0, 100))).not.toContain('Two');
    client.close();
  });

  it('of one person is not that of another: a key names its actor', async () => {
    const { client, conversationId } = await talking();
    const clientId = newUuid();
    const first = await maya.client.must<{ seq: number }>('note:add', { conversationId, clientId, text: 'Same' });
    const second = await theo.client.must<{ seq: number }>('note:add', { conversationId, clientId, text: 'Same' });
    expect(second.seq).toBe(first.seq + 1);
    client.close();
  });
});
