// A signed identity: believed only as signed, and the anonymous tokens die with it.
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIdentities } from '../../server/adapters/identity/jose.ts';
import { newUuid } from '../../shared/ids.ts';
import { readContext } from '../../server/usecases/contacts.ts';
import { hashOf } from '../../server/usecases/secret.ts';
import { connectVisitor, openVisitor } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { firstOrganisation } from '../support/tenant.ts';

const secret = 'a-secret-of-this-test-0123456789-abcdef';
const identities = createIdentities(secret);
let server: TestServer;
let widgetKey: string;
let widgetId: string;
beforeAll(async () => {
  server = await startServer({ env: { TILLER_SECRET: secret } });
  ({ widgetKey } = server.firstRun);
  widgetId = (await firstOrganisation(server)).widget.id;
});
afterAll(() => server.stop());

const signed = (
  change: (jwt: SignJWT) => SignJWT = (jwt) => jwt,
  key = identities.secretOf({ id: widgetId }),
  alg = 'HS256',
) =>
  change(
    new SignJWT({ sub: 'customer-7', name: 'Ann Smith', email: 'ann@example.com' })
      .setProtectedHeader({ alg })
      .setAudience(widgetKey)
      .setExpirationTime('5m'),
  ).sign(new TextEncoder().encode(key));

describe('visitor:identify with a token', () => {
  it('names the visitor as verified and rotates both tokens; the old ones open nothing', async () => {
    const { client, view, conversationId } = await openVisitor(server.url, widgetKey);
    await client.must('message:send', { conversationId, clientId: newUuid(), text: 'Hello' });
    const fresh = await client.must<{ sessionToken: string; visitorToken: string }>('visitor:identify', {
      token: await signed(),
    });
    expect(fresh.sessionToken).not.toBe(view.sessionToken);
    expect(await client.untilFact('visitor.identified')).toMatchObject({ name: 'Ann Smith', verified: true });
    await client.must('message:send', { conversationId, clientId: newUuid(), text: 'Still me' });

    const old = await openVisitor(server.url, widgetKey, {
      sessionToken: view.sessionToken,
      visitorToken: view.visitorToken,
    });
    expect(old.conversationId).not.toBe(conversationId);
    const again = await openVisitor(server.url, widgetKey, fresh);
    expect(again.conversationId).toBe(conversationId);
    // An unsigned name does not replace a signed one.
    await again.client.must('visitor:identify', { name: 'Mallory' });
    expect((await server.node.store.state(conversationId))?.state.visitor).toMatchObject({
      name: 'Ann Smith',
      verified: true,
    });
    // Nor does a form replace a signed e-mail: staff would take the forged one for checked.
    await again.client.must('lead:submit', { conversationId, email: 'ceo@example.com', phone: '+44 1632 960134' });
    const asSigned = { name: 'Ann Smith', email: 'ann@example.com', phone: '+44 1632 960134', verified: true };
    expect((await server.node.store.state(conversationId))?.state.visitor).toMatchObject(asSigned);
    const orgId = (await server.node.store.state(conversationId))!.orgId;
    await expect
      .poll(async () => (await readContext({ store: server.node.store }, orgId, conversationId)).contact)
      .toMatchObject(asSigned);
    for (const { client: open } of [{ client }, old, again]) open.close();
  });

  it('ends what came in by the old tokens before it is acknowledged, and nothing brings these back', async () => {
    const { client, view, conversationId } = await openVisitor(server.url, widgetKey);
    await client.must('message:send', { conversationId, clientId: newUuid(), text: 'Hello' });
    const { sessionToken, visitorToken } = view;
    const other = await openVisitor(server.url, widgetKey, { sessionToken, visitorToken });
    expect(other.conversationId).toBe(conversationId);
    const gone = new Promise<string>((resolve) => other.client.socket.once('disconnect', resolve));
    const fresh = await client.must<{ sessionToken: string }>('visitor:identify', { token: await signed() });
    expect(await gone).toBe('io server disconnect');
    expect(client.socket.connected).toBe(true);
    const { documents } = server.node.store;
    expect(await documents.sessions.find(`hash:${hashOf(sessionToken)}`)).toBeUndefined();
    expect(await documents.sessions.find(`hash:${hashOf(fresh.sessionToken)}`)).toBeDefined();
    client.close();
  });

  it('is taken from the handshake as well', async () => {
    const identity = await signed((jwt) => jwt.setSubject('customer-8'));
    const { client, view, conversationId } = await openVisitor(server.url, widgetKey, { identity });
    expect(view).toMatchObject({ sessionToken: expect.stringMatching(/^sess_/), isSigned: true });
    await client.must('message:send', { conversationId, clientId: newUuid(), text: 'Hello' });
    expect(await client.untilFact('visitor.identified')).toMatchObject({ email: 'ann@example.com', verified: true });
    client.close();
  });

  const bad: [string, () => Promise<string>][] = [
    ['another secret', () => signed(undefined, 'x'.repeat(40))],
    ["another widget's secret", () => signed(undefined, identities.secretOf({ id: 'wid_other' }))],
    ['another audience', () => signed((jwt) => jwt.setAudience('wgt_other'))],
    ['an expiry in the past', () => signed((jwt) => jwt.setExpirationTime(1))],
    ['an expiry of a month', () => signed((jwt) => jwt.setExpirationTime('30d'))],
    ['another algorithm', () => signed(undefined, identities.secretOf({ id: widgetId }).repeat(2), 'HS512')],
    ['no signature', async () => `${btoa('{"alg":"none"}')}.${btoa('{"sub":"x"}')}.`],
    ['nonsense', async () => 'nonsense'],
  ];
  it.each(bad)('is refused with %s', async (_, token) => {
    const { client } = await openVisitor(server.url, widgetKey);
    const text = await token();
    const ack = await client.ask('visitor:identify', { token: text });
    expect(ack).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
    expect(JSON.stringify(ack)).not.toContain(text);
    client.close();
  });

  it('does not stop a visitor whose handshake brings a bad one from asking again without', async () => {
    const client = await connectVisitor(server.url, widgetKey, { identity: 'nonsense' });
    expect(await client.ask('session:open', {})).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
    expect(await client.ask('session:open', {})).toMatchObject({ ok: true });
    client.close();
  });
});
