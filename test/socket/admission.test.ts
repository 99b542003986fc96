// A node whose store is slow for a while, by a clock that the test moves: who is refused, how, and who is served all the same.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVisitorClient, memoryStorage } from '../../client/sdk/index.ts';
import { openSqliteStore } from '../../server/adapters/store/sqlite.ts';
import type { Store } from '../../server/ports/store.ts';
import type { SessionView } from '../../shared/commands.ts';
import { newUuid } from '../../shared/ids.ts';
import { until } from '../sdk/waiting.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { callWidgetApi } from '../support/widget-api.ts';

let dataDir: string;
let server: TestServer;
let store: Store;
let aheadMs = 0;
/** While set, no write of the log begins. */
let held: Promise<void> | undefined;
let letGo = (): void => undefined;
const clock = { now: () => Date.now(), monotonic: () => performance.now() + aheadMs };
const clients: { close: () => void }[] = [];

beforeEach(async () => {
  aheadMs = 0;
  held = undefined;
  dataDir = await mkdtemp(join(tmpdir(), 'tiller-admission-'));
  store = await openSqliteStore({ dataDir, clock });
  const slow = Object.create(store, {
    append: {
      value: async (entries: Parameters<Store['append']>[0]) => {
        await held;
        return store.append(entries);
      },
    },
  }) as Store;
  server = await startServer({ dataDir, clock, store: slow });
});
afterEach(async () => {
  letGo();
  for (const client of clients.splice(0)) client.close();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const visitor = async (): Promise<{ client: RawClient; conversationId: string }> => {
  const opened = await openVisitor(server.url, server.firstRun.widgetKey);
  clients.push(opened.client);
  return opened;
};

const say = (who: { client: RawClient; conversationId: string }, text: string, clientId: string = newUuid()) =>
  who.client.ask<{ seq: number }>('message:send', { conversationId: who.conversationId, clientId, text });

/** The store holds a batch, and a command behind it has waited for a second at two looks. */
const overload = async (): Promise<() => Promise<void>> => {
  const [one, two] = [await visitor(), await visitor()];
  held = new Promise((resolve) => (letGo = resolve));
  const first = say(one, 'in the write that lasts');
  await one.client.ask('message:read', { conversationId: one.conversationId, seq: 0 });
  const second = say(two, 'behind it');
  await two.client.ask('message:read', { conversationId: two.conversationId, seq: 0 });
  aheadMs += 600;
  const third = say(two, 'late once');
  await two.client.ask('message:read', { conversationId: two.conversationId, seq: 0 });
  aheadMs += 600;
  return async () => {
    held = undefined;
    letGo();
    for (const ack of await Promise.all([first, second, third])) expect(ack.ok).toBe(true);
  };
};

/** What an upgrade is answered. */
const upgrade = (key: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const query = `EIO=4&transport=websocket${key === '' ? '' : `&widgetKey=${key}`}`;
    const asking = request(`${server.url}/socket.io/?${query}`, { headers });
    asking.on('response', resolve);
    asking.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response);
    });
    asking.on('error', reject);
    asking.end();
  });

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text)?.[1]);
};

it('[R3] refuses new work of visitors with a time to come again, and the same key finds its one place later', async () => {
  const known = await visitor();
  const staff = await connectStaff(server.url, server.firstRun.keys.console);
  clients.push(staff);
  expect((await say(known, 'before')).ok).toBe(true);
  const goOn = await overload();
  const clientId = newUuid();
  const refused = await say(known, 'too much', clientId);
  expect(refused).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  const { retryAfterMs } = (refused as { error: { retryAfterMs: number } }).error;
  expect(retryAfterMs).toBeGreaterThanOrEqual(1000);
  expect(retryAfterMs).toBeLessThanOrEqual(5000);
  expect(await metric('tiller_overloaded')).toBe(1);

  // Who is there is served: what is read, what ends work, and staff.
  const { conversationId } = known;
  expect(await known.client.ask('facts:since', { conversationId, sinceSeq: 0 })).toMatchObject({ ok: true });
  const stopped = known.client.ask('reply:stop', { conversationId, clientId: newUuid() });
  const taken = staff.ask('conversation:take', { conversationId, clientId: newUuid() });
  await staff.must('conversation:open', { conversationId });
  await goOn();
  expect(await taken).toMatchObject({ ok: true });
  expect(await stopped).toMatchObject({ ok: true });

  const [ack, again] = [await say(known, 'too much', clientId), await say(known, 'too much', clientId)];
  expect(ack).toMatchObject({ ok: true });
  expect(again).toEqual(ack);
  aheadMs += 3001;
  await say(known, 'after');
  await visitor();
  expect(await metric('tiller_overloaded')).toBe(0);
});

it('lets those back in who only lost the line, and nobody who merely says so', async () => {
  const key = server.firstRun.widgetKey;
  const known = await openVisitor(server.url, key);
  clients.push(known.client);
  const { sessionToken, visitorToken } = known.view;
  const goOn = await overload();
  expect(await say(known, 'is refused')).toMatchObject({ ok: false });
  known.client.close();

  const come = async (auth: Record<string, unknown>) => {
    const client = await connectVisitor(server.url, key, auth);
    clients.push(client);
    return client.ask<SessionView>('session:open', { clientId: newUuid() });
  };
  const refused = { ok: false, error: { code: 'unavailable', retryAfterMs: expect.any(Number) as number } };
  expect(await come({})).toMatchObject(refused);
  expect(await come({ sessionToken: `sess_${'0'.repeat(43)}` })).toMatchObject(refused);
  expect(await come({ visitorToken })).toMatchObject(refused);
  expect(await come({ sessionToken, visitorToken })).toMatchObject({
    ok: true,
    data: { conversationId: known.conversationId },
  });
  await goOn();
});

it('turns newcomers away before anything is done for them, in every envelope; staff come in', async () => {
  const key = server.firstRun.widgetKey;
  const caty = server.firstRun.keys.widget;
  expect((await upgrade(key)).statusCode).toBe(101);
  const known = await visitor();
  const goOn = await overload();
  expect(await say(known, 'is refused')).toMatchObject({ ok: false });

  // A few are let in all the same, and then no more.
  let turned = await upgrade(key);
  for (let letIn = 0; turned.statusCode === 101; letIn += 1) {
    expect(letIn).toBeLessThan(20);
    turned = await upgrade(key);
  }
  expect(turned.statusCode).toBe(503);
  expect(Number(turned.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  const chunks: Buffer[] = [];
  for await (const chunk of turned) chunks.push(chunk as Buffer);
  expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({
    error: { code: 'unavailable', retryAfterMs: expect.any(Number) },
  });
  expect((await upgrade('')).statusCode).toBe(101);

  const asked = await fetch(`${server.url}/w/${key}?connect`);
  expect(asked.status).toBe(503);
  expect(await asked.json()).toMatchObject({ error: { code: 'unavailable', retryAfterMs: expect.any(Number) } });
  expect((await fetch(`${server.url}/w/${key}`)).status).toBe(200);

  const posted = await callWidgetApi(server.url, 'POST session', { key: caty });
  expect(posted.status).toBe(503);
  expect(Number(posted.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  await goOn();
});

it('[R13] what was refused for too much to do is in the log exactly once, sent by the outbox when told to', async () => {
  const { url, firstRun } = server;
  const client = createVisitorClient({ url, widgetKey: firstRun.widgetKey, storage: memoryStorage() });
  clients.push({ close: () => client.disconnect() });
  client.connect();
  await until(client.conversation, (now) => now?.isLoaded === true);
  const goOn = await overload();
  const began = performance.now();
  client.send('sent once');
  const waiting = await until(client.conversation, (now) => now?.outbox[0]?.status === 'waiting');
  expect(waiting!.outbox[0]!.retryAt! - Date.now()).toBeGreaterThan(900 - (performance.now() - began));
  await goOn();
  const sent = await until(client.conversation, (now) => now?.outbox.length === 0);
  const texts = (await store.factsAfter(sent!.conversationId, 0, 100)).flatMap((fact) =>
    fact.type === 'message.created' && fact.author.kind === 'visitor' ? [fact.text] : [],
  );
  expect(texts).toEqual(['sent once']);
});
