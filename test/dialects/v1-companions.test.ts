// Contract 001: the calls beside the documented one.
import { describe, expect, test } from 'vitest';
import { channels } from '../../shared/channels.ts';
import { embedCode } from '../../server/domain/widget.ts';
import { widgetType } from '../../shared/widget.ts';
import { provisioned } from './provisioned.ts';
import { absent, assistant, full, org, outKeys, required, v1Client } from './v1-client.ts';

const world = provisioned();
const { send, create, get, put } = v1Client(world);

describe('the companions', () => {
  test('a PUT of one field leaves the 23 others', async () => {
    for (const [name, value] of Object.entries(full)) {
      const before = await create();
      const after = await put(before.id, { [name]: value });
      expect(after).toMatchObject({ ...absent, ...required, [name]: value });
      expect(await get(before.id)).toEqual(after);
    }
  });

  test('a PUT of null takes a field back', async () => {
    const { id } = await create(full);
    const after = await put(id, {
      header_color: null,
      name: null,
      assistant_id: null,
      org_id: null,
      widget_type: null,
    });
    expect(after).toMatchObject({
      ...full,
      header_color: null,
      name: null,
      assistant_id: null,
      org_id: null,
      widget_type: null,
    });
    const stored = await world.widgetBy(id);
    expect(stored).toMatchObject({ type: 'chat', name: 'Website Chat', colors: { primary: '#6366f1' } });
    const first = await world.server.node.store.documents.assistants.get(stored.orgId, stored.assistantId);
    expect(first?.uuid).toBe(assistant);
  });

  test('what was read can be put back and changes nothing; so does nothing', async () => {
    const made = (await world.console('POST /widgets', { name: 'Console' })).json.widget;
    for (const id of [(await create(full)).id, (await create()).id, made.uuid]) {
      const read = await get(id);
      expect(await put(id, read)).toEqual(read);
      const before = await world.widgetBy(id);
      await put(id, {});
      expect(await world.widgetBy(id)).toEqual(before);
    }
  });

  test('the list pages through every widget of the organisation', async () => {
    await create();
    const all = await send('GET /api/v1/widget/list?size=100');
    const total = (await world.widgets()).length;
    expect(all.json).toMatchObject({ meta: { page: 1, size: 100, total, pages: Math.ceil(total / 100) } });
    const some = await send('GET /api/v1/widget/list?page=2&size=3');
    expect(some.json.data).toEqual(all.json.data.slice(3, 6));
    expect(Object.keys(some.json.data[0])).toEqual(outKeys);
    expect(some.json.meta).toEqual({ page: 2, size: 3, total, pages: Math.ceil(total / 3) });
  });

  test('the embed code is that of the widget', async () => {
    for (const widget_type of [null, 'chat', 'html', 'render_form']) {
      const { id } = await create({ widget_type });
      const { widgetKey } = await world.widgetBy(id);
      const answer = await send(`GET /api/v1/widget/${id}/embed`);
      expect(answer.status).toBe(200);
      expect(answer.json.data).toEqual({
        id,
        widget_key: widgetKey,
        embed_code: embedCode(world.server.url, widgetKey),
      });
    }
  });

  const bridged = widgetType.options.filter((type) => channels[type].bridge !== undefined);
  test.each(bridged)('embedding a %s says which bridge it needs, to the integrator and to the page', async (type) => {
    const { id } = await create({ widget_type: type });
    const answer = await send(`GET /api/v1/widget/${id}/embed`);
    expect(answer.status).toBe(409);
    expect(answer.json).toEqual({ detail: expect.stringContaining(`needs a bridge to ${channels[type].bridge}`) });
    const page = await world.send(`GET /w/${(await world.widgetBy(id)).widgetKey}`);
    expect(page.status).toBe(403);
    expect(page.json.error.message).toContain(channels[type].bridge);
  });

  test('a rotated key stops at once, or after its grace', async () => {
    const { id } = await create();
    const old = (await world.widgetBy(id)).widgetKey;
    const answer = await send(`POST /api/v1/widget/${id}/rotate-key`);
    expect(answer.status).toBe(200);
    const { widget_key } = answer.json.data;
    expect(answer.json.data).toEqual({
      id,
      widget_key,
      embed_code: embedCode(world.server.url, widget_key),
      old_key_valid_until: null,
    });
    expect((await world.send(`GET /w/${old}`)).status).toBe(404);
    const again = await send(`POST /api/v1/widget/${id}/rotate-key`, { grace_seconds: 60 });
    expect(Date.parse(again.json.data.old_key_valid_until)).toBeGreaterThan(Date.now());
    expect((await world.send(`GET /w/${widget_key}`)).status).toBe(200);
    expect((await send(`POST /api/v1/widget/${id}/rotate-key`, { grace_seconds: 86_401 })).status).toBe(422);
  });

  test('a removed widget is gone', async () => {
    const { id } = await create();
    const answer = await send(`DELETE /api/v1/widget/${id}`);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ message: 'Data deleted successfully', meta: {}, data: { id } });
    for (const route of [
      `GET /api/v1/widget/${id}`,
      `PUT /api/v1/widget/${id}`,
      `DELETE /api/v1/widget/${id}`,
      `GET /api/v1/widget/${id}/embed`,
      `POST /api/v1/widget/${id}/rotate-key`,
    ]) {
      const gone = await send(route, route.startsWith('P') ? {} : undefined);
      expect(gone.status, route).toBe(404);
      expect(gone.json).toEqual({ detail: 'There is no such widget' });
    }
  });

  test('assistants are listed with their organisation, the default one first', async () => {
    const answer = await send('GET /api/v1/assistant/list');
    expect(answer.json.meta).toEqual({ page: 1, size: 20, total: 2, pages: 1 });
    expect(answer.json.data).toMatchObject([
      { id: assistant, org_id: org, name: 'Robin', is_default: true },
      { id: org, org_id: org, name: 'Wren', is_default: false },
    ]);
  });
});
