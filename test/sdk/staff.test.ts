// The staff's client against a real Socket.IO server: a live inbox, open conversations, and clicks that collide.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConversationSnapshot, KeyValueStorage, StaffClient } from '../../client/sdk/api.ts';
import { createStaffClient, memoryStorage } from '../../client/sdk/index.ts';
import { eventually, online, until } from './waiting.ts';
import { controlled, said } from './wire-log.ts';
import { startWireServer } from './wire-server.ts';
import type { WireServer } from './wire-server.ts';

let server: WireServer;
let clients: StaffClient[] = [];

beforeEach(async () => {
  server = await startWireServer();
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  await server.stop();
});

const connect = (token = 'con_good', storage: KeyValueStorage = memoryStorage()): StaffClient => {
  const client = createStaffClient({
    url: server.url,
    token,
    memberId: 'mem_anna',
    storage,
    backoff: { min: 5, max: 40 },
    ackTimeoutMs: 300,
  });
  clients.push(client);
  client.connect();
  return client;
};

const handoff = (id: string): void => {
  server.commit(id, said('visitor', `help ${id}`), controlled(2, null, { reason: 'handoff', waiting: 'handoff' }));
};
const ids = (client: StaffClient): string[] => client.inbox.get().rows.map((row) => row.conversationId);
const shows = (client: StaffClient, ...expected: string[]): Promise<unknown> =>
  until(client.inbox, (now) => !now.isLoading && now.rows.map((row) => row.conversationId).join() === expected.join());
const texts = (snapshot: ConversationSnapshot): string[] =>
  snapshot.facts.flatMap((fact) =>
    fact.type === 'message.created' || fact.type === 'note.created' ? [fact.text] : [],
  );

test('a token that is not good is refused for good', async () => {
  const client = connect('con_bad');
  expect(await until(client.connection, ({ status }) => status === 'refused')).toMatchObject({
    error: { code: 'unauthenticated' },
  });
  expect(server.handshakes.length).toBe(1);
});

describe('the inbox', () => {
  test('is loaded by pages, and grows and shrinks live', async () => {
    for (const name of ['a', 'b', 'c', 'd']) handoff(`conv_${name}`);
    const client = connect();
    client.openInbox('needs-person');
    await shows(client, 'conv_a', 'conv_b', 'conv_c');
    expect(client.inbox.get()).toMatchObject({ hasMore: true, counts: { needsPerson: 4 } });
    server.commit('conv_b', controlled(3, 'bert'));
    await shows(client, 'conv_a', 'conv_c');
    await client.loadMoreInbox();
    await shows(client, 'conv_a', 'conv_c', 'conv_d');
    expect(client.inbox.get().hasMore).toBe(false);
    handoff('conv_e');
    await shows(client, 'conv_a', 'conv_c', 'conv_d', 'conv_e');
  });

  test('keeps a row that would leave a hole above it for its page', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) handoff(`conv_${name}`);
    const client = connect();
    client.openInbox('needs-person');
    await shows(client, 'conv_a', 'conv_b', 'conv_c');
    handoff('conv_f');
    await until(client.inbox, (now) => now.counts.needsPerson === 6);
    expect(ids(client)).toEqual(['conv_a', 'conv_b', 'conv_c']);
    await client.loadMoreInbox();
    await shows(client, 'conv_a', 'conv_b', 'conv_c', 'conv_d', 'conv_e', 'conv_f');
  });

  test('is right again after an outage, in as many pages as were open', async () => {
    for (const name of ['a', 'b', 'c', 'd']) handoff(`conv_${name}`);
    const client = connect();
    client.openInbox('needs-person');
    await shows(client, 'conv_a', 'conv_b', 'conv_c');
    await client.loadMoreInbox();
    await server.stop();
    server.commit('conv_a', controlled(3, 'bert'));
    server.commit('conv_d', controlled(3, 'bert'));
    handoff('conv_e');
    await server.start();
    await shows(client, 'conv_b', 'conv_c', 'conv_e');
    expect(client.inbox.get()).toMatchObject({ hasMore: false, counts: { needsPerson: 3 } });
  });

  test('of another filter replaces the first, also where the first answers late', async () => {
    handoff('conv_a');
    server.commit('conv_b', said('visitor', 'hi'));
    const client = connect();
    await online(client);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.faults.hold.push({ command: 'inbox:open', until: held });
    client.openInbox('needs-person');
    client.openInbox('ai');
    await shows(client, 'conv_b');
    release();
    server.commit('conv_c', said('visitor', 'ho'));
    await shows(client, 'conv_c', 'conv_b');
    expect(client.inbox.get().filter).toBe('ai');
  });

  test('says why where it cannot be loaded', async () => {
    server.faults.refuse.push({ command: 'inbox:open', error: { code: 'forbidden', message: 'No' } });
    const client = connect();
    client.openInbox('open');
    expect(await until(client.inbox, (now) => now.error !== undefined)).toMatchObject({
      isLoading: false,
      error: { code: 'forbidden' },
    });
  });
});

describe('a conversation', () => {
  test('is the same observable for the same id, live, current through an outage, and silent once left', async () => {
    server.commit('conv_a', said('visitor', 'one'));
    const client = connect();
    const shown = client.open('conv_a');
    expect(client.open('conv_a')).toBe(shown);
    await until(shown, (now) => texts(now).join() === 'one');
    await server.stop();
    server.commit('conv_a', said('ai', 'two'));
    await server.start();
    await until(shown, (now) => texts(now).join() === 'one,two');
    client.leave('conv_a');
    await eventually(() => server.asked.some(({ command }) => command === 'conversation:leave'));
    expect(client.open('conv_a')).not.toBe(shown);
  });

  test('that does not exist says so', async () => {
    const client = connect();
    const now = await until(client.open('conv_none'), (now) => now.error !== undefined);
    expect(now).toMatchObject({ isLoaded: false, error: { code: 'not_found' } });
  });

  test('is opened again where the server could not answer at first', async () => {
    server.commit('conv_a', said('visitor', 'one'));
    server.faults.refuse.push({ command: 'conversation:open', error: { code: 'unavailable', message: 'Busy' } });
    const client = connect();
    const now = await until(client.open('conv_a'), (now) => now.isLoaded);
    expect(texts(now)).toEqual(['one']);
  });

  test('[R13] written texts survive a reload, clicks do not', async () => {
    server.commit('conv_a', said('visitor', 'one'));
    const storage = memoryStorage();
    const first = connect('con_good', storage);
    await online(first);
    first.disconnect();
    first.send('conv_a', 'from the train');
    void first.perform('note:add', { conversationId: 'conv_a', text: 'a note' });
    void first.perform('conversation:take', { conversationId: 'conv_a' });
    const second = connect('con_good', storage);
    const shown = second.open('conv_a');
    await until(shown, (now) => texts(now).join() === 'one,from the train,a note' && now.outbox.length === 0);
    expect(server.asked.some(({ command }) => command === 'conversation:take')).toBe(false);
  });

  test('a click that is refused tells its caller, and does not linger', async () => {
    server.commit('conv_a', said('visitor', 'one'));
    const client = connect();
    const shown = client.open('conv_a');
    await until(shown, (now) => now.isLoaded);
    server.faults.refuse.push({ command: 'conversation:take', error: { code: 'conflict', message: 'Bert has it' } });
    const answer = await client.perform('conversation:take', { conversationId: 'conv_a' });
    expect(answer).toEqual({ ok: false, error: { code: 'conflict', message: 'Bert has it' } });
    expect(shown.get().outbox).toEqual([]);
  });

  test('a draft in the making is shown to staff, and its fact takes its place in one update', async () => {
    server.commit('conv_a', said('visitor', 'one'));
    const client = connect();
    const shown = client.open('conv_a');
    await until(shown, (now) => now.isLoaded);
    const reply = { conversationId: 'conv_a', replyId: 'msg_d', turn: 1, attempt: 1 };
    server.signal({ type: 'reply.started', ...reply, mode: 'draft' });
    server.signal({ type: 'reply.delta', ...reply, offset: 0, text: 'Perhaps' });
    await until(shown, (now) => now.reply?.mode === 'draft' && now.reply.text === 'Perhaps');
    const updates: [boolean, boolean][] = [];
    shown.subscribe((now) => updates.push([now.reply === null, now.state.draft !== null]));
    const draft = { draftId: 'msg_d', turn: 1, text: 'Perhaps so', sources: [], answers: 2 };
    server.commit('conv_a', { type: 'draft.created', ...draft });
    await until(shown, (now) => now.state.draft !== null);
    expect(updates).toEqual([[true, true]]);
  });
});

test('being away is told again after a reconnect', async () => {
  const client = connect();
  await client.ask('presence:set', { status: 'away' });
  server.kick();
  const told = () => server.asked.filter(({ command }) => command === 'presence:set').map(({ input }) => input);
  await eventually(() => told().length === 2);
  expect(told()[1]).toEqual({ status: 'away' });
});
