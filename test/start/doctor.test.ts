// `npm run doctor` against a real installation, a proxy that spoils it, and nothing at all.
import { execFile } from 'node:child_process';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

vi.setConfig({ testTimeout: 60_000 });

const doctor = join(resolve(import.meta.dirname, '../..'), 'scripts/doctor.mjs');
let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const examine = (url: string): Promise<{ code: number; text: string }> =>
  new Promise((done) => {
    const env = { PATH: process.env['PATH'], DATA_DIR: server.dataDir };
    execFile(process.execPath, [doctor, url], { env }, (error, stdout) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout });
    });
  });

const failed = (text: string): string[] => text.split('\n').filter((line) => line.includes('✗'));

test('a sound installation passes', async () => {
  const { code, text } = await examine(server.url);
  expect(failed(text)).toEqual([]);
  expect(text).toContain('WebSocket passes through the proxy');
  expect([code, text.trim().split('\n').at(-1)]).toEqual([0, 'All is well']);
});

test('a proxy that drops upgrades, rewrites Origin and strips headers is found out, each by its name', async () => {
  const backend = new URL(server.url);
  const proxy = createServer((incoming, response) => {
    const { upgrade: _u, connection: _c, ...headers } = incoming.headers;
    const { hostname, port } = backend;
    const rewritten = {
      ...headers,
      host: backend.host,
      ...(headers.origin === undefined ? {} : { origin: server.url }),
    };
    const asked = request(
      { hostname, port, path: incoming.url, method: incoming.method, headers: rewritten },
      (answer) => {
        const { 'content-security-policy': _p, 'cross-origin-resource-policy': _r, ...kept } = answer.headers;
        response.writeHead(answer.statusCode ?? 500, kept);
        answer.pipe(response);
      },
    );
    incoming.pipe(asked);
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const { code, text } = await examine(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  proxy.closeAllConnections();
  proxy.close();
  expect(code).toBe(1);
  const problems = failed(text).join('\n');
  for (const name of ['The embed script', 'The console is closed', 'WebSocket passes', 'A foreign site cannot act']) {
    expect(problems).toContain(name);
  }
});

test('nothing at all is said to be nothing at all', async () => {
  const { code, text } = await examine('http://127.0.0.1:1');
  expect([code, failed(text)]).toEqual([1, [expect.stringContaining('nothing listens there')]]);
});
