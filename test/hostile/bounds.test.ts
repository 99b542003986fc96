// What somebody without a credential can make grow, measured: fields, rows, claims of repeats, calls, bytes of history.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { delay } from '../../client/sdk/backoff.ts';
import { newUuid } from '../../shared/ids.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import type { Widget } from '../../shared/widget.ts';
import { connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { firstOrganisation } from '../support/tenant.ts';
import { callWidgetApi, openWidgetSession } from '../support/widget-api.ts';
import type { Answer, CallOptions } from '../support/widget-api.ts';

let server: TestServer;
let dataDir: string;
let key: string;
let orgId: string;
let widget: Widget;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tiller-bounds-'));
  await talkAtLength();
  server = await startServer({ dataDir, env: { TILLER_LIMITS: 'default', TRUST_PROXY: 'loopback' } });
  ({ orgId, widget } = await firstOrganisation(server));
  key = widget.widgetKey;
}, 120_000);
afterAll(async () => {
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const documents = () => server.node.store.documents;
const call = (route: string, options: CallOptions = {}): Promise<Answer> =>
  callWidgetApi(server.url, route, { key, ...options });
const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });

/** Every test has addresses of its own. */
let addresses = 0;
const newAddress = (): string => `198.51.100.${(addresses += 1)}`;

describe('custom fields', () => {
  const fieldsOf = (turn: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`field ${turn} ${n}`, 'x']));
  const namesOf = (turn: number): string[] => Object.keys(fieldsOf(turn)).sort();

  /** The lead and the contact of a visitor, once the last field was followed. */
  const held = (conversationId: string, last: string) =>
    vi.waitFor(async () => {
      const { contactId, leadId } = (await server.node.store.state(conversationId))!.state;
      const lead = await documents().leads.get(orgId, leadId!);
      const contact = await documents().contacts.get(orgId, contactId!);
      expect([lead?.company, contact?.company]).toEqual([last, last]);
      return [lead!, contact!];
    });

  test('of a lead and a contact stay the first 20, however often a socket submits others', async () => {
    const { client, conversationId } = await openVisitor(server.url, key);
    for (let turn = 0; turn < 5; turn += 1) {
      const customFields = { ...fieldsOf(turn) };
      await client.must('lead:submit', {
        conversationId,
        clientId: newUuid(),
        name: 'A',
        company: `${turn}`,
        customFields,
      });
    }
    for (const { customFields } of await held(conversationId, '4')) {
      expect(Object.keys(customFields!).sort()).toEqual(namesOf(0));
    }
    client.close();
  });

  test('of a lead and a contact stay the first 20 over REST, and what they say can be corrected', async () => {
    const { session_id } = await openWidgetSession(server.url, key);
    const submit = (turn: number, custom_fields: Record<string, string>) =>
      call('POST lead', { body: { session_id, email: 'a@example.com', company: `${turn}`, custom_fields } });
    for (let turn = 0; turn < 4; turn += 1) expect((await submit(turn, fieldsOf(turn))).status).toBe(200);
    const { body } = await submit(4, { 'field 0 3': 'corrected', other: 'x' });
    const row = await documents().leads.get(orgId, body.lead_id);
    for (const { customFields } of await held(row!.conversationId, '4')) {
      expect(Object.keys(customFields!).sort()).toEqual(namesOf(0));
      expect(customFields!['field 0 3']).toBe('corrected');
    }
  });

  test('have names of 60 characters at most, on both surfaces', async () => {
    const { client, conversationId } = await openVisitor(server.url, key);
    const long = { ['x'.repeat(61)]: 'y' };
    const refused = await client.ask('lead:submit', { conversationId, name: 'A', customFields: long });
    expect(refused.ok).toBe(false);
    client.close();
    const { session_id } = await openWidgetSession(server.url, key);
    const { status } = await call('POST lead', { body: { session_id, email: 'a@example.com', custom_fields: long } });
    expect(status).toBe(400);
  });
});

describe('an Idempotency-Key', () => {
  /** Bytes of the store's files, those that were not folded in yet included. */
  const sizeOfStore = async (): Promise<number> => {
    const names = (await readdir(dataDir)).filter((name) => name.includes('.db') || name.includes('.sqlite'));
    expect(names.length).toBeGreaterThan(0);
    return (await Promise.all(names.map(async (name) => (await stat(join(dataDir, name))).size))).reduce(
      (a, b) => a + b,
    );
  };
  const claims = async (): Promise<number> => (await documents().requests.list(orgId)).length;

  const grownBy = async (times: number, ask: (n: number) => Promise<Answer>) => {
    const before = [await sizeOfStore(), await claims()] as const;
    const statuses = new Map<number, number>();
    for (let n = 0; n < times; n += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => ask(n + i)));
      for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    return { bytes: (await sizeOfStore()) - before[0], rows: (await claims()) - before[1], statuses };
  };

  test.each(['track', 'proactive', 'session/end'])(
    'of 2,000 refused calls of %s in no session leaves nothing behind',
    { timeout: 120_000 },
    async (name) => {
      const { bytes, rows, statuses } = await grownBy(2000, (n) =>
        call(`POST ${name}`, {
          body: { session_id: `sess_${n}`, trigger_type: 'x' },
          headers: { 'Idempotency-Key': `${name}-stranger-${n}-0123456789` },
        }),
      );
      console.log(`${name}, no session: ${bytes} bytes`);
      expect([...statuses]).toEqual([[404, 2000]]);
      expect(rows).toBe(0);
      expect(bytes).toBeLessThan(300_000);
    },
  );

  test(
    'of a visitor who calls too fast leaves nothing but the answers that were given',
    { timeout: 120_000 },
    async () => {
      const { session_id } = await openWidgetSession(server.url, key);
      const { rows, statuses } = await grownBy(1000, (n) =>
        call('POST track', {
          body: { session_id, events: [] },
          headers: { 'Idempotency-Key': `fast-${n}-0123456789` },
        }),
      );
      expect(statuses.get(429)).toBeGreaterThan(800);
      expect(rows).toBe(statuses.get(200));
    },
  );

  test('of a call that was refused is not remembered: the repeat is judged anew', async () => {
    const { session_id } = await openWidgetSession(server.url, key);
    const before = await claims();
    const headers = { 'Idempotency-Key': 'judged-anew-0123456789' };
    const end = (session: string) => call('POST session/end', { body: { session_id: session }, headers });
    expect((await end('sess_nobody')).status).toBe(404);
    expect((await end(session_id)).status).toBe(200);
    // The session has ended, and the repeat still gets the answer of then.
    expect((await end(session_id)).status).toBe(200);
    expect((await claims()) - before).toBe(1);
  });
});

describe('calls of one address', () => {
  const routes = [
    'GET config',
    'POST session',
    'POST message',
    'POST track',
    'POST proactive',
    'POST lead',
    'POST handoff',
    'POST csat',
    'POST session/end',
    'GET messages',
  ];

  test('are 600 a minute over all routes of the widget, whatever they say, and others are not harmed', async () => {
    const headers = from('2001:db8:7:1::1');
    const unknown = `wgt_${'0'.repeat(24)}`;
    const ask = (n: number) => call(routes[n % routes.length]!, { key: unknown, headers });
    const statuses = [];
    for (let n = 0; n < 450; n += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => ask(n + i)));
      statuses.push(...answers.map(({ status }) => status));
    }
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.indexOf(429)).toBeGreaterThanOrEqual(300);
    for (const route of routes) {
      // Another address of the same household, with a good key. Ten calls a second pass meanwhile.
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => call(route, { headers: from('2001:db8:7:1:ffff::2') })),
      );
      const refused = answers.find(({ status }) => status === 429);
      expect([route, refused?.body.error.code]).toEqual([route, 'rate_limited']);
      expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await call('GET config', { headers: from('2001:db8:7:2::1') })).status).toBe(200);
  });
});

describe('what is begun from one address', () => {
  test('is 20 sessions an hour at one widget, over sockets and REST together', async () => {
    const headers = from(newAddress());
    const overRest = async (): Promise<boolean> => (await call('POST session', { headers })).status === 200;
    const overSocket = async (): Promise<boolean> => {
      const client = await connectVisitor(server.url, key, {}, headers);
      const { ok } = await client.ask('session:open', {});
      client.close();
      return ok;
    };
    const opened = [];
    for (let n = 0; n < 12; n += 1) opened.push(await overRest(), await overSocket());
    expect(opened.filter(Boolean)).toHaveLength(20);
    expect(opened.slice(20)).toEqual([false, false, false, false]);
  });

  test('is 60 conversations at once, over however many visitors, and a repeat of one is never refused', async () => {
    const headers = from(newAddress());
    const clients = await Promise.all([1, 2, 3, 4].map(() => connectVisitor(server.url, key, {}, headers)));
    for (const client of clients) await client.must('session:open', {});
    const before = (await documents().ownerships.list(orgId)).length;
    const begun: { client: RawClient; clientId: string }[] = [];
    let refused = 0;
    for (let n = 0; n < 72; n += 1) {
      const client = clients[n % clients.length]!;
      const clientId = newUuid();
      const answer = await client.ask('conversation:new', { clientId });
      if (answer.ok) begun.push({ client, clientId });
      else {
        refused += 1;
        expect(answer.error).toMatchObject({ code: 'rate_limited' });
        expect(answer.error.retryAfterMs).toBeGreaterThan(0);
      }
    }
    expect(begun.length).toBeGreaterThanOrEqual(60);
    expect(refused).toBeGreaterThan(5);
    const { client, clientId } = begun.at(-1)!;
    expect((await client.ask('conversation:new', { clientId })).ok).toBe(true);
    expect((await documents().ownerships.list(orgId)).length - before).toBe(begun.length);
    for (const each of clients) each.close();
  });
});

/** The visitor who has said a lot, and how to come back as them. */
let talker: { sessionToken: string; visitorToken: string; conversationId: string };

/** 300 messages of the greatest length, written while no limits hold. */
async function talkAtLength(): Promise<void> {
  const before = await startServer({ dataDir });
  const { client, view, conversationId } = await openVisitor(before.url, before.firstRun.widgetKey);
  await client.must('handoff:request', { conversationId, clientId: newUuid() });
  for (let n = 0; n < 300; n += 20) {
    await Promise.all(
      Array.from({ length: 20 }, () =>
        client.must('message:send', { conversationId, clientId: newUuid(), text: 'x'.repeat(4000) }),
      ),
    );
  }
  client.close();
  await before.stop();
  const { sessionToken, visitorToken } = view;
  talker = { sessionToken, visitorToken, conversationId };
}

describe('history', () => {
  interface Read {
    at: number;
    bytes: number;
  }

  /** Whoever sends more than 60 packets a second is cut off, and reads nothing more at all. */
  const pauseMs = 20;

  /** The most that was read within any two seconds. */
  const mostIn2s = (reads: readonly Read[]): number =>
    Math.max(
      ...reads.map(({ at }) =>
        reads.filter((other) => other.at >= at && other.at < at + 2000).reduce((sum, { bytes }) => sum + bytes, 0),
      ),
    );

  test(
    'is read by one visitor with at most 20 MB in two seconds, over all sockets, sessions and REST',
    { timeout: 120_000 },
    async () => {
      const { conversationId, sessionToken, visitorToken } = talker;
      const reads: Read[] = [];
      let refusals = 0;
      const note = (bytes: number): void => void reads.push({ at: performance.now(), bytes });
      // Half of the sockets are in the session itself, half in sessions of their own.
      const clients = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          connectVisitor(server.url, key, n % 2 === 0 ? { sessionToken, visitorToken } : { visitorToken }),
        ),
      );
      for (const client of clients) {
        const opened = await client.ask('session:open', { conversationId });
        note(JSON.stringify(opened).length);
      }
      const began = performance.now();
      const isOver = (): boolean => performance.now() - began > 2500 && refusals > 0;
      const overSocket = async (client: RawClient): Promise<void> => {
        while (!isOver()) {
          const answer = await client.ask<{ facts: VisibleFact[] }>('facts:before', {
            conversationId,
            seq: 1000,
            limit: 100,
          });
          if (answer.ok) note(Buffer.byteLength(JSON.stringify(answer.data.facts)));
          else {
            refusals += 1;
            expect(answer.error.code).toBe('rate_limited');
            expect(answer.error.retryAfterMs).toBeGreaterThan(0);
            await delay(pauseMs);
          }
        }
      };
      const overRest = async (): Promise<void> => {
        while (!isOver()) {
          const { status, body } = await call('GET messages', { session: sessionToken });
          if (status === 200) note(Buffer.byteLength(JSON.stringify(body)));
          else expect([status, body.error.code]).toEqual([429, 'rate_limited']);
        }
      };
      await Promise.all([...clients.map(overSocket), overRest()]);
      const most = mostIn2s(reads);
      console.log(`history: ${(most / 1e6).toFixed(1)} MB in two seconds, ${reads.length} reads, ${refusals} refusals`);
      expect(most).toBeLessThan(20e6);
      expect(most).toBeGreaterThan(4e6);

      // The budget fills again by itself, within half a second here: one page more uses it up.
      while (!(await clients[0]!.ask('facts:before', { conversationId, seq: 1000, limit: 100 })).ok)
        await delay(pauseMs);
      const view = await fetch(`${server.url}/w/${key}`, { headers: { 'x-session-id': sessionToken } });
      const shown = (await view.json()) as { unread?: number };
      expect([view.status, shown.unread]).toEqual([200, undefined]);

      // Somebody else is not harmed, and who waits as long as told reads on.
      const other = await openVisitor(server.url, key);
      expect((await other.client.ask('facts:since', { conversationId: other.conversationId })).ok).toBe(true);
      other.client.close();
      for (const client of clients.slice(1)) client.close();
      await vi.waitFor(
        async () => {
          const { ok } = await clients[0]!.ask('facts:before', { conversationId, seq: 20, limit: 10 });
          expect(ok).toBe(true);
        },
        { timeout: 30_000, interval: 500 },
      );
      clients[0]!.close();
    },
  );

  test('of usual length is scrolled through from end to beginning without meeting the limit', async () => {
    const { client, conversationId } = await openVisitor(server.url, key);
    await client.must('handoff:request', { conversationId, clientId: newUuid() });
    await client.must('message:send', { conversationId, clientId: newUuid(), text: 'Hello' });
    const refused = [];
    for (let n = 0; n < 60; n += 1) {
      const answer = await client.ask('facts:before', { conversationId, seq: 1000, limit: 50 });
      if (!answer.ok) refused.push(answer.error);
    }
    expect(refused).toEqual([]);
    client.close();
  });
});
