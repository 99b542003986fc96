// Pictures of members: uploaded, public under an address nobody can guess, and never from another host.
import { expect, test } from 'vitest';
import { newId, newUuid } from '../../shared/ids.ts';
import { readAvatar, storeAvatar, storeIcon } from '../../server/usecases/files.ts';
import type { Member } from '../../server/ports/documents.ts';
import { formOf, pictures } from '../support/pictures.ts';
import { httpTest } from './http-server.ts';
import type { Answer } from './http-server.ts';

const http = httpTest();

let made = 0;
const person = (more: Partial<Member> = {}): Promise<Member> =>
  http.addMember({ id: newId('mem'), email: `person${(made += 1)}@avatars.example`, ...more });
const upload = async (member: Member, file: Uint8Array<ArrayBuffer> = pictures.png, name = 'me.png'): Promise<Answer> =>
  http.call('POST /me/avatar', { cookie: await http.cookieOf(member), form: formOf(file, { name }) });
const uploaded = async (member: Member, file: Uint8Array<ArrayBuffer> = pictures.png): Promise<string> => {
  const { status, json } = await upload(member, file);
  expect(status).toBe(200);
  return json.member.avatarUrl;
};
const shown = async (path: string): Promise<{ status: number; bytes: string; headers: Headers }> => {
  const response = await fetch(`${http.url}${path}`, { headers: { origin: 'https://shop.example' } });
  const bytes = Buffer.from(await response.arrayBuffer()).toString('base64');
  return { status: response.status, bytes, headers: response.headers };
};
const base64 = (file: Uint8Array): string => Buffer.from(file).toString('base64');
const stored = async (member: Member): Promise<Member> =>
  (await http.deps.store.documents.members.get(member.orgId, member.id))!;

test.each([
  ['png', 'image/png', pictures.png],
  ['jpg', 'image/jpeg', pictures.jpg],
  ['gif', 'image/gif', pictures.gif],
  ['webp', 'image/webp', pictures.webp],
])('an agent uploads a %s, and every page may show it', async (extension, mediaType, file) => {
  const member = await person();
  const path = await uploaded(member, file);
  expect(path).toMatch(new RegExp(`^/avatars/[0-9a-f]{32}\\.${extension}$`));
  const { status, bytes, headers } = await shown(path);
  expect([status, bytes]).toEqual([200, base64(file)]);
  expect(headers.get('content-type')).toBe(mediaType);
  expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-disposition')).toBe('attachment');
  expect(headers.get('cache-control')).toBe('public, max-age=3600');
  const again = await http.fetch(path, { headers: { 'if-none-match': headers.get('etag')! } });
  expect([again.status, again.text]).toEqual([304, '']);
  const { json } = await http.call('GET /members', { cookie: await http.cookieOf(http.owner) });
  expect(json.members.find(({ id }: Member) => id === member.id).avatarUrl).toBe(path);
});

test('what is no picture is refused with one sentence, and nothing changes', async () => {
  const member = await person();
  const path = await uploaded(member);
  const files = await http.deps.store.documents.files.list(member.orgId);
  const text = (content: string) => new TextEncoder().encode(content);
  const cookie = await http.cookieOf(member);
  const markup = new Uint8Array([...pictures.gif, ...text('<script>alert(1)</script>')]);
  const attempts: [number, FormData][] = [
    [415, formOf(text('<svg onload="alert(1)"/>'), { name: 'x.png' })],
    [415, formOf(text('<!doctype html><p>'), { name: 'x.gif', type: 'image/gif' })],
    [415, formOf(markup)],
    [413, formOf(new Uint8Array(512 * 1024 + 1).fill(1))],
    [400, formOf(new Uint8Array())],
    [400, formOf(pictures.png, { field: 'avatar' })],
    [400, new FormData()],
  ];
  for (const [status, form] of attempts) {
    const { json, ...answer } = await http.call('POST /me/avatar', { cookie, form });
    expect([answer.status, Object.keys(json), typeof json.error.message]).toEqual([status, ['error'], 'string']);
  }
  const asJson = await http.call('POST /me/avatar', { cookie, body: { avatarUrl: 'https://a.example/x.png' } });
  expect(asJson.status).toBe(415);
  expect((await stored(member)).avatarUrl).toBe(path);
  expect(await http.deps.store.documents.files.list(member.orgId)).toEqual(files);
});

test('a picture can be taken away, by its route and by an empty text, and is gone for everybody', async () => {
  const member = await person();
  const cookie = await http.cookieOf(member);
  const ways = [
    () => http.call('DELETE /me/avatar', { cookie }),
    () => http.call('PATCH /me', { cookie, body: { avatarUrl: '' } }),
  ];
  for (const takeAway of ways) {
    const [first, second] = [await uploaded(member, pictures.gif), await uploaded(member)];
    expect([(await shown(first)).status, (await shown(second)).status]).toEqual([200, 200]);
    const { status, json } = await takeAway();
    expect([status, json.member.avatarUrl]).toEqual([200, undefined]);
    expect([(await shown(first)).status, (await shown(second)).status]).toEqual([404, 404]);
    expect('avatarUrl' in (await stored(member))).toBe(false);
    expect((await takeAway()).status).toBe(200);
  }
});

test('no address can be written in the place of an upload, of whatever host or form', async () => {
  const member = await person();
  const other = await uploaded(await person());
  const path = await uploaded(member);
  const cookie = await http.cookieOf(member);
  const change = (avatarUrl: string) => http.call('PATCH /me', { cookie, body: { avatarUrl, name: 'Changed' } });
  const addresses = [
    'https://a.example/p.png',
    'http://a.example/p.png',
    '//a.example/p.png',
    '/\\a.example/p.png',
    '/widget.js',
    'javascript:alert(1)',
    'data:image/png;base64,AAAA',
    `https://a.example${path}`,
    `${http.url}${path}`,
    `${path}?x`,
    `/${path}`,
    other,
    ' ',
  ];
  for (const avatarUrl of addresses) {
    const { status, json } = await change(avatarUrl);
    expect([avatarUrl, status, json.error.details?.[0]?.path]).toEqual([avatarUrl, 400, 'avatarUrl']);
  }
  expect(await stored(member)).toMatchObject({ avatarUrl: path, name: member.name });
  // What was read may be sent back.
  expect((await change(path)).json.member).toMatchObject({ avatarUrl: path, name: 'Changed' });
});

test('an address that an older version took is shown to nobody', async () => {
  const member = await person({ avatarUrl: 'https://tracker.example/p.png', role: 'admin' });
  const cookie = await http.cookieOf(member);
  const [me, members] = [await http.call('GET /me', { cookie }), await http.call('GET /members', { cookie })];
  expect(me.text + members.text).not.toContain('tracker.example');
  const changed = await http.call('PATCH /me', { cookie, body: { name: 'Changed' } });
  expect([changed.status, changed.text.includes('tracker.example')]).toEqual([200, false]);
});

test('a member holds three pictures at most: messages under the last ones keep theirs', async () => {
  const member = await person();
  const bystander = await uploaded(await person());
  const paths: string[] = [];
  for (let i = 0; i < 5; i += 1) paths.push(await uploaded(member));
  const answers = await Promise.all([...paths, bystander].map(async (path) => (await shown(path)).status));
  expect(answers).toEqual([404, 404, 200, 200, 200, 200]);
  expect((await stored(member)).avatarUrl).toBe(paths[4]);
});

test('pictures of members and icons have bounds of their own; what a member shows never makes room', async () => {
  const { documents } = http.deps.store;
  const orgId = newId('org');
  const organisation = { id: orgId, orgId, uuid: newUuid(), hexId: orgId.slice(-24), createdAt: 1 };
  await documents.organisations.put({ ...organisation, name: 'Many', businessType: '' });
  const old = { mediaType: 'image/png', size: 1, createdBy: 'mem_gone', createdAt: Date.now() - 2 * 3_600_000 };
  const keyOf = (n: number) => `avatars/${n.toString(16).padStart(32, '0')}.png`;
  const number = (n: number) => n.toString(16).padStart(24, '0');
  await person({ orgId, avatarUrl: `/${keyOf(0)}` });
  await Promise.all(
    Array.from({ length: 500 }, (_, n) =>
      documents.files.put({ ...old, id: `file_${number(n)}`, orgId, key: keyOf(n) }),
    ),
  );
  const by = await person({ orgId });
  const icon = await storeIcon(http.deps, by, pictures.png);
  const { key } = await storeAvatar(http.deps, by, pictures.png);
  const keys = (await documents.files.list(orgId)).map((file) => file.key);
  expect(keys).toHaveLength(501);
  expect([keyOf(0), keyOf(1), icon.key, key].map((one) => keys.includes(one))).toEqual([true, false, true, true]);
});

test('only pictures of members lie there: no icon, no other file, no other method', async () => {
  const icon = await storeIcon(http.deps, http.owner, pictures.png);
  const name = icon.key.split('/').at(-1)!;
  const paths = [
    `/avatars/${name}`,
    `/avatars/${icon.key}`,
    '/avatars/..%2ffirst-run.json',
    '/avatars/..%2f..%2ftiller.db',
    `/avatars/${'0'.repeat(32)}.png~type`,
    `/avatars/${'0'.repeat(32)}.svg`,
    '/avatars/%00',
    '/avatars/',
    '/avatars',
  ];
  for (const path of paths) {
    const { status, json } = await http.fetch(path);
    expect([path, status, json.error.code]).toEqual([path, 404, 'not_found']);
  }
  const posted = await http.fetch(await uploaded(await person()), { method: 'POST' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test("a widget cannot show a member's picture as its icon: it goes when the member takes it away", async () => {
  const path = await uploaded(http.owner);
  const cookie = await http.cookieOf(http.owner);
  const { status, json } = await http.call('POST /widgets', { cookie, body: { iconKey: path.slice(1) } });
  expect([status, json.error.details[0].path]).toEqual([404, 'iconKey']);
});

test('a node forgets after a minute what another one took away', async () => {
  const path = await uploaded(await person());
  let now = 0;
  const elsewhere = { files: { ...http.deps.files }, clock: { now: Date.now, monotonic: () => now } };
  expect(base64((await readAvatar(elsewhere, path)).bytes)).toBe(base64(pictures.png));
  await http.deps.files.delete(path.slice(1));
  now = 59_000;
  expect((await readAvatar(elsewhere, path)).mediaType).toBe('image/png');
  now = 61_000;
  await expect(readAvatar(elsewhere, path)).rejects.toMatchObject({ code: 'not_found' });
});

test('our pages load pictures from this installation alone', async () => {
  for (const path of [
    '/console',
    `/preview/${http.seeded.widget.widgetKey}`,
    `/frame/${http.seeded.widget.widgetKey}`,
    '/demo',
    '/',
  ]) {
    const policy = (await http.fetch(path)).headers.get('content-security-policy');
    expect([path, /img-src ([^;]*)/.exec(policy ?? '')?.[1]]).toEqual([path, "'self' data: blob:"]);
  }
});
