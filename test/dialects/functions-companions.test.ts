// Contract 000: the calls beside the documented one.
import { describe, expect, test } from 'vitest';
import { embedCode } from '../../server/domain/widget.ts';
import { agent, defaults, functionsClient, otherAgent, others, readKeys } from './functions-client.ts';
import { provisioned } from './provisioned.ts';

const world = provisioned();
const { send, create, get, update } = functionsClient(world);

describe('reading', () => {
  test('a read shows the twelve keys, the offline message and the domains', async () => {
    const { id } = await create();
    expect(Object.keys(await get(id))).toEqual(readKeys);
  });

  test('the list pages through every widget in the order of their making', async () => {
    for (const name of ['P1', 'P2', 'P3']) await create({ name });
    const all = await send('GET /functions/v1/list-chat-widgets?limit=100');
    const stored = (await world.widgets()).toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    expect(all.json).toMatchObject({ page: 1, limit: 100, total: stored.length });
    const ids = all.json.widgets.map(({ id }: { id: string }) => id);
    expect(ids).toEqual(stored.map(({ uuid }) => uuid));
    const limit = 2;
    const paged: string[] = [];
    for (let page = 1; page <= Math.ceil(all.json.total / limit); page++) {
      const answer = await send(`GET /functions/v1/list-chat-widgets?page=${page}&limit=${limit}`);
      paged.push(...answer.json.widgets.map(({ id }: { id: string }) => id));
    }
    expect(paged).toEqual(ids);
    expect((await send('GET /functions/v1/list-chat-widgets?page=9999')).json.widgets).toEqual([]);
  });

  test('the list of agents is what agent_id may be, the default one first', async () => {
    const answer = await send('GET /functions/v1/list-agents');
    expect(answer.status).toBe(200);
    expect(answer.json.agents.map(({ id }: { id: string }) => id)).toEqual([agent, otherAgent]);
    expect(answer.json.agents[0]).toMatchObject({ name: 'Robin', is_default: true });
    expect(answer.json.agents[1].is_default).toBe(false);
    expect((await send('GET /functions/v1/list-agents?page=2&limit=1')).json.agents).toHaveLength(1);
  });
});

describe('changing', () => {
  test.each(Object.entries(others))('%s alone changes, everything else stays', async (field, value) => {
    const before = await create();
    const after = await update(before.id, { [field]: value });
    expect(after).toEqual({ ...(await get(before.id)), [field]: value });
    expect(after).toMatchObject({ ...defaults, [field]: value });
    expect(Object.keys(after)).toEqual(readKeys);
  });

  test.each(Object.entries(defaults))('null takes %s back to its default', async (field, value) => {
    const { id } = await create(others);
    await update(id, { is_active: false });
    expect(await update(id, { [field]: null })).toMatchObject({ ...others, is_active: false, [field]: value });
  });

  test('another agent answers from then on', async () => {
    const { id } = await create();
    expect((await update(id, { agent_id: otherAgent })).agent_id).toBe(otherAgent);
  });

  test('what was read can be sent back and changes nothing', async () => {
    const { id } = await create(others);
    const before = await world.widgetBy(id);
    await update(id, await get(id));
    expect(await world.widgetBy(id)).toEqual(before);
  });

  test('an update of nothing changes nothing, whoever made the widget', async () => {
    const { id } = await create();
    const made = (await world.console('POST /widgets', { name: 'Console' })).json.widget;
    for (const uuid of [id, made.uuid]) {
      const before = await world.widgetBy(uuid);
      await update(uuid, {});
      expect(await world.widgetBy(uuid)).toEqual(before);
    }
  });

  test('switched off, the widget is refused on pages; switched on again, it is back', async () => {
    const { id, widget_key } = await create();
    expect((await update(id, { is_active: false })).is_active).toBe(false);
    expect((await world.send(`GET /w/${widget_key}`)).status).toBe(403);
    await update(id, { is_active: true });
    expect((await world.send(`GET /w/${widget_key}`)).status).toBe(200);
  });

  test('the id may stand in the query, and must not contradict the body', async () => {
    const { id } = await create();
    const by = (query: string, body: object) => send(`PATCH /functions/v1/update-chat-widget${query}`, body);
    expect((await by(`?id=${id}`, { name: 'Q' })).json.name).toBe('Q');
    expect((await by(`?id=${id.toUpperCase()}`, { id, name: 'R' })).json.name).toBe('R');
    const contradiction = await by(`?id=${otherAgent}`, { id, name: 'S' });
    expect(contradiction.status).toBe(400);
    expect(contradiction.json.details[0].path).toBe('id');
    expect((await by('', { name: 'T' })).json.details).toEqual([{ path: 'id', message: 'Required' }]);
    expect((await get(id)).name).toBe('R');
  });
});

describe('rotating and removing', () => {
  test('a rotated key stops at once, and the new one works', async () => {
    const { id, widget_key } = await create();
    const answer = await send('POST /functions/v1/rotate-chat-widget-key', { id });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      id,
      widget_key: expect.stringMatching(/^wgt_[0-9a-f]{24}$/),
      embed_code: embedCode(world.server.url, answer.json.widget_key),
      old_key_valid_until: null,
    });
    expect(answer.json.widget_key).not.toBe(widget_key);
    expect((await world.send(`GET /w/${widget_key}`)).status).toBe(404);
    expect((await world.send(`GET /w/${answer.json.widget_key}`)).status).toBe(200);
    expect((await get(id)).widget_key).toBe(answer.json.widget_key);
  });

  test('with a grace both keys work, and the answer says until when', async () => {
    const { id, widget_key } = await create();
    const answer = await send('POST /functions/v1/rotate-chat-widget-key', { id, grace_seconds: 600 });
    const until = Date.parse(answer.json.old_key_valid_until);
    expect(Math.abs(until - Date.now() - 600_000)).toBeLessThan(5000);
    expect((await world.send(`GET /w/${widget_key}`)).status).toBe(200);
    expect((await world.send(`GET /w/${answer.json.widget_key}`)).status).toBe(200);
  });

  test.each([-1, 86_401, 1.5, '60'])('%s is no grace', async (grace_seconds) => {
    const { id, widget_key } = await create();
    const answer = await send('POST /functions/v1/rotate-chat-widget-key', { id, grace_seconds });
    expect(answer.status).toBe(400);
    expect(answer.json.details[0].path).toBe('grace_seconds');
    expect((await get(id)).widget_key).toBe(widget_key);
  });

  test('a removed widget is gone from every call and from pages', async () => {
    const { id, widget_key } = await create();
    const answer = await send(`DELETE /functions/v1/delete-chat-widget?id=${id}`);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ id, deleted: true });
    for (const [route, body] of [
      [`GET /functions/v1/get-chat-widget?id=${id}`],
      [`DELETE /functions/v1/delete-chat-widget?id=${id}`],
      ['PATCH /functions/v1/update-chat-widget', { id, name: 'Ghost' }],
      ['POST /functions/v1/rotate-chat-widget-key', { id }],
    ] as const) {
      const gone = await send(route, body);
      expect(gone.status, route).toBe(404);
      expect(gone.json).toEqual({
        error: 'There is no such widget',
        code: 'not_found',
        details: [{ path: 'id', message: 'There is no such widget' }],
      });
    }
    expect((await world.send(`GET /w/${widget_key}`)).status).toBe(404);
  });
});
