// How long sessions live, by a clock that the test holds.
import { beforeEach, expect, it } from 'vitest';
import { newHexId, newId } from '../../shared/ids.ts';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import type { Session } from '../../server/ports/documents.ts';
import type { Store } from '../../server/ports/store.ts';
import type { Log } from '../../server/ports/telemetry.ts';
import { sessionLife, usedSession } from '../../server/usecases/visitors.ts';

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
  expect(warned).toEqual(['session not touched']);
});

it('a session that ended meanwhile stays ended', async () => {
  await store.documents.sessions.delete(session.orgId, session.id);
  now += minute;
  usedSession({ store, clock, log }, session);
  await turn();
  expect(await stored()).toBeUndefined();
});
