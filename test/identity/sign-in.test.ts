// Signing in and out: what is kept, what ends, and what nobody is ever given.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CommandOutput, SessionView, visitorCommands } from '../../shared/commands.ts';
import { newUuid } from '../../shared/ids.ts';
import { correctContact } from '../../server/usecases/contact-book.ts';
import { connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { firstOrganisation } from '../support/tenant.ts';
import { callWidgetApi, openWidgetSession } from '../support/widget-api.ts';
import { say, textOf, tokenOf } from './people.ts';
import type { Person, Site } from './people.ts';
import { rotateSecret } from './rotation.ts';

type Identified = CommandOutput<typeof visitorCommands, 'visitor:identify'>;

const secret = 'a-secret-of-this-test-0123456789-abcdef';
let server: TestServer;
let site: Site;
let orgId: string;
const clients: RawClient[] = [];

beforeAll(async () => {
  server = await startServer({ env: { TILLER_SECRET: secret } });
  const { widget } = await firstOrganisation(server);
  ({ orgId } = widget);
  const { url } = server;
  site = { url, otherUrl: url, widgetKey: widget.widgetKey, widgetId: widget.id, secret };
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(() => server.stop());

const someone = (more: Partial<Person> = {}): Person => ({ sub: `customer-${newUuid()}`, ...more });

const open = async (auth: Record<string, unknown> = {}) => {
  const visitor = await openVisitor(site.url, site.widgetKey, auth);
  clients.push(visitor.client);
  return visitor;
};
const openAs = async (person: Person) => open({ identity: await tokenOf(site, person) });
const signIn = async (client: RawClient, person: Person): Promise<Identified> =>
  client.must<Identified>('visitor:identify', { token: await tokenOf(site, person) });
const readBy = (session: string) => callWidgetApi(site.url, 'GET messages', { key: site.widgetKey, session });
const disconnected = (client: RawClient): Promise<string> =>
  new Promise((resolve) => client.socket.once('disconnect', resolve));
const contactOf = async (conversationId: string) => {
  const found = await server.node.store.state(conversationId);
  return server.node.store.documents.contacts.get(orgId, found?.state.contactId ?? '');
};

describe('a second person', () => {
  it('in the same browser sees nothing of the first, and a page without a token neither', async () => {
    const ann = await openAs(someone());
    await say(ann.client, ann.conversationId, 'My card number is secret');
    ann.client.close();
    const { visitorToken } = ann.view;
    const bob = await open({ visitorToken, identity: await tokenOf(site, someone()) });
    const nobody = await open({ visitorToken });
    for (const { view } of [bob, nobody]) {
      expect(view).toMatchObject({ facts: [], earlier: [], head: { seq: 0 } });
      expect(textOf(view)).not.toContain(ann.conversationId);
    }
    const [one, other] = await Promise.all([contactOf(ann.conversationId), contactOf(bob.conversationId)]);
    expect(one?.id).not.toBe(other?.id);
  });

  it("on the first one's session ends it: its tokens are dead, and nothing more of it is heard", async () => {
    const person = someone();
    const ann = await openAs(person);
    await say(ann.client, ann.conversationId, 'Hello');
    const phone = await openAs(person);
    expect(phone.conversationId).toBe(ann.conversationId);
    const { sessionToken, visitorToken } = ann.view;
    const secondTab = await open({ sessionToken, visitorToken });
    const gone = disconnected(secondTab.client);
    const fresh = await signIn(ann.client, someone());
    expect(await gone).toBe('io server disconnect');
    expect(fresh.conversationId).not.toBe(ann.conversationId);
    expect((await readBy(sessionToken)).status).toBe(404);
    const late = await open({ sessionToken, visitorToken });
    expect(late.conversationId).not.toBe(ann.conversationId);

    // What Ann says from here on, on her phone, does not reach the connection that is Bob's now.
    const heard = ann.client.frames.length;
    const { conversationId } = ann;
    await say(phone.client, conversationId, 'Only Ann may read this');
    await phone.client.untilFact('message.created', ({ text }) => text === 'Only Ann may read this');
    const refused = await ann.client.ask('message:send', { conversationId, clientId: newUuid(), text: 'As Ann' });
    expect(refused).toMatchObject({ ok: false, error: { code: 'not_found' } });
    const read = await ann.client.ask('facts:since', { conversationId, sinceSeq: 0 });
    expect(read).toMatchObject({ ok: false, error: { code: 'not_found' } });
    const view = await ann.client.must<SessionView>('session:open', {});
    expect(view).toMatchObject({ conversationId: fresh.conversationId, facts: [], earlier: [] });
    await say(ann.client, view.conversationId, 'Hello from Bob');
    await ann.client.untilFact('message.created', ({ text }) => text === 'Hello from Bob');
    expect(textOf(ann.client.frames.slice(heard))).not.toContain(conversationId);
  });
});

describe('signing in from an anonymous session', () => {
  it('keeps what was said so far, and the person finds it on another device', async () => {
    const ann = someone({ name: 'Ann' });
    const { client, conversationId, view } = await open();
    await say(client, conversationId, 'I am not signed in yet');
    const fresh = await signIn(client, ann);
    expect(fresh.conversationId).toBe(conversationId);
    expect(fresh.sessionToken).not.toBe(view.sessionToken);
    const phone = await openAs(ann);
    expect(phone.conversationId).toBe(conversationId);
    expect(textOf(phone.view.facts)).toContain('I am not signed in yet');
    await say(phone.client, conversationId, 'From my phone');
    await client.untilFact('message.created', ({ text }) => text === 'From my phone');
  });

  it('goes to the open conversation where nothing was said, and lists the others as earlier', async () => {
    const ann = someone();
    const home = await openAs(ann);
    await say(home.client, home.conversationId, 'The first one');
    const next = await home.client.must<SessionView>('conversation:new', { clientId: newUuid() });
    await say(home.client, next.conversationId, 'The second one');
    const { client } = await open();
    const fresh = await signIn(client, ann);
    expect(fresh.conversationId).toBe(next.conversationId);
    const view = await client.must<SessionView>('session:open', {});
    expect(view.conversationId).toBe(next.conversationId);
    expect(view.earlier.map((one) => one.conversationId)).toEqual([home.conversationId]);
    const earlier = await client.must<SessionView>('session:open', { conversationId: home.conversationId });
    expect(textOf(earlier.facts)).toContain('The first one');
  });

  it('ends every other session of the visitor, over sockets and over REST (a fixed session hears nothing)', async () => {
    const planted = await openWidgetSession(site.url, site.widgetKey);
    const { visitor_id: visitorToken, session_id: plantedSession } = planted;
    const { client, conversationId } = await open({ visitorToken });
    await say(client, conversationId, 'Before');
    expect((await readBy(plantedSession)).body.messages).toHaveLength(2);
    await signIn(client, someone());
    await say(client, conversationId, 'After');
    expect((await readBy(plantedSession)).status).toBe(404);
    const again = await openWidgetSession(site.url, site.widgetKey, { visitor_id: visitorToken });
    expect((await readBy(again.session_id)).body.messages).toEqual([]);
  });

  it('joins contacts by the identity alone, with their leads, and never by an e-mail', async () => {
    const email = 'shared@example.com';
    const [first, second, stranger] = [await open(), await open(), await open()];
    for (const { client, conversationId } of [first, second, stranger]) {
      await client.must('lead:submit', { conversationId, email });
    }
    const { leads } = server.node.store.documents;
    await vi.waitFor(async () => {
      for (const { conversationId } of [first, second, stranger]) {
        const contact = await contactOf(conversationId);
        expect(await leads.list(orgId, { group: contact!.id })).toHaveLength(1);
      }
    });
    const old = await contactOf(second.conversationId);
    const ann = someone();
    await signIn(first.client, ann);
    await signIn(second.client, ann);
    const contact = await contactOf(first.conversationId);
    expect((await contactOf(second.conversationId))?.id).toBe(contact!.id);
    expect(await server.node.store.documents.contacts.get(orgId, old!.id)).toBeUndefined();
    expect(await leads.list(orgId, { group: contact!.id })).toHaveLength(2);
    const rows = await server.node.store.conversationsOf(orgId, contact!.id, 10);
    expect(rows.map((row) => row.conversationId).toSorted()).toEqual(
      [first.conversationId, second.conversationId].toSorted(),
    );
    expect((await contactOf(stranger.conversationId))?.id).not.toBe(contact!.id);
  });

  it('by two tabs at once is one sign-in after the other, and both are the person', async () => {
    const ann = someone();
    const { client, conversationId, view } = await open();
    await say(client, conversationId, 'Mine');
    client.close();
    const { sessionToken, visitorToken } = view;
    const identity = await tokenOf(site, ann);
    const tabs = await Promise.all(
      [1, 2].map(async () => {
        const tab = await connectVisitor(site.url, site.widgetKey, { sessionToken, visitorToken, identity });
        clients.push(tab);
        return tab.must<SessionView>('session:open', {});
      }),
    );
    for (const tab of tabs) expect(tab).toMatchObject({ isSigned: true });
    const phone = await openAs(ann);
    expect(phone.conversationId).toBe(conversationId);
  });
});

describe('signing out', () => {
  it('ends every tab of the browser and nothing of another device', async () => {
    const ann = someone();
    const one = await openAs(ann);
    await say(one.client, one.conversationId, 'Hello');
    const { visitorToken } = one.view;
    const two = await open({ visitorToken, identity: await tokenOf(site, ann) });
    const phone = await openAs(ann);
    const gone = disconnected(two.client);
    await one.client.must('visitor:logout', {});
    expect(await gone).toBe('io server disconnect');
    for (const session of [one.view.sessionToken, two.view.sessionToken]) {
      expect((await readBy(session)).status).toBe(404);
    }
    const refused = await one.client.ask('facts:since', { conversationId: one.conversationId, sinceSeq: 0 });
    expect(refused).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
    await say(phone.client, phone.conversationId, 'Still me');
    expect(textOf(one.client.frames)).not.toContain('Still me');
    // The same connection may go on as a stranger.
    const next = await one.client.must<SessionView>('session:open', {});
    expect(next).toMatchObject({ isSigned: false, facts: [], earlier: [] });
  });

  it('works over REST, and for anonymous visitors', async () => {
    const opened = await openWidgetSession(site.url, site.widgetKey);
    const tab = await open({ visitorToken: opened.visitor_id });
    await say(tab.client, tab.conversationId, 'Hello');
    const gone = disconnected(tab.client);
    const body = { session_id: opened.session_id };
    const out = await callWidgetApi(site.url, 'POST logout', { key: site.widgetKey, body });
    expect([out.status, out.body]).toEqual([200, { success: true }]);
    expect(await gone).toBe('io server disconnect');
    const again = await openWidgetSession(site.url, site.widgetKey, { visitor_id: opened.visitor_id });
    expect((await readBy(again.session_id)).body.messages).toEqual([]);
    expect((await callWidgetApi(site.url, 'POST logout', { key: site.widgetKey, body })).status).toBe(404);
  });
});

describe('the number of unread messages on the launcher', () => {
  const unreadFor = async (token: string): Promise<unknown> => {
    const response = await fetch(`${site.url}/w/${site.widgetKey}`, { headers: { 'X-Identity': token } });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    return ((await response.json()) as { unread?: number }).unread;
  };

  it('is told to a page by its identity token, before anything is connected or stored', async () => {
    const ann = someone();
    const home = await openAs(ann);
    await say(home.client, home.conversationId, 'What does a kayak cost?');
    await home.client.untilFact('message.created', ({ author }) => author.kind === 'ai');
    expect(await unreadFor(await tokenOf(site, ann))).toBe(1);
    expect(await unreadFor(await tokenOf(site, someone()))).toBeUndefined();
    const expired = await tokenOf(site, ann, { expires: Math.floor(Date.now() / 1000) - 3600 });
    for (const token of [expired, 'nonsense']) expect(await unreadFor(token)).toBeUndefined();
  });
});

describe('what was signed', () => {
  it('is remembered field by field: staff and forms may change the others', async () => {
    const { client, conversationId } = await openAs(someone());
    await say(client, conversationId, 'Hello');
    await client.must('lead:submit', { conversationId, name: 'Typed', email: 'typed@example.com' });
    await vi.waitFor(async () => expect((await contactOf(conversationId))?.email).toBe('typed@example.com'));
    const contact = (await contactOf(conversationId))!;
    expect(contact).toMatchObject({ verified: true, signed: [], email: 'typed@example.com' });
    const { state } = (await server.node.store.state(conversationId))!;
    expect(state.visitor).toMatchObject({ verified: true, signed: [], email: 'typed@example.com' });
    const { store } = server.node;
    const corrected = await correctContact({ store }, orgId, contact.id, { email: 'right@example.com', name: '' });
    expect(corrected).toMatchObject({ email: 'right@example.com' });
    expect(corrected.name).toBeUndefined();
  });

  it('stays when a later token carries less, and a signed e-mail is not changed by a form', async () => {
    const person = someone({ email: 'ann@example.com' });
    const { client, conversationId } = await openAs(person);
    await say(client, conversationId, 'Hello');
    await signIn(client, { sub: person.sub });
    await client.must('lead:submit', { conversationId, email: 'other@example.com', phone: '+44 1632 960134' });
    await vi.waitFor(async () => expect((await contactOf(conversationId))?.phone).toBe('+44 1632 960134'));
    expect(await contactOf(conversationId)).toMatchObject({ email: 'ann@example.com', signed: ['email'] });
    const { id } = (await contactOf(conversationId))!;
    await expect(correctContact(server.node, orgId, id, { email: 'x@example.com' })).rejects.toMatchObject({
      code: 'conflict',
      details: [{ path: 'email' }],
    });
  });
});

describe('a call that waits for an answer', () => {
  it('ends with its session, also where the answer is to what a person asks after signing in', async () => {
    const slow = await startServer({ env: { TILLER_SECRET: secret, AI_BUILTIN_WORDS_PER_SECOND: '8' } });
    try {
      const { widget } = await firstOrganisation(slow);
      const there: Site = { ...site, url: slow.url, widgetKey: widget.widgetKey, widgetId: widget.id };
      for (const accept of ['text/event-stream', 'application/json']) {
        const planted = await openWidgetSession(there.url, there.widgetKey);
        const victim = await openVisitor(there.url, there.widgetKey, { visitorToken: planted.visitor_id });
        clients.push(victim.client);
        const waiting = fetch(`${there.url}/api/widget/message`, {
          method: 'POST',
          headers: { 'x-api-key': there.widgetKey, 'content-type': 'application/json', accept },
          body: JSON.stringify({ session_id: planted.session_id, message: 'Tell me everything about multi-day trips' }),
        }).then((response) => response.text());
        await victim.client.untilSignal('reply.started');
        await victim.client.must('visitor:identify', { token: await tokenOf(there, someone()) });
        await say(victim.client, victim.conversationId, 'What does a kayak cost?');
        const given = await waiting;
        expect(given).toContain('not_found');
        expect(given).not.toContain('Boat hire prices');
      }
    } finally {
      await slow.stop();
    }
  });
});

describe('a token in a handshake', () => {
  it.each([
    ['too long', 'x'.repeat(5000)],
    ['no text', 7],
    ['nothing', null],
  ])('that is %s is refused aloud', async (_, identity) => {
    const client = await connectVisitor(site.url, site.widgetKey, { identity });
    clients.push(client);
    const refused = await client.ask('session:open', {});
    expect(refused).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
    expect(await client.must('session:open', {})).toMatchObject({ isSigned: false });
  });
});

describe('what nobody is given', () => {
  it('is the session of somebody else who used the same clientId, from another address or program', async () => {
    const clientId = newUuid();
    const mine = await connectVisitor(site.url, site.widgetKey, {}, { 'user-agent': 'mine' });
    const theirs = await connectVisitor(site.url, site.widgetKey, {}, { 'user-agent': 'theirs' });
    const repeat = await connectVisitor(site.url, site.widgetKey, {}, { 'user-agent': 'mine' });
    clients.push(mine, theirs, repeat);
    const first = await mine.must<SessionView>('session:open', { clientId });
    const other = await theirs.must<SessionView>('session:open', { clientId });
    expect(other.conversationId).not.toBe(first.conversationId);
    expect((await repeat.must<SessionView>('session:open', { clientId })).conversationId).toBe(first.conversationId);
  });

  it('is a test chat, unless a member is signed in', async () => {
    const refused = connectVisitor(site.url, site.widgetKey, { channel: 'test' });
    await expect(refused).rejects.toMatchObject({ data: { code: 'forbidden' } });
  });

  it('is a session that an older version signed, without a token of the same person', async () => {
    const { client, conversationId, view } = await open();
    await say(client, conversationId, 'Before the upgrade');
    client.close();
    // As it was stored then: the contact alone said who it was.
    const contact = (await contactOf(conversationId))!;
    await server.node.store.documents.contacts.put({ ...contact, subject: 'old-customer', verified: true });
    const { sessionToken, visitorToken } = view;
    for (const tokens of [{ sessionToken, visitorToken }, { visitorToken }, { sessionToken }]) {
      expect((await open(tokens)).view).toMatchObject({ facts: [], earlier: [], isSigned: false });
    }
    const bob = await open({ visitorToken, identity: await tokenOf(site, someone()) });
    expect(bob.view.facts).toEqual([]);
  });

  it('is what a rotated secret signed, after its overlap: the session ends with it', async () => {
    const { client, view, conversationId } = await openAs(someone());
    await say(client, conversationId, 'Hello');
    const gone = disconnected(client);
    await rotateSecret(site.url, server.firstRun.keys.console, site.widgetId, 0);
    expect(await gone).toBe('io server disconnect');
    expect((await readBy(view.sessionToken)).status).toBe(404);
    const { sessionToken, visitorToken } = view;
    expect((await open({ sessionToken, visitorToken })).view).toMatchObject({ facts: [], isSigned: false });
    const launcher = await fetch(`${site.url}/w/${site.widgetKey}`, { headers: { 'X-Session-Id': sessionToken } });
    expect(await launcher.json()).not.toHaveProperty('unread');
  });
});
