// Forwarded addresses with ports and brackets are the same addresses: to bans and to limits, over REST and sockets.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bareAddress } from '../../server/edges/http/forwarded.ts';
import { connectVisitor } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { callWidgetApi } from '../support/widget-api.ts';

describe('an entry of X-Forwarded-For', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    [' 203.0.113.7:51234 ', '203.0.113.7'],
    ['203.0.113.7.', '203.0.113.7'],
    ['[2001:db8::9]', '2001:db8::9'],
    ['[2001:db8::9]:443', '2001:db8::9'],
    ['"[2001:db8::9]:443"', '2001:db8::9'],
    ['2001:db8::9', '2001:db8::9'],
    ['unknown', 'unknown'],
    ['999.1.1.1:80', '999.1.1.1:80'],
    ['', ''],
  ])('%j is read as %j', (entry, address) => expect(bareAddress(entry)).toBe(address));
});

describe('a banned address', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ env: { TRUST_PROXY: '1' } });
    for (const address of ['203.0.113.7', '2001:db8:1:2::9']) {
      const response = await fetch(`${server.url}/api/console/bans`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${server.firstRun.keys.console}`,
          'content-type': 'application/json',
          'x-forwarded-for': '198.18.0.1',
        },
        body: JSON.stringify({ kind: 'address', address }),
      });
      if (response.status !== 200) throw new Error(`not banned: ${response.status}`);
    }
  });
  afterAll(() => server.stop());

  it.each(['203.0.113.7:51234', '[2001:db8:1:2::9]:443', '[2001:db8:1:2::1]'])('is refused as %s too', async (from) => {
    const headers = { 'x-forwarded-for': from };
    const { widgetKey } = server.firstRun;
    const opened = await callWidgetApi(server.url, 'POST session', { key: widgetKey, headers });
    expect(opened.status).toBe(403);
    await expect(connectVisitor(server.url, widgetKey, {}, headers)).rejects.toBeDefined();
    const picture = await fetch(`${server.url}/w/${widgetKey}/icon`, { headers });
    expect(picture.status).toBe(403);
  });
});
