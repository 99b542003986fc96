// `/w/{key}`: what a page gets of a widget before any socket.
import { expect, test } from 'vitest';
import { publicWidget } from '../../shared/widget.ts';
import { newId, newSecret } from '../../shared/ids.ts';
import type { Fact } from '../../shared/facts.ts';
import { evolve, initialState } from '../../shared/conversation.ts';
import { hashOf } from '../../server/usecases/secret.ts';
import { createWidget, updateWidget } from '../../server/usecases/widgets.ts';
import { httpTest } from './http-server.ts';

const http = httpTest();

test('gives the public view to any page where no domain is named, and nothing else of the widget', async () => {
  const { widget } = http.seeded;
  for (const key of [widget.widgetKey, widget.catyKey]) {
    const { status, json, headers } = await http.fetch(`/w/${key}`, { headers: { origin: 'https://any.example' } });
    expect(status).toBe(200);
    expect(json).toEqual(publicWidget.strict().parse(json));
    expect(json.assistantName).toBe('Robin');
    expect(json.availability).toBe('online');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(JSON.stringify(json)).not.toContain(widget.orgId);
  }
});

test('an unchanged view costs a 304, a changed one is sent', async () => {
  const widget = await createWidget(http.deps, http.owner, { name: 'Etag' });
  const first = await http.fetch(`/w/${widget.widgetKey}`);
  const etag = first.headers.get('etag')!;
  const again = await http.fetch(`/w/${widget.widgetKey}`, { headers: { 'if-none-match': etag } });
  expect([again.status, again.text]).toEqual([304, '']);
  await updateWidget(http.deps, http.owner.orgId, widget.id, { scheme: 'dark' });
  const changed = await http.fetch(`/w/${widget.widgetKey}`, { headers: { 'if-none-match': etag } });
  expect([changed.status, changed.json.scheme]).toEqual([200, 'dark']);
});

test('a preflight of any page is answered, the real request of a foreign one is refused readably', async () => {
  const widget = await createWidget(http.deps, http.owner, { allowedDomains: ['example.com'] });
  const at = (origin: string | undefined, init: RequestInit = {}) =>
    http.fetch(`/w/${widget.widgetKey}`, { ...init, headers: origin === undefined ? {} : { origin } });
  const preflight = await at('https://evil.example', { method: 'OPTIONS' });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-headers')).toContain('X-Session-Id');
  expect((await at('https://example.com')).status).toBe(200);
  expect((await at(http.deps.baseUrl())).status).toBe(200);
  for (const origin of ['https://evil.example', 'https://www.example.com', 'http://example.com', 'null', undefined]) {
    const refused = await at(origin);
    expect([origin, refused.status, refused.json.error.code]).toEqual([origin, 403, 'forbidden']);
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    expect(refused.headers.get('vary')).toContain('Origin');
  }
  const sameOrigin = await http.fetch(`/w/${widget.widgetKey}`, { headers: { 'sec-fetch-site': 'same-origin' } });
  expect(sameOrigin.status).toBe(200);
});

test('an unknown key is not found, a widget that is switched off is refused at once', async () => {
  for (const key of ['wgt_000000000000000000000000', 'x', 'wgt_%00', '__proto__', `wgt_${'a'.repeat(5000)}`]) {
    expect([key, (await http.fetch(`/w/${key}`)).status]).toEqual([key, 404]);
  }
  const widget = await createWidget(http.deps, http.owner, {});
  expect((await http.fetch(`/w/${widget.widgetKey}`)).status).toBe(200);
  await updateWidget(http.deps, http.owner.orgId, widget.id, { isEnabled: false });
  const off = await http.fetch(`/w/${widget.widgetKey}`);
  expect([off.status, off.json.error.code]).toEqual([403, 'forbidden']);
  expect(http.deliveries).toContainEqual({ kind: 'revoked', what: 'widget', id: widget.id });
});

test('unread counts messages by others after the read mark, for a session of this very widget', async () => {
  const { store } = http.deps;
  const { widget } = http.seeded;
  const conversationId = newId('conv');
  const fact = (seq: number, kind: 'visitor' | 'ai'): Fact => ({
    conversationId,
    seq,
    id: `f${seq}`,
    at: seq,
    type: 'message.created',
    messageId: `m${seq}`,
    author: { kind },
    text: 'x',
    status: 'complete',
  });
  const opened: Fact = {
    conversationId,
    seq: 1,
    id: 'f1',
    at: 1,
    type: 'conversation.opened',
    widgetId: widget.id,
    assistantId: widget.assistantId,
    contactId: 'con_1',
    isAutopilot: true,
    channel: 'widget',
  };
  const facts = [opened, fact(2, 'visitor'), fact(3, 'ai'), fact(4, 'ai'), fact(5, 'visitor')];
  const state = facts.reduce(evolve, initialState(conversationId, true));
  const commit = {
    id: 'c',
    orgId: widget.orgId,
    conversationId,
    first: 1,
    key: 'k',
    hash: 'h',
    at: 1,
    facts,
    result: 0,
  };
  await store.append([{ commit, state }]);
  const token = newSecret('sess');
  await store.documents.sessions.put({
    id: newId('ssn'),
    orgId: widget.orgId,
    createdAt: Date.now(),
    widgetId: widget.id,
    visitorId: 'vst_1',
    contactId: 'con_1',
    conversationId,
    hash: hashOf(token),
    openKey: 'k',
    lastSeenAt: Date.now(),
    channel: 'widget',
  });
  const unread = async (session: string, key = widget.widgetKey) =>
    (await http.fetch(`/w/${key}`, { headers: { 'x-session-id': session } })).json.unread;
  expect(await unread(token)).toBe(2);
  await store.advanceRead(conversationId, 'visitor', 3);
  expect(await unread(token)).toBe(1);
  expect(await unread(newSecret('sess'))).toBeUndefined();
  const other = await createWidget(http.deps, http.owner, {});
  expect(await unread(token, other.widgetKey)).toBeUndefined();
});

test('other methods are refused with the ones that work', async () => {
  const { status, headers, json } = await http.fetch(`/w/${http.seeded.widget.widgetKey}`, { method: 'POST' });
  expect([status, headers.get('allow'), json.error.code]).toEqual([405, 'GET, HEAD, OPTIONS', 'method_not_allowed']);
});
