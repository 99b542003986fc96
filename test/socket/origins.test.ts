// One list of domains, three doors: the public view, the contract for pages and the socket's upgrade let in the same pages.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isOriginAllowed } from '../../server/domain/allowed-domains.ts';
import { ask } from '../support/party.ts';
import { connectVisitor } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

const list = ['example.com', '*.shop.example:*', 'http://localhost:5173', 'bücher.example'];
const origins = [
  undefined,
  'null',
  'https://example.com',
  'http://example.com',
  'https://example.com:8443',
  'https://www.example.com',
  'https://example.com.',
  'https://EXAMPLE.com',
  'https://example.com.evil.example',
  'https://user@example.com',
  'https://example.com,https://evil.example',
  'https://a.b.shop.example:444',
  'https://shop.example:444',
  'http://localhost:5173',
  'http://localhost:5174',
  'https://xn--bcher-kva.example',
  'chrome-extension://example.com',
];

let server: TestServer;
let key: string;
let open: string;
beforeAll(async () => {
  server = await startServer();
  const make = async (allowedDomains: string[]): Promise<string> => {
    const headers = { authorization: `Bearer ${server.firstRun.keys.console}` };
    const reply = await ask(server.url, 'POST /api/console/widgets', { headers, body: { allowedDomains } });
    return reply.json.widget.catyKey;
  };
  key = await make(list);
  open = await make([]);
});
afterAll(() => server.stop());

const doors = async (widgetKey: string, origin: string | undefined): Promise<boolean[]> => {
  const page: Record<string, string> = origin === undefined ? {} : { origin };
  const view = await ask(server.url, `GET /w/${widgetKey}`, { headers: page });
  const config = await ask(server.url, 'GET /api/widget/config', { headers: { ...page, 'x-api-key': widgetKey } });
  for (const { status, headers } of [view, config]) {
    expect([200, 403]).toContain(status);
    // Refusals too can be read by the page that is refused.
    expect(headers.get('access-control-allow-origin')).toBe('*');
  }
  const socket = await connectVisitor(server.url, widgetKey, {}, page).then(
    (client) => (client.close(), true),
    () => false,
  );
  return [view.status === 200, config.status === 200, socket];
};

test.each(origins)('%s', async (origin) => {
  const isAllowed = isOriginAllowed(list, origin, { ownOrigin: server.url });
  expect(await doors(key, origin)).toEqual([isAllowed, isAllowed, isAllowed]);
});

test('our own pages, and every page where the list is empty, pass every door', async () => {
  expect(await doors(key, server.url)).toEqual([true, true, true]);
  for (const origin of ['https://anything.example', 'null', undefined]) {
    expect(await doors(open, origin)).toEqual([true, true, true]);
  }
});
