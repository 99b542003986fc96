// Contract 002 refuses in its own envelope, names every problem by its path, echoes nothing and stores nothing.
import { describe, expect, test } from 'vitest';
import { provisioned } from './provisioned.ts';
import { required, webchatCalls } from './webchat-calls.ts';

const world = provisioned();
const slow = provisioned({ TILLER_LIMITS: 'default' });

const unknown = 'ffffffffffffffffffffffff';
const create = 'POST /api/webchats';
const good = required;
const { send } = webchatCalls(world);
const pathsOf = (answer: { json: { errors: { path: string }[] } }) => answer.json.errors.map(({ path }) => path);
const colors = [
  'backgroundColor',
  'primaryColor',
  'secondaryColor',
  'headerTextColor',
  'statusTextColor',
  'timestampColor',
  'csatBackgroundColor',
  'csatTextColor',
];
const bad: [string, Record<string, unknown>, string][] = [
  ...Object.keys(good).map((name): [string, Record<string, unknown>, string] => [
    `no ${name}`,
    { [name]: undefined },
    name,
  ]),
  ...Object.keys(good).map((name): [string, Record<string, unknown>, string] => [
    `${name} null`,
    { [name]: null },
    name,
  ]),
  ...colors.map((name): [string, Record<string, unknown>, string] => [`${name} a word`, { [name]: 'red' }, name]),
  ['colour empty', { primaryColor: '' }, 'primaryColor'],
  ['colour of five digits', { primaryColor: '#12345' }, 'primaryColor'],
  ['colour with a tail', { timestampColor: '#123456;' }, 'timestampColor'],
  ['name blank', { name: '  ' }, 'name'],
  ['name too long', { name: 'x'.repeat(101) }, 'name'],
  ['name with NUL', { name: 'a\u0000' }, 'name'],
  ['description too long', { description: 'x'.repeat(2001) }, 'description'],
  ['greeting a list', { starterMessage: ['x'] }, 'starterMessage'],
  ['thanks with half a character', { csatThankYouMessage: '\ud800' }, 'csatThankYouMessage'],
  ['status too long', { statusText: 'x'.repeat(201) }, 'statusText'],
  ['prompt a UUID', { promptId: '550e8400-e29b-41d4-a716-446655440000' }, 'promptId'],
  ['prompt a number', { promptId: 7 }, 'promptId'],
  ['pipeline no id', { pipelineId: 'main' }, 'pipelineId'],
  ['stage no id', { pipelineStage: 'new' }, 'pipelineStage'],
  ['entry blank', { initialStage: '' }, 'initialStage'],
  ['domains a text', { allowedDomains: 'example.com' }, 'allowedDomains'],
  ['a domain of everything', { allowedDomains: ['ok.example', '*'] }, 'allowedDomains[1]'],
  ['a domain with a path', { allowedDomains: ['https://example.com/shop'] }, 'allowedDomains[0]'],
  ['autopilot by text', { isAutopilot: 'true' }, 'isAutopilot'],
  ['enabled by number', { isEnabled: 1 }, 'isEnabled'],
  ['position elsewhere', { position: 'top' }, 'position'],
  ['offset below zero', { offsetX: -1 }, 'offsetX'],
  ['offset a fraction', { offsetY: 1.5 }, 'offsetY'],
  ['z-index zero', { zIndex: 0 }, 'zIndex'],
  ['z-index too high', { zIndex: 2 ** 31 }, 'zIndex'],
  ['icon an address of others', { icon: 'https://evil.example/icon.png' }, 'icon'],
  ['icon an address in this machine', { icon: 'http://127.0.0.1/files/orgs/x.png' }, 'icon'],
  ['icon of another scheme', { icon: 'data:image/png;base64,AAAA' }, 'icon'],
  ['icon a way out', { icon: '../../tiller.db' }, 'icon'],
  ['icon empty', { icon: '' }, 'icon'],
];

describe('a body that is no good', () => {
  test.each(bad)('%s is 400 with its path, and nothing is stored', async (_what, part, path) => {
    const before = await world.widgets();
    const answer = await send(create, { ...good, ...part });
    expect(answer.status, answer.text).toBe(400);
    expect(Object.keys(answer.json)).toEqual(['message', 'errors']);
    expect(answer.json.message).toBe('Validation failed');
    expect(pathsOf(answer)).toEqual([path]);
    expect(await world.widgets()).toEqual(before);
  });

  test('the decided refusal of a missing prompt is this, byte for byte', async () => {
    const answer = await send(create, { ...good, promptId: undefined });
    expect(answer.text).toBe('{"message":"Validation failed","errors":[{"path":"promptId","message":"Required"}]}');
  });

  test('every problem is told at once', async () => {
    const answer = await send(create, { allowedDomains: ['*', 'ok.example', '*'], csatTextColor: 'x' });
    expect(pathsOf(answer).sort()).toEqual(
      [
        'allowedDomains[0]',
        'allowedDomains[2]',
        'backgroundColor',
        'csatTextColor',
        'initialStage',
        'name',
        'primaryColor',
        'promptId',
        'secondaryColor',
      ].sort(),
    );
  });

  test('no refusal repeats what was sent', async () => {
    const canary = 'canary7313';
    for (const field of Object.keys({ ...good, icon: 1, zIndex: 1, pipelineId: 1 })) {
      const answer = await send(create, { ...good, [field]: [{ [canary]: canary }] });
      expect(answer.status, field).toBe(400);
      expect(answer.text).not.toContain(canary);
    }
    for (const part of [{ icon: canary }, { initialStage: canary }]) {
      const answer = await send(create, { ...good, ...part });
      expect(answer.status).toBe(404);
      expect(answer.text).not.toContain(canary);
    }
  });

  test.each([
    ['cut short', '{"name":'],
    ['not JSON', '<html>'],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['a list', '[]'],
    ['null', 'null'],
    ['a prototype', '{"__proto__":{"isAdmin":true}}'],
    ['an operator', '{"name":{"$ne":null}}'],
    ['nine deep', `{"x":${'['.repeat(8)}${']'.repeat(8)}}`],
  ])('a body that is %s is 400 on both documented calls', async (_what, raw) => {
    for (const route of [create, `PUT /api/webchats/${(await world.widgets())[0]!.hexId}`]) {
      const answer = await world.send(route, { bearer: world.keys.webchats, raw });
      expect(answer.status).toBe(400);
      expect(pathsOf(answer)).toEqual(['']);
    }
  });

  test('an update that is no good changes nothing, not even its good half', async () => {
    const { _id } = (await send(create, good)).json.data;
    const read = () => send(`GET /api/webchats/${_id}`);
    const before = (await read()).json;
    for (const [status, path, part] of [
      [400, 'isEnabled', { isEnabled: 'no' }],
      [400, 'primaryColor', { primaryColor: null }],
      [400, 'promptId', { promptId: null }],
      [400, 'allowedDomains', { allowedDomains: null }],
      [400, 'initialStage', { initialStage: null }],
      [400, 'icon', { icon: 'https://evil.example/i.png' }],
      [404, 'promptId', { promptId: unknown }],
      [404, 'pipelineId', { pipelineId: unknown }],
      [404, 'pipelineStage', { pipelineStage: unknown }],
      [404, 'initialStage', { initialStage: 'nowhere' }],
      [404, 'icon', { icon: 'orgs/65a0e0e0e0e0e0e0e0e0e0e0/webchat/none.png' }],
    ] as const) {
      const answer = await send(`PUT /api/webchats/${_id}`, { name: 'New', ...part });
      expect([answer.status, pathsOf(answer)]).toEqual([status, [path]]);
      expect((await read()).json).toEqual(before);
    }
  });

  test.each(['page=0', 'page=x', 'limit=0', 'limit=101', 'limit=1.5', 'page=1&page=2'])(
    '%s is no page',
    async (query) => {
      for (const list of ['webchats', 'prompts', 'pipelines', 'contacts']) {
        const answer = await send(`GET /api/${list}?${query}`);
        expect(answer.status).toBe(400);
        expect(pathsOf(answer)[0]).toBe(query.slice(0, query.indexOf('=')));
      }
    },
  );

  test.each([-1, 86_401, 1.5, '60'])('a grace of %s is 400, and the key stays', async (grace_seconds) => {
    const [widget] = await world.widgets();
    const answer = await send(`POST /api/webchats/${widget!.hexId}/rotate-key`, { grace_seconds });
    expect([answer.status, pathsOf(answer)]).toEqual([400, ['grace_seconds']]);
    expect((await world.widgets())[0]).toEqual(widget);
  });
});

describe('where something is', () => {
  test.each([
    ['DELETE /api/webchats', 'POST, GET, HEAD'],
    ['PATCH /api/webchats/66f0a0b0c0d0e0f0a0b0c0d0', 'PUT, GET, HEAD, DELETE'],
    ['GET /api/webchats/icons', 'POST'],
    ['PUT /api/webchats/66f0a0b0c0d0e0f0a0b0c0d0/embed', 'GET, HEAD'],
    ['POST /api/prompts', 'GET, HEAD'],
    ['DELETE /api/contacts/66f0a0b0c0d0e0f0a0b0c0d0', 'GET, HEAD'],
  ])('%s is 405 and says what works', async (route, allow) => {
    const answer = await send(route);
    expect([answer.status, answer.headers.get('allow'), Object.keys(answer.json)]).toEqual([
      405,
      allow,
      ['message', 'errors'],
    ]);
  });

  test.each(['GET /api/webchats/', 'GET /api/webchats/x/y/z', 'GET /api/pipelines/x', 'GET /api/webchats/%00'])(
    '%s is 404 in the envelope',
    async (route) => {
      const answer = await send(route);
      expect([answer.status, Object.keys(answer.json)]).toEqual([404, ['message', 'errors']]);
    },
  );

  test('a body that is too long is 413, and one of another type 415', async () => {
    const long = await world.send(create, {
      bearer: world.keys.webchats,
      raw: JSON.stringify({ ...good, x: 'x'.repeat(70_000) }),
    });
    expect([long.status, Object.keys(long.json)]).toEqual([413, ['message', 'errors']]);
    const form = await world.send(create, {
      bearer: world.keys.webchats,
      raw: 'name=W',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([form.status, Object.keys(form.json)]).toEqual([415, ['message', 'errors']]);
  });

  test('pages of other sites get no CORS headers', async () => {
    const answer = await world.send(create, {
      bearer: world.keys.webchats,
      body: good,
      headers: { origin: 'https://a.example' },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

test('a key that is used too fast is 429, says when to try again, and stores nothing', async () => {
  const ask = () => slow.send('GET /api/prompts', { bearer: slow.keys.webchats });
  let last = await ask();
  for (let calls = 1; calls < 130 && last.status === 200; calls++) last = await ask();
  expect([last.status, Object.keys(last.json)]).toEqual([429, ['message', 'errors']]);
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  const before = await slow.widgets();
  expect((await slow.send(create, { bearer: slow.keys.webchats, body: good })).status).toBe(429);
  expect(await slow.widgets()).toEqual(before);
});
