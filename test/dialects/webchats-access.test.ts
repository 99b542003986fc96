// Contract 002: who may call it, and that another organisation's things are as unknown as those that never were.
import { expect, test } from 'vitest';
import { formOf, pictures } from '../support/pictures.ts';
import { provisioned } from './provisioned.ts';
import { required, webchatCalls } from './webchat-calls.ts';

const world = provisioned();
const { send } = webchatCalls(world);
const good = required;
const unknown = 'ffffffffffffffffffffffff';
const create = 'POST /api/webchats';
const pathsOf = (answer: { json: { errors: { path: string }[] } }) => answer.json.errors.map(({ path }) => path);

const routes = [
  create,
  'GET /api/webchats',
  'POST /api/webchats/icons',
  `GET /api/webchats/${unknown}`,
  `PUT /api/webchats/${unknown}`,
  `DELETE /api/webchats/${unknown}`,
  `POST /api/webchats/${unknown}/rotate-key`,
  `GET /api/webchats/${unknown}/embed`,
  'GET /api/prompts',
  `GET /api/prompts/${unknown}`,
  'GET /api/pipelines',
  `GET /api/pipelines/${unknown}`,
  'GET /api/contacts',
  `GET /api/contacts/${unknown}`,
];

test.each(routes)('%s without a key is 401', async (route) => {
  const answer = await world.send(route);
  expect([answer.status, Object.keys(answer.json), answer.json.errors]).toEqual([401, ['message', 'errors'], []]);
});

test.each(routes)('%s with a key of another kind is 403', async (route) => {
  for (const bearer of [world.keys.v1, world.keys.functions, world.keys.console, world.keys.widget]) {
    const answer = await world.send(route, { bearer });
    expect([answer.status, Object.keys(answer.json)]).toEqual([403, ['message', 'errors']]);
  }
});

test('a key is not taken from the query or another header, and two different ones are 401', async () => {
  const key = world.keys.webchats;
  expect((await world.send(`GET /api/prompts?api_key=${key}`)).status).toBe(401);
  expect((await world.send('GET /api/prompts', { headers: { 'x-api-key': key } })).status).toBe(401);
  const two = await world.send('GET /api/prompts', { bearer: key, headers: { 'x-api-key': world.keys.v1 } });
  expect(two.status).toBe(401);
});

test('the console knows every other key as one, the public ones too: 403, and an unknown one 401', async () => {
  const { functions, v1, webchats, widget } = world.keys;
  for (const bearer of [functions, v1, webchats, widget, world.server.firstRun.widgetKey]) {
    expect((await world.send('GET /api/console/me', { bearer })).status).toBe(403);
  }
  expect((await world.send('GET /api/console/me', { bearer: `caty_${'0'.repeat(32)}` })).status).toBe(401);
});

test('a revoked key is 401 from the next call on, and one of a mere agent is 403', async () => {
  const bearer = await world.keyFor('webchats', 'pat');
  expect((await world.send('GET /api/prompts', { bearer })).status).toBe(200);
  const { credentials } = world.server.node.store.documents;
  const all = await credentials.list((await world.widgets())[0]!.orgId);
  const mine = all.find(({ hint, kind }) => kind === 'webchats' && bearer.endsWith(hint))!;
  await credentials.delete(mine.orgId, mine.id);
  expect((await world.send('GET /api/prompts', { bearer })).status).toBe(401);
  const agents = await world.keyFor('webchats', 'pat', 'agent');
  expect((await world.send('GET /api/prompts', { bearer: agents })).status).toBe(403);
});

test('who calls is settled before a byte of the body is read', async () => {
  expect((await world.send(create, { raw: '{"name":' })).status).toBe(401);
});

test("another organisation's things are as unknown as those that never were", async () => {
  const { stranger, server } = world;
  const { documents } = server.node.store;
  const theirs = { bearer: stranger.keyOf('webchats') };
  const { orgId } = stranger.widget;
  const assistant = (await documents.assistants.list(orgId))[0]!;
  const stage = { id: 'stage_theirs', uuid: 'u', hexId: 'abababababababababababab', key: 'theirs', name: 'Theirs' };
  await documents.pipelines.put({
    id: 'pipe_theirs',
    uuid: 'v',
    hexId: 'cdcdcdcdcdcdcdcdcdcdcdcd',
    orgId,
    createdAt: 1,
    updatedAt: 1,
    name: 'Theirs',
    isDefault: true,
    stages: [stage],
  });
  const contactId = 'con_efefefefefefefefefefefef';
  await documents.contacts.put({
    id: contactId,
    orgId,
    createdAt: 1,
    widgetId: stranger.widget.id,
    verified: false,
    lastSeenAt: 1,
    visits: 1,
    pipelineId: 'pipe_theirs',
    stageId: stage.id,
    name: 'Theirs',
  });
  const icon = await fetch(`${server.url}/api/webchats/icons`, {
    method: 'POST',
    headers: { authorization: `Bearer ${theirs.bearer}` },
    body: formOf(pictures.png),
  });
  const { key, url } = ((await icon.json()) as { data: { key: string; url: string } }).data;
  const before = JSON.stringify([await documents.widgets.list(orgId), await documents.files.list(orgId)]);

  const missing = 'orgs/65a0e0e0e0e0e0e0e0e0e0e0/webchat/none.png';
  for (const [field, foreign, never] of [
    ['promptId', assistant.hexId, unknown],
    ['pipelineId', 'cdcdcdcdcdcdcdcdcdcdcdcd', unknown],
    ['pipelineStage', stage.hexId, unknown],
    ['initialStage', stage.hexId, unknown],
    ['initialStage', stage.key, 'nowhere'],
    ['icon', key, missing],
    ['icon', url, missing],
  ] as const) {
    const [one, other] = [
      await send(create, { ...good, [field]: foreign }),
      await send(create, { ...good, [field]: never }),
    ];
    expect([field, one.status, pathsOf(one)]).toEqual([field, 404, [field]]);
    expect(one.json).toEqual(other.json);
  }
  const theirId = stranger.widget.hexId;
  for (const [foreign, never, body] of [
    [`GET /api/webchats/${theirId}`, `GET /api/webchats/${unknown}`],
    [`PUT /api/webchats/${theirId}`, `PUT /api/webchats/${unknown}`, { name: 'Mine now' }],
    [`DELETE /api/webchats/${theirId}`, `DELETE /api/webchats/${unknown}`],
    [`POST /api/webchats/${theirId}/rotate-key`, `POST /api/webchats/${unknown}/rotate-key`, {}],
    [`GET /api/webchats/${theirId}/embed`, `GET /api/webchats/${unknown}/embed`],
    [`GET /api/prompts/${assistant.hexId}`, `GET /api/prompts/${unknown}`],
    ['GET /api/pipelines/cdcdcdcdcdcdcdcdcdcdcdcd', `GET /api/pipelines/${unknown}`],
    [`GET /api/contacts/${contactId.slice(4)}`, `GET /api/contacts/${unknown}`],
    [`GET /api/contacts?pipelineStage=${stage.hexId}`, `GET /api/contacts?pipelineStage=${unknown}`],
  ] as const) {
    const [one, other] = [await send(foreign, body), await send(never, body)];
    expect([foreign, one.status]).toEqual([foreign, 404]);
    expect(one.text).toBe(other.text);
  }
  for (const list of ['webchats', 'prompts', 'pipelines', 'contacts']) {
    expect((await send(`GET /api/${list}`)).text).not.toContain('Theirs');
  }
  expect(JSON.stringify([await documents.widgets.list(orgId), await documents.files.list(orgId)])).toBe(before);
  // And theirs are there for them.
  expect((await world.send(`GET /api/contacts/${contactId.slice(4)}`, theirs)).status).toBe(200);
});
