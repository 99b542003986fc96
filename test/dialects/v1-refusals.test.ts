// Contract 001 refuses with 422 and `detail`, other statuses with one sentence; its key in the address reaches no log.
import { describe, expect, test } from 'vitest';
import { provisioned, untilLimited } from './provisioned.ts';

const world = provisioned({ LOG_LEVEL: 'debug' });
const slow = provisioned({ TILLER_LIMITS: 'default' });

const unknown = '11111111-2222-4333-8444-555555555555';
const create = 'POST /api/v1/widget';
const required = { widget_type: 'chat', user_opening_messages: [], action_buttons: [] };
const send = (route: string, body?: unknown) => world.send(route, { body, headers: { 'x-api-key': world.keys.v1 } });

const routes = [
  create,
  'GET /api/v1/widget/list',
  `GET /api/v1/widget/${unknown}`,
  `PUT /api/v1/widget/${unknown}`,
  `DELETE /api/v1/widget/${unknown}`,
  `POST /api/v1/widget/${unknown}/rotate-key`,
  `GET /api/v1/widget/${unknown}/embed`,
  'GET /api/v1/assistant/list',
];

const bad: [string, object, (string | number)[]][] = [
  ['a type that is none', { widget_type: 'fax' }, ['widget_type']],
  ['an empty type', { widget_type: '' }, ['widget_type']],
  ['messages as text', { user_opening_messages: 'Hi' }, ['user_opening_messages']],
  ['a message that is a number', { user_opening_messages: ['a', 7] }, ['user_opening_messages', 1]],
  ['a message that is null', { user_opening_messages: [null] }, ['user_opening_messages', 0]],
  ['101 messages', { user_opening_messages: Array.from({ length: 101 }, () => 'x') }, ['user_opening_messages']],
  ['buttons as an object', { action_buttons: {} }, ['action_buttons']],
  ['101 buttons', { action_buttons: Array.from({ length: 101 }, () => 1) }, ['action_buttons']],
  ['an organisation that is no UUID', { org_id: 'mine' }, ['org_id']],
  ['an assistant that is no UUID', { assistant_id: 7 }, ['assistant_id']],
  ['a name that is a number', { name: 7 }, ['name']],
  ['a name too long', { name: 'x'.repeat(101) }, ['name']],
  ['a name with NUL', { name: '\u0000' }, ['name']],
  ['a description too long', { description: 'x'.repeat(2001) }, ['description']],
  ['attributes as a list', { attributes: [] }, ['attributes']],
  ['attributes as text', { attributes: '{}' }, ['attributes']],
  ['a display name too long', { display_name: 'x'.repeat(101) }, ['display_name']],
  ['an intro with half a character', { intro_message: '\udc00' }, ['intro_message']],
  ['a colour that is a number', { header_color: 0xffffff }, ['header_color']],
  ['a colour without end', { bubble_color: 'x'.repeat(201) }, ['bubble_color']],
  ['branding as text', { remove_branding: 'false' }, ['remove_branding']],
  ['a bubble too long', { bubble_text: 'x'.repeat(1001) }, ['bubble_text']],
  ['a placeholder too long', { textbox_default_text: 'x'.repeat(201) }, ['textbox_default_text']],
  ['style as a number', { style_params: 1 }, ['style_params']],
];

describe('a body that is no good', () => {
  test.each(bad)('%s is 422 with its place, and nothing is stored', async (_what, part, loc) => {
    const before = await world.widgets();
    const answer = await send(create, { ...required, ...part });
    expect(answer.status).toBe(422);
    expect(answer.json).toEqual({
      detail: [{ type: 'value_error', loc: ['body', ...loc], msg: expect.stringMatching(/\S/) }],
    });
    expect(await world.widgets()).toEqual(before);
  });

  test.each(bad)('a PUT with %s is 422 too, and changes nothing', async (_what, part, loc) => {
    const { id } = (await send(create, required)).json.data;
    const before = await world.widgetBy(id);
    const answer = await send(`PUT /api/v1/widget/${id}`, { display_name: 'New', ...part });
    expect(answer.status).toBe(422);
    expect(answer.json.detail).toMatchObject([{ loc: ['body', ...loc] }]);
    expect(await world.widgetBy(id)).toEqual(before);
  });

  test('every problem is told at once', async () => {
    const answer = await send(create, { attributes: 1, header_color: 1 });
    expect(answer.json.detail.map(({ type, loc }: { type: string; loc: string[] }) => [type, loc.join('.')])).toEqual([
      ['missing', 'body.widget_type'],
      ['missing', 'body.user_opening_messages'],
      ['missing', 'body.action_buttons'],
      ['value_error', 'body.attributes'],
      ['value_error', 'body.header_color'],
    ]);
  });

  test('no refusal repeats what was sent', async () => {
    const canary = 'canary7313';
    for (const field of ['widget_type', 'org_id', 'name', 'header_color', 'remove_branding', 'user_opening_messages']) {
      const answer = await send(create, { ...required, [field]: { [canary]: canary } });
      expect(answer.status).toBe(422);
      expect(answer.text).not.toContain(canary);
    }
  });

  test.each([
    ['cut short', '{"widget_type":'],
    ['not JSON', '<html>'],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['a list', '[]'],
    ['null', 'null'],
  ])('a body that is %s is 422 about the body', async (_what, raw) => {
    const answer = await world.send(create, { raw, headers: { 'x-api-key': world.keys.v1 } });
    expect(answer.status).toBe(422);
    expect(answer.json).toEqual({ detail: [{ type: 'value_error', loc: ['body'], msg: expect.any(String) }] });
  });

  test.each(['page=0', 'page=x', 'size=0', 'size=101', 'size='])('%s is no page', async (query) => {
    for (const list of ['widget', 'assistant']) {
      const answer = await send(`GET /api/v1/${list}/list?${query}`);
      expect(answer.status).toBe(422);
      expect(answer.json.detail).toMatchObject([{ loc: ['query', query.split('=')[0]] }]);
    }
  });
});

describe('who may not', () => {
  test.each(routes)('%s without a key is 401', async (route) => {
    const answer = await world.send(route);
    expect(answer.status).toBe(401);
    expect(answer.json).toEqual({ detail: expect.any(String) });
  });

  test.each(routes)('%s with a key of another kind is 403', async (route) => {
    for (const key of [world.keys.functions, world.keys.webchats, world.keys.console, world.keys.widget]) {
      const answer = await world.send(route, { headers: { 'x-api-key': key } });
      expect(answer.status).toBe(403);
      expect(answer.json).toEqual({ detail: expect.any(String) });
    }
  });

  test('an empty, unknown or misplaced key is 401', async () => {
    expect((await world.send(`${create}?api_key=`, { body: required })).status).toBe(401);
    expect((await world.send(`${create}?api_key=in-unknown`, { body: required })).status).toBe(401);
    expect((await world.send(create, { bearer: world.keys.v1, body: required })).status).toBe(401);
  });

  test('two different keys in one request are 401, the same one twice is fine', async () => {
    const list = 'GET /api/v1/widget/list';
    const { v1 } = world.keys;
    const other = await world.keyFor('v1', 'in');
    const twice = async (path: string, headers: Record<string, string>) => (await world.send(path, { headers })).status;
    expect(await twice(`${list}?api_key=${v1}`, { 'x-api-key': other })).toBe(401);
    expect(await twice(`${list}?api_key=${v1}&api_key=${other}`, {})).toBe(401);
    expect(await twice(list, { 'x-api-key': v1, authorization: `Bearer ${other}` })).toBe(401);
    expect(await twice(`${list}?api_key=${v1}`, { 'x-api-key': v1 })).toBe(200);
  });

  test('the key of a member who may not administer is 403', async () => {
    const key = await world.keyFor('v1', 'in', 'agent');
    expect((await world.send('GET /api/v1/widget/list', { headers: { 'x-api-key': key } })).status).toBe(403);
  });

  test("another organisation's widget is as unknown as one that never was", async () => {
    const { stranger } = world;
    const answers: string[] = [];
    for (const id of [unknown, stranger.widget.uuid]) {
      for (const route of routes.filter((one) => one.includes(unknown))) {
        const answer = await send(route.replace(unknown, id), route.startsWith('P') ? { name: 'Mine' } : undefined);
        expect(answer.status, route).toBe(404);
        answers.push(answer.text);
      }
    }
    expect(new Set(answers).size).toBe(1);
    expect(await world.widgetBy(stranger.widget.uuid)).toEqual(stranger.widget);
  });

  test.each(['7', 'list2', '%00', '..%2Flist', 'x'.repeat(500)])('%s names no widget', async (id) => {
    const answer = await send(`GET /api/v1/widget/${id}`);
    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({ detail: expect.any(String) });
  });
});

describe('what is not there, or not so', () => {
  test.each([
    ['GET /api/v1/widget', 'POST'],
    ['POST /api/v1/widget/list', 'GET, HEAD'],
    ['PUT /api/v1/widget/list', 'GET, HEAD'],
    [`PATCH /api/v1/widget/${unknown}`, 'GET, HEAD, PUT, DELETE'],
    [`GET /api/v1/widget/${unknown}/rotate-key`, 'POST'],
    [`POST /api/v1/widget/${unknown}/embed`, 'GET, HEAD'],
    ['DELETE /api/v1/assistant/list', 'GET, HEAD'],
  ])('%s is 405 and allows %s', async (route, allowed) => {
    const answer = await send(route);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allowed);
    expect(answer.json).toEqual({ detail: expect.any(String) });
  });

  test.each(['/api/v1', '/api/v1/', '/api/v1/widgets', '/api/v1/widget/', '/api/v1/Widget'])(
    '%s is 404 in this envelope',
    async (path) => {
      const answer = await send(`GET ${path}`);
      expect(answer.status).toBe(404);
      expect(answer.json).toEqual({ detail: expect.any(String) });
    },
  );

  test('more than 64 KiB is 413, another type 415', async () => {
    const large = await send(create, { ...required, attributes: { x: 'x'.repeat(65 * 1024) } });
    expect(large.status).toBe(413);
    expect(large.json).toEqual({ detail: expect.any(String) });
    const form = await world.send(create, {
      raw: 'widget_type=chat',
      headers: { 'x-api-key': world.keys.v1, 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(form.status).toBe(415);
    expect(form.json).toEqual({ detail: expect.any(String) });
  });

  test('the 121st call of a key within a minute is 429 with Retry-After', async () => {
    const list = 'GET /api/v1/assistant/list';
    const headers = { 'x-api-key': await slow.keyFor('v1', 'in') };
    const { late, passed, most } = await untilLimited(() => slow.send(list, { headers }));
    expect(passed).toBeGreaterThanOrEqual(120);
    expect(passed).toBeLessThanOrEqual(most);
    expect(late.json).toEqual({ detail: expect.any(String) });
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  });

  test('a key in the address reaches no log line, refused or not', async () => {
    const { v1 } = world.keys;
    for (const route of [
      `${create}?api_key=${v1}`,
      `GET /api/v1/widget/list?api_key=${v1}`,
      `GET /api/v1/widget/%E0%A4%A?api_key=${v1}`,
      `GET /api/v1/nothing?api_key=${v1}`,
      `PUT /api/v1/widget/${unknown}?api_key=${v1}`,
    ]) {
      await world.send(route, route.startsWith('GET') ? {} : { raw: '{' });
    }
    const lines = world.logged.join('\n');
    expect(lines).toContain('/api/v1/widget/list');
    expect(lines).not.toContain('api_key');
    expect(lines).not.toContain(v1);
    expect(lines).not.toContain(v1.slice(3));
  });
});
