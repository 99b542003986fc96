// A proxy that hides the addresses of visitors is warned of, once.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Trust } from '../../server/edges/http/hosts.ts';
import { watchProxies } from '../../server/edges/http/proxies.ts';
import type { Log } from '../../server/ports/telemetry.ts';
import { upgrade } from '../hostile/raw-socket.ts';
import { getAs } from '../support/raw-http.ts';
import { startServer } from '../support/server.ts';

const logOf = (warnings: string[]): Log => {
  const nothing = (): void => undefined;
  return { debug: nothing, info: nothing, error: nothing, warn: (_fields, message) => void warnings.push(message) };
};

/** What is said of a proxy on this machine that sends these headers. */
const said = async (
  options: { publicUrl?: string; trustProxy?: string | number | boolean },
  host: string,
  headers: string[] = [],
  path = '/w/x',
): Promise<string> => {
  const warnings: string[] = [];
  const server = createServer((_request, response) => response.end());
  const app = express();
  app.set('trust proxy', options.trustProxy ?? false);
  const trust = app.get('trust proxy fn') as Trust;
  watchProxies(server, { config: options, trust, log: logOf(warnings) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (let i = 0; i < 3; i += 1) await getAs(url, path, host, headers);
  server.close();
  expect(warnings.length).toBeLessThan(2);
  return warnings[0] ?? '';
};

describe('a proxy', () => {
  const publicUrl = 'https://chat.example.com';
  const forwarded = ['X-Forwarded-For: 203.0.113.9'];

  it('that sends no X-Forwarded-For is said to be silent', async () => {
    for (const [options, host, headers] of [
      [{ publicUrl }, 'chat.example.com', []],
      [{ publicUrl }, '127.0.0.1:3000', []],
      [{ publicUrl, trustProxy: 1 }, 'chat.example.com', []],
      [{}, 'chat.example.com', []],
      [{}, 'localhost', ['X-Real-IP: 203.0.113.9']],
    ] as const) {
      expect(await said(options, host, [...headers])).toMatch(/sends no X-Forwarded-For.*TRUST_PROXY/);
    }
  });

  it('that sends one is said not to be believed where TRUST_PROXY does not name it', async () => {
    for (const options of [{ publicUrl }, {}, { publicUrl, trustProxy: '10.0.0.0/8' }]) {
      expect(await said(options, 'chat.example.com', forwarded)).toMatch(/Set TRUST_PROXY/);
    }
  });

  it('that names visitors and is trusted is fine, and so is this machine without one', async () => {
    for (const trustProxy of [1, true, 'loopback']) {
      expect(await said({ publicUrl, trustProxy }, 'chat.example.com', forwarded)).toBe('');
    }
    expect(await said({}, 'localhost:3000')).toBe('');
    expect(await said({ publicUrl: 'http://localhost:3000' }, '127.0.0.1:3000')).toBe('');
  });

  it('is not what asks for health and metrics', async () => {
    for (const path of ['/healthz', '/readyz?x', '/metrics'])
      expect(await said({ publicUrl }, 'localhost', [], path)).toBe('');
  });
});

describe('a running server', () => {
  const warnings: string[] = [];
  let server: Awaited<ReturnType<typeof startServer>>;
  beforeEach(async () => {
    warnings.length = 0;
    server = await startServer({ env: { TILLER_LIMITS: 'default' }, log: logOf(warnings) });
  });
  afterEach(() => server.stop());

  it('warns once, be it of a page or of a socket', async () => {
    await getAs(server.url, '/healthz', 'localhost');
    await getAs(server.url, '/', 'localhost');
    expect(warnings).toEqual([]);
    const path = `/socket.io/?EIO=4&transport=websocket&widgetKey=${server.firstRun.widgetKey}`;
    expect((await upgrade(server.url, path, { Host: 'chat.example.com' })).status).toBe(101);
    await getAs(server.url, '/', 'chat.example.com');
    expect(warnings).toEqual([expect.stringContaining('X-Forwarded-For')]);
  });
});
