// Pages, embed script and operations: what is served, under which policy.
import { request } from 'node:http';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { httpTest } from './http-server.ts';

const http = httpTest();

const directivesOf = (policy: string | null): Record<string, string> =>
  Object.fromEntries(
    (policy ?? '').split(';').map((part) => {
      const [name = '', ...values] = part.trim().split(' ');
      return [name, values.join(' ')];
    }),
  );

/** The exact path, which fetch would tidy up first. */
const rawStatus = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(http.url);
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .once('error', reject)
      .end();
  });

test('no surface allows unsafe scripts or styles, and only the preview may be framed, by ourselves', async () => {
  const paths = ['/', '/demo', '/console', '/console/inbox/mine', '/preview/x', '/widget.js', '/healthz', '/nothing'];
  for (const path of paths) {
    const { headers } = await http.fetch(path);
    const policy = headers.get('content-security-policy');
    const directives = directivesOf(policy);
    expect(policy).not.toContain('unsafe');
    expect({
      path,
      defaults: directives['default-src'],
      ancestors: directives['frame-ancestors'],
      sniff: headers.get('x-content-type-options'),
      poweredBy: headers.get('x-powered-by'),
      transport: headers.get('strict-transport-security'),
      openTo: headers.get('access-control-allow-origin'),
    }).toEqual({
      path,
      openTo: path === '/widget.js' ? '*' : null,
      defaults: "'none'",
      ancestors: path.startsWith('/preview') ? "'self'" : "'none'",
      sniff: 'nosniff',
      poweredBy: null,
      transport: null,
    });
  }
});

test('the console demands Trusted Types', async () => {
  const { headers } = await http.fetch('/console');
  expect(directivesOf(headers.get('content-security-policy'))['require-trusted-types-for']).toBe("'script'");
});

test('inline scripts and styles of the landing page are allowed by their hashes alone', async () => {
  const { headers, text } = await http.fetch('/');
  const directives = directivesOf(headers.get('content-security-policy'));
  const hash = (inline: string) => `'sha256-${createHash('sha256').update(inline).digest('base64')}'`;
  expect(text).toContain('let page = 1;');
  expect(directives['script-src']).toBe(`'self' ${hash('let page = 1;')}`);
  expect(directives['style-src']).toBe(`'self' ${hash('p{}')}`);
});

test('the demo page carries the demo widget', async () => {
  const { text, status } = await http.fetch('/demo');
  expect(status).toBe(200);
  expect(text).toContain(`data-widget-key="${http.seeded.widget.widgetKey}"`);
  expect(text).not.toContain('__WIDGET_KEY__');
});

test('the embed script can be loaded by any site, under both names', async () => {
  for (const path of ['/widget.js', '/widget/pat-chat.js', '/widget/panel.js']) {
    const { headers, status } = await http.fetch(path);
    expect([path, status]).toEqual([path, 200]);
    expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  }
});

test('scripts are compressed, have an ETag, and are not sent twice', async () => {
  const headers = { 'accept-encoding': 'br' };
  const first = await http.fetch('/widget.js', { headers });
  expect(first.headers.get('content-encoding')).toBe('br');
  expect(first.headers.get('vary')).toContain('Accept-Encoding');
  expect(first.text).toContain('void 0;');
  const etag = first.headers.get('etag')!;
  const again = await http.fetch('/widget.js', { headers: { ...headers, 'if-none-match': etag } });
  expect(again.status).toBe(304);
  expect(again.text).toBe('');
  const plain = await http.fetch('/widget.js', { headers: { 'accept-encoding': 'identity', 'if-none-match': etag } });
  expect(plain.status).toBe(200);
});

test('files with a hash in their name are kept for good, pages are asked for every time', async () => {
  const asset = await http.fetch('/console/assets/index-abcd1234.js');
  expect(asset.headers.get('cache-control')).toContain('immutable');
  const page = await http.fetch('/console');
  expect(page.headers.get('cache-control')).toBe('no-cache');
});

test('every view of the console is one page, a missing file is none', async () => {
  for (const path of ['/console', '/console/', '/console/inbox/mine/conv_1', '/console/link']) {
    const { status, text } = await http.fetch(path);
    expect([path, status, text]).toEqual([path, 200, '<!doctype html><title>Console</title>']);
  }
  expect((await http.fetch('/console/assets/missing-abcd1234.js')).status).toBe(404);
  expect((await http.fetch('/console', { method: 'POST' })).status).toBe(405);
});

test('no path leads out of the built folders or to hidden files', async () => {
  const paths = [
    '/widget/../secret.txt',
    '/widget/..%2fsecret.txt',
    '/widget/%2e%2e/secret.txt',
    '/widget/..%5csecret.txt',
    '/console/assets/..%2f..%2f..%2fsecret.txt',
    '/widget/.secret',
    '/%2e%2e/secret.txt',
    '/widget/a%00.js',
    '//secret.txt',
    '/secret.txt',
  ];
  for (const path of paths) expect([path, await rawStatus(path)]).toEqual([path, 404]);
});

test('what nobody serves is a plain refusal, never a page of the framework', async () => {
  const missing = await http.fetch('/api/nothing');
  expect([missing.status, missing.json]).toEqual([
    404,
    { error: { code: 'not_found', message: 'There is nothing here' } },
  ]);
  const broken = await http.fetch('/%ff');
  expect(broken.status).toBeLessThan(500);
  expect(broken.text).not.toMatch(/<html|stack|node_modules/i);
});

test('health, readiness and metrics answer', async () => {
  expect((await http.fetch('/healthz')).json).toEqual({ status: 'ok' });
  expect((await http.fetch('/readyz')).status).toBe(200);
  http.deps.isReady = () => false;
  expect((await http.fetch('/readyz')).status).toBe(503);
  http.deps.isReady = () => true;
  await http.fetch('/api/console/me');
  const { text, headers } = await http.fetch('/metrics');
  expect(headers.get('content-type')).toContain('text/plain');
  expect(text).toContain('tiller_connections{namespace="widget"} 0');
  expect(text).toContain('tiller_refusals_total{surface="http",code="unauthenticated"} 1');
  expect(text).toContain('process_resident_memory_bytes');
});
