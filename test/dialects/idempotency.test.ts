// `Idempotency-Key` on the contracts' POST routes: once, whoever asks again, on a node that may be killed meanwhile.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dialects } from '../../server/edges/http/dialects/index.ts';
import { startChild } from '../support/child-server.ts';
import type { ChildServer } from '../support/child-server.ts';
import { ask, renewed, settle } from '../support/party.ts';
import type { Party, Reply } from '../support/party.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { dialectCalls } from './route-calls.ts';

let server: TestServer;
let party: Party;
beforeAll(async () => {
  server = await startServer();
  party = await settle(server.url, server.firstRun.keys.console, 'ourselves7f3a');
});
afterAll(() => server.stop());

let keys = 0;
const newKey = (): string => `order-${(keys += 1)}`;

const keyHeaders = (dialect: string): Record<string, string> => {
  if (dialect === 'v1') return { 'x-api-key': party.keys.v1 };
  if (dialect === 'widget-api') return { 'x-api-key': party.keys.widget };
  return { authorization: `Bearer ${party.keys[dialect as 'functions' | 'webchats']}` };
};

const rows = dialects.flatMap(({ name: dialect, routes }) =>
  Object.entries(routes)
    .filter(([route, { isRemembered, reads }]) => route.startsWith('POST ') && isRemembered !== false && !reads)
    .map(([route]) => ({ dialect, route })),
);

const post = (row: { dialect: string; route: string }, key: string, more: object = {}): Promise<Reply> => {
  const call = dialectCalls[row.route]!.call(party, party);
  const path = row.route.replace(':id', call.id ?? '');
  const headers = { ...keyHeaders(row.dialect), 'idempotency-key': key };
  return ask(server.url, path, { headers, body: { ...(call.body as object), ...more } });
};

const create = { dialect: 'functions', route: 'POST /functions/v1/create-chat-widget' };
const widgets = () => server.node.store.documents.widgets.list(party.organisation.id);

test('the routes that make something are among those that remember', () => {
  const routes = rows.map(({ route }) => route);
  expect(routes).toEqual(expect.arrayContaining([create.route, 'POST /api/v1/widget', 'POST /api/webchats']));
});

test.each(rows)('$route: calls at once and later get one answer, byte for byte', async (row) => {
  const key = newKey();
  const before = await widgets();
  const together = await Promise.all(Array.from({ length: 5 }, () => post(row, key)));
  const later = await post(row, key);
  expect([200, 201]).toContain(later.status);
  for (const reply of together) expect([reply.status, reply.text]).toEqual([later.status, later.text]);
  const made = (await widgets()).length - before.length;
  expect(made).toBe(/create|widget$|webchats$/.test(row.route) ? 1 : 0);
});

test.each(rows)('$route: another body under the same key is a conflict, in the envelope', async (row) => {
  // In a session that is open: of what was refused to a page nothing is remembered.
  party = await renewed(party);
  const key = newKey();
  await post(row, key);
  const before = await widgets();
  const reply = await post(row, key, { name: 'Another', grace_seconds: 7, events: [], trigger_type: 'x', icon: null });
  expect(reply.status).toBe(409);
  const dialect = dialects.find(({ name }) => name === row.dialect)!;
  expect(dialect.errorBody(409).parse(reply.json)).toEqual(reply.json);
  expect(await widgets()).toEqual(before);
});

test('another widget in the query under the same key is a conflict, not the first one’s answer', async () => {
  const key = newKey();
  const [one, other] = [await post(create, newKey()), await post(create, newKey())];
  const rotate = (id: string) =>
    ask(server.url, `POST /functions/v1/rotate-chat-widget-key?id=${id}`, {
      headers: { ...keyHeaders('functions'), 'idempotency-key': key },
      body: {},
    });
  const first = await rotate(one.json.id);
  expect([first.status, first.json.id]).toEqual([200, one.json.id]);
  expect((await rotate(other.json.id)).status).toBe(409);
  expect((await rotate(one.json.id)).text).toBe(first.text);
});

test('the key of 001 may move from the address to a header between two tries', async () => {
  const key = newKey();
  const { body } = dialectCalls['POST /api/v1/widget']!.call(party, party);
  const tries = [
    await ask(server.url, `POST /api/v1/widget?api_key=${party.keys.v1}`, {
      headers: { 'idempotency-key': key },
      body,
    }),
    await ask(server.url, 'POST /api/v1/widget', { headers: { ...keyHeaders('v1'), 'idempotency-key': key }, body }),
  ];
  expect(tries.map(({ status }) => status)).toEqual([200, 200]);
  expect(tries[1]!.text).toBe(tries[0]!.text);
});

test('a refusal is remembered as it was said', async () => {
  const key = newKey();
  const agent_id = '00000000-0000-4000-8000-000000000000';
  const first = await post(create, key, { agent_id });
  const again = await post(create, key, { agent_id });
  expect([first.status, first.json.details[0].path]).toEqual([404, 'agent_id']);
  expect([again.status, again.text]).toEqual([first.status, first.text]);
});

test('the same key of another credential, or on another route, is another request', async () => {
  const key = newKey();
  const first = await post(create, key);
  const made = await ask(server.url, 'POST /api/console/keys', {
    headers: { authorization: `Bearer ${party.keys.console}` },
    body: { kind: 'functions', name: 'Other' },
  });
  const call = dialectCalls[create.route]!.call(party, party);
  const headers = { authorization: `Bearer ${made.json.secret}`, 'idempotency-key': key };
  const other = await ask(server.url, create.route, { headers, body: call.body });
  const elsewhere = await post({ dialect: 'webchats', route: 'POST /api/webchats' }, key);
  expect([first.status, other.status, elsewhere.status]).toEqual([201, 201, 201]);
  expect(other.json.id).not.toBe(first.json.id);
});

test('a key that cannot be one is refused by its name', async () => {
  for (const key of ['x'.repeat(256), 'a b', 'a\tb']) {
    const reply = await post(create, key);
    expect([reply.status, reply.json.details[0].path]).toEqual([400, 'Idempotency-Key']);
  }
  const v1 = await post({ dialect: 'v1', route: 'POST /api/v1/widget' }, 'a b');
  expect([v1.status, v1.json.detail[0].loc]).toEqual([422, ['header', 'Idempotency-Key']]);
});

test('without a key every call is one of its own', async () => {
  const call = dialectCalls[create.route]!.call(party, party);
  const replies = await Promise.all(
    [1, 2].map(() => ask(server.url, create.route, { headers: keyHeaders('functions'), body: call.body })),
  );
  expect(replies[0]!.json.id).not.toBe(replies[1]!.json.id);
});

describe('a node that is killed', () => {
  /** Each test starts two processes, and other tests may keep the machine busy. */
  const patienceMs = 60_000;
  const started: ChildServer[] = [];
  const folders: string[] = [];
  const folder = async (): Promise<string> => {
    const made = await mkdtemp(join(tmpdir(), 'tiller-once-'));
    folders.push(made);
    return made;
  };
  const start = async (dataDir: string, fault?: string): Promise<ChildServer> => {
    const child = await startChild({ PORT: '0', DATA_DIR: dataDir }, fault);
    started.push(child);
    return child;
  };
  afterEach(async () => {
    for (const child of started.splice(0)) {
      if (child.process.exitCode === null && child.process.signalCode === null) await child.kill();
    }
    for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true });
  });
  const agent = '550e8400-e29b-41d4-a716-446655440000';
  const order = (url: string, token: string, key: string): Promise<Reply> =>
    ask(url, create.route, {
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
      body: { agent_id: agent, name: key },
    });
  const namesOf = async (url: string, token: string): Promise<string[]> => {
    const reply = await ask(url, 'GET /functions/v1/list-chat-widgets?limit=100', {
      headers: { authorization: `Bearer ${token}` },
    });
    return (reply.json.widgets as { name: string }[]).map(({ name }) => name);
  };

  test(
    'under load gives what it had answered again, and does nothing twice',
    async () => {
      const dataDir = await folder();
      const first = await start(dataDir);
      const token = first.facts.keys!.functions;
      const answered = new Map<string, string>();
      const all = Array.from({ length: 60 }, (_, i) => `order-${i}`);
      let enough!: () => void;
      const some = new Promise<void>((resolve) => (enough = resolve));
      const sent = all.map(async (key) => {
        const reply = await order(first.facts.url, token, key).catch(() => undefined);
        if (reply?.status === 201) answered.set(key, reply.text);
        if (answered.size === 15) enough();
      });
      await some;
      await first.kill();
      await Promise.all(sent);
      expect(answered.size).toBeGreaterThanOrEqual(15);
      const second = await start(dataDir);
      const { url } = second.facts;
      for (const [key, text] of answered) {
        const reply = await order(url, token, key);
        // The embed code names the address of the first one: the answer is that of then, byte for byte.
        expect([key, reply.status, reply.text]).toEqual([key, 201, text]);
      }
      const names = (await namesOf(url, token)).filter((name) => name.startsWith('order-'));
      expect(names.length).toBe(new Set(names).size);
      expect(names).toEqual(expect.arrayContaining([...answered.keys()]));
    },
    patienceMs,
  );

  test(
    'between doing and remembering leaves a claim: the repeat waits, and is told that the outcome is unknown',
    async () => {
      const dataDir = await folder();
      const first = await start(dataDir, 'before-answer');
      const token = first.facts.keys!.functions;
      await expect(order(first.facts.url, token, 'order-1')).rejects.toThrow('fetch failed');
      const second = await start(dataDir);
      const began = Date.now();
      const repeat = await order(second.facts.url, token, 'order-1');
      expect([repeat.status, repeat.headers.get('retry-after')]).toEqual([503, '1']);
      expect(Date.now() - began).toBeLessThan(10_000);
      expect((await namesOf(second.facts.url, token)).filter((name) => name === 'order-1')).toEqual(['order-1']);
    },
    patienceMs,
  );
});
