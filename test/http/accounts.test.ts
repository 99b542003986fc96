// Signing in and out: cookies, links, limits, revocation.
import { expect, test } from 'vitest';
import { newId } from '../../shared/ids.ts';
import { invite, signIn } from '../../server/usecases/accounts.ts';
import { hashOf } from '../../server/usecases/secret.ts';
import { cookieLife, memberOfCookie } from '../../server/usecases/sessions.ts';
import { cookieOf } from '../../server/edges/http/cookie.ts';
import { httpTest } from './http-server.ts';

const http = httpTest();
const unlimited = httpTest({ limits: 'off' });
const secure = httpTest({ publicUrl: 'https://chat.tiller.example', trustProxy: true });

let made = 0;
const person = async (password = 'correct horse battery') => {
  const email = `person${(made += 1)}@a.example`;
  const passwordHash = await http.deps.passwords.hash(password);
  return http.addMember({ id: newId('mem'), email, passwordHash });
};
const login = (email: string, password: string, headers: Record<string, string> = {}) =>
  http.call('POST /login', { body: { email, password }, headers });
const cookieFrom = (headers: Headers): string => headers.get('set-cookie')!.split(';')[0]!;

test('a right password opens a session in an HttpOnly cookie of this site alone, kept as a hash', async () => {
  const member = await person();
  const { status, headers, json } = await login(member.email.toUpperCase(), 'correct horse battery');
  expect([status, json.member.id]).toEqual([200, member.id]);
  const cookie = headers.get('set-cookie')!;
  expect(cookie).toMatch(
    /^tiller=cookie_[\w-]{43}; Max-Age=604800; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
  );
  expect((await http.call('GET /me', { cookie: cookieFrom(headers) })).json.member.id).toBe(member.id);
  const stored = await http.deps.store.documents.credentials.list(member.orgId, { group: member.id });
  expect(JSON.stringify(stored)).not.toContain(cookieFrom(headers).slice('tiller='.length));
});

test('over https the cookie is bound to this host', async () => {
  const { member, secret } = await (async () => {
    const passwordHash = await secure.deps.passwords.hash('correct horse battery');
    const member = await secure.addMember({ id: newId('mem'), email: 's@a.example', passwordHash });
    return { member, secret: 'correct horse battery' };
  })();
  const { headers } = await secure.call('POST /login', { body: { email: member.email, password: secret } });
  expect(headers.get('set-cookie')).toMatch(/^__Host-tiller=cookie_.*; Path=\/; .*HttpOnly; Secure; SameSite=Strict$/);
  expect(headers.get('set-cookie')).not.toContain('Domain');
  expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
  const plain = cookieFrom(headers).replace('__Host-', '');
  expect((await secure.call('GET /me', { cookie: plain })).status).toBe(401);
  expect((await secure.call('GET /me', { cookie: cookieFrom(headers) })).status).toBe(200);
});

test('the socket edge reads the same cookie, and two of one name are none', () => {
  const base = 'http://127.0.0.1:3000';
  expect(cookieOf({ cookie: 'a=b; tiller=cookie_x; c=d' }, base)).toBe('cookie_x');
  expect(cookieOf({ cookie: 'tiller=a; tiller=b' }, base)).toBeUndefined();
  expect(cookieOf({ cookie: 'nottiller=a' }, base)).toBeUndefined();
  expect(cookieOf({ cookie: 'tiller=a' }, 'https://x.example')).toBeUndefined();
  expect(cookieOf({}, base)).toBeUndefined();
});

test('an unknown account, a wrong password and a disabled member get the same refusal', async () => {
  const member = await person();
  const disabled = await person();
  await http.deps.store.documents.members.put({ ...disabled, isDisabled: true });
  const answers = [
    await login('nobody@a.example', 'correct horse battery'),
    await login(member.email, 'wrong'),
    await login(disabled.email, 'correct horse battery'),
  ];
  for (const { status, json, headers } of answers) {
    expect([status, json]).toEqual([
      401,
      { error: { code: 'unauthenticated', message: 'E-mail or password is wrong' } },
    ]);
    expect(headers.get('set-cookie')).toBeNull();
  }
});

test('TILLER_LIMITS=off counts nothing', async () => {
  const body = { email: 'nobody@a.example', password: 'x' };
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  for (let i = 0; i < 8; i += 1) expect((await unlimited.call('POST /login', { body, headers })).status).toBe(401);
});

test('what another site makes a browser send is refused even with the cookie', async () => {
  const cookie = await http.cookieOf(await person());
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of foreign) {
    const { status } = await http.call('PATCH /me', { cookie, headers, body: { name: 'Taken' } });
    expect([headers, status]).toEqual([headers, 403]);
  }
  const ours = { origin: http.url, 'sec-fetch-site': 'same-origin' };
  expect((await http.call('PATCH /me', { cookie, headers: ours, body: { name: 'Mine' } })).status).toBe(200);
});

test('signing out ends the session everywhere and closes its sockets', async () => {
  const member = await person();
  const cookie = await http.cookieOf(member);
  const [credential] = await http.deps.store.documents.credentials.list(member.orgId, { group: member.id });
  const { status, headers } = await http.call('POST /logout', { cookie });
  expect(status).toBe(200);
  expect(headers.get('set-cookie')).toMatch(/^tiller=; Path=\/; Expires=Thu, 01 Jan 1970/);
  expect((await http.call('GET /me', { cookie })).status).toBe(401);
  expect(http.deliveries).toContainEqual({ kind: 'revoked', what: 'credential', id: credential!.id });
});

test('a session ends after 12 hours without use and after 7 days in any case', async () => {
  const member = await person();
  const { secret } = await signIn(http.deps, { email: member.email, password: 'correct horse battery' });
  const start = Date.now();
  const hour = 3_600_000;
  const at = (ms: number) => ({ ...http.deps, clock: { now: () => start + ms, monotonic: () => ms } });
  expect(await memberOfCookie(at(11 * hour), secret)).toBeDefined();
  // Idle for 11 hours only: the use before renewed it.
  expect(await memberOfCookie(at(22 * hour), secret)).toBeDefined();
  expect(await memberOfCookie(at(35 * hour), secret)).toBeUndefined();
  const lasting = await signIn(http.deps, { email: member.email, password: 'correct horse battery' });
  for (let h = 0; h < 167; h += 6) expect(await memberOfCookie(at(h * hour), lasting.secret)).toBeDefined();
  expect(await memberOfCookie(at(cookieLife.lifetimeMs + 10_000), lasting.secret)).toBeUndefined();
});

test('a note of last use never brings back a session that was ended', async () => {
  const member = await person();
  const { secret } = await signIn(http.deps, { email: member.email, password: 'correct horse battery' });
  const { store } = http.deps;
  const { members } = store.documents;
  // The session ends between the look at it and the note that it was used.
  const get: typeof members.get = async (orgId, id) => {
    expect((await http.call('POST /logout', { cookie: `tiller=${secret}` })).status).toBe(200);
    return members.get(orgId, id);
  };
  const later = {
    ...http.deps,
    store: { ...store, documents: { ...store.documents, members: { ...members, get } } },
    clock: { now: () => Date.now() + 120_000, monotonic: () => 0 },
  };
  await memberOfCookie(later, secret);
  expect(await store.documents.credentials.find(`hash:${hashOf(secret)}`)).toBeUndefined();
  expect(await memberOfCookie(http.deps, secret)).toBeUndefined();
});

test('a one-time link works once, also when used twice at the same moment', async () => {
  const { member, link } = await invite(http.deps, http.owner, { name: 'In', email: 'in@a.example', role: 'agent' });
  expect(link.startsWith(`${http.url}/console/link#token=link_`)).toBe(true);
  const token = link.split('#token=')[1]!;
  const shown = await http.call('POST /link/read', { body: { token } });
  const stands = { organisation: 'Selwick Kayaks', name: 'In', email: 'in@a.example', isNew: true, keys: [] };
  expect(shown.json).toEqual(stands);
  const use = () =>
    http.call('POST /link', {
      body: { token, name: 'Inga', email: 'inga@a.example', password: 'a new long password' },
    });
  const answers = await Promise.all([use(), use(), use()]);
  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 404, 404]);
  const winner = answers.find(({ status }) => status === 200)!;
  expect(winner.json.revokedKeys).toBe(0);
  expect(winner.json.member).toMatchObject({ id: member.id, name: 'Inga', hasSignedIn: true });
  expect((await http.call('GET /me', { cookie: cookieFrom(winner.headers) })).status).toBe(200);
  expect((await http.call('POST /link/read', { body: { token } })).status).toBe(404);
  expect((await login('inga@a.example', 'a new long password')).status).toBe(200);
});

test('a link that was used opens nothing, also where a crash kept it from being taken away', async () => {
  const { link } = await invite(http.deps, http.owner, { name: 'In', email: 'crash@a.example', role: 'agent' });
  const token = link.split('#token=')[1]!;
  const { credentials } = http.deps.store.documents;
  const credential = await credentials.find(`hash:${hashOf(token)}`);
  const body = { token, name: 'In', email: 'crash@a.example', password: 'a new long password' };
  expect((await http.call('POST /link', { body })).status).toBe(200);
  await credentials.put(credential!);
  expect((await http.call('POST /link/read', { body: { token } })).status).toBe(404);
  expect((await http.call('POST /link', { body: { ...body, password: 'another long password' } })).status).toBe(404);
  expect((await http.call('POST /login', { body })).status).toBe(200);
});

test('a link keeps working where the e-mail is in use, and does not tell by whom', async () => {
  const other = await person();
  const { link } = await invite(http.deps, http.owner, { name: 'In', email: 'second@a.example', role: 'agent' });
  const token = link.split('#token=')[1]!;
  const body = { token, name: 'X', email: other.email, password: 'a new long password' };
  const { status, json } = await http.call('POST /link', { body });
  expect([status, json.error.code]).toEqual([409, 'conflict']);
  expect(json.error.message).toBe('This e-mail address cannot be used here: choose another one');
  expect((await http.call('POST /link', { body: { ...body, email: 'second@a.example' } })).status).toBe(200);
});

test('a disabled member is out at once, by cookie and by token, and the sockets close', async () => {
  const member = await person();
  const cookie = await http.cookieOf(member);
  const bearer = { headers: { authorization: `Bearer ${await http.tokenOf(member)}` } };
  expect((await http.call('GET /me', bearer)).status).toBe(200);
  const owner = await http.cookieOf(http.owner);
  const { json } = await http.call('PATCH /members/:id', { cookie: owner, id: member.id, body: { isDisabled: true } });
  expect(json.member.isDisabled).toBe(true);
  expect((await http.call('GET /me', { cookie })).status).toBe(401);
  expect((await http.call('GET /me', bearer)).status).toBe(401);
  expect(http.deliveries).toContainEqual({ kind: 'revoked', what: 'member', id: member.id });
  await http.call('PATCH /members/:id', { cookie: owner, id: member.id, body: { isDisabled: false } });
  // The old session stays ended; the token was only held back.
  expect((await http.call('GET /me', { cookie })).status).toBe(401);
  expect((await http.call('GET /me', bearer)).status).toBe(200);
});

test('nobody can shut out the owner or themselves, or reset the password of somebody above them', async () => {
  const admin = await http.addMember({ id: newId('mem'), email: 'boss@a.example', role: 'admin' });
  const cookie = await http.cookieOf(admin);
  const change = (id: string) => http.call('PATCH /members/:id', { cookie, id, body: { isDisabled: true } });
  expect((await change(http.owner.id)).status).toBe(403);
  expect((await change(admin.id)).status).toBe(403);
  expect((await http.call('POST /members/:id/link', { cookie, id: http.owner.id })).status).toBe(403);
});

test('a new password needs the current one and ends the other sessions', async () => {
  const member = await person();
  const [mine, other] = [await http.cookieOf(member), await http.cookieOf(member)];
  const change = (currentPassword?: string) =>
    http.call('PATCH /me', { cookie: mine, body: { password: 'another long one', currentPassword } });
  expect((await change()).status).toBe(403);
  expect((await change('wrong')).status).toBe(403);
  expect((await change('correct horse battery')).status).toBe(200);
  expect((await http.call('GET /me', { cookie: mine })).status).toBe(200);
  expect((await http.call('GET /me', { cookie: other })).status).toBe(401);
  expect((await login(member.email, 'another long one')).status).toBe(200);
});

test('a token cannot sign out, and a contract’s key is no token', async () => {
  const token = await http.tokenOf(http.owner);
  const { status } = await http.call('POST /logout', { headers: { authorization: `Bearer ${token}` } });
  expect(status).toBe(403);
  for (const key of [http.seeded.keys.functions, http.seeded.keys.v1, http.seeded.keys.webchats]) {
    expect((await http.call('GET /me', { headers: { authorization: `Bearer ${key}` } })).status).toBe(403);
  }
  const seededToken = { headers: { authorization: `Bearer ${http.seeded.keys.console}` } };
  expect((await http.call('GET /me', seededToken)).json).toMatchObject({
    demoUrl: `${http.url}/demo`,
    model: 'builtin',
  });
});

test('an error of our own is told in full to the log and to nobody else', async () => {
  const cookie = await http.cookieOf(await person());
  const labels = http.deps.store.labels.bind(http.deps.store);
  http.deps.store.labels = () => Promise.reject(new Error('disk on fire at /var/secret'));
  const { status, json, text } = await http.call('GET /labels', { cookie });
  http.deps.store.labels = labels;
  expect([status, json.error.code]).toEqual([500, 'internal']);
  expect(text).not.toMatch(/disk|secret|at /);
  expect(http.logged.some(({ fields }) => (fields['err'] as Error | undefined)?.message.includes('disk on fire'))).toBe(
    true,
  );
});
