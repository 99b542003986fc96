// Who gets a connection, and who loses it.
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession } from '../../server/usecases/sessions.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Widget } from '../../shared/widget.ts';
import { newCatyKey, newId, newWidgetKey, publicIdsOf } from '../../shared/ids.ts';
import { createLocalBus } from '../../server/adapters/bus/local.ts';
import { createLog } from '../../server/adapters/log/pino.ts';
import { openRaw, upgrade } from '../hostile/raw-socket.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addMember, firstOrganisation } from '../support/tenant.ts';

let server: TestServer;
let key: string;
let orgId: string;
let template: Widget;
beforeAll(async () => {
  server = await startServer();
  key = server.firstRun.widgetKey;
  const first = await firstOrganisation(server);
  orgId = first.orgId;
  template = first.widget;
});
afterAll(() => server.stop());

/** Another widget of the same organisation. */
const addWidget = async (change: Partial<Widget>): Promise<Widget> => {
  const id = newId('wid');
  const keys = { id, ...publicIdsOf(id), widgetKey: newWidgetKey(), catyKey: newCatyKey() };
  const widget = { ...template, ...keys, ...change };
  await server.node.store.documents.widgets.put(widget);
  return widget;
};

/** The code that a refused handshake carries. */
const refusalOf = async (connecting: Promise<RawClient>): Promise<string> => {
  const outcome = await connecting.then(
    (client) => {
      client.close();
      return 'accepted';
    },
    (error: { data?: { code?: string } }) => error.data?.code ?? 'no code',
  );
  return outcome;
};

const socketPath = (query: Record<string, string>): string =>
  `/socket.io/?${new URLSearchParams({ EIO: '4', transport: 'websocket', ...query }).toString()}`;

const dropped = (client: RawClient): Promise<string> =>
  new Promise((resolve) => client.socket.once('disconnect', (reason) => resolve(reason)));

const owner = (path: string, method: string, body: object): Promise<Response> =>
  fetch(`${server.url}/api/console${path}`, {
    method,
    headers: { authorization: `Bearer ${server.firstRun.keys.console}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const cookieOf = async (name: string): Promise<{ cookie: string; memberId: string; credentialId: string }> => {
  const { member } = await addMember(server, orgId, name);
  const bus = createLocalBus({ log: createLog('silent') });
  const { secret, credential } = await openSession({ store: server.node.store, clock: systemClock, bus }, member);
  return { cookie: `tiller=${secret}`, memberId: member.id, credentialId: credential.id };
};

const connectWithCookie = (cookie: string, headers: Record<string, string> = {}): Promise<RawClient> =>
  connectStaff(server.url, undefined as unknown as string, { cookie, ...headers });

describe('a visitor', () => {
  it('needs a widget key that exists, in the address', async () => {
    const bare = io(`${server.url}/widget`, { transports: ['websocket'], auth: { v: 1 }, reconnection: false });
    const code = await new Promise((resolve) =>
      bare.on('connect_error', (error) => resolve((error as { data?: { code: string } }).data?.code)),
    );
    bare.close();
    expect(code).toBe('unauthenticated');
    expect(await refusalOf(connectVisitor(server.url, 'wgt_000000000000000000000000'))).toBe('not_found');
    expect(await refusalOf(connectVisitor(server.url, "' OR 1=1 --"))).toBe('not_found');
    expect(await refusalOf(connectVisitor(server.url, key))).toBe('accepted');
  });

  it('is refused where the widget is switched off', async () => {
    const off = await addWidget({ isEnabled: false });
    expect(await refusalOf(connectVisitor(server.url, off.widgetKey))).toBe('forbidden');
  });

  it('says which version it speaks', async () => {
    for (const v of [undefined, 0, '1', null, 1.5, 1e9]) {
      expect(await refusalOf(connectVisitor(server.url, key, { v }))).toBe('invalid');
    }
    expect(await refusalOf(connectVisitor(server.url, key, { v: 2 }))).toBe('accepted');
  });

  it('is let in whatever the tokens look like: what nobody issued is not believed', async () => {
    for (const wrong of [7, {}, [], 'x'.repeat(5000), '\u0000', { $gt: '' }]) {
      const { client, view } = await openVisitor(server.url, key, { sessionToken: wrong, visitorToken: wrong });
      expect(view.facts).toEqual([]);
      expect(view.visitorToken).not.toBe(wrong);
      client.close();
    }
  });
});

describe('the upgrade itself', () => {
  let listed: Widget;
  beforeAll(async () => {
    listed = await addWidget({ allowedDomains: ['shop.example', '*.partner.example', 'http://localhost:5173'] });
  });
  const asking = async (origin: string | undefined, query = { widgetKey: listed.widgetKey }): Promise<number> =>
    (await upgrade(server.url, socketPath(query), origin === undefined ? {} : { origin })).status;

  it.each(['https://shop.example', 'https://a.b.partner.example', 'http://localhost:5173'])(
    'passes for the allowed page %s',
    async (origin) => {
      expect(await asking(origin)).toBe(101);
    },
  );

  it('passes for our own pages, also under the other loopback name', async () => {
    expect(await asking(server.url)).toBe(101);
    expect(await asking(server.url.replace('127.0.0.1', 'localhost'))).toBe(101);
  });

  it.each([
    undefined,
    'null',
    'https://evil.example',
    'http://shop.example',
    'https://shop.example:8443',
    'https://shop.example.evil.example',
    'https://evilshop.example',
    'https://www.shop.example',
    'https://partner.example',
    'https://evil.example#.partner.example',
    'https://shop.example@evil.example',
    'https://shop.example/',
    'https://SHOP.EXAMPLE',
    'https://shop.example, https://evil.example',
    'http://localhost:5174',
    'file://shop.example',
  ])('[403] is refused before there is any socket for %s', async (origin) => {
    const headers: Record<string, string> = origin === undefined ? {} : { origin };
    const answer = await upgrade(server.url, socketPath({ widgetKey: listed.widgetKey }), headers);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'forbidden' } });
    expect(answer.body).not.toContain('evil');
  });

  it('without a key is for our own pages and for programs', async () => {
    expect(await asking('https://evil.example', {} as never)).toBe(403);
    expect(await asking(server.url, {} as never)).toBe(101);
    expect(await asking(undefined, {} as never)).toBe(101);
  });

  it('knows its own pages behind a proxy that ends TLS', async () => {
    const { host } = new URL(server.url);
    expect(await asking(`https://${host}`)).toBe(101);
    expect(await asking(`ftp://${host}`)).toBe(403);
  });

  it('is for WebSockets alone', async () => {
    const polling = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
    expect(polling.status).toBe(400);
    expect((await fetch(`${server.url}/socket.io/socket.io.js`)).status).not.toBe(200);
    await expect(openRaw(server.url, { EIO: '3', widgetKey: key })).rejects.toThrow('ended');
  });
});

describe('a member', () => {
  it('needs a token or the cookie', async () => {
    expect(await refusalOf(connectStaff(server.url, undefined as unknown as string))).toBe('unauthenticated');
    for (const wrong of ['', 'con_nope', server.firstRun.keys.v1, key, 'x'.repeat(300)]) {
      expect(await refusalOf(connectStaff(server.url, wrong))).toBe('unauthenticated');
    }
    expect(await refusalOf(connectStaff(server.url, server.firstRun.keys.console))).toBe('accepted');
  });

  it('comes in by the cookie, from our own pages alone', async () => {
    const { cookie } = await cookieOf('Cora');
    expect(await refusalOf(connectWithCookie(cookie))).toBe('accepted');
    expect(await refusalOf(connectWithCookie(cookie, { origin: server.url }))).toBe('accepted');
    expect(await refusalOf(connectWithCookie(`${cookie}x`))).toBe('unauthenticated');
    expect(await refusalOf(connectWithCookie(`${cookie}; tiller=other`))).toBe('unauthenticated');
    // Refused at the upgrade: there is no code, because there is no socket.
    expect(await refusalOf(connectWithCookie(cookie, { origin: 'https://evil.example' }))).toBe('no code');
  });

  it("does not come in through a widget's open door from a foreign page", async () => {
    const { cookie } = await cookieOf('Dora');
    const raw = await openRaw(server.url, { widgetKey: key }, { cookie, origin: 'https://evil.example' });
    raw.frame('40/console,{"v":1}');
    expect(await raw.until('44/console,')).toContain('forbidden');
    raw.destroy();
  });

  it('is refused with a token that was revoked', async () => {
    const { token, member } = await addMember(server, orgId, 'Rita');
    const [credential] = await server.node.store.documents.credentials.list(orgId, { group: member.id });
    expect(await refusalOf(connectStaff(server.url, token))).toBe('accepted');
    await server.node.store.documents.credentials.delete(orgId, credential!.id);
    expect(await refusalOf(connectStaff(server.url, token))).toBe('unauthenticated');
  });
});

describe('a revocation', () => {
  const endsWithin = async (ms: number, clients: RawClient[], revoke: () => Promise<Response>): Promise<void> => {
    const ends = Promise.all(clients.map(dropped));
    expect((await revoke()).status).toBe(200);
    const began = performance.now();
    await ends;
    expect(performance.now() - began).toBeLessThan(ms);
  };

  it('by signing out ends every tab of that session, and no other', async () => {
    const { cookie } = await cookieOf('Ella');
    const other = await cookieOf('Emil');
    const tabs = [await connectWithCookie(cookie), await connectWithCookie(cookie)];
    const spared = await connectWithCookie(other.cookie);
    await endsWithin(1000, tabs, () =>
      fetch(`${server.url}/api/console/logout`, { method: 'POST', headers: { cookie } }),
    );
    expect(spared.socket.connected).toBe(true);
    spared.close();
  });

  it('of a member ends tokens and cookies alike, for good', async () => {
    const { member, token } = await addMember(server, orgId, 'Finn');
    const live = await connectStaff(server.url, token);
    await endsWithin(1000, [live], () => owner(`/members/${member.id}`, 'PATCH', { isDisabled: true }));
    expect(await refusalOf(connectStaff(server.url, token))).toBe('unauthenticated');
  });

  it('is not escaped by leaving the rooms it is told to', async () => {
    const { member, token } = await addMember(server, orgId, 'Gus');
    const live = await connectStaff(server.url, token);
    const [credential] = await server.node.store.documents.credentials.list(orgId, { group: member.id });
    for (const conversationId of [`member:${member.id}`, `credential:${credential!.id}`, live.socket.id!]) {
      expect(await live.must('conversation:leave', { conversationId })).toEqual({});
    }
    await endsWithin(1000, [live], () => owner(`/members/${member.id}`, 'PATCH', { isDisabled: true }));
  });

  it('by switching a widget off ends its visitors, and nobody else’s', async () => {
    const widget = await addWidget({});
    const { client } = await openVisitor(server.url, widget.widgetKey);
    const { client: spared } = await openVisitor(server.url, key);
    await endsWithin(1000, [client], () => owner(`/widgets/${widget.id}`, 'PATCH', { isEnabled: false }));
    expect(spared.socket.connected).toBe(true);
    expect(await refusalOf(connectVisitor(server.url, widget.widgetKey))).toBe('forbidden');
    spared.close();
  });
});
