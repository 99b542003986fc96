// Whom the limits per address leave alone, asked of real requests.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLocalCaller } from '../../server/edges/http/address.ts';
import { getAs, sayRaw } from '../support/raw-http.ts';

let publicUrl: string | undefined;
const server = createServer((request, response) => {
  response.end(String(isLocalCaller(request, publicUrl === undefined ? {} : { publicUrl })));
});
let port: number;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const isExempt = async (host: string, more: string[] = [], at = '127.0.0.1'): Promise<boolean> =>
  (await getAs(`http://${at}:${port}`, '/', host, more)).body === 'true';

describe('a caller on this machine', () => {
  it.each(['127.0.0.1:3000', 'localhost', 'widget.localhost:3000', '[::1]:3000', '127.0.0.2'])(
    'is exempt under %s',
    async (host) => {
      expect(await isExempt(host)).toBe(true);
    },
  );

  it.each(['chat.example.com', '203.0.113.5', '10.0.0.5', 'localhost.example.com', 'localhost, x', ''])(
    'is a proxy where it asks for %j',
    async (host) => {
      expect(await isExempt(host)).toBe(false);
    },
  );

  it.each([
    'X-Forwarded-For: 203.0.113.1',
    'X-Forwarded-For:',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: localhost',
    'X-Forwarded: for=203.0.113.1',
    'Forwarded: for=203.0.113.1',
    'Via: 1.1 varnish',
    'X-Real-IP: 127.0.0.1',
    'CF-Connecting-IP: 203.0.113.1',
    'CF-Connecting-IPv6: 2001:db8::1',
    'True-Client-IP: 203.0.113.1',
    'X-Client-IP: 203.0.113.1',
    'X-Cluster-Client-IP: 203.0.113.1',
    'Fastly-Client-IP: 203.0.113.1',
    'Fly-Client-IP: 203.0.113.1',
    'X-Original-Forwarded-For: 203.0.113.1',
    'X-Envoy-External-Address: 203.0.113.1',
    'X-Azure-ClientIP: 203.0.113.1',
    'X-AppEngine-User-IP: 203.0.113.1',
    'CDN-Loop: a',
  ])('is a proxy where it sends %s', async (header) => {
    expect(await isExempt('localhost', [header])).toBe(false);
  });

  it('is not taken for a proxy by what browsers send', async () => {
    const headers = [
      'Origin: http://localhost:5173',
      'Referer: http://localhost:5173/',
      'Sec-CH-UA: "x"',
      'User-Agent: x',
    ];
    expect(await isExempt('localhost', headers)).toBe(true);
  });

  it('needs a Host, and one alone', async () => {
    const say = (...lines: string[]) => sayRaw(`http://127.0.0.1:${port}`, lines).then(({ body }) => body);
    expect(await say('GET / HTTP/1.0')).toBe('false');
    expect(await say('GET http://chat.example.com/ HTTP/1.1', 'Host: localhost')).toBe('false');
    expect(await say('GET / HTTP/1.1', 'Host: localhost', 'Host: chat.example.com')).not.toBe('true');
  });

  it('is counted where the installation has an address for others', async () => {
    for (const [address, expected] of [
      ['https://chat.example.com', false],
      ['http://192.168.1.5:3000', false],
      ['http://localhost:3000', true],
      ['http://127.0.0.1:3000', true],
    ] as const) {
      publicUrl = address;
      expect([address, await isExempt('localhost')]).toEqual([address, expected]);
    }
    publicUrl = undefined;
  });
});

it('a caller from another address is never exempt, whatever Host it sends', async () => {
  const other = Object.values(networkInterfaces())
    .flat()
    .find((face) => face?.family === 'IPv4' && !face.internal)?.address;
  // A machine without a network has no other address to be asked from.
  expect(other === undefined ? false : await isExempt('localhost', [], other)).toBe(false);
});
