// Banned visitors: over sockets and REST alike nothing is done for them, stored of them or paid for them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionView } from '../../shared/commands.ts';
import { newUuid } from '../../shared/ids.ts';
import { kinds } from '../../server/ports/documents.ts';
import { bansFollow } from '../../server/usecases/ban-changes.ts';
import { Bans } from '../../server/usecases/bans.ts';
import { hashOf } from '../../server/usecases/secret.ts';
import { createLocalBus } from '../../server/adapters/bus/local.ts';
import { createLog } from '../../server/adapters/log/pino.ts';
import { systemClock } from '../../server/ports/clock.ts';
import { ask } from '../support/party.ts';
import type { Reply } from '../support/party.ts';
import { startProvider } from '../support/provider.ts';
import type { Provider } from '../support/provider.ts';
import { connectStaff, connectVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addMember } from '../support/tenant.ts';

let provider: Provider;
let server: TestServer;
let staff: RawClient;
let orgId: string;
let agentToken: string;
const clients: RawClient[] = [];
let hosts = 0;

beforeAll(async () => {
  provider = await startProvider();
  server = await startServer({ env: { ...provider.env, TRUST_PROXY: '1' } });
  const { widgetKey, keys } = server.firstRun;
  staff = await connectStaff(server.url, keys.console, { 'x-forwarded-for': '198.18.0.1' });
  orgId = (await server.node.store.documents.widgets.find(`key:${widgetKey}`))!.orgId;
  agentToken = (await addMember(server, orgId, 'Agnes')).token;
});
afterAll(async () => {
  for (const client of [...clients, staff]) client.close();
  await provider.close();
  await server.stop();
});

/** An address that no other test uses. */
const freshAddress = (): string => `203.0.113.${(hosts += 1)}`;

interface Person {
  client: RawClient;
  address: string;
  view: SessionView;
  conversationId: string;
}

const connect = async (address: string, auth: object = {}): Promise<RawClient> => {
  const client = await connectVisitor(
    server.url,
    server.firstRun.widgetKey,
    { ...auth },
    {
      'x-forwarded-for': address,
    },
  );
  clients.push(client);
  return client;
};

/** A visitor who has said something, at an address of their own. */
const visitor = async (address = freshAddress()): Promise<Person> => {
  const client = await connect(address);
  const view = await client.must<SessionView>('session:open', {});
  const { conversationId } = view;
  await client.must('message:send', { conversationId, clientId: newUuid(), text: 'What does a kayak cost?' });
  return { client, address, view, conversationId };
};

/** A visitor whose question is answered: nothing of theirs is under way. */
const answered = async (address?: string): Promise<Person> => {
  const person = await visitor(address);
  const call = await provider.next();
  call.say('From £20.');
  call.end();
  await person.client.untilFact('message.created', ({ author }) => author.kind === 'ai');
  return person;
};

const ends = (client: RawClient): Promise<void> =>
  new Promise((resolve) => {
    if (client.socket.disconnected) resolve();
    else client.socket.once('disconnect', () => resolve());
  });

const rest = (
  route: string,
  body?: object,
  from = '198.18.0.1',
  token = server.firstRun.keys.console,
): Promise<Reply> =>
  ask(server.url, route.replace(' ', ' /api/console'), {
    headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': from },
    ...(body === undefined ? {} : { body }),
  });

const page = (route: string, from: string, body?: object, headers: Record<string, string> = {}): Promise<Reply> =>
  ask(server.url, route, {
    headers: { 'x-api-key': server.firstRun.widgetKey, 'x-forwarded-for': from, ...headers },
    ...(body === undefined ? {} : { body }),
  });

/** Why a connection of a visitor is refused; `websocket error` where the upgrade itself is. */
const refusalOf = async (
  address: string,
  auth: object = {},
): Promise<{ message: string; code: string | undefined }> => {
  try {
    (await connect(address, auth)).close();
  } catch (error) {
    const { message, data } = error as { message: string; data?: { code: string } };
    return { message, code: data?.code };
  }
  throw new Error('it was let in');
};

/** Everything that is stored of this organisation, but for the bans and what is counted in its own time. */
const stored = async (): Promise<string> => {
  const { store } = server.node;
  const counted = kinds.filter((kind) => !['bans', 'settings', 'tallies', 'credentials'].includes(kind));
  const documents = await Promise.all(counted.map((kind) => store.collection(kind).list(orgId)));
  const counts = await store.counts(orgId);
  return JSON.stringify([documents, counts]);
};

const banned = { code: 'forbidden', message: 'This chat is not available' };
const says = ({ conversationId }: Person, client: RawClient, text = 'Hello?') =>
  client.ask('message:send', { conversationId, clientId: newUuid(), text });

describe('a banned contact', () => {
  it('is cut off at once, in every tab, and let in by no token and from no address', async () => {
    const person = await answered();
    const { sessionToken, visitorToken } = person.view;
    const tab = await connect('203.0.113.250', { sessionToken, visitorToken });
    await tab.must('session:open', {});
    const began = performance.now();
    const { ban } = await staff.must<{ ban: { id: string; kind: string; value: string } }>('conversation:ban', {
      conversationId: person.conversationId,
      kind: 'contact',
      reason: 'Abuse',
    });
    expect(ban.kind).toBe('contact');
    await Promise.all([ends(person.client), ends(tab)]);
    expect(performance.now() - began).toBeLessThan(1000);
    const before = await stored();
    const calls = provider.count();
    for (const auth of [{ sessionToken, visitorToken }, { sessionToken }, { visitorToken }]) {
      const again = await connect('203.0.113.251', auth);
      for (const clientId of [undefined, newUuid()]) {
        expect(await again.ask('session:open', { clientId })).toMatchObject({ ok: false, error: banned });
      }
      expect(await says(person, again)).toMatchObject({ ok: false });
      again.close();
    }
    expect(await stored()).toBe(before);
    expect(provider.count()).toBe(calls);
    await rest(`DELETE /bans/${ban.id}`);
    const back = await connect('203.0.113.251', { sessionToken, visitorToken });
    expect((await back.must<SessionView>('session:open', {})).conversationId).toBe(person.conversationId);
  });

  it('gets nothing over REST, and leaves no trace there: no session, no repeat, no behaviour', async () => {
    const { session_id, visitor_id } = (await page('POST /api/widget/session', '203.0.113.252', {})).json;
    const asked = page('POST /api/widget/message', '203.0.113.252', { session_id, message: 'A kayak for two?' });
    const call = await provider.next();
    call.say('£40.');
    call.end();
    await asked;
    // By the session itself: the list of contacts is brought up to date a moment later.
    const { contactId } = (await server.node.store.documents.sessions.find(`hash:${hashOf(session_id)}`))!;
    expect((await rest('POST /bans', { contactId })).status).toBe(200);
    const before = await stored();
    const calls = provider.count();
    const routes: [route: string, body?: object][] = [
      ['POST /api/widget/session', { visitor_id }],
      ['POST /api/widget/message', { session_id, message: 'Hello?' }],
      ['POST /api/widget/track', { session_id, events: [{ type: 'page_view' }] }],
      ['POST /api/widget/proactive', { session_id, trigger_type: 'page' }],
      ['POST /api/widget/lead', { session_id, email: 'a@b.example' }],
      ['POST /api/widget/handoff', { session_id }],
      ['POST /api/widget/csat', { session_id, rating: 1 }],
      ['POST /api/widget/session/end', { session_id }],
      ['GET /api/widget/messages'],
    ];
    for (const [route, body] of routes) {
      const headers = { 'x-session-id': session_id as string, 'idempotency-key': newUuid() };
      const reply = await page(route, '203.0.113.253', body, headers);
      expect([route, reply.status, reply.text.includes(banned.message)]).toEqual([route, 403, true]);
      expect(reply.text).not.toMatch(/ban/i);
    }
    const view = await page(`GET /w/${server.firstRun.widgetKey}`, '203.0.113.253', undefined, {
      'x-session-id': session_id,
    });
    expect(view.status).toBe(403);
    expect(await stored()).toBe(before);
    expect(provider.count()).toBe(calls);
  });

  it('is stopped being answered in the middle of a sentence: no more of the model is paid for', async () => {
    const person = await visitor();
    const call = await provider.next();
    call.say('A kayak costs');
    await person.client.untilSignal('reply.delta');
    const closed = new Promise<void>((resolve) => call.exchange.response.once('close', () => resolve()));
    await staff.must('conversation:open', { conversationId: person.conversationId });
    await staff.must('conversation:ban', { conversationId: person.conversationId, kind: 'contact' });
    await closed;
    const cut = await staff.untilFact(
      'message.created',
      ({ status, conversationId }) => status === 'interrupted' && conversationId === person.conversationId,
    );
    expect(cut.text).toBe('A kayak costs');
    const { state } = (await server.node.store.state(person.conversationId))!;
    expect(state).toMatchObject({ reply: null, unanswered: null });
  });

  it('is not answered by the model where staff give the conversation back to it', async () => {
    const person = await answered();
    const { conversationId } = person;
    await staff.must('conversation:take', { conversationId });
    await says(person, person.client, 'And for two?');
    await staff.must('conversation:ban', { conversationId, kind: 'contact' });
    await ends(person.client);
    const calls = provider.count();
    await staff.must('conversation:open', { conversationId });
    await staff.must('conversation:release', { conversationId, to: 'autopilot' });
    await staff.untilFact(
      'control.changed',
      (fact) => fact.reason === 'stopped' && fact.conversationId === conversationId,
    );
    expect(provider.count()).toBe(calls);
  });

  it('takes the ban along where the contact becomes another one', async () => {
    const [one, two] = [await answered(), await answered()];
    const { store } = server.node;
    const contactOf = async ({ conversationId }: Person): Promise<string> =>
      (await store.state(conversationId))!.state.contactId!;
    await staff.must('conversation:ban', { conversationId: one.conversationId, kind: 'contact', forSeconds: 60 });
    const log = createLog('silent');
    const bans = new Bans({ store, clock: systemClock, log, bus: createLocalBus({ log }) });
    await bansFollow({ store, clock: systemClock, bans }, orgId, await contactOf(one), await contactOf(two));
    const values = (await store.documents.bans.list(orgId)).map(({ value }) => value);
    expect(values).toContain(await contactOf(two));
    expect(await bans.isBanned(orgId, { contactId: await contactOf(two) })).toBe(true);
  });
});

describe('a banned address', () => {
  it('ends whoever is connected from it, and gets neither upgrade nor launcher nor session, whoever it says to be', async () => {
    const person = await answered();
    const other = await answered();
    const { ban } = await staff.must<{ ban: { value: string } }>('conversation:ban', {
      conversationId: person.conversationId,
      kind: 'address',
    });
    expect(ban.value).toBe(person.address);
    await ends(person.client);
    const before = await stored();
    // A browser is not told why; the SDK asks the public view.
    expect((await refusalOf(person.address)).message).toBe('websocket error');
    const view = await page(`GET /w/${server.firstRun.widgetKey}?connect`, person.address);
    expect([view.status, view.json.error]).toEqual([403, banned]);
    for (const [route, body] of [
      ['GET /api/widget/config'],
      ['POST /api/widget/session', {}],
      ['POST /api/widget/message', { session_id: other.view.sessionToken, message: 'x' }],
    ] as [string, object?][]) {
      expect([route, (await page(route, person.address, body, { 'idempotency-key': newUuid() })).status]).toEqual([
        route,
        403,
      ]);
    }
    expect(await stored()).toBe(before);
    expect(await says(other, other.client)).toMatchObject({ ok: true });
    const call = await provider.next();
    call.say('Hello.');
    call.end();
    await other.client.untilFact('message.created', ({ text }) => text === 'Hello.');
  });

  it('is the same address inside IPv6, and the /64 of an IPv6 one', async () => {
    await rest('POST /bans', { address: '::ffff:192.0.2.9' });
    expect((await refusalOf('192.0.2.9')).message).toBe('websocket error');
    expect((await refusalOf('::ffff:192.0.2.9')).message).toBe('websocket error');
    const person = await answered('2001:db8:5:6::1');
    expect((await rest('POST /bans', { conversationId: person.conversationId, kind: 'address' })).json.ban.value).toBe(
      '2001:db8:5:6::/64',
    );
    await ends(person.client);
    expect((await refusalOf('2001:db8:5:6:ffff::2')).message).toBe('websocket error');
    (await connect('2001:db8:5:7::1')).close();
  });

  it('in a range ends by itself, without waiting for a purge', async () => {
    const { ban } = (await rest('POST /bans', { range: '192.0.2.128/26', expiresAt: Date.now() + 700 })).json;
    expect(ban.value).toBe('192.0.2.128/26');
    expect((await refusalOf('192.0.2.130')).message).toBe('websocket error');
    await expect
      .poll(
        async () =>
          connect('192.0.2.130').then(
            () => true,
            () => false,
          ),
        { timeout: 5000 },
      )
      .toBe(true);
    expect((await rest('GET /bans')).json.bans.map(({ id }: { id: string }) => id)).not.toContain(ban.id);
    expect(await server.node.store.documents.bans.get(orgId, ban.id)).toBeDefined();
  });
});

describe('who bans', () => {
  it.each([
    [{ range: '0.0.0.0/0' }, 'A range may be no wider than /16 for IPv4 and /32 for IPv6'],
    [{ range: '::/0' }, 'A range may be no wider than /16 for IPv4 and /32 for IPv6'],
    [{ range: '::ffff:0:0/96' }, 'A range may be no wider than /16 for IPv4 and /32 for IPv6'],
    [{ range: '10.0.0.0/15' }, 'A range may be no wider than /16 for IPv4 and /32 for IPv6'],
    [{ range: '10.0.0/24' }, 'This is not a range: write it as 203.0.113.0/24 or 2001:db8::/48'],
    [{ address: '10.1' }, 'This is not an address: write it as 203.0.113.7 or 2001:db8::7'],
    [{ address: '10.1.2.3', expiresAt: 1000 }, 'The end of a ban must lie in the future'],
    [{ address: '10.1.2.3', expiresAt: Number.MAX_SAFE_INTEGER }, 'The end of a ban must lie in the future'],
    [{}, 'Say whom to ban: contactId, address, range or conversationId'],
  ])('is told in one sentence what is wrong with %j, and nothing is done', async (body, sentence) => {
    const before = (await rest('GET /bans')).json;
    const reply = await rest('POST /bans', body);
    expect([reply.status, reply.json.error.code, reply.json.error.message]).toEqual([400, 'invalid', sentence]);
    expect((await rest('GET /bans')).json).toEqual(before);
  });

  it('does not ban their own address by accident, over REST and sockets, and may mean it', async () => {
    for (const body of [{ address: '198.18.0.1' }, { range: '198.18.0.0/16' }, { address: '127.0.0.1' }]) {
      const reply = await rest('POST /bans', body);
      expect([body, reply.status, reply.json.error.details[0].path]).toEqual([body, 409, 'includesMe']);
    }
    const person = await answered('198.18.0.1');
    const about = { conversationId: person.conversationId, kind: 'address' };
    expect(await staff.ask('conversation:ban', about)).toMatchObject({ ok: false, error: { code: 'conflict' } });
    expect(person.client.socket.connected).toBe(true);
    const reach = (await rest('GET /bans/reach?address=198.18.0.1')).json;
    expect(reach).toMatchObject({ value: '198.18.0.1', includesMe: true });
    await staff.must('conversation:ban', { ...about, includesMe: true, forSeconds: 1 });
    await ends(person.client);
    // The console is no visitor: its members work on.
    expect((await rest('GET /me')).status).toBe(200);
  });

  it('is told before how many others were lately seen there', async () => {
    const people = [await answered('192.0.2.40'), await answered('192.0.2.41'), await answered('192.0.2.41')];
    const reach = async (query: string): Promise<number> => (await rest(`GET /bans/reach?${query}`)).json.others;
    const own = `conversationId=${people[0]!.conversationId}`;
    expect(await reach(`range=192.0.2.40/31&${own}`)).toBe(2);
    expect(await reach(`address=192.0.2.40&${own}`)).toBe(0);
    expect(await reach('address=192.0.2.41')).toBe(2);
    expect((await rest('GET /bans/reach?range=0.0.0.0/0')).status).toBe(400);
    expect((await rest('GET /bans/reach')).status).toBe(400);
  });

  it('may ban a contact as an agent; addresses, the list and lifting need an admin', async () => {
    const person = await answered();
    const agent = await connectStaff(server.url, agentToken);
    clients.push(agent);
    const about = { conversationId: person.conversationId };
    for (const more of [{ kind: 'address' }, { kind: 'range', range: '192.0.2.0/24' }]) {
      expect(await agent.ask('conversation:ban', { ...about, ...more })).toMatchObject({
        error: { code: 'forbidden' },
      });
    }
    const as = (route: string): Promise<Reply> => rest(route, undefined, '198.18.0.1', agentToken);
    expect((await as('GET /bans')).status).toBe(403);
    expect((await as('DELETE /bans/ban_1')).status).toBe(403);
    expect((await as('GET /bans/reach?address=1.2.3.4')).status).toBe(403);
    const choices = (await as(`GET /conversations/${person.conversationId}/ban`)).json;
    expect(choices).toMatchObject({ addresses: [], mayBanAddress: false, isBanned: false });
    await agent.must('conversation:ban', { ...about, kind: 'contact' });
    expect((await as(`GET /conversations/${person.conversationId}/ban`)).json.isBanned).toBe(true);
    const admins = (await rest(`GET /conversations/${person.conversationId}/ban`)).json;
    expect(admins).toMatchObject({ addresses: [person.address], mayBanAddress: true });
  });

  it('changes reason and end where the same is banned again, and pages through the list', async () => {
    const first = (await rest('POST /bans', { range: '198.51.100.0/25', reason: 'Noise', forSeconds: 60 })).json.ban;
    const again = (await rest('POST /bans', { range: '198.51.100.1/25', reason: 'Worse' })).json.ban;
    expect(again).toMatchObject({ id: first.id, value: '198.51.100.0/25', reason: 'Worse' });
    expect(again).not.toHaveProperty('expiresAt');
    await rest('POST /bans', { address: '198.51.100.200' });
    const whole = (await rest('GET /bans')).json.bans.map(({ id }: { id: string }) => id);
    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { bans, cursor: next } = (await rest(`GET /bans?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)).json;
      paged.push(...bans.map(({ id }: { id: string }) => id));
      cursor = next as string | null;
    }
    expect(paged).toEqual(whole);
    expect((await rest(`DELETE /bans/${first.id}`)).status).toBe(200);
    expect((await rest(`DELETE /bans/${first.id}`)).status).toBe(404);
  });
});
