// Pictures: uploaded, shown at signed addresses for minutes and at the widget's own address for good, and never anything but pictures.
import { describe, expect, test } from 'vitest';
import { newId, newSecret, newUuid } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import { keyOfSignedUrl, signedUrlOf, storeIcon } from '../../server/usecases/files.ts';
import { grant } from '../../server/usecases/secret.ts';
import { createWidget, updateWidget } from '../../server/usecases/widgets.ts';
import { formOf, pictures } from '../support/pictures.ts';
import { httpTest } from './http-server.ts';

const http = httpTest();
const behindProxy = httpTest({ publicUrl: 'https://chat.example.com' });

const bytesOf = (file: Uint8Array): string => Buffer.from(file).toString('base64');
const raw = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${http.url}${path}`, init);
  return { response, bytes: bytesOf(new Uint8Array(await response.arrayBuffer())) };
};
/** The path of an address of this server. */
const pathOf = (url: string): string => url.slice(new URL(url).origin.length);
const upload = async (file: Uint8Array<ArrayBuffer> = pictures.png, name = 'me.png') => {
  const cookie = await http.cookieOf(http.owner);
  return http.call('POST /icons', { cookie, form: formOf(file, { name }) });
};

describe('uploading', () => {
  test.each([
    ['png', 'image/png', pictures.png],
    ['jpg', 'image/jpeg', pictures.jpg],
    ['gif', 'image/gif', pictures.gif],
    ['webp', 'image/webp', pictures.webp],
  ])(
    'a %s is taken by its bytes, whatever its name says, and read back unchanged',
    async (extension, mediaType, file) => {
      const { status, json } = await upload(file, '../../<script>.svg');
      expect(status).toBe(200);
      expect(json).toMatchObject({ mediaType, size: file.length });
      expect(json.iconKey).toMatch(new RegExp(`^orgs/65a0e0e0e0e0e0e0e0e0e0e0/webchat/[0-9a-f]{32}\\.${extension}$`));
      const { response, bytes } = await raw(pathOf(json.url));
      expect([response.status, bytes]).toEqual([200, bytesOf(file)]);
      expect(response.headers.get('content-type')).toBe(mediaType);
    },
  );

  test('the same picture twice has two keys that nobody can guess', async () => {
    const [one, two] = [(await upload()).json, (await upload()).json];
    expect(one.iconKey).not.toBe(two.iconKey);
  });

  test('where there are 500, the oldest that no widget shows makes room, and none that is young', async () => {
    const { store, files } = http.deps;
    const orgId = newId('org');
    await store.documents.organisations.put({
      id: orgId,
      orgId,
      uuid: newUuid(),
      hexId: orgId.slice(-24),
      createdAt: 1,
      name: 'Many',
      businessType: '',
    });
    const by = { ...http.owner, orgId };
    const first = await storeIcon(http.deps, by, pictures.png);
    const second = await storeIcon(http.deps, by, pictures.gif);
    const old = { createdAt: Date.now() - 2 * 3_600_000 };
    await store.documents.files.delete(orgId, first.id);
    await store.documents.files.put({ ...first, ...old, id: 'file_000000000000000000000001' });
    const assistant = (await store.documents.assistants.list(http.owner.orgId))[0]!;
    const ids = { id: newId('asst'), uuid: newUuid(), hexId: newId('asst').slice(-24) };
    await store.documents.assistants.put({ ...assistant, ...ids, orgId });
    await createWidget(http.deps, by, { name: 'Shows it', iconKey: first.key });
    await Promise.all(
      Array.from({ length: 498 }, async (_, n) => {
        const id = `file_${(n + 2).toString(16).padStart(24, '0')}`;
        await store.documents.files.put({ ...second, id, key: `many/${orgId.slice(4)}/${n}.gif` });
      }),
    );
    await expect(storeIcon(http.deps, by, pictures.webp)).rejects.toMatchObject({ code: 'conflict' });
    const idle = (await store.documents.files.list(orgId))[250]!;
    await files.put(idle.key, { bytes: pictures.gif, mediaType: 'image/gif' });
    await store.documents.files.put({ ...idle, ...old });
    const third = await storeIcon(http.deps, by, pictures.webp);
    const keys = (await store.documents.files.list(orgId)).map(({ key }) => key);
    expect([keys.length, keys.includes(first.key), keys.includes(third.key), keys.includes(idle.key)]).toEqual([
      500,
      true,
      true,
      false,
    ]);
    expect(await files.get(idle.key)).toBeUndefined();
    expect(await files.get(first.key)).toBeDefined();
  });

  test('what is refused is told in the envelope and stored nowhere', async () => {
    const cookie = await http.cookieOf(http.owner);
    const before = await http.deps.store.documents.files.list(http.owner.orgId);
    const svg = new TextEncoder().encode('<svg onload="alert(1)"/>');
    const attempts: [number, FormData][] = [
      [415, formOf(svg, { name: 'x.png' })],
      [413, formOf(new Uint8Array(512 * 1024 + 1).fill(1))],
      [400, formOf(new Uint8Array())],
      [400, new FormData()],
    ];
    for (const [status, form] of attempts) {
      const answer = await http.call('POST /icons', { cookie, form });
      expect([answer.status, Object.keys(answer.json)]).toEqual([status, ['error']]);
    }
    expect(await http.deps.store.documents.files.list(http.owner.orgId)).toEqual(before);
  });
});

describe('signed addresses', () => {
  test('what is served cannot run, be framed or be taken for something else, and is for five minutes', async () => {
    const { json } = await upload();
    const { response } = await raw(pathOf(json.url), { headers: { origin: 'https://elsewhere.example' } });
    const { headers } = response;
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(headers.get('content-disposition')).toBe('attachment');
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    const [, seconds] = /^private, max-age=(\d+)$/.exec(headers.get('cache-control') ?? '') ?? [];
    expect(Number(seconds)).toBeGreaterThan(290);
    expect(Number(seconds)).toBeLessThanOrEqual(301);
    const head = await raw(pathOf(json.url), { method: 'HEAD' });
    expect([head.response.status, head.bytes]).toEqual([200, '']);
  });

  test('an expired one, a changed one and one without a signature are refused, and none tells what is there', async () => {
    const { json } = await upload();
    const url = new URL(json.url);
    const other = (await upload(pictures.gif, 'x.gif')).json;
    const clock = { ...http.deps.clock, now: () => Date.now() - 6 * 60_000 };
    const expired = pathOf(signedUrlOf({ ...http.deps, clock }, json.iconKey).url);
    const later = new URL(url);
    later.searchParams.set('expires', String(Number(url.searchParams.get('expires')) + 3600));
    const swapped = `/files/${other.iconKey}${url.search}`;
    const forged = new URL(url);
    forged.searchParams.set('signature', 'A'.repeat(43));
    const twice = `${pathOf(json.url)}&signature=x`;
    for (const path of [
      expired,
      pathOf(later.href),
      swapped,
      pathOf(forged.href),
      `/files/${json.iconKey}`,
      twice,
      '/files/x',
      '/files/../tiller.db',
    ]) {
      const { status, json: body } = await http.fetch(path);
      expect([path, [403, 404].includes(status), body?.error.code === undefined]).toEqual([path, true, false]);
      expect(body.error.message).not.toContain(json.iconKey);
    }
    expect((await http.fetch(expired)).json.error.message).toContain('expired');
    const never = signedUrlOf(http.deps, 'orgs/65a0e0e0e0e0e0e0e0e0e0e0/webchat/none.png').url;
    expect((await http.fetch(pathOf(never))).status).toBe(404);
    const posted = await http.fetch(pathOf(json.url), { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('an address of ours leads back to its key, expired or not; any other one does not', async () => {
    const { deps } = http;
    const { json } = await upload();
    const clock = { ...deps.clock, now: () => 0 };
    for (const url of [json.url, signedUrlOf({ ...deps, clock }, json.iconKey).url]) {
      expect(keyOfSignedUrl(deps, url)).toBe(json.iconKey);
    }
    const { search } = new URL(json.url);
    const wrong = [
      `https://evil.example/files/${json.iconKey}${search}`,
      `${deps.baseUrl()}/files/${json.iconKey}`,
      `${deps.baseUrl()}/files/${json.iconKey}?expires=1&signature=${'A'.repeat(43)}`,
      `${deps.baseUrl()}/elsewhere/${json.iconKey}${search}`,
      `${deps.baseUrl().replace('//', '//user@')}/files/${json.iconKey}${search}`,
      `${deps.baseUrl()}/files/%2e%2e/tiller.db${search}`,
      'javascript:alert(1)',
      '',
    ];
    for (const url of wrong) expect([url, keyOfSignedUrl(deps, url)]).toEqual([url, undefined]);
    // Another installation's secret is another's signature.
    expect(keyOfSignedUrl({ ...deps, secret: 'another-secret-of-another-place' }, json.url)).toBeUndefined();
    const { url } = signedUrlOf(behindProxy.deps, json.iconKey);
    expect(url.startsWith('https://chat.example.com/files/orgs/')).toBe(true);
  });
});

describe('contract 002', () => {
  const webchats = async (): Promise<string> => {
    const secret = newSecret('pat');
    await grant(http.deps, { orgId: http.owner.orgId, memberId: http.owner.id, kind: 'webchats', name: 'T', secret });
    return secret;
  };
  const required = {
    name: 'W',
    backgroundColor: '#FFFFFF',
    primaryColor: '#1F2937',
    secondaryColor: '#3B82F6',
    promptId: '65b2a1c3d4e5f6a7b8c9d0e1',
    allowedDomains: [],
    initialStage: 'new',
  };

  test('an icon goes in as a key or a signed address, comes back freshly signed and fetchable, and goes with null', async () => {
    const bearer = await webchats();
    const send = (path: string, method: string, body?: unknown) =>
      http.fetch(path, {
        method,
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const uploaded = await fetch(`${http.url}/api/webchats/icons`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}` },
      body: formOf(pictures.png),
    });
    expect(uploaded.status).toBe(201);
    const { data } = (await uploaded.json()) as { data: { key: string; url: string; expiresAt: string } };
    expect(Date.parse(data.expiresAt)).toBeGreaterThan(Date.now() + 4 * 60_000);
    const created = await send('/api/webchats', 'POST', { ...required, icon: data.key });
    expect(created.status).toBe(201);
    const { _id, icon, updatedAt } = created.json.data;
    expect((await raw(pathOf(icon))).bytes).toBe(bytesOf(pictures.png));
    expect(keyOfSignedUrl(http.deps, icon)).toBe(data.key);
    // What was read is put back: the same picture, so that nothing has changed.
    const back = await send(`/api/webchats/${_id}`, 'PUT', created.json.data);
    expect([back.status, back.json.data.updatedAt]).toEqual([200, updatedAt]);
    const expired = signedUrlOf({ ...http.deps, clock: { ...http.deps.clock, now: () => 0 } }, data.key).url;
    const again = await send('/api/webchats', 'POST', { ...required, icon: expired });
    expect(keyOfSignedUrl(http.deps, again.json.data.icon)).toBe(data.key);
    const stored = (await http.deps.store.documents.widgets.find(`hex:${_id}`))!;
    expect(stored.iconKey).toBe(data.key);
    expect(JSON.stringify(stored)).not.toContain('signature');
    const cleared = await send(`/api/webchats/${_id}`, 'PUT', { icon: null });
    expect('icon' in cleared.json.data).toBe(false);
  });
});

describe("the widget's own picture", () => {
  const withIcon = async (more: Partial<Widget> = {}): Promise<Widget> => {
    const { key } = await storeIcon(http.deps, http.owner, pictures.png);
    return createWidget(http.deps, http.owner, { name: 'Icon', iconKey: key, ...more });
  };

  test('its address stands in the public view, is stable, and any page may show what it leads to', async () => {
    const widget = await withIcon();
    const { json } = await http.fetch(`/w/${widget.widgetKey}`);
    expect(json.iconUrl).toMatch(new RegExp(`^${http.url}/w/${widget.widgetKey}/icon\\?v=[0-9a-f]{12}$`));
    expect(JSON.stringify(json)).not.toContain(widget.iconKey);
    const { response, bytes } = await raw(pathOf(json.iconUrl));
    expect([response.status, bytes]).toEqual([200, bytesOf(pictures.png)]);
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(response.headers.get('cache-control')).toBe('public, max-age=86400');
    const etag = response.headers.get('etag')!;
    const same = await raw(pathOf(json.iconUrl), { headers: { 'if-none-match': etag } });
    expect([same.response.status, same.bytes]).toEqual([304, '']);
    const second = await storeIcon(http.deps, http.owner, pictures.gif);
    await updateWidget(http.deps, http.owner.orgId, widget.id, { iconKey: second.key });
    const next = (await http.fetch(`/w/${widget.widgetKey}`)).json.iconUrl;
    expect(next).not.toBe(json.iconUrl);
    const changed = await raw(pathOf(next), { headers: { 'if-none-match': etag } });
    expect([changed.response.status, changed.bytes]).toEqual([200, bytesOf(pictures.gif)]);
    // Without its version it is asked for every time.
    const bare = await raw(`/w/${widget.widgetKey}/icon`);
    expect(bare.response.headers.get('cache-control')).toBe('public, no-cache');
  });

  test('no picture, no key and a widget that is switched off are 404; a foreign page that says who it is, 403', async () => {
    const none = await createWidget(http.deps, http.owner, { name: 'None' });
    const off = await withIcon({ isEnabled: false });
    for (const key of [none.widgetKey, off.widgetKey, 'wgt_000000000000000000000000', 'x']) {
      expect([key, (await http.fetch(`/w/${key}/icon`)).status]).toEqual([key, 404]);
    }
    expect((await http.fetch(`/w/${none.widgetKey}`)).json.iconUrl).toBeUndefined();
    const fenced = await withIcon({ allowedDomains: ['example.com'] });
    const from = (origin: string) => http.fetch(`/w/${fenced.widgetKey}/icon`, { headers: { origin } });
    expect([(await from('https://example.com')).status, (await from('https://evil.example')).status]).toEqual([
      200, 403,
    ]);
    // Pictures in a page are asked for without an Origin.
    expect((await http.fetch(`/w/${fenced.widgetKey}/icon`)).status).toBe(200);
    const posted = await http.fetch(`/w/${fenced.widgetKey}/icon`, { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  test('only keys of this organisation can be given to a widget', async () => {
    const cookie = await http.cookieOf(http.owner);
    for (const iconKey of ['orgs/65a0e0e0e0e0e0e0e0e0e0e0/webchat/none.png', 'https://evil.example/x.png', '../x']) {
      const { status, json } = await http.call('POST /widgets', { cookie, body: { iconKey } });
      expect([status, json.error.details[0].path]).toEqual([404, 'iconKey']);
    }
  });
});
