// What ends with a password, what a one-time link shows to whom, and what an invitation tells.
import { expect, test } from 'vitest';
import { newId, publicIdsOf } from '../../shared/ids.ts';
import { invite, makeLink, signIn } from '../../server/usecases/accounts.ts';
import { makeKey } from '../../server/usecases/keys.ts';
import type { KeyKind, KeyView } from '../../shared/console-provisioning.ts';
import type { Member } from '../../server/ports/documents.ts';
import { httpTest } from './http-server.ts';
import type { Answer, CallOptions } from './http-server.ts';

const http = httpTest({ limits: 'off' });

const right = 'correct horse battery';
let made = 0;
const person = async (more: Partial<Member> = {}): Promise<Member> => {
  const email = `person${(made += 1)}@trust.example`;
  return http.addMember({ id: newId('mem'), email, passwordHash: await http.deps.passwords.hash(right), ...more });
};
/** The owner of another organisation on this server. */
const foreigner = async (): Promise<Member> => {
  const orgId = newId('org');
  const { organisations } = http.deps.store.documents;
  await organisations.put({ id: orgId, ...publicIdsOf(orgId), orgId, createdAt: 1, name: 'Other', businessType: '' });
  return person({ orgId, role: 'owner' });
};
const tokenIn = (link: string): string => link.split('#token=')[1]!;
const inviteAs = async (actor: Member, email: string): Promise<Answer> => {
  const body = { name: 'Ida', email, role: 'agent' };
  return http.call('POST /members', { cookie: await http.cookieOf(actor), body });
};
const read = (token: string): Promise<Answer> => http.call('POST /link/read', { body: { token } });
const use = (token: string, email: string, more: object = {}): Promise<Answer> =>
  http.call('POST /link', { body: { token, name: 'Ida', email, password: 'a new long password', ...more } });
const login = (email: string, password: string): Promise<Answer> =>
  http.call('POST /login', { body: { email, password } });
const me = async (as: CallOptions): Promise<number> => (await http.call('GET /me', as)).status;
const kinds: KeyKind[] = ['token', 'functions', 'v1', 'webchats'];
const keysFor = async (member: Member) =>
  Promise.all(kinds.map((kind) => makeKey(http.deps, member, { kind, name: `Key ${kind}` })));
/** Those of one millisecond have no order. */
const byId = (keys: KeyView[]): KeyView[] => keys.toSorted((a, b) => (a.id < b.id ? -1 : 1));
const bearer = (secret: string): CallOptions => ({ headers: { authorization: `Bearer ${secret}` } });
const revoked = (id: string): boolean => http.deliveries.some((one) => one.kind === 'revoked' && one.id === id);

test('the secret of a one-time link travels in a body: an address with it is refused and no log holds it', async () => {
  const token = tokenIn(await makeLink(http.deps, await person()));
  expect((await read(token)).status).toBe(200);
  const inAddress = await http.fetch(`/api/console/link?token=${token}`);
  expect([inAddress.status, inAddress.headers.get('allow')]).toEqual([405, 'POST']);
  const alsoThere = await http.fetch(`/api/console/link/read?token=${token}`);
  expect([alsoThere.status, alsoThere.headers.get('allow')]).toEqual([405, 'POST']);
  const queried = await http.call('POST /link/read', { query: { token }, body: {} });
  expect(queried.status).toBe(400);
  expect((await use(token, `used${made}@trust.example`)).status).toBe(200);
  expect(JSON.stringify([http.logged, http.deliveries])).not.toContain(token);
  const { json } = await http.fetch('/openapi.json');
  expect(Object.keys(json.paths['/api/console/link'])).toEqual(['post']);
  expect(Object.keys(json.paths['/api/console/link/read'])).toEqual(['post']);
});

test('a link tells whether it is an invitation, and which keys the member has', async () => {
  const member = await person({ role: 'admin' });
  const keys = await keysFor(member);
  const { json } = await read(tokenIn(await makeLink(http.deps, member)));
  expect(json.isNew).toBe(false);
  expect(byId(json.keys)).toEqual(byId(keys.map(({ key }) => key)));
  expect(JSON.stringify(json)).not.toContain(keys[0]!.secret);
  const invited = await inviteAs(http.owner, 'is-new@trust.example');
  expect((await read(tokenIn(invited.json.link))).json).toMatchObject({ isNew: true, keys: [] });
});

test('a reset by link ends all sessions and keeps the keys, unless they are to go too', async () => {
  const member = await person({ role: 'admin' });
  const keys = await keysFor(member);
  const cookies = [await http.cookieOf(member), await http.cookieOf(member)];
  const first = await use(tokenIn(await makeLink(http.deps, member)), member.email);
  expect([first.status, first.json.revokedKeys]).toEqual([200, 0]);
  for (const cookie of cookies) expect(await me({ cookie })).toBe(401);
  expect(await me(bearer(keys[0]!.secret))).toBe(200);
  const second = await use(tokenIn(await makeLink(http.deps, member)), member.email, { revokeKeys: true });
  expect([second.status, second.json.revokedKeys]).toEqual([200, 4]);
  for (const { key, secret } of keys) {
    expect([await me(bearer(secret)), revoked(key.id)]).toEqual([401, true]);
  }
  expect(await me({ cookie: second.headers.get('set-cookie')!.split(';')[0]! })).toBe(200);
});

test('a new password ends the other sessions and links, and the keys where it is asked for', async () => {
  const member = await person({ role: 'admin' });
  const others = await keysFor(await person({ role: 'admin' }));
  const keys = await keysFor(member);
  const [mine, other] = [await http.cookieOf(member), await http.cookieOf(member)];
  const link = tokenIn(await makeLink(http.deps, member));
  const change = (from: string, to: string, more: object = {}) =>
    http.call('PATCH /me', { cookie: mine, body: { currentPassword: from, password: to, ...more } });
  const wrong = await change('wrong', 'second long password', { revokeKeys: true });
  expect(wrong.status).toBe(403);
  expect([await me(bearer(keys[0]!.secret)), await me({ cookie: other })]).toEqual([200, 200]);
  expect((await change(right, 'second long password')).json.revokedKeys).toBe(0);
  expect([await me({ cookie: mine }), await me({ cookie: other }), (await read(link)).status]).toEqual([200, 401, 404]);
  expect(await me(bearer(keys[0]!.secret))).toBe(200);
  const { json } = await change('second long password', 'third long password', { revokeKeys: true });
  expect(json.revokedKeys).toBe(4);
  for (const { key, secret } of keys) expect([await me(bearer(secret)), revoked(key.id)]).toEqual([401, true]);
  expect(await me(bearer(others[0]!.secret))).toBe(200);
  expect(await me({ cookie: mine })).toBe(200);
});

test('keys are revoked with a new password alone', async () => {
  const member = await person();
  const cookie = await http.cookieOf(member);
  const { status, json } = await http.call('PATCH /me', { cookie, body: { name: 'Changed', revokeKeys: true } });
  expect([status, json.error.details]).toEqual([400, [{ path: 'revokeKeys', message: 'Goes with a new password' }]]);
  expect((await http.deps.store.documents.members.get(member.orgId, member.id))!.name).toBe(member.name);
});

test('a member sees their own keys, an agent too, and nobody else’s', async () => {
  const member = await person({ role: 'admin' });
  await keysFor(await person({ role: 'admin' }));
  const keys = await keysFor(member);
  await http.deps.store.documents.members.put({ ...member, role: 'agent' });
  const { json } = await http.call('GET /me/keys', { cookie: await http.cookieOf(member) });
  expect(byId(json.keys)).toEqual(byId(keys.map(({ key }) => key)));
});

test('an old password that is being checked while it is replaced opens no session', async () => {
  const member = await person();
  const { passwords } = http.deps;
  // The reset is done between the look at the member and the end of the check.
  const verify: typeof passwords.verify = async (known, password) => {
    const isRight = await passwords.verify(known, password);
    expect((await use(tokenIn(await makeLink(http.deps, member)), member.email)).status).toBe(200);
    return isRight;
  };
  const deps = { ...http.deps, passwords: { ...passwords, verify } };
  await expect(signIn(deps, { email: member.email, password: right })).rejects.toMatchObject({
    code: 'unauthenticated',
  });
  const left = await http.deps.store.documents.credentials.list(member.orgId, { group: member.id });
  expect(left.map(({ kind }) => kind)).toEqual(['cookie']);
});

test('signing out everywhere else ends every other session and link of the member and nothing of others', async () => {
  const member = await person();
  const [mine, second, third] = [await http.cookieOf(member), await http.cookieOf(member), await http.cookieOf(member)];
  const colleague = await http.cookieOf(await person());
  const link = tokenIn(await makeLink(http.deps, member));
  const token = await http.tokenOf(member);
  expect((await http.call('POST /logout/everywhere', bearer(token))).status).toBe(403);
  const { json } = await http.call('POST /logout/everywhere', { cookie: mine });
  expect(json).toEqual({ endedSessions: 2 });
  const answers = [me({ cookie: mine }), me({ cookie: second }), me({ cookie: third }), me({ cookie: colleague })];
  expect(await Promise.all(answers)).toEqual([200, 401, 401, 200]);
  expect((await read(link)).status).toBe(404);
  expect(await me(bearer(token))).toBe(200);
});

test('an invitation tells nothing of other organisations: a known e-mail is answered like a new one', async () => {
  const [other, shouting] = [await foreigner(), await foreigner()];
  const pending = await invite(http.deps, other, { name: 'P', email: 'pending@trust.example', role: 'agent' });
  const fresh = await inviteAs(http.owner, 'fresh@trust.example');
  for (const email of [other.email, shouting.email.toUpperCase(), pending.member.email]) {
    const { status, json } = await inviteAs(http.owner, email);
    expect([status, Object.keys(json), Object.keys(json.member)]).toEqual([
      200,
      Object.keys(fresh.json),
      Object.keys(fresh.json.member),
    ]);
    expect(json.member).toMatchObject({ email, hasSignedIn: false, isDisabled: false });
    const { json: shown } = await read(tokenIn(json.link));
    expect(shown).toMatchObject({ email, isNew: true, organisation: 'Selwick Kayaks' });
    // One's own invitation may be told of.
    expect((await inviteAs(http.owner, email)).status).toBe(409);
  }
  expect((await login(other.email, right)).json.member.id).toBe(other.id);
});

test('an invitation hinders nobody: who is invited elsewhere too claims the e-mail by using a link', async () => {
  const other = await foreigner();
  const email = 'twice@trust.example';
  const [here, there] = [await inviteAs(http.owner, email), await inviteAs(other, email)];
  expect([here.status, there.status]).toEqual([200, 200]);
  expect((await login(email, 'a new long password')).status).toBe(401);
  expect((await use(tokenIn(there.json.link), email)).status).toBe(200);
  expect((await login(email, 'a new long password')).json.member.id).toBe(there.json.member.id);
  const refused = await use(tokenIn(here.json.link), email);
  expect([refused.status, refused.json.error.details[0].path]).toEqual([409, 'email']);
  // The link works on, with an e-mail of its own.
  expect((await use(tokenIn(here.json.link), 'twice-again@trust.example')).status).toBe(200);
  expect((await login('twice-again@trust.example', 'a new long password')).json.member.id).toBe(here.json.member.id);
});

test('within the own organisation an e-mail that is there is told, of members and of invitations', async () => {
  const member = await person();
  await inviteAs(http.owner, 'waiting@trust.example');
  for (const email of [member.email, member.email.toUpperCase(), 'Waiting@Trust.example']) {
    const { status, json } = await inviteAs(http.owner, email);
    expect([status, json.error.code, json.error.details]).toEqual([
      409,
      'conflict',
      [{ path: 'email', message: 'Somebody with this e-mail address is in your team already' }],
    ]);
  }
  const twice = await Promise.all([1, 2, 3].map(() => inviteAs(http.owner, 'race@trust.example')));
  expect(twice.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409, 409]);
});

test('the holder of a link hears the same of an e-mail that a colleague has and of one that a stranger has', async () => {
  const [colleague, stranger] = [await person(), await foreigner()];
  const { json } = await inviteAs(http.owner, 'holder@trust.example');
  const answers = [
    await use(tokenIn(json.link), colleague.email),
    await use(tokenIn(json.link), stranger.email.toUpperCase()),
  ];
  const [one, two] = answers.map(({ status, json: said }) => [status, said]);
  expect(one).toEqual(two);
  expect(answers[0]!.json.error.code).toBe('conflict');
  expect((await login(stranger.email, right)).status).toBe(200);
});
