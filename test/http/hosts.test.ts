// Names under which the console, its REST, the documents and the metrics answer; everything for visitors answers under any.
import { describe, expect, it } from 'vitest';
import { getAs, sayRaw } from '../support/raw-http.ts';
import { httpTest } from './http-server.ts';

const local = httpTest();
const named = httpTest({ publicUrl: 'https://chat.example.com', hosts: ['intranet'], trustProxy: true });

const pages = [
  '/console',
  '/console/inbox/mine',
  '/CONSOLE',
  '/console/assets/index-abcd1234.js',
  '/docs',
  '/docs/',
  '/Docs/sockets',
];
const programs = [
  '/api/console/me',
  '/api/console/nothing',
  '/openapi.json',
  '/asyncapi.json',
  '/metrics',
  '/metrics/',
];
const sentence = 'set PUBLIC_URL to the address that browsers use, or add the name to TILLER_HOSTS';

describe('a host name that nobody has set', () => {
  it.each(programs)('is refused at %s in the envelope of programs', async (path) => {
    const { status, body, headers } = await getAs(local.url, path, 'rebound.example:3000');
    expect([status, JSON.parse(body)]).toEqual([
      403,
      { error: { code: 'forbidden', message: expect.stringContaining(sentence) } },
    ]);
    expect(body + JSON.stringify(headers)).not.toContain('rebound');
    expect(headers['cache-control']).toBe('no-store');
  });

  it.each(pages)('is refused at %s in one line of text', async (path) => {
    const { status, body, headers } = await getAs(local.url, path, 'rebound.example:3000');
    expect([status, headers['content-type']]).toEqual([403, 'text/plain; charset=utf-8']);
    expect(body).toContain(sentence);
    expect(body).not.toContain('rebound');
  });

  it('cannot sign in, whatever the Origin says', async () => {
    for (const origin of ['http://rebound.example', local.url]) {
      const body = '{"email":"a@a.example","password":"a long password"}';
      const lines = [
        'POST /api/console/login HTTP/1.1',
        'Host: rebound.example',
        `Origin: ${origin}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
      ];
      const { status } = await sayRaw(local.url, lines, body);
      expect([origin, status]).toEqual([origin, 403]);
    }
  });

  it('serves health, the landing page, the demo, widgets and the contracts', async () => {
    const { widgetKey } = local.seeded.widget;
    for (const path of [
      '/healthz',
      '/readyz',
      '/',
      '/demo',
      '/widget.js',
      `/w/${widgetKey}`,
      `/frame/${widgetKey}`,
      '/preview/x',
    ]) {
      const { status } = await getAs(local.url, path, 'rebound.example');
      expect([path, status]).toEqual([path, 200]);
    }
    const config = await getAs(local.url, '/api/widget/config', 'rebound.example', [`X-API-Key: ${widgetKey}`]);
    expect(config.status).toBe(200);
    const post = ['POST /api/v1/widget HTTP/1.1', 'Host: rebound.example', 'Content-Length: 0'];
    expect((await sayRaw(local.url, post)).status).toBe(401);
  });
});

describe('a host', () => {
  it.each([
    'localhost',
    'localhost:3000',
    'LOCALHOST.:3000',
    'chat.localhost',
    '127.0.0.1:3000',
    '127.8.9.10',
    '[::1]:3000',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    // No DNS server can point these anywhere, so that an owner may open the console by the server's address.
    '192.168.1.5:3000',
    '[2001:db8::5]:3000',
  ])('%s is an address or this machine, and served', async (host) => {
    expect((await getAs(local.url, '/console', host)).status).toBe(200);
  });

  it.each([
    '',
    'rebound.example',
    'localhost.rebound.example',
    'notlocalhost',
    '127.0.0.1.rebound.example',
    'user@localhost',
    'localhost:3000@rebound.example',
    'localhost, rebound.example',
    'localhost/rebound.example',
    'localhost:port',
    'localhost:99999',
    '2130706433',
    '0x7f.0.0.1',
    '127.1',
    '[::1',
    '::1',
    'chat.example.com',
  ])('%j is none of a server without PUBLIC_URL', async (host) => {
    expect((await getAs(local.url, '/openapi.json', host)).status).toBe(403);
  });

  it.each(['chat.example.com', 'Chat.Example.COM.:443', 'chat.example.com:8443', 'intranet', 'localhost', '10.0.0.7'])(
    '%s is served where PUBLIC_URL or TILLER_HOSTS name it, or it is an address',
    async (host) => {
      expect((await getAs(named.url, '/console', host)).status).toBe(200);
      expect((await getAs(named.url, '/api/console/me', host)).status).toBe(401);
    },
  );

  it.each(['www.chat.example.com', 'example.com', 'intranet.example.com', 'chat.example.com.evil.example'])(
    '%s is not, because it only looks like one that is named',
    async (host) => {
      expect((await getAs(named.url, '/console', host)).status).toBe(403);
    },
  );
});

describe('what else a request says about its host', () => {
  const get = (...lines: string[]) => sayRaw(local.url, lines).then(({ status }) => status);

  it('must be there: without a Host nobody knows whose page it is', async () => {
    expect(await get('GET /console HTTP/1.0')).toBe(403);
    expect(await get('GET /healthz HTTP/1.0')).toBe(200);
    expect(await get('GET /console HTTP/1.1')).toBe(400);
  });

  it('must be said once', async () => {
    for (const hosts of [
      ['Host: localhost', 'Host: rebound.example'],
      ['Host: rebound.example', 'Host: localhost'],
      ['Host: localhost', 'host: localhost'],
    ]) {
      expect([400, 403]).toContain(await get('GET /console HTTP/1.1', ...hosts));
    }
  });

  it('must agree with a target that is a whole address', async () => {
    expect(await get('GET http://rebound.example/console HTTP/1.1', 'Host: localhost')).toBe(403);
    expect(await get('GET http://localhost/console HTTP/1.1', 'Host: rebound.example')).toBe(403);
    expect(await get('GET http://u@localhost/openapi.json HTTP/1.1', 'Host: localhost')).toBe(403);
    expect(await get('GET http://localhost:3000/console HTTP/1.1', 'Host: localhost:3000')).toBe(200);
    expect(await get('GET http://localhost:3000/openapi.json HTTP/1.0')).toBe(200);
  });

  it('does not become true by X-Forwarded-Host, which any page can send through a proxy that does not set it', async () => {
    const forwarded = ['X-Forwarded-Host: chat.example.com', 'X-Forwarded-For: 203.0.113.9'];
    expect((await getAs(local.url, '/console', 'rebound.example', ['X-Forwarded-Host: localhost'])).status).toBe(403);
    expect((await getAs(named.url, '/console', 'rebound.example', forwarded)).status).toBe(403);
  });

  it('becomes false by the X-Forwarded-Host of a trusted proxy, and of no other', async () => {
    const asked = (url: string, forwarded: string) =>
      getAs(url, '/console', '127.0.0.1', [`X-Forwarded-Host: ${forwarded}`]).then(({ status }) => status);
    expect(await asked(named.url, 'chat.example.com')).toBe(200);
    expect(await asked(named.url, 'rebound.example')).toBe(403);
    expect(await asked(named.url, 'rebound.example, chat.example.com')).toBe(403);
    expect(await asked(local.url, 'rebound.example')).toBe(200);
  });
});

describe('a page of ours', () => {
  const logout = async (url: string, host: string, origin: string): Promise<number> => {
    const lines = ['POST /api/console/logout HTTP/1.1', `Host: ${host}`, `Origin: ${origin}`, 'Content-Length: 0'];
    return (await sayRaw(url, lines)).status;
  };

  it('is one of the host that it calls', async () => {
    // 401: nobody is signed in, but the page may ask.
    expect(await logout(local.url, 'localhost:3000', 'http://localhost:3000')).toBe(401);
    expect(await logout(local.url, '192.168.1.5', 'http://192.168.1.5')).toBe(401);
    expect(await logout(local.url, 'localhost:3000', 'http://localhost:3001')).toBe(403);
    expect(await logout(local.url, 'localhost:3000', 'null')).toBe(403);
    expect(await logout(local.url, 'localhost:3000', 'http://rebound.example:3000')).toBe(403);
  });

  it('has TLS where the installation has it', async () => {
    expect(await logout(named.url, 'chat.example.com', 'https://chat.example.com')).toBe(401);
    expect(await logout(named.url, 'chat.example.com', 'http://chat.example.com')).toBe(403);
    expect(await logout(named.url, 'intranet', 'https://intranet')).toBe(401);
    expect(await logout(named.url, 'intranet', 'http://intranet')).toBe(403);
    expect(await logout(named.url, '127.0.0.1:3000', 'https://chat.example.com')).toBe(401);
  });
});
