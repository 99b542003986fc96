// Contract 000 refuses in its own envelope, names every problem by its path, echoes nothing and stores nothing.
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { provisioned, untilLimited } from './provisioned.ts';

const world = provisioned();
const slow = provisioned({ TILLER_LIMITS: 'default' });

const agent = '550e8400-e29b-41d4-a716-446655440000';
const unknown = '11111111-2222-4333-8444-555555555555';
const create = 'POST /functions/v1/create-chat-widget';
const send = (route: string, body?: unknown) => world.send(route, { bearer: world.keys.functions, body });

const routes = [
  create,
  'GET /functions/v1/list-chat-widgets',
  `GET /functions/v1/get-chat-widget?id=${unknown}`,
  'PATCH /functions/v1/update-chat-widget',
  `DELETE /functions/v1/delete-chat-widget?id=${unknown}`,
  'POST /functions/v1/rotate-chat-widget-key',
  'GET /functions/v1/list-agents',
];

const bad: [string, unknown, string][] = [
  ['no agent', { agent_id: undefined }, 'agent_id'],
  ['agent null', { agent_id: null }, 'agent_id'],
  ['agent no UUID', { agent_id: 'agent-7' }, 'agent_id'],
  ['agent a number', { agent_id: 7 }, 'agent_id'],
  ['name a number', { name: 7 }, 'name'],
  ['name too long', { name: 'x'.repeat(101) }, 'name'],
  ['name with NUL', { name: 'a\u0000b' }, 'name'],
  ['name with half a character', { name: 'a\ud800b' }, 'name'],
  ['colour a word', { primary_color: 'rebeccapurple' }, 'primary_color'],
  ['colour empty', { primary_color: '' }, 'primary_color'],
  ['colour of five digits', { primary_color: '#12345' }, 'primary_color'],
  ['colour of no digits', { primary_color: '#ggg' }, 'primary_color'],
  ['colour with a tail', { primary_color: '#4f46e5\n' }, 'primary_color'],
  ['colour without #', { primary_color: '4f46e5' }, 'primary_color'],
  ['position elsewhere', { position: 'top-left' }, 'position'],
  ['position in capitals', { position: 'BOTTOM-LEFT' }, 'position'],
  ['welcome too long', { welcome_message: 'x'.repeat(1001) }, 'welcome_message'],
  ['offline an object', { offline_message: { $ne: 1 } }, ''],
  ['offline a list', { offline_message: ['x'] }, 'offline_message'],
  ['name asked by text', { collect_visitor_name: 'true' }, 'collect_visitor_name'],
  ['e-mail asked by number', { collect_visitor_email: 1 }, 'collect_visitor_email'],
  ['domains a text', { allowed_domains: 'example.com' }, 'allowed_domains'],
  ['a domain of everything', { allowed_domains: ['ok.example', '*'] }, 'allowed_domains[1]'],
  ['a domain with a path', { allowed_domains: ['https://example.com/shop'] }, 'allowed_domains[0]'],
  ['a domain of another scheme', { allowed_domains: ['javascript://example.com'] }, 'allowed_domains[0]'],
  ['a domain with a user', { allowed_domains: ['https://a@example.com'] }, 'allowed_domains[0]'],
  ['domains with a number', { allowed_domains: [7] }, 'allowed_domains[0]'],
  ['101 domains', { allowed_domains: Array.from({ length: 101 }, (_, n) => `d${n}.example`) }, 'allowed_domains'],
];

describe('a body that is no good', () => {
  test.each(bad)('%s is 400 with its path, and nothing is stored', async (_what, part, path) => {
    const before = await world.widgets();
    const answer = await send(create, { agent_id: agent, ...(part as object) });
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.json)).toEqual(['error', 'code', 'details']);
    expect(answer.json).toMatchObject({ error: 'Validation failed', code: 'invalid' });
    expect(answer.json.details.map((problem: { path: string }) => problem.path)).toEqual([path]);
    expect(await world.widgets()).toEqual(before);
  });

  test('the documented refusal of a missing agent is this, byte for byte', async () => {
    const answer = await send(create, {});
    expect(answer.text).toBe(
      '{"error":"Validation failed","code":"invalid","details":[{"path":"agent_id","message":"Required"}]}',
    );
  });

  test('every problem is told at once', async () => {
    const answer = await send(create, { primary_color: 'x', position: 'y', allowed_domains: ['*', 'ok.example', '*'] });
    expect(answer.json.details.map((problem: { path: string }) => problem.path)).toEqual([
      'agent_id',
      'primary_color',
      'position',
      'allowed_domains[0]',
      'allowed_domains[2]',
    ]);
  });

  test('no refusal repeats what was sent', async () => {
    const canary = 'canary7313';
    for (const field of ['agent_id', 'name', 'primary_color', 'position', 'allowed_domains', 'collect_visitor_name']) {
      const answer = await send(create, { agent_id: agent, [field]: [{ [canary]: canary }] });
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain(canary);
    }
  });

  test.each([
    ['cut short', '{"agent_id":'],
    ['not JSON', '<html>'],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['null', 'null'],
    ['a prototype', '{"__proto__":{"isAdmin":true}}'],
    ['nine deep', `{"x":${'['.repeat(8)}${']'.repeat(8)}}`],
  ])('a body that is %s is 400', async (_what, raw) => {
    const answer = await world.send(create, { bearer: world.keys.functions, raw });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'invalid', details: [{ path: '' }] });
  });

  test('an update that is no good changes nothing, not even its good half', async () => {
    const { id } = (await send(create, { agent_id: agent })).json;
    const before = await world.widgetBy(id);
    const answer = await send('PATCH /functions/v1/update-chat-widget', { id, name: 'New', is_active: 'no' });
    expect(answer.status).toBe(400);
    expect(answer.json.details.map((problem: { path: string }) => problem.path)).toEqual(['is_active']);
    expect((await send('PATCH /functions/v1/update-chat-widget', { id, name: 'New', agent_id: unknown })).status).toBe(
      404,
    );
    expect(await world.widgetBy(id)).toEqual(before);
  });

  test.each(['page=0', 'page=x', 'limit=0', 'limit=101', 'limit=1.5', 'page=1&page=2'])(
    '%s is no page',
    async (query) => {
      const answer = await send(`GET /functions/v1/list-chat-widgets?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.json.details[0].path).toBe(query.slice(0, query.indexOf('=')));
    },
  );

  test.each(['', '?id=', '?id=7', '?id=a&id=b'])('get-chat-widget%s is 400', async (query) => {
    const answer = await send(`GET /functions/v1/get-chat-widget${query}`);
    expect(answer.status).toBe(400);
    expect(answer.json.details[0].path).toBe('id');
  });
});

describe('who may not', () => {
  test.each(routes)('%s without a key is 401', async (route) => {
    const answer = await world.send(route);
    expect(answer.status).toBe(401);
    expect(Object.keys(answer.json)).toEqual(['error', 'code', 'details']);
    expect(answer.json).toMatchObject({ code: 'unauthenticated', details: [] });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test.each(routes)('%s with a key of another kind is 403', async (route) => {
    for (const bearer of [world.keys.v1, world.keys.webchats, world.keys.console, world.keys.widget]) {
      const answer = await world.send(route, { bearer });
      expect(answer.status).toBe(403);
      expect(answer.json).toMatchObject({ code: 'forbidden', details: [] });
    }
  });

  test.each(['pat_unknown', 'wgt_000000000000000000000000', 'x'.repeat(300)])('%s is no key', async (bearer) => {
    expect((await world.send(create, { bearer, body: {} })).status).toBe(401);
  });

  test('a key is not taken from the query or another header', async () => {
    const key = world.keys.functions;
    expect((await world.send(`${create}?api_key=${key}`)).status).toBe(401);
    expect((await world.send(create, { headers: { 'x-api-key': key } })).status).toBe(401);
    expect((await world.send(create, { headers: { authorization: `Basic ${key}` } })).status).toBe(401);
  });

  test('two different keys in one request are 401, the same one twice is fine', async () => {
    const bearer = world.keys.functions;
    const list = 'GET /functions/v1/list-agents';
    expect((await world.send(list, { bearer, headers: { 'x-api-key': world.keys.v1 } })).status).toBe(401);
    expect((await world.send(`${list}?api_key=${world.keys.v1}`, { bearer })).status).toBe(401);
    expect((await world.send(list, { bearer, headers: { 'x-api-key': bearer } })).status).toBe(200);
  });

  test('two Authorization headers are two keys, the same one twice is one', async () => {
    const { functions, webchats } = world.keys;
    const statusOf = (...secrets: string[]) =>
      new Promise((resolve, reject) => {
        const authorization = secrets.map((secret) => `Bearer ${secret}`);
        const options = { headers: { authorization: authorization as unknown as string } };
        const sent = request(`${world.server.url}/functions/v1/list-agents`, options, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        sent.once('error', reject).end();
      });
    expect(await statusOf(functions)).toBe(200);
    expect(await statusOf(functions, webchats)).toBe(401);
    expect(await statusOf(functions, functions)).toBe(200);
  });

  test('a revoked key is 401 from the next call on', async () => {
    const bearer = await world.keyFor('functions', 'pat');
    const list = 'GET /functions/v1/list-agents';
    expect((await world.send(list, { bearer })).status).toBe(200);
    const { credentials } = world.server.node.store.documents;
    const all = await credentials.list((await world.widgets())[0]!.orgId);
    const mine = all.find(({ hint, kind }) => kind === 'functions' && bearer.endsWith(hint))!;
    await credentials.delete(mine.orgId, mine.id);
    expect((await world.send(list, { bearer })).status).toBe(401);
  });

  test('the key of a member who may not administer is 403', async () => {
    const bearer = await world.keyFor('functions', 'pat', 'agent');
    expect((await world.send('GET /functions/v1/list-agents', { bearer })).status).toBe(403);
  });

  test('who calls is settled before a byte of the body is read', async () => {
    expect((await world.send(create, { raw: '{"agent_id":' })).status).toBe(401);
    expect((await world.send(create, { raw: 'x'.repeat(70_000) })).status).toBe(401);
  });

  test("another organisation's things are as unknown as those that never were", async () => {
    const { stranger } = world;
    const named = async (route: string, body: unknown, path: string): Promise<void> => {
      const answer = await send(route, body);
      expect(answer.status, route).toBe(404);
      expect(answer.json.details.map((problem: { path: string }) => problem.path)).toEqual([path]);
    };
    for (const agent_id of [unknown, stranger.assistantUuid]) await named(create, { agent_id }, 'agent_id');
    for (const id of [unknown, stranger.widget.uuid]) {
      await named(`GET /functions/v1/get-chat-widget?id=${id}`, undefined, 'id');
      await named('PATCH /functions/v1/update-chat-widget', { id, name: 'Mine' }, 'id');
      await named('POST /functions/v1/rotate-chat-widget-key', { id }, 'id');
      await named(`DELETE /functions/v1/delete-chat-widget?id=${id}`, undefined, 'id');
    }
    expect(await world.widgetBy(stranger.widget.uuid)).toEqual(stranger.widget);
    const mine = await world.send('GET /functions/v1/list-chat-widgets', { bearer: stranger.keyOf('functions') });
    expect(mine.json.widgets.map(({ id }: { id: string }) => id)).toEqual([stranger.widget.uuid]);
  });
});

describe('what is not there, or not so', () => {
  test.each([
    ['GET /functions/v1/create-chat-widget', 'POST'],
    ['PUT /functions/v1/create-chat-widget', 'POST'],
    ['DELETE /functions/v1/list-chat-widgets', 'GET, HEAD'],
    ['POST /functions/v1/get-chat-widget', 'GET, HEAD'],
    ['POST /functions/v1/update-chat-widget', 'PATCH'],
    ['GET /functions/v1/delete-chat-widget', 'DELETE'],
    ['GET /functions/v1/rotate-chat-widget-key', 'POST'],
    ['PATCH /functions/v1/list-agents', 'GET, HEAD'],
  ])('%s is 405 and allows %s', async (route, allowed) => {
    const answer = await send(route);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allowed);
    expect(answer.json).toMatchObject({ code: 'method_not_allowed', details: [] });
  });

  test.each(['/functions/v1', '/functions/v1/', '/functions/v1/nothing', '/functions/v1/Create-Chat-Widget'])(
    '%s is 404 in this envelope',
    async (path) => {
      const answer = await send(`GET ${path}`);
      expect(answer.status).toBe(404);
      expect(answer.json).toMatchObject({ code: 'not_found', details: [] });
    },
  );

  test('more than 64 KiB is 413', async () => {
    const answer = await send(create, { agent_id: agent, name: 'x'.repeat(65 * 1024) });
    expect(answer.status).toBe(413);
    expect(answer.json).toMatchObject({ code: 'too_large', details: [] });
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    '%s is 415',
    async (type) => {
      const answer = await world.send(create, {
        bearer: world.keys.functions,
        raw: '{}',
        headers: { 'content-type': type },
      });
      expect(answer.status).toBe(415);
      expect(answer.json).toMatchObject({ code: 'unsupported_media_type', details: [] });
    },
  );

  test('no page may call it: there are no CORS headers', async () => {
    const answer = await world.send(create, {
      bearer: world.keys.functions,
      body: {},
      headers: { origin: 'https://example.com' },
    });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('the 121st call of a key within a minute is 429 with Retry-After, and other keys go on', async () => {
    const list = 'GET /functions/v1/list-agents';
    const bearer = await slow.keyFor('functions', 'pat');
    const { late, passed, most } = await untilLimited(() => slow.send(list, { bearer }));
    expect(passed).toBeGreaterThanOrEqual(120);
    expect(passed).toBeLessThanOrEqual(most);
    expect(late.json).toMatchObject({ code: 'rate_limited', details: [] });
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await slow.send(list, { bearer: await slow.keyFor('functions', 'pat') })).status).toBe(200);
  });
});
