// Keys in the console and over REST: shown once, told apart, rotated with and without grace, revoked at once.
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { KeyKind, KeyView } from '../../shared/console-provisioning.ts';
import { newId } from '../../shared/ids.ts';
import type { Member } from '../../server/ports/documents.ts';
import { makeKey } from '../../server/usecases/keys.ts';
import { signedInBy } from '../../server/usecases/sessions.ts';
import { httpTest } from './http-server.ts';
import type { Answer, CallOptions } from './http-server.ts';
import type { ConsoleRoute } from '../../shared/console-api.ts';

const http = httpTest();
let admin: Member;
let agent: Member;
let token: string;

beforeAll(async () => {
  admin = await http.addMember({ id: newId('mem'), email: 'admin@keys.example', role: 'admin', name: 'Ada' });
  agent = await http.addMember({ id: newId('mem'), email: 'agent@keys.example' });
  token = await http.tokenOf(admin);
});

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
/** A call with an API token: the console's REST is for programs too. */
const call = (route: ConsoleRoute, options: CallOptions = {}, secret = token): Promise<Answer> =>
  http.call(route, { ...options, headers: bearer(secret) });
const make = async (kind: KeyKind, name = 'Key'): Promise<{ key: KeyView; secret: string }> => {
  const { status, json } = await call('POST /keys', { body: { kind, name } });
  expect(status).toBe(200);
  return json;
};
const listed = async (): Promise<KeyView[]> => (await call('GET /keys')).json.keys;
const opens = async (secret: string): Promise<boolean> =>
  (await signedInBy(http.deps, secret, ['token', 'functions', 'v1', 'webchats'])) !== undefined;

describe('a key', () => {
  test.each([
    ['token', /^con_[\w-]{43}$/],
    ['functions', /^pat_[\w-]{43}$/],
    ['v1', /^in-[\w-]{43}$/],
    ['webchats', /^pat_[\w-]{43}$/],
  ] as const)(
    'of kind %s is shown once, kept as SHA-256, and listed by its last four characters',
    async (kind, form) => {
      const { key, secret } = await make(kind, `For ${kind}`);
      expect(secret).toMatch(form);
      expect(key).toEqual({
        id: key.id,
        kind,
        name: `For ${kind}`,
        hint: secret.slice(-4),
        member: { id: admin.id, name: 'Ada' },
        createdAt: key.createdAt,
      });
      expect(await listed()).toContainEqual(key);
      const stored = await http.deps.store.documents.credentials.get(admin.orgId, key.id);
      expect(stored?.hash).toBe(createHash('sha256').update(secret).digest('hex'));
      const everything = JSON.stringify([stored, await listed(), http.logged, http.deliveries]);
      expect(everything).not.toContain(secret);
    },
  );

  test('tells when it was last used, and not before it was', async () => {
    const { key, secret } = await make('token', 'Used');
    const shown = async () => (await listed()).find(({ id }) => id === key.id)!;
    expect((await shown()).lastUsedAt).toBeUndefined();
    await call('GET /me', {}, secret);
    expect((await shown()).lastUsedAt).toBeGreaterThanOrEqual(key.createdAt);
  });

  test('gets another name and nothing else', async () => {
    const { key } = await make('v1');
    const { json } = await call('PATCH /keys/:id', { id: key.id, body: { name: 'Builder', kind: 'token' } });
    expect(json).toEqual({ key: { ...key, name: 'Builder' } });
  });

  test('that is revoked opens nothing, at once, and is told to all nodes', async () => {
    const { key, secret } = await make('token');
    expect((await call('GET /me', {}, secret)).status).toBe(200);
    expect((await call('DELETE /keys/:id', { id: key.id })).status).toBe(200);
    expect((await call('GET /me', {}, secret)).status).toBe(401);
    expect(http.deliveries).toContainEqual({ kind: 'revoked', what: 'credential', id: key.id });
    expect((await call('DELETE /keys/:id', { id: key.id })).status).toBe(404);
  });

  test('that is rotated stops at once, and its successor has its name and rights', async () => {
    const { key, secret } = await make('functions', 'Deploys');
    const { json } = await call('POST /keys/:id/rotate', { id: key.id, body: {} });
    expect(json.key).toMatchObject({
      kind: 'functions',
      name: 'Deploys',
      member: key.member,
      hint: json.secret.slice(-4),
    });
    expect(json.secret).not.toBe(secret);
    expect([await opens(secret), await opens(json.secret)]).toEqual([false, true]);
    expect((await listed()).map(({ id }) => id)).not.toContain(key.id);
  });

  test('that is rotated with grace works on, says until when, and cannot be rotated again', async () => {
    const { key, secret } = await make('webchats');
    const before = Date.now();
    const { json } = await call('POST /keys/:id/rotate', { id: key.id, body: { graceSeconds: 3600 } });
    expect([await opens(secret), await opens(json.secret)]).toEqual([true, true]);
    const old = (await listed()).find(({ id }) => id === key.id)!;
    expect(old.expiresAt).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(http.deliveries).toContainEqual({ kind: 'revoked', what: 'credential', id: key.id, at: old.expiresAt });
    const again = await call('POST /keys/:id/rotate', { id: key.id, body: {} });
    expect([again.status, again.json.error.code]).toEqual([409, 'conflict']);
    expect((await call('DELETE /keys/:id', { id: key.id })).status).toBe(200);
    expect(await opens(secret)).toBe(false);
  });

  test('has a grace of a day at most', async () => {
    const { key } = await make('v1');
    for (const graceSeconds of [86_401, -1, 1.5, '60']) {
      const { status, json } = await call('POST /keys/:id/rotate', { id: key.id, body: { graceSeconds } });
      expect([status, json.error.details[0].path]).toEqual([400, 'graceSeconds']);
    }
  });

  test('whose grace is over is not listed and opens nothing', async () => {
    const { key, secret } = await make('token');
    const { credentials } = http.deps.store.documents;
    const stored = await credentials.get(admin.orgId, key.id);
    await credentials.put({ ...stored!, expiresAt: Date.now() - 1 });
    expect(await opens(secret)).toBe(false);
    expect((await listed()).map(({ id }) => id)).not.toContain(key.id);
    expect((await call('PATCH /keys/:id', { id: key.id, body: { name: 'Back' } })).status).toBe(404);
  });
});

test('sessions and one-time links are no keys: neither listed nor changed here', async () => {
  await http.cookieOf(admin);
  const all = await http.deps.store.documents.credentials.list(admin.orgId);
  const cookie = all.find(({ kind }) => kind === 'cookie')!;
  expect((await listed()).map(({ id }) => id)).not.toContain(cookie.id);
  for (const route of ['DELETE /keys/:id', 'PATCH /keys/:id', 'POST /keys/:id/rotate'] as const) {
    const body = route.startsWith('DELETE') ? {} : { body: { name: 'x' } };
    expect((await call(route, { id: cookie.id, ...body })).status).toBe(404);
  }
});

test("an admin may revoke the owner's key, but gets no secret with the owner's rights", async () => {
  const { key } = await makeKey(http.deps, http.owner, { kind: 'token', name: 'Owner' });
  const rotated = await call('POST /keys/:id/rotate', { id: key.id, body: {} });
  expect([rotated.status, rotated.json.error.code]).toEqual([403, 'forbidden']);
  expect((await call('DELETE /keys/:id', { id: key.id })).status).toBe(200);
});

test("an agent's token reads what agents read, and makes, changes and sees no keys", async () => {
  const theirs = await http.tokenOf(agent);
  const { key } = await make('v1');
  expect((await call('GET /widgets', {}, theirs)).status).toBe(200);
  const attempts: [ConsoleRoute, CallOptions][] = [
    ['GET /keys', {}],
    ['POST /keys', { body: { kind: 'token', name: 'x' } }],
    ['PATCH /keys/:id', { id: key.id, body: { name: 'x' } }],
    ['POST /keys/:id/rotate', { id: key.id, body: {} }],
    ['DELETE /keys/:id', { id: key.id }],
    ['PATCH /organisation', { body: { dailyAnswers: null } }],
    ['POST /assistants', { body: { name: 'x' } }],
    ['DELETE /widgets/:id', { id: http.seeded.widget.id }],
    ['POST /widgets/:id/rotate-key', { id: http.seeded.widget.id, body: { which: 'widgetKey' } }],
  ];
  for (const [route, options] of attempts) {
    const { status, json } = await call(route, options, theirs);
    expect([route, status, json.error.code]).toEqual([route, 403, 'forbidden']);
  }
});

test.each(['functions', 'v1', 'webchats'] as const)(
  "a key of kind %s does not open the console's REST",
  async (kind) => {
    const { secret } = await make(kind);
    for (const route of ['GET /me', 'GET /keys'] as const) expect((await call(route, {}, secret)).status).toBe(403);
  },
);

test("a member who may not sign in any more takes their keys' rights along", async () => {
  const gone = await http.addMember({ id: newId('mem'), email: 'gone@keys.example', role: 'admin' });
  const { secret } = await makeKey(http.deps, gone, { kind: 'token', name: 'Gone' });
  expect((await call('GET /me', {}, secret)).status).toBe(200);
  await call('PATCH /members/:id', { id: gone.id, body: { isDisabled: true } });
  expect((await call('GET /me', {}, secret)).status).toBe(401);
});

test('the organisation holds what it was told, and null lifts the limit', async () => {
  const change = { name: 'Selwick', businessType: 'boats', dailyAnswers: 12 };
  const { json } = await call('PATCH /organisation', { body: change });
  expect(json.organisation).toMatchObject({ ...change, id: admin.orgId });
  expect((await call('GET /organisation')).json).toEqual(json);
  const lifted = await call('PATCH /organisation', { body: { dailyAnswers: null } });
  expect(lifted.json.organisation).toEqual({ ...json.organisation, dailyAnswers: null });
  const zero = await call('PATCH /organisation', { body: { dailyAnswers: 0 } });
  expect(zero.json.organisation.dailyAnswers).toBe(0);
});

test('a new assistant is there with defaults, and its role can be changed', async () => {
  const { json } = await call('POST /assistants', { body: { name: 'Ida' } });
  expect(json.assistant).toMatchObject({ name: 'Ida', role: 'AI assistant', instructions: '', articles: 0 });
  const changed = await call('PATCH /assistants/:id', { id: json.assistant.id, body: { role: 'AI at the desk' } });
  expect(changed.json.assistant).toMatchObject({ name: 'Ida', role: 'AI at the desk' });
  expect((await call('GET /assistants')).json.assistants).toContainEqual(changed.json.assistant);
});

test('a removed widget is gone with its keys, and a rotated key is known until its grace is over', async () => {
  const { json } = await call('POST /widgets', { body: { name: 'Short' } });
  const { id, widgetKey, catyKey } = json.widget;
  const known = async (key: string): Promise<number> => (await http.fetch(`/w/${key}`)).status;
  const rotate = (body: object) => call('POST /widgets/:id/rotate-key', { id, body });
  const rotated = (await rotate({ which: 'widgetKey' })).json;
  expect(rotated).toEqual({ widgetKey: expect.not.stringContaining(widgetKey), catyKey });
  expect([await known(widgetKey), await known(rotated.widgetKey), await known(catyKey)]).toEqual([404, 200, 200]);
  const again = (await rotate({ which: 'catyKey', graceSeconds: 60 })).json;
  expect([await known(catyKey), await known(again.catyKey)]).toEqual([200, 200]);
  const until = http.deliveries.findLast((one) => one.kind === 'revoked' && one.id === id);
  expect(until).toMatchObject({ what: 'widget', at: expect.any(Number) });
  expect((await call('DELETE /widgets/:id', { id })).status).toBe(200);
  for (const key of [rotated.widgetKey, again.catyKey, catyKey]) expect(await known(key)).toBe(404);
  expect((await call('GET /widgets/:id', { id })).status).toBe(404);
});

test('a domain that allows nothing is refused by its place in the list', async () => {
  const body = { allowedDomains: ['example.com', '*', 'a.example', 'https://a.example/x'] };
  const { status, json } = await call('POST /widgets', { body });
  expect([status, json.error.code]).toEqual([400, 'invalid']);
  expect(json.error.details.map(({ path }: { path: string }) => path)).toEqual([
    'allowedDomains[1]',
    'allowedDomains[3]',
  ]);
});
