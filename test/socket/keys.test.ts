// A key that ends takes its live sockets along: revoked or rotated at once, rotated with grace when the grace is over.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KeyView } from '../../shared/console-provisioning.ts';
import { connectStaff, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const rest = async <T>(method: string, path: string, body?: object): Promise<T> => {
  const response = await fetch(`${server.url}/api/console${path}`, {
    method,
    headers: { authorization: `Bearer ${server.firstRun.keys.console}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
};
const makeToken = () => rest<{ key: KeyView; secret: string }>('POST', '/keys', { kind: 'token', name: 'Socket' });

/** How long after now the server ends this connection, ms. */
const endOf = (client: RawClient): Promise<number> => {
  const began = performance.now();
  return new Promise((resolve) => client.socket.once('disconnect', () => resolve(performance.now() - began)));
};

test('a revoked token is off its live sockets within a second, and another token stays on', async () => {
  const [one, other] = [await makeToken(), await makeToken()];
  const client = await connectStaff(server.url, one.secret);
  const neighbour = await connectStaff(server.url, other.secret);
  const ended = endOf(client);
  await rest('DELETE', `/keys/${one.key.id}`);
  expect(await ended).toBeLessThan(1000);
  await expect(connectStaff(server.url, one.secret)).rejects.toMatchObject({ data: { code: 'unauthenticated' } });
  await neighbour.must('inbox:open', {});
  neighbour.close();
  client.close();
});

test('a token rotated without grace is off its live sockets within a second', async () => {
  const { key, secret } = await makeToken();
  const client = await connectStaff(server.url, secret);
  const ended = endOf(client);
  const rotated = await rest<{ secret: string }>('POST', `/keys/${key.id}/rotate`, {});
  expect(await ended).toBeLessThan(1000);
  const next = await connectStaff(server.url, rotated.secret);
  await next.must('inbox:open', {});
  next.close();
  client.close();
});

test('a token rotated with grace works until then, on sockets from before and from after, and no longer', async () => {
  const { key, secret } = await makeToken();
  const before = await connectStaff(server.url, secret);
  const began = Date.now();
  const rotated = await rest<{ secret: string }>('POST', `/keys/${key.id}/rotate`, { graceSeconds: 1 });
  const after = await connectStaff(server.url, secret);
  const next = await connectStaff(server.url, rotated.secret);
  await before.must('inbox:open', {});
  await after.must('inbox:open', {});
  await Promise.all([endOf(before), endOf(after)]);
  const lasted = Date.now() - began;
  expect(lasted).toBeGreaterThanOrEqual(900);
  expect(lasted).toBeLessThan(2000);
  await expect(connectStaff(server.url, secret)).rejects.toMatchObject({ data: { code: 'unauthenticated' } });
  await next.must('inbox:open', {});
  for (const client of [before, after, next]) client.close();
});

test("a widget's old key ends its sockets: at once, or when its grace is over", async () => {
  const { widget } = await rest<{ widget: { id: string; widgetKey: string } }>('POST', '/widgets', { name: 'Rotated' });
  const rotate = (graceSeconds: number) =>
    rest<{ widgetKey: string }>('POST', `/widgets/${widget.id}/rotate-key`, { which: 'widgetKey', graceSeconds });
  const first = (await openVisitor(server.url, widget.widgetKey)).client;
  const ended = endOf(first);
  const { widgetKey } = await rotate(0);
  expect(await ended).toBeLessThan(1000);
  const second = (await openVisitor(server.url, widgetKey)).client;
  const began = Date.now();
  await rotate(1);
  await endOf(second);
  const lasted = Date.now() - began;
  expect(lasted).toBeGreaterThanOrEqual(900);
  expect(lasted).toBeLessThan(2000);
  await expect(openVisitor(server.url, widgetKey)).rejects.toMatchObject({ data: { code: 'not_found' } });
  first.close();
  second.close();
});
