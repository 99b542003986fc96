// Every console route: who may call it, whose data it gives, and what comes out. A route without an entry fails.
import { beforeAll, expect, test } from 'vitest';
import { consoleRoutes } from '../../shared/console-api.ts';
import type { ConsoleRoute, RouteSpec } from '../../shared/console-api.ts';
import { evolve, initialState } from '../../shared/conversation.ts';
import type { Fact } from '../../shared/facts.ts';
import { newId, publicIdsOf } from '../../shared/ids.ts';
import type { Member } from '../../server/ports/documents.ts';
import { ban } from '../../server/usecases/ban-changes.ts';
import { addArticle } from '../../server/usecases/knowledge.ts';
import { makeKey } from '../../server/usecases/keys.ts';
import { createPipeline } from '../../server/usecases/pipelines.ts';
import { createWidget } from '../../server/usecases/widgets.ts';
import { makeLink } from '../../server/usecases/accounts.ts';
import { formOf, pictures } from '../support/pictures.ts';
import { httpTest } from './http-server.ts';
import type { CallOptions } from './http-server.ts';

const http = httpTest();

let agent: Member;
let admin: Member;
let subject: Member;
let foreigner: Member;
const ids = { widget: '', assistant: '', article: '', conversation: '', contact: '' };
const foreign = {
  widget: '',
  assistant: '',
  article: '',
  conversation: '',
  member: '',
  key: '',
  contact: '',
  pipeline: '',
  ban: '',
};
const canary = 'canary-7f3a';

const converse = async (orgId: string, widgetId: string, contactId: string, text: string): Promise<string> => {
  const conversationId = newId('conv');
  const place = (seq: number) => ({ conversationId, seq, id: `${conversationId}.${seq}`, at: Date.now() });
  const facts: Fact[] = [
    {
      ...place(1),
      type: 'conversation.opened',
      widgetId,
      assistantId: 'a',
      contactId,
      isAutopilot: true,
      channel: 'widget',
    },
    {
      ...place(2),
      type: 'message.created',
      messageId: newId('msg'),
      author: { kind: 'visitor' },
      text,
      status: 'complete',
    },
    { ...place(3), type: 'label.changed', labels: [`label ${text}`], by: { id: 'm', name: 'M' } },
  ];
  const state = facts.reduce(evolve, initialState(conversationId, true));
  const commit = {
    id: newId('node'),
    orgId,
    conversationId,
    first: 1,
    key: newId('key'),
    hash: '',
    at: 1,
    facts,
    result: 0,
  };
  expect(await http.deps.store.append([{ commit, state }])).toEqual(['appended']);
  return conversationId;
};

const addContact = async (orgId: string, widgetId: string, name: string): Promise<string> => {
  const id = newId('con');
  await http.deps.store.documents.contacts.put({
    id,
    orgId,
    createdAt: 1,
    widgetId,
    name,
    verified: false,
    lastSeenAt: 2,
    visits: 3,
  });
  return id;
};

/** Puts a contact into the first stage, with a lead. */
const place = async (orgId: string, contactId: string): Promise<void> => {
  const { pipelines, contacts, leads } = http.deps.store.documents;
  const [pipeline] = await pipelines.list(orgId);
  const contact = (await contacts.get(orgId, contactId))!;
  const leadId = newId('lead');
  const { id: pipelineId, stages } = pipeline!;
  await contacts.put({ ...contact, pipelineId, stageId: stages[0]!.id, leadId });
  const { widgetId, name } = contact;
  const base = { id: leadId, orgId, createdAt: 1, updatedAt: 1, contactId, conversationId: 'c', widgetId, score: 7 };
  await leads.put(name === undefined ? base : { ...base, name });
};

const newBan = async (member: Member): Promise<string> =>
  (
    await ban(http.deps, member, {
      target: { kind: 'range', value: '198.51.100.0/24' },
      reason: member === foreigner ? canary : 'Abuse',
      includesMe: false,
      mine: [],
    })
  ).id;

const newPipeline = async (): Promise<string> =>
  (await createPipeline(http.deps, http.owner.orgId, { name: 'P', stages: [{ key: 'a', name: 'A' }] })).id;

beforeAll(async () => {
  const { deps, owner, seeded } = http;
  const { documents } = deps.store;
  agent = await http.addMember({ id: newId('mem'), email: 'agent@a.example' });
  admin = await http.addMember({ id: newId('mem'), email: 'admin@a.example', role: 'admin' });
  subject = await http.addMember({ id: newId('mem'), email: 'subject@a.example' });
  ids.widget = seeded.widget.id;
  ids.assistant = seeded.widget.assistantId;
  ids.article = (await addArticle(deps, owner.orgId, ids.assistant, { title: 'T', text: 'x' })).id;
  const contact = await addContact(owner.orgId, ids.widget, 'Ada');
  ids.contact = contact;
  await place(owner.orgId, contact);
  ids.conversation = await converse(owner.orgId, ids.widget, contact, 'hello tiller');
  await converse(owner.orgId, ids.widget, contact, 'again tiller');

  const orgId = newId('org');
  await documents.organisations.put({
    id: orgId,
    ...publicIdsOf(orgId),
    orgId,
    createdAt: 1,
    name: canary,
    businessType: '',
  });
  foreign.assistant = newId('asst');
  await documents.assistants.put({
    id: foreign.assistant,
    ...publicIdsOf(foreign.assistant),
    role: '',
    orgId,
    createdAt: 1,
    updatedAt: 1,
    name: canary,
    instructions: '',
    tone: '',
    model: '',
  });
  foreigner = await http.addMember({
    id: newId('mem'),
    email: `${canary}@b.example`,
    orgId,
    role: 'owner',
    name: canary,
  });
  foreign.member = foreigner.id;
  foreign.widget = (await createWidget(deps, foreigner, { name: canary })).id;
  foreign.article = (await addArticle(deps, orgId, foreign.assistant, { title: canary, text: canary })).id;
  foreign.key = (await makeKey(deps, foreigner, { kind: 'functions', name: canary })).key.id;
  const stranger = await addContact(orgId, foreign.widget, canary);
  foreign.contact = stranger;
  foreign.pipeline = (await createPipeline(deps, orgId, { name: canary, stages: [{ key: 'new', name: canary }] })).id;
  await place(orgId, stranger);
  foreign.ban = await newBan(foreigner);
  foreign.conversation = await converse(orgId, foreign.widget, stranger, `hello tiller ${canary}`);
});

const newKey = async (): Promise<string> => (await makeKey(http.deps, http.owner, { kind: 'v1', name: 'K' })).key.id;
/** One of the admin's own, whose rights a new secret may carry. */
const ownKey = async (): Promise<string> => (await makeKey(http.deps, admin, { kind: 'v1', name: 'K' })).key.id;
const newWidget = async (): Promise<string> => (await createWidget(http.deps, http.owner, { name: 'W' })).id;

/** A good call of each route by an admin; `foreign`: the same call for another organisation's thing. */
const calls: { [K in ConsoleRoute]: { good(): Promise<CallOptions> | CallOptions; foreign?(): CallOptions } } = {
  'POST /login': { good: () => ({ body: { email: 'nobody@a.example', password: 'x' } }) },
  'POST /link/read': {
    good: async () => ({ body: { token: (await makeLink(http.deps, subject)).split('=')[1]! } }),
  },
  'POST /link': {
    good: async () => ({
      body: {
        token: (await makeLink(http.deps, subject)).split('=')[1],
        name: 'Sub',
        email: 'subject@a.example',
        password: 'a long password',
      },
    }),
  },
  'POST /logout': { good: () => ({}) },
  'POST /logout/everywhere': { good: () => ({}) },
  'GET /me': { good: () => ({}) },
  'PATCH /me': { good: () => ({ body: { name: 'Renamed' } }) },
  'POST /me/avatar': { good: () => ({ form: formOf(pictures.png) }) },
  'DELETE /me/avatar': { good: () => ({}) },
  'GET /me/keys': { good: () => ({}) },
  'GET /members': { good: () => ({}) },
  'POST /members': { good: () => ({ body: { name: 'New', email: `${newId('mem')}@a.example`, role: 'agent' } }) },
  'PATCH /members/:id': {
    good: () => ({ id: subject.id, body: { role: 'agent' } }),
    foreign: () => ({ id: foreign.member, body: { isDisabled: true } }),
  },
  'POST /members/:id/link': { good: () => ({ id: subject.id }), foreign: () => ({ id: foreign.member }) },
  'GET /widgets': { good: () => ({}) },
  'POST /widgets': {
    good: () => ({ body: { name: 'W' } }),
    foreign: () => ({ body: { assistantId: foreign.assistant } }),
  },
  'GET /widgets/:id': { good: () => ({ id: ids.widget }), foreign: () => ({ id: foreign.widget }) },
  'GET /widgets/:id/identity': { good: () => ({ id: ids.widget }), foreign: () => ({ id: foreign.widget }) },
  'POST /widgets/:id/identity/rotate': {
    good: () => ({ id: ids.widget, body: { graceSeconds: 60 } }),
    foreign: () => ({ id: foreign.widget, body: {} }),
  },
  'PATCH /widgets/:id': {
    good: () => ({ id: ids.widget, body: { scheme: 'dark' } }),
    foreign: () => ({ id: foreign.widget, body: { name: 'Mine now' } }),
  },
  'POST /widgets/:id/preview': {
    good: () => ({ id: ids.widget, body: { colors: { primary: '#FFD400' } } }),
    foreign: () => ({ id: foreign.widget, body: {} }),
  },
  'GET /assistants': { good: () => ({}) },
  'PATCH /assistants/:id': {
    good: () => ({ id: ids.assistant, body: { tone: 'Dry.' } }),
    foreign: () => ({ id: foreign.assistant, body: { name: 'Mine now' } }),
  },
  'GET /assistants/:id/articles': { good: () => ({ id: ids.assistant }), foreign: () => ({ id: foreign.assistant }) },
  'POST /assistants/:id/articles': {
    good: () => ({ id: ids.assistant, body: { title: 'A', text: 'B' } }),
    foreign: () => ({ id: foreign.assistant, body: { title: 'A', text: 'B' } }),
  },
  'PATCH /articles/:id': {
    good: () => ({ id: ids.article, body: { title: 'Better' } }),
    foreign: () => ({ id: foreign.article, body: { title: 'Mine now' } }),
  },
  'DELETE /articles/:id': {
    good: async () => ({
      id: (await addArticle(http.deps, http.owner.orgId, ids.assistant, { title: 'Gone', text: 'x' })).id,
    }),
    foreign: () => ({ id: foreign.article }),
  },
  'POST /assistants': { good: () => ({ body: { name: 'Ida', role: 'AI at the desk' } }) },
  'GET /organisation': { good: () => ({}) },
  'PATCH /organisation': { good: () => ({ body: { businessType: 'kayak hire', dailyAnswers: 1000 } }) },
  'GET /keys': { good: () => ({}) },
  'POST /keys': { good: () => ({ body: { kind: 'webchats', name: 'Website builder' } }) },
  'PATCH /keys/:id': {
    good: async () => ({ id: await newKey(), body: { name: 'Renamed' } }),
    foreign: () => ({ id: foreign.key, body: { name: 'Mine now' } }),
  },
  'POST /keys/:id/rotate': {
    good: async () => ({ id: await ownKey(), body: { graceSeconds: 60 } }),
    foreign: () => ({ id: foreign.key, body: {} }),
  },
  'DELETE /keys/:id': { good: async () => ({ id: await newKey() }), foreign: () => ({ id: foreign.key }) },
  'DELETE /widgets/:id': { good: async () => ({ id: await newWidget() }), foreign: () => ({ id: foreign.widget }) },
  'POST /widgets/:id/rotate-key': {
    good: async () => ({ id: await newWidget(), body: { which: 'catyKey' } }),
    foreign: () => ({ id: foreign.widget, body: { which: 'widgetKey' } }),
  },
  'GET /pipelines': { good: () => ({}) },
  'POST /pipelines': { good: () => ({ body: { name: 'Trips', stages: [{ key: 'asked', name: 'Asked' }] } }) },
  'PATCH /pipelines/:id': {
    good: async () => ({ id: await newPipeline(), body: { name: 'Renamed', stages: [{ key: 'b', name: 'B' }] } }),
    foreign: () => ({ id: foreign.pipeline, body: { name: 'Mine now' } }),
  },
  'DELETE /pipelines/:id': {
    good: async () => ({ id: await newPipeline() }),
    foreign: () => ({ id: foreign.pipeline }),
  },
  'GET /contacts': { good: () => ({ query: { limit: '1' } }) },
  'GET /contacts/:id': { good: () => ({ id: ids.contact }), foreign: () => ({ id: foreign.contact }) },
  'PATCH /contacts/:id': {
    good: () => ({ id: ids.contact, body: { phone: '+44 1' } }),
    foreign: () => ({ id: foreign.contact, body: { name: 'Mine now' } }),
  },
  'GET /leads': { good: () => ({}) },
  'GET /leads/export': { good: () => ({}) },
  'POST /icons': { good: () => ({ form: formOf(pictures.png) }) },
  'GET /search': { good: () => ({ query: { q: 'tiller' } }) },
  'GET /labels': { good: () => ({}) },
  'GET /bans': { good: () => ({}) },
  'POST /bans': {
    good: () => ({ body: { contactId: ids.contact, reason: 'Abuse' } }),
    foreign: () => ({ body: { contactId: foreign.contact } }),
  },
  'DELETE /bans/:id': { good: async () => ({ id: await newBan(http.owner) }), foreign: () => ({ id: foreign.ban }) },
  'GET /bans/reach': {
    good: () => ({ query: { address: '203.0.113.7' } }),
    foreign: () => ({ query: { address: '203.0.113.7', conversationId: foreign.conversation } }),
  },
  'GET /conversations/:id/ban': {
    good: () => ({ id: ids.conversation }),
    foreign: () => ({ id: foreign.conversation }),
  },
  'GET /conversations/:id/context': {
    good: () => ({ id: ids.conversation }),
    foreign: () => ({ id: foreign.conversation }),
  },
};

const routes = Object.entries(consoleRoutes) as [ConsoleRoute, RouteSpec][];

const closed = routes.filter(([, { who }]) => who !== 'public');
const withBody = routes.filter(([, { body }]) => body !== undefined);
const withForeign = routes.filter(([route]) => calls[route].foreign !== undefined);

test('every route that names a thing is tried with a foreign one', () => {
  const named = routes.map(([route]) => route).filter((route) => route.includes(':id'));
  expect(withForeign.map(([route]) => route)).toEqual(expect.arrayContaining(named));
});

test.each(closed)('%s refuses a stranger, a wrong cookie and a wrong token', async (route) => {
  const options = await calls[route].good();
  const attempts = [{}, { cookie: 'tiller=cookie_wrong' }, { headers: { authorization: 'Bearer con_wrong' } }];
  for (const attempt of attempts) {
    const { status, json } = await http.call(route, { ...options, ...attempt });
    expect([status, json.error.code]).toEqual([401, 'unauthenticated']);
  }
});

test.each(closed)('%s goes by the role', async (route, { who }) => {
  const cookie = await http.cookieOf(agent);
  const { status, json } = await http.call(route, { ...(await calls[route].good()), cookie });
  const refusal = who === 'admin' ? 'forbidden' : undefined;
  expect([status, json.error?.code]).toEqual([refusal === undefined ? 200 : 403, refusal]);
});

test.each(routes.filter(([route]) => route !== 'POST /login'))(
  '%s gives what the table says and nothing else',
  async (route, { output, file }) => {
    const cookie = await http.cookieOf(admin);
    const { status, json, text, headers } = await http.call(route, { ...(await calls[route].good()), cookie });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(`${file ?? 'application/json'}; charset=utf-8`);
    if (file === undefined) expect(json).toEqual(output.parse(json));
    else expect(text).toBe(output.parse(text));
    expect(headers.get('cache-control')).toBe('no-store');
    expect(text).not.toContain(canary);
    expect(text).not.toMatch(/passwordHash|"hash"|\$argon2/);
  },
);

test.each(withForeign)("%s does not find another organisation's things, and leaves them untouched", async (route) => {
  const { documents } = http.deps.store;
  const held = async () => [
    await documents.widgets.list(foreigner.orgId),
    await documents.assistants.list(foreigner.orgId),
    await documents.articles.list(foreigner.orgId),
    await documents.members.list(foreigner.orgId),
    await documents.credentials.list(foreigner.orgId),
    await documents.pipelines.list(foreigner.orgId),
    await documents.contacts.list(foreigner.orgId),
    await documents.leads.list(foreigner.orgId),
  ];
  const before = await held();
  const options = calls[route].foreign!();
  const { status, json } = await http.call(route, { ...options, cookie: await http.cookieOf(admin) });
  expect([status, json.error.code]).toEqual([404, 'not_found']);
  expect(await held()).toEqual(before);
  // The very same answer as for something that nobody has.
  const nobodys = {
    ...options,
    id: newId('wid'),
    ...(route === 'POST /widgets' ? { body: { assistantId: 'none' } } : {}),
  };
  const guess = await http.call(route, { ...nobodys, cookie: await http.cookieOf(admin) });
  expect([guess.status, guess.json]).toEqual([status, json]);
});

test.each(withBody)('%s refuses a wrong body by its path, unechoed', async (route, { body }) => {
  const cookie = await http.cookieOf(admin);
  const { id = '' } = await calls[route].good();
  const [method = '', path = ''] = route.split(' ');
  const send = (text: string, type = 'application/json') =>
    http.fetch(`/api/console${path.replace(':id', id)}`, {
      method,
      body: text,
      headers: { cookie, 'content-type': type },
    });
  const field = Object.keys((body as unknown as { shape: object }).shape)[0]!;
  const wrong = await send(JSON.stringify({ [field]: { echo: canary } }));
  expect([wrong.status, wrong.json.error.code]).toEqual([400, 'invalid']);
  expect(wrong.json.error.details.map((detail: { path: string }) => detail.path)).toContain(field);
  expect(wrong.text).not.toContain(canary);
  const deep = `${'{"a":'.repeat(20)}1${'}'.repeat(20)}`;
  const strange = ['{"__proto__":{"x":1}}', '{"a":{"$gt":""}}', `{"${field}":"\\ud800"}`, deep];
  for (const broken of ['{"a":', '[]', '"x"', 'null', ...strange]) {
    const { status, json, text } = await send(broken);
    expect([broken, status, json?.error?.code]).toEqual([broken, 400, 'invalid']);
    expect(text).not.toMatch(/at \w+ \(|node_modules|JSON at position/);
  }
  const large = await send(JSON.stringify({ [field]: 'x'.repeat(1_100_000) }));
  expect([large.status, large.json.error.code]).toEqual([413, 'too_large']);
  const form = await send('a=b', 'application/x-www-form-urlencoded');
  expect([form.status, form.json.error.code]).toEqual([415, 'unsupported_media_type']);
});

test('a wrong method is told which ones work', async () => {
  const { status, headers, json } = await http.fetch('/api/console/widgets', { method: 'DELETE' });
  expect([status, headers.get('allow'), json.error.code]).toEqual([405, 'GET, HEAD, POST', 'method_not_allowed']);
});

test('only articles may be long', async () => {
  const cookie = await http.cookieOf(admin);
  const text = 'ü'.repeat(100_000);
  const long = await http.call('POST /assistants/:id/articles', {
    cookie,
    id: ids.assistant,
    body: { title: 'L', text },
  });
  expect(long.status).toBe(200);
  const tooLong = await http.call('PATCH /me', { cookie, body: { name: 'x'.repeat(70_000) } });
  expect(tooLong.status).toBe(413);
});

test('the context of a conversation holds the contact and the other conversations', async () => {
  const { json } = await http.call('GET /conversations/:id/context', {
    cookie: await http.cookieOf(agent),
    id: ids.conversation,
  });
  expect(json.contact).toMatchObject({ name: 'Ada', visits: 3 });
  expect(json.widget).toEqual({ id: ids.widget, name: 'Selwick Kayaks website' });
  expect(json.others).toHaveLength(1);
  expect(json.others[0].conversationId).not.toBe(ids.conversation);
});

test('a changed widget is told to the sockets once, an unchanged one not at all', async () => {
  const cookie = await http.cookieOf(admin);
  const { json } = await http.call('POST /widgets', { cookie, body: { name: 'Told' } });
  const { id } = json.widget;
  const told = () => http.changed.filter(({ widget }) => widget.id === id);
  await http.call('PATCH /widgets/:id', { cookie, id, body: { name: 'Told' } });
  expect(told()).toHaveLength(0);
  await http.call('PATCH /widgets/:id', { cookie, id, body: { isAutopilot: false } });
  expect(told()).toHaveLength(1);
  expect([told()[0]!.before.isAutopilot, told()[0]!.widget.isAutopilot]).toEqual([true, false]);
});

test('live sockets close where a widget is switched off or gets other domains, and for nothing else', async () => {
  const cookie = await http.cookieOf(admin);
  const { json } = await http.call('POST /widgets', { cookie, body: {} });
  const { id } = json.widget;
  const closed = () => http.deliveries.filter((one) => one.kind === 'revoked' && one.id === id).length;
  await http.call('PATCH /widgets/:id', { cookie, id, body: { scheme: 'dark', allowedDomains: [] } });
  expect(closed()).toBe(0);
  await http.call('PATCH /widgets/:id', { cookie, id, body: { allowedDomains: ['example.com'] } });
  expect(closed()).toBe(1);
  await http.call('PATCH /widgets/:id', { cookie, id, body: { isEnabled: false } });
  expect(closed()).toBe(2);
});

test('a preview stores nothing, and links that are no links are refused', async () => {
  const cookie = await http.cookieOf(admin);
  const before = await http.deps.store.documents.widgets.get(http.owner.orgId, ids.widget);
  const { json } = await http.call('POST /widgets/:id/preview', {
    cookie,
    id: ids.widget,
    body: { texts: { ...before!.texts, title: 'Draft' }, colors: { primary: '#FFD400' } },
  });
  expect(json.preview.texts.title).toBe('Draft');
  expect(await http.deps.store.documents.widgets.get(http.owner.orgId, ids.widget)).toEqual(before);
  const bad = await http.call('PATCH /widgets/:id', {
    cookie,
    id: ids.widget,
    body: { privacyUrl: 'javascript:alert(1)', actionButtons: [{ label: 'x', action: 'link', url: '//evil.example' }] },
  });
  expect(bad.status).toBe(400);
  expect(bad.json.error.details.map((detail: { path: string }) => detail.path)).toEqual([
    'privacyUrl',
    'actionButtons[0].url',
  ]);
});
