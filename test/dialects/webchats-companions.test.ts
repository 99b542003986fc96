// Contract 002's companions: lists, embed code, keys, deletion, and what its webchats point at.
import { expect, test } from 'vitest';
import { embedCode } from '../../server/domain/widget.ts';
import { provisioned } from './provisioned.ts';
import { prompt, required, webchatCalls } from './webchat-calls.ts';

const world = provisioned();
const { send, create, get, widgetOf } = webchatCalls(world);

test('the list counts pages and holds every widget of the organisation, whoever made it', async () => {
  await create();
  await create();
  // Ids order to the second; a list must not.
  const all = (await world.widgets()).toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  const first = await send('GET /api/webchats?limit=2');
  expect(first.json.data.map((data: { _id: string }) => data._id)).toEqual(all.slice(0, 2).map(({ hexId }) => hexId));
  expect(first.json.data[0]).toEqual(await get(all[0]!.hexId));
  expect(first.json.pagination).toEqual({ page: 1, limit: 2, total: all.length, hasMore: true });
  const beyond = await send('GET /api/webchats?limit=2&page=1000');
  expect([beyond.status, beyond.json.data, beyond.json.pagination.hasMore]).toEqual([200, [], false]);
  expect(first.text).not.toContain(world.stranger.widget.hexId);
});

test('the embed code is the published one with our address and key; rotating gives another, with or without grace', async () => {
  const { _id } = await create();
  const embed = await send(`GET /api/webchats/${_id}/embed`);
  const { widgetKey } = await widgetOf(_id);
  expect(embed.json.data).toMatchObject({ _id, widgetKey, embedCode: embedCode(world.server.url, widgetKey) });
  const viewStatus = async (key: string) => (await world.send(`GET /w/${key}`)).status;
  const rotated = await send(`POST /api/webchats/${_id}/rotate-key`);
  expect([rotated.status, rotated.json.data.oldKeyValidUntil]).toEqual([200, null]);
  const next = rotated.json.data.widgetKey;
  expect([await viewStatus(widgetKey), await viewStatus(next)]).toEqual([404, 200]);
  const graced = await send(`POST /api/webchats/${_id}/rotate-key`, { grace_seconds: 60 });
  expect(Date.parse(graced.json.data.oldKeyValidUntil)).toBeGreaterThan(Date.now() + 50_000);
  expect([await viewStatus(next), await viewStatus(graced.json.data.widgetKey)]).toEqual([200, 200]);
  expect((await widgetOf(_id)).catyKey).toMatch(/^caty_/);
});

test('webchats are listed in the order of their making, however fast they were made', async () => {
  for (let made = 0; made < 12; made += 1) await create();
  const { data } = (await send('GET /api/webchats?limit=100')).json;
  const times = data.map(({ createdAt }: { createdAt: string }) => createdAt);
  expect(times).toEqual(times.toSorted());
});

test('a webchat of a kind that no page can hold has no embed code: 409 says which bridge it would need', async () => {
  const body = { widget_type: 'whatsapp', user_opening_messages: null, action_buttons: null };
  const made = await world.send('POST /api/v1/widget', { headers: { 'x-api-key': world.keys.v1 }, body });
  const { hexId } = await world.widgetBy(made.json.data.id);
  const embed = await send(`GET /api/webchats/${hexId}/embed`);
  expect([embed.status, embed.json.errors]).toEqual([409, []]);
  expect(embed.json.message).toContain('bridge to WhatsApp Business');
  const rotated = await send(`POST /api/webchats/${hexId}/rotate-key`);
  expect(rotated.status).toBe(200);
  expect(rotated.json.data).toMatchObject({ _id: hexId, embedCode: null, shortEmbedCode: null });
});

test('a deleted webchat is gone everywhere', async () => {
  const { _id } = await create();
  const { widgetKey } = await widgetOf(_id);
  const gone = await send(`DELETE /api/webchats/${_id}`);
  expect([gone.status, gone.json.data]).toEqual([200, { _id }]);
  for (const route of [`GET /api/webchats/${_id}`, `DELETE /api/webchats/${_id}`, `GET /api/webchats/${_id}/embed`]) {
    expect((await send(route)).status).toBe(404);
  }
  expect((await send(`PUT /api/webchats/${_id}`, {})).status).toBe(404);
  expect((await send(`POST /api/webchats/${_id}/rotate-key`)).status).toBe(404);
  expect((await world.send(`GET /w/${widgetKey}`)).status).toBe(404);
});

test('prompts and pipelines are read with the ids that a webchat names', async () => {
  const prompts = await send('GET /api/prompts');
  expect(prompts.json.data.map((one: { _id: string }) => one._id)).toEqual([prompt, '65b2a1c3d4e5f6a7b8c9d0e2']);
  expect((await send(`GET /api/prompts/${prompt}`)).json.data).toEqual(prompts.json.data[0]);
  const pipelines = await send('GET /api/pipelines');
  expect(pipelines.json.data[0]).toMatchObject({
    _id: '66f0a0b0c0d0e0f0a0b0c0d0',
    organizationId: '65a0e0e0e0e0e0e0e0e0e0e0',
    isDefault: true,
  });
  expect(pipelines.json.data[0].stages[0]).toEqual({ _id: '67f0a0b0c0d0e0f0a0b0c0d0', key: 'new', name: 'New' });
  expect((await send('GET /api/pipelines/66f0a0b0c0d0e0f0a0b0c0d0')).json.data).toEqual(pipelines.json.data[0]);
  expect(pipelines.json.pagination).toEqual({ page: 1, limit: 20, total: 1, hasMore: false });
});

test('contacts are paged, found by stage and by words, and read one by one', async () => {
  const { documents } = world.server.node.store;
  const { orgId, id: widgetId, hexId } = await widgetOf((await create())._id);
  const [pipeline] = await documents.pipelines.list(orgId);
  const [entry, next] = pipeline!.stages;
  let made = 0xabcdef;
  const add = async (name: string, stageId?: string): Promise<string> => {
    // Ids order what is made in different seconds.
    const id = `con_${(made += 1).toString(16).padStart(24, '0')}`;
    const place = stageId === undefined ? {} : { stageId, pipelineId: pipeline!.id };
    const times = { createdAt: 1, lastSeenAt: 2, visits: 1 };
    await documents.contacts.put({
      id,
      orgId,
      widgetId,
      verified: false,
      ...times,
      name,
      company: 'Selwick',
      ...place,
    });
    return id.slice(-24);
  };
  const ids: string[] = [];
  for (const name of ['Ada', 'Ben', 'Cleo']) ids.unshift(await add(name, entry!.id));
  const won = await add('Dora', next!.id);
  await add('A visitor who never said a word');
  const listed = async (query: string) => {
    const { json } = await send(`GET /api/contacts?${query}`);
    return [json.data.map((one: { _id: string }) => one._id), json.pagination.hasMore];
  };
  expect(await listed('')).toEqual([[won, ...ids], false]);
  expect(await listed('limit=2')).toEqual([[won, ids[0]], true]);
  expect(await listed('limit=2&page=2')).toEqual([[ids[1], ids[2]], false]);
  expect(await listed(`pipelineStage=${entry!.hexId}&limit=3`)).toEqual([ids, false]);
  expect(await listed('q=SELWICK%20cleo')).toEqual([[ids[0]], false]);
  expect((await send(`GET /api/contacts/${won}`)).json.data).toEqual({
    _id: won,
    organizationId: '65a0e0e0e0e0e0e0e0e0e0e0',
    name: 'Dora',
    company: 'Selwick',
    isVerified: false,
    webchatId: hexId,
    pipelineId: pipeline!.hexId,
    pipelineStage: next!.hexId,
    visits: 1,
    createdAt: '1970-01-01T00:00:00.001Z',
    lastSeenAt: '1970-01-01T00:00:00.002Z',
  });
  expect((await send(`GET /api/contacts?pipelineStage=${'f'.repeat(24)}`)).status).toBe(404);
});

test('an Idempotency-Key gives the first answer again, and another body under it is refused', async () => {
  const headers = { 'idempotency-key': 'once-1' };
  const ask = (body: object) => world.send('POST /api/webchats', { bearer: world.keys.webchats, body, headers });
  const first = await ask(required);
  expect((await ask(required)).json).toEqual(first.json);
  const other = await ask({ ...required, name: 'Another' });
  expect([other.status, Object.keys(other.json)]).toEqual([409, ['message', 'errors']]);
});
