// How a visitor comes back: by which token, to which conversation, and what a new one does to the old.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalBus } from '../../server/adapters/bus/local.ts';
import { createLog } from '../../server/adapters/log/pino.ts';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Clock } from '../../server/ports/clock.ts';
import type { Store } from '../../server/ports/store.ts';
import type { SessionView } from '../../shared/commands.ts';
import { ChatError } from '../../shared/errors.ts';
import { newHexId, newUuid } from '../../shared/ids.ts';
import type { View } from '../../shared/view.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import { scenesOf } from './scenes.ts';
import type { TestServer } from '../support/server.ts';
import { firstOrganisation } from '../support/tenant.ts';

const hourMs = 3_600_000;
/** Time as it is, plus what a test lets pass. */
let passed = 0;
const clock: Clock = { now: () => Date.now() + passed, monotonic: () => performance.now() };

let server: TestServer;
let staff: RawClient;
let key: string;
beforeAll(async () => {
  server = await startServer({ clock });
  key = server.firstRun.widgetKey;
  staff = await connectStaff(server.url, server.firstRun.keys.console);
});
afterAll(async () => {
  staff.close();
  await server.stop();
});

const { say, held, logOf, note, again, reopened } = scenesOf(() => ({ server, staff, key }));

describe('a session', () => {
  it('begins without a log: no fact, no inbox row, until the first word', async () => {
    const { client, view, conversationId } = await openVisitor(server.url, key);
    const { orgId } = await firstOrganisation(server);
    expect(view).toMatchObject({ head: { seq: 0 }, facts: [], more: false, state: { status: 'new' } });
    expect(await server.node.store.row(orgId, conversationId)).toBeUndefined();
    expect(await staff.ask('conversation:open', { conversationId })).toMatchObject({ error: { code: 'not_found' } });
    await say(client, conversationId, 'Hello');
    expect(await server.node.store.row(orgId, conversationId)).toBeDefined();
    client.close();
  });

  it('opened again with the same clientId and no tokens is the same conversation under fresh tokens', async () => {
    const clientId = newUuid();
    const first = await again({});
    const lost = await first.must<SessionView>('session:open', { clientId });
    await say(first, lost.conversationId, 'Did you get this?');
    const view = await reopened({}, { clientId });
    expect(view.conversationId).toBe(lost.conversationId);
    expect(view.head.seq).toBeGreaterThan(0);
    expect(view.sessionToken).not.toBe(lost.sessionToken);
    expect(view.visitorToken).not.toBe(lost.visitorToken);
    const { sessionToken, visitorToken } = lost;
    expect((await reopened({ sessionToken, visitorToken })).conversationId).not.toBe(lost.conversationId);
    expect((await reopened({ sessionToken: view.sessionToken })).conversationId).toBe(lost.conversationId);
    first.close();
  });

  it('opened twice at the very same moment is one', async () => {
    for (let round = 0; round < 5; round += 1) {
      const clientId = newUuid();
      const clients = [await again({}), await again({}), await again({})];
      const views = await Promise.all(clients.map((client) => client.must<SessionView>('session:open', { clientId })));
      expect(new Set(views.map(({ conversationId }) => conversationId)).size).toBe(1);
      for (const client of clients) client.close();
    }
  });

  it('is resumed by its token, and by the visitor’s alone for a day without use', async () => {
    const { client, view, conversationId } = await openVisitor(server.url, key);
    await say(client, conversationId, 'Remember me');
    const { sessionToken, visitorToken } = view;
    client.close();
    expect((await reopened({ sessionToken, visitorToken })).conversationId).toBe(conversationId);
    const byVisitor = await reopened({ visitorToken });
    expect(byVisitor.conversationId).toBe(conversationId);
    expect(byVisitor.sessionToken).not.toBe(sessionToken);
    passed += 25 * hourMs;
    const later = await reopened({ visitorToken });
    expect(later.conversationId).not.toBe(conversationId);
    expect(later.facts).toEqual([]);
    expect(later.earlier.map((earlier) => earlier.conversationId)).toContain(conversationId);
    expect((await reopened({ sessionToken })).conversationId).not.toBe(conversationId);
  });

  it('lives on while its tab is used, however long ago it was opened', async () => {
    const { client, view, conversationId } = await openVisitor(server.url, key);
    for (let i = 0; i < 3; i += 1) {
      passed += 20 * hourMs;
      await say(client, conversationId, `Still here ${i}`);
    }
    passed += 20 * hourMs;
    expect((await reopened(view)).conversationId).toBe(conversationId);
    client.close();
  });

  it('does not adopt a token that nobody issued', async () => {
    const chosen = `vis_${'a'.repeat(43)}`;
    const view = await reopened({ visitorToken: chosen });
    expect(view.visitorToken).not.toBe(chosen);
    expect((await reopened({ visitorToken: chosen })).conversationId).not.toBe(view.conversationId);
  });

  it("moves to the visitor's own earlier conversation, and to nobody else's", async () => {
    const mine = await held();
    const next = await mine.client.must<SessionView>('conversation:new', { clientId: newUuid() });
    expect(next.conversationId).not.toBe(mine.conversationId);
    const back = await reopened(mine.view, { conversationId: mine.conversationId });
    expect(back.conversationId).toBe(mine.conversationId);
    expect(back.facts.length).toBeGreaterThan(0);
    const stranger = await again({});
    const refused = await stranger.ask('session:open', { conversationId: mine.conversationId });
    expect(refused).toMatchObject({ ok: false, error: { code: 'not_found' } });
    // The refusal left a session of its own, which a second try opens.
    const own = await stranger.must<SessionView>('session:open', {});
    expect(own.conversationId).not.toBe(mine.conversationId);
    stranger.close();
    mine.client.close();
  });
});

describe('a new conversation', () => {
  it('closes the old one with `next`, and a repeat begins nothing', async () => {
    const { client, conversationId } = await held();
    const clientId = newUuid();
    const next = await client.must<SessionView>('conversation:new', { clientId });
    expect(next).toMatchObject({ head: { seq: 0 }, facts: [] });
    expect((await logOf(conversationId)).at(-1)).toMatchObject({
      type: 'conversation.closed',
      next: next.conversationId,
      by: { kind: 'visitor' },
    });
    const length = (await logOf(conversationId)).length;
    const repeat = await client.must<SessionView>('conversation:new', { clientId });
    expect(repeat.conversationId).toBe(next.conversationId);
    expect(await logOf(conversationId)).toHaveLength(length);
    // Facts of the old one reach this socket no more.
    client.frames.length = 0;
    await note(conversationId, 'afterwards');
    await say(client, next.conversationId, 'Fresh start');
    const heard = client.frames.flatMap((frame) => (frame.event === 'fact' ? [frame.fact.conversationId] : []));
    expect(new Set(heard)).toEqual(new Set([next.conversationId]));
    client.close();
  });
});

describe('a store in trouble', () => {
  let broken: TestServer;
  let isRefusing = false;
  let onRead: (() => void) | undefined;
  const bus = createLocalBus({ log: createLog('silent') });
  beforeAll(async () => {
    const memory = await openMemoryStore({ clock: systemClock });
    const store = Object.create(memory, {
      append: {
        value: (entries: Parameters<Store['append']>[0]) => {
          if (isRefusing) throw new ChatError('unavailable', 'The disk is full');
          return memory.append(entries);
        },
      },
      reads: {
        value: (ids: readonly string[]) => {
          onRead?.();
          return memory.reads(ids);
        },
      },
    }) as Store;
    broken = await startServer({ store, bus, env: { LOG_LEVEL: 'silent' } });
  });
  afterAll(() => broken.stop());

  it('in the middle of a new conversation: the repeat finds it begun, and closes the old one', async () => {
    const { client, conversationId } = await openVisitor(broken.url, broken.firstRun.widgetKey);
    await say(client, conversationId, 'Hello');
    await client.untilFact('message.created', ({ author }) => author.kind === 'ai');
    const clientId = newUuid();
    isRefusing = true;
    expect(await client.ask('conversation:new', { clientId })).toMatchObject({ error: { code: 'unavailable' } });
    isRefusing = false;
    const next = await client.must<SessionView>('conversation:new', { clientId });
    const closed = await client.must<View>('facts:since', { conversationId });
    expect(closed.state).toMatchObject({ status: 'closed', next: next.conversationId });
    expect(next.earlier).toHaveLength(1);
    client.close();
  });

  it('a view that this build cannot fold is an ack, `unavailable`, and nobody else’s problem', async () => {
    const { client, conversationId } = await openVisitor(broken.url, broken.firstRun.widgetKey);
    await say(client, conversationId, 'Hello');
    const { orgId } = await firstOrganisation(broken);
    const tokens = await client.must<SessionView>('session:open', {});
    onRead = () => {
      onRead = undefined;
      const seq = 1000;
      const place = { conversationId, id: newHexId(), at: Date.now() };
      const facts = Array.from({ length: seq }, (_, i) => ({
        ...place,
        seq: i + 1,
        type: 'of.tomorrow',
        critical: true,
      }));
      bus.publish({ kind: 'facts', orgId, conversationId, facts: facts as never });
    };
    const late = await connectVisitor(broken.url, broken.firstRun.widgetKey, { ...tokens });
    expect(await late.ask('session:open', {})).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    expect(await late.ask('session:open', {})).toMatchObject({ ok: true });
    late.close();
    client.close();
  });
});
