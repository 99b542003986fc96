// How long sessions live, by a clock that the test holds.
import { beforeEach, expect, it } from 'vitest';
import { newHexId, newId } from '../../shared/ids.ts';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import type { Session } from '../../server/ports/documents.ts';
import type { Store } from '../../server/ports/store.ts';
import type { Log } from '../../server/ports/telemetry.ts';
import { openSession, sessionLife, usedSession } from '../../server/usecases/visitors.ts';
import type { OpenInput } from '../../server/usecases/visitors.ts';
import type { Widget } from '../../shared/widget.ts';

const minute = 60_000;
let now = 0;
const clock = { now: () => now, monotonic: () => now };
const warned: string[] = [];
const silent = (): void => undefined;
const log: Log = { debug: silent, info: silent, warn: (_, message) => void warned.push(message), error: silent };

let store: Store;
/** Edits that changed something. */
let writes = 0;
let session: Session;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const stored = async (): Promise<Session | undefined> => store.documents.sessions.get(session.orgId, session.id);

beforeEach(async () => {
  now = 1_000_000;
  writes = 0;
  warned.length = 0;
  const memory = await openMemoryStore({ clock });
  const { sessions } = memory.documents;
  const update: typeof sessions.update = (orgId, id, change) =>
    sessions.update(orgId, id, async (before) => {
      const after = await change(before);
      if (after !== undefined) writes += 1;
      return after;
    });
  store = { ...memory, documents: { ...memory.documents, sessions: { ...sessions, update } } };
  session = {
    id: newId('ssn'),
    orgId: newId('org'),
    createdAt: now,
    expiresAt: now + sessionLife.idleMs,
    widgetId: newId('wid'),
    visitorId: newId('vst'),
    contactId: newId('con'),
    conversationId: newId('conv'),
    hash: newHexId(),
    openKey: newHexId(),
    lastSeenAt: now,
    channel: 'widget',
  };
  await sessions.put(session);
});

it('a session in use is written down once a minute, however many ask at once and on however many connections', async () => {
  now += minute;
  for (let i = 0; i < 500; i += 1) expect(usedSession({ store, clock, log }, session).lastSeenAt).toBe(now);
  await turn();
  expect(writes).toBe(1);
  expect(await stored()).toMatchObject({ lastSeenAt: now, expiresAt: now + sessionLife.idleMs });
  now += minute - 1;
  usedSession({ store, clock, log }, (await stored())!);
  await turn();
  expect(writes).toBe(1);
});

it('nobody waits for that, and a store that is away is only told in the log', async () => {
  const away = { ...store.documents.sessions, update: () => Promise.reject(new Error('away')) };
  const deps = { store: { ...store, documents: { ...store.documents, sessions: away } }, clock, log };
  now += minute;
  expect(usedSession(deps, session).lastSeenAt).toBe(now);
  await turn();
  expect(warned).toEqual(['a visit was not written down']);
});

it('a session that ended meanwhile stays ended', async () => {
  await store.documents.sessions.delete(session.orgId, session.id);
  now += minute;
  usedSession({ store, clock, log }, session);
  await turn();
  expect(await stored()).toBeUndefined();
});

const input: OpenInput = { asker: '192.0.2.1 test', channel: 'widget', page: { url: 'https://shop.example/boats' } };
const widgetOf = (): Widget => ({ id: session.widgetId, orgId: session.orgId }) as Widget;

it('who comes back after a while is answered before that is written down', async () => {
  const deps = { store, clock, log };
  const { sessionToken, visitorToken } = await openSession(deps, widgetOf(), {}, input);
  now += 45 * minute;
  const never = (): Promise<never> => new Promise(() => undefined);
  const { contacts, sessions, visitors } = store.documents;
  const documents = {
    ...store.documents,
    contacts: { ...contacts, update: never },
    sessions: { ...sessions, update: never },
    visitors: { ...visitors, update: never },
  };
  const page = { url: 'https://shop.example/sails' };
  const hung = { ...deps, store: { ...store, documents } };
  const opened = await openSession(hung, widgetOf(), { sessionToken, visitorToken }, { ...input, page });
  expect(opened).toMatchObject({ sessionToken, visitorToken, session: { lastSeenAt: now, page } });
  expect(opened.contact).toMatchObject({ lastSeenAt: now, visits: 2, page });
  const again = await openSession(deps, widgetOf(), { sessionToken, visitorToken }, { ...input, page });
  await turn();
  expect(again.contact).toMatchObject({ visits: 2, page });
  expect(await contacts.get(session.orgId, again.session.contactId)).toMatchObject({
    lastSeenAt: now,
    visits: 2,
    page,
  });
});

it("with another visitor's token, or none, nobody resumes what is not theirs", async () => {
  const deps = { store, clock, log };
  const [mine, theirs] = [
    await openSession(deps, widgetOf(), {}, input),
    await openSession(deps, widgetOf(), {}, input),
  ];
  const { sessionToken } = mine;
  const other = await openSession(deps, widgetOf(), { sessionToken, visitorToken: theirs.visitorToken }, input);
  expect(other.session).toMatchObject({ visitorId: theirs.session.visitorId });
  expect(other.session.conversationId).toBe(theirs.session.conversationId);
  // A session alone is enough, and gets a token that is its own; the old one is dead then.
  for (const visitorToken of [undefined, '', 'vis_unknown', 'x'.repeat(300)]) {
    const alone = await openSession(deps, widgetOf(), { sessionToken, visitorToken }, input);
    expect(alone.session.id).toBe(mine.session.id);
    expect(alone.visitorToken).not.toBe(mine.visitorToken);
    const next = await openSession(deps, widgetOf(), { visitorToken: alone.visitorToken }, input);
    expect(next.session.conversationId).toBe(mine.session.conversationId);
  }
  const old = await openSession(deps, widgetOf(), { visitorToken: mine.visitorToken }, input);
  expect(old.session.visitorId).not.toBe(mine.session.visitorId);
});
