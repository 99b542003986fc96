// Contract 003 over HTTP, against a real server: sessions, the same turn as over sockets, takeover, refusals.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hashOf } from '../../server/usecases/secret.ts';
import { newUuid } from '../../shared/ids.ts';
import { connectStaff, connectVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addTenant, firstOrganisation } from '../support/tenant.ts';
import { callWidgetApi, openWidgetSession } from '../support/widget-api.ts';

let server: TestServer;
let key: string;
let staff: RawClient;

beforeAll(async () => {
  server = await startServer();
  key = server.firstRun.keys.widget;
  staff = await connectStaff(server.url, server.firstRun.keys.console);
  await staff.must('inbox:open', { filter: 'open' });
});
afterAll(async () => {
  staff.close();
  await server.stop();
});

const call = (route: string, options: Parameters<typeof callWidgetApi>[2] = {}) =>
  callWidgetApi(server.url, route, { key, ...options });
const openSession = () => openWidgetSession(server.url, key);

describe('GET config', () => {
  test('gives exactly the documented keys, with real values', async () => {
    const { status, body } = await call('GET config');
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['success', 'config']);
    const { config } = body;
    expect(Object.keys(config)).toEqual(['widget_id', 'business', 'persona', 'appearance', 'behavior']);
    expect(config.business).toEqual({ name: 'Selwick Kayaks', type: 'kayak hire' });
    expect(Object.keys(config.persona)).toEqual(['name', 'role', 'tone']);
    expect(config.persona.name).toBe('Robin');
    expect(Object.keys(config.appearance.colors)).toEqual([
      'primary',
      'secondary',
      'background',
      'text',
      'header_text',
    ]);
    expect(config.appearance.colors.primary).toMatch(/^#[0-9a-f]{6}$/);
    expect(config.behavior.greeting.content).toContain('Robin');
    expect(config.behavior.proactive).toEqual({
      enabled: true,
      triggers: [{ type: 'high_engagement', score: 20 }],
      cooldown_seconds: 300,
    });
  });

  test('takes either public key, no key is 401, an unknown one 401, a secret one 403', async () => {
    expect((await call('GET config', { key: server.firstRun.widgetKey })).status).toBe(200);
    expect((await call('GET config', { key: undefined })).status).toBe(401);
    expect((await call('GET config', { key: `caty_${'0'.repeat(32)}` })).status).toBe(401);
    for (const secret of [server.firstRun.keys.v1, server.firstRun.keys.webchats, server.firstRun.keys.console]) {
      const { status, body } = await call('GET config', { key: secret });
      expect([status, body.error.code]).toEqual([403, 'forbidden']);
    }
    const two = await call('GET config', { headers: { authorization: `Bearer ${server.firstRun.keys.webchats}` } });
    expect(two.status).toBe(401);
  });
});

describe('POST session', () => {
  test('gives secrets of its own and a greeting with the document’s form of time', async () => {
    const { status, body } = await call('POST session', { body: { page: { url: 'https://example.com/page' } } });
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['success', 'session_id', 'visitor_id', 'greeting']);
    expect(body.session_id).toMatch(/^sess_[\w-]{43}$/);
    expect(body.visitor_id).toMatch(/^vis_[\w-]{43}$/);
    expect(Object.keys(body.greeting)).toEqual(['content', 'timestamp']);
    expect(body.greeting.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  test('a known visitor gets the same conversation under a fresh session, an unknown one begins anew', async () => {
    const first = await openSession();
    await call('POST message', { body: { session_id: first.session_id, message: 'Can beginners join a trip?' } });
    const back = await call('POST session', { body: { visitor_id: first.visitor_id } });
    expect(back.body.visitor_id).toBe(first.visitor_id);
    expect(back.body.session_id).not.toBe(first.session_id);
    expect(back.body.greeting.timestamp).toBe(first.greeting.timestamp);
    const said = await call('GET messages', { session: back.body.session_id });
    expect(said.body.messages[0].content).toBe('Can beginners join a trip?');
    const stranger = await call('POST session', { body: { visitor_id: 'vis_nobody' } });
    expect(stranger.status).toBe(200);
    expect(stranger.body.visitor_id).not.toBe('vis_nobody');
    expect((await call('GET messages', { session: stranger.body.session_id })).body.messages).toEqual([]);
  });

  test('a long Idempotency-Key makes a repeat the same session, a short one is guessable and makes none', async () => {
    const headers = { 'Idempotency-Key': newUuid() };
    const first = await call('POST session', { body: {}, headers });
    await call('POST message', { body: { session_id: first.body.session_id, message: 'Hello' } });
    const again = await call('POST session', { body: {}, headers });
    expect((await call('GET messages', { session: again.body.session_id })).body.messages).toHaveLength(2);
    // The answer that was lost opens nothing any more.
    expect((await call('GET messages', { session: first.body.session_id })).status).toBe(404);
    const short = { 'Idempotency-Key': '1' };
    const one = await call('POST session', { body: {}, headers: short });
    await call('POST message', { body: { session_id: one.body.session_id, message: 'Hello' } });
    const two = await call('POST session', { body: {}, headers: short });
    expect((await call('GET messages', { session: two.body.session_id })).body.messages).toEqual([]);
  });

  test('a session is nothing under another widget’s key', async () => {
    const { session_id } = await openSession();
    const other = await addTenant(server);
    for (const [route, options] of [
      ['POST message', { body: { session_id, message: 'Hello' } }],
      ['POST track', { body: { session_id, events: [] } }],
      ['POST lead', { body: { session_id, email: 'a@example.com' } }],
      ['POST handoff', { body: { session_id } }],
      ['POST session/end', { body: { session_id } }],
      ['GET messages', { session: session_id }],
    ] as const) {
      const { status, body } = await call(route, { ...options, key: other.widget.catyKey });
      expect([route, status, body.error.code]).toEqual([route, 404, 'not_found']);
    }
  });
});

describe('POST message', () => {
  test('answers with exactly the documented keys, in their order', async () => {
    const { session_id } = await openSession();
    const { status, body } = await call('POST message', {
      body: {
        session_id,
        message: 'What does it cost to hire a kayak?',
        context: { page_url: 'https://x.example/hire' },
      },
    });
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['success', 'response', 'metadata']);
    expect(Object.keys(body.response)).toEqual(['content', 'suggested_actions']);
    expect(body.response.content.length).toBeGreaterThan(20);
    expect(Object.keys(body.metadata)).toEqual(['intent', 'confidence', 'lead_score']);
    expect(body.metadata.intent).toBe('pricing_inquiry');
    expect(body.metadata.confidence).toBeGreaterThan(0.7);
    expect(body.metadata.lead_score).toBeGreaterThan(10);
    for (const action of body.response.suggested_actions) {
      expect('url' in action).toBe(action.action === 'link');
    }
    expect(body.response.suggested_actions.map(({ action }: { action: string }) => action)).toContain('handoff');
  });

  test('a REST visitor is in the console at once, and a socket with the session hears the same conversation', async () => {
    const { session_id, visitor_id } = await openSession();
    const socket = await connectVisitor(server.url, key, { sessionToken: session_id, visitorToken: visitor_id });
    const view = await socket.must<{ conversationId: string; sessionToken: string }>('session:open', {});
    expect(view.sessionToken).toBe(session_id);
    const answer = await call('POST message', { body: { session_id, message: 'Are dogs allowed on board?' } });
    const heard = await socket.untilFact('message.created', ({ author }) => author.kind === 'ai');
    expect(heard.text).toBe(answer.body.response.content);
    const row = await staff.untilSignal(
      'inbox.changed',
      (signal) => signal.row?.conversationId === view.conversationId,
    );
    expect(row.row?.visitor).toBeDefined();
    socket.close();
  });

  test('an Idempotency-Key is the clientId: the same answer again, another text is 409', async () => {
    const { session_id } = await openSession();
    const headers = { 'Idempotency-Key': 'once' };
    const body = { session_id, message: 'What if it rains?' };
    const first = await call('POST message', { body, headers });
    const again = await call('POST message', { body, headers });
    expect(again.body.response).toEqual(first.body.response);
    const { messages } = (await call('GET messages', { session: session_id })).body;
    expect(messages.map(({ role }: { role: string }) => role)).toEqual(['visitor', 'ai']);
    const other = await call('POST message', { body: { ...body, message: 'Something else' }, headers });
    expect([other.status, other.body.error.code]).toEqual([409, 'conflict']);
  });

  test('asking for a person answers, and then the queue has it: intent null, handled_by queue', async () => {
    const { session_id } = await openSession();
    await call('POST message', { body: { session_id, message: 'I want to talk to a person' } });
    const waiting = await call('POST message', { body: { session_id, message: 'Hello? What does it cost?' } });
    expect(waiting.body.metadata).toMatchObject({ intent: null, confidence: null, handled_by: 'queue' });
    expect(Object.keys(waiting.body.metadata)).toEqual(['intent', 'confidence', 'lead_score', 'handled_by']);
    expect(waiting.body.response.content).not.toBe('');
    expect(waiting.body.response.suggested_actions).toEqual([]);
  });

  test('a person in control: the waiting text names them at once, and what they write is in GET messages', async () => {
    const { session_id, visitor_id } = await openSession();
    await call('POST message', { body: { session_id, message: 'Hello' } });
    const socket = await connectVisitor(server.url, key, { sessionToken: session_id, visitorToken: visitor_id });
    const { conversationId } = await socket.must<{ conversationId: string }>('session:open', {});
    await staff.must('conversation:take', { conversationId });
    const held = await call('POST message', { body: { session_id, message: 'How much is a tandem?' } });
    expect(held.body.metadata).toMatchObject({ intent: null, confidence: null, handled_by: 'human' });
    expect(held.body.response.content).toContain('Owner');
    await staff.must('message:send', { conversationId, text: 'Hi, 24 an hour.' });
    const { body } = await call('GET messages', { session: session_id });
    expect(body.messages.at(-1)).toMatchObject({ role: 'agent', content: 'Hi, 24 an hour.', status: 'complete' });
    expect(body.handled_by).toBe('human');
    const next = await call('GET messages', { session: session_id, query: `after=${body.cursor}` });
    expect(next.body.messages).toEqual([]);
    socket.close();
  });
});

describe('POST lead', () => {
  test('captures a lead with the documented answer; the same session again keeps its id', async () => {
    const { session_id } = await openSession();
    const lead = { session_id, name: 'John Smith', email: 'john@example.com', phone: '+1234567890' };
    const { status, body } = await call('POST lead', {
      body: { ...lead, company: 'Acme Inc', custom_fields: { interest: 'Enterprise plan', seats: 12 } },
    });
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['success', 'lead_id', 'message']);
    expect(body.lead_id).toMatch(/^lead_[0-9a-f]{24}$/);
    expect(body.message).toBe('Thanks! Someone will be in touch soon.');
    expect((await call('POST lead', { body: { ...lead, name: 'Jo' } })).body.lead_id).toBe(body.lead_id);
    const { orgId } = await firstOrganisation(server);
    const scored = await call('POST message', { body: { session_id, message: 'What does it cost?' } });
    expect(scored.body.metadata.lead_score).toBeGreaterThan(50);
    await expect.poll(async () => (await server.node.store.documents.leads.get(orgId, body.lead_id))?.name).toBe('Jo');
  });

  test.each([
    [{ name: 'Only a name' }, 'email'],
    [{ email: 'not an address' }, 'email'],
    [{ phone: '123' }, 'phone'],
    [{ phone: '+12345678901234567' }, 'phone'],
    [{ email: 'a@example.com', custom_fields: { a: { nested: 1 } } }, 'custom_fields.a'],
  ])('refuses %j by the path of what is wrong', async (fields, path) => {
    const { session_id } = await openSession();
    const { status, body } = await call('POST lead', { body: { session_id, ...fields } });
    expect([status, body.success, body.error.code]).toEqual([400, false, 'invalid']);
    expect(body.error.details.map((problem: { path: string }) => problem.path)).toContain(path);
  });
});

describe('companions', () => {
  test('handoff puts the conversation into the queue, csat is recorded, end ends it for good', async () => {
    const session = await openSession();
    const { session_id } = session;
    await call('POST message', { body: { session_id, message: 'Hello' } });
    const asked = await call('POST handoff', { body: { session_id, reason: 'A quote' } });
    expect(asked.body).toMatchObject({ success: true, handled_by: 'queue' });
    expect((await call('POST csat', { body: { session_id, rating: 5 } })).body.success).toBe(true);
    expect((await call('POST csat', { body: { session_id, rating: 6 } })).status).toBe(400);
    expect((await call('POST session/end', { body: { session_id } })).body).toEqual({ success: true });
    expect((await call('POST message', { body: { session_id, message: 'Hello' } })).status).toBe(404);
    const back = await call('POST session', { body: { visitor_id: session.visitor_id } });
    expect((await call('GET messages', { session: back.body.session_id })).body.messages).toEqual([]);
  });

  test('a repeat of session/end under the same Idempotency-Key gets the first answer, not 404', async () => {
    const { session_id } = await openSession();
    const headers = { 'Idempotency-Key': newUuid() };
    const end = () => call('POST session/end', { body: { session_id }, headers });
    expect((await end()).status).toBe(200);
    const again = await end();
    expect([again.status, again.body]).toEqual([200, { success: true }]);
  });

  test('who comes back after the end is greeted at the beginning of the new conversation', async () => {
    const { session_id, visitor_id } = await openSession();
    await call('POST handoff', { body: { session_id } });
    const began = Date.now();
    await call('POST session/end', { body: { session_id } });
    const back = await call('POST session', { body: { visitor_id } });
    const { documents } = server.node.store;
    const session = await documents.sessions.find(`hash:${hashOf(back.body.session_id)}`);
    const owned = await documents.ownerships.get(session!.orgId, session!.conversationId);
    expect(owned!.createdAt).toBeGreaterThanOrEqual(began);
    expect(Date.parse(back.body.greeting.timestamp)).toBe(Math.floor(owned!.createdAt / 1000) * 1000);
  });
});

describe('the envelope', () => {
  const shape = (body: Record<string, never>): string[] => Object.keys(body);

  test('every refusal is {success, error}, whatever could not be read', async () => {
    const { session_id } = await openSession();
    const cases = [
      [400, await call('POST message', { raw: '{"session_id":' })],
      [400, await call('POST message', { body: { session_id } })],
      [404, await call('POST message', { body: { session_id: 'sess_nothing', message: 'Hello' } })],
      [404, await call('GET nothing')],
      [405, await call('GET message')],
      [413, await call('POST track', { raw: `{"session_id":"${'x'.repeat(40_000)}"}` })],
      [415, await call('POST message', { raw: 'session_id=1', headers: { 'content-type': 'text/plain' } })],
    ] as const;
    for (const [status, answer] of cases) {
      expect(answer.status).toBe(status);
      expect(shape(answer.body)).toEqual(['success', 'error']);
      expect(answer.body.success).toBe(false);
      expect(Array.isArray(answer.body.error.details)).toBe(true);
    }
    expect(cases[4][1].headers.get('allow')).toBe('POST');
  });

  test('a preflight carries no key and is answered; the real request is judged by its Origin, readably', async () => {
    const preflight = await fetch(`${server.url}/api/widget/message`, {
      method: 'OPTIONS',
      headers: { origin: 'https://foreign.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('X-API-Key');
    const tenant = await addTenant(server);
    await server.node.store.documents.widgets.put({ ...tenant.widget, allowedDomains: ['good.example'] });
    const from = (origin: string) => call('GET config', { key: tenant.widget.catyKey, headers: { origin } });
    expect((await from('https://good.example')).status).toBe(200);
    const refused = await from('https://evil.example');
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, '*']);
    expect((await call('GET config', { key: tenant.widget.catyKey })).status).toBe(403);
  });
});

describe('approval mode', () => {
  let tenant: Awaited<ReturnType<typeof addTenant>>;
  beforeEach(async () => {
    tenant = await addTenant(server);
    tenant.widget = { ...tenant.widget, isAutopilot: false };
    await server.node.store.documents.widgets.put(tenant.widget);
  });

  test('drafts never leave: the waiting text comes at once, and the approved answer later', async () => {
    const theirs = await connectStaff(server.url, tenant.token);
    const options = { key: tenant.widget.catyKey };
    const { session_id } = await openWidgetSession(server.url, tenant.widget.catyKey);
    const answer = await call('POST message', { ...options, body: { session_id, message: 'What does it cost?' } });
    expect(answer.body.metadata).toMatchObject({ intent: null, confidence: null, handled_by: 'queue' });
    const inbox = await theirs.must<{ conversations: { conversationId: string }[] }>('inbox:open', {});
    const { conversationId } = inbox.conversations[0]!;
    await theirs.must('conversation:open', { conversationId });
    await expect.poll(async () => (await server.node.store.state(conversationId))?.state.draft?.draftId).toBeDefined();
    const before = await call('GET messages', { ...options, session: session_id });
    expect(before.body.messages).toHaveLength(1);
    const draftId = (await server.node.store.state(conversationId))!.state.draft!.draftId;
    await theirs.must('draft:approve', { conversationId, draftId });
    const after = await call('GET messages', { ...options, session: session_id });
    expect(after.body.messages.at(-1)).toMatchObject({ role: 'ai', message_id: draftId });
    theirs.close();
  });
});
