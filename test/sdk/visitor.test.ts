// The visitor's client against a real Socket.IO server that drops, refuses, kicks and restarts.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  ConversationSnapshot,
  KeyValueStorage,
  VisitorClient,
  VisitorClientOptions,
} from '../../client/sdk/api.ts';
import { createVisitorClient, memoryStorage } from '../../client/sdk/index.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import { eventually, online, until } from './waiting.ts';
import { controlled, said } from './wire-log.ts';
import { startWireServer, widgetKey } from './wire-server.ts';
import type { WireServer } from './wire-server.ts';

let server: WireServer;
let clients: VisitorClient[] = [];

beforeEach(async () => {
  server = await startWireServer();
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  await server.stop();
});

const connect = (
  storage: KeyValueStorage = memoryStorage(),
  more: Partial<VisitorClientOptions> = {},
): VisitorClient => {
  const client = createVisitorClient({
    url: server.url,
    widgetKey,
    storage,
    backoff: { min: 5, max: 40 },
    ackTimeoutMs: 300,
    ...more,
  });
  clients.push(client);
  client.connect();
  return client;
};

const texts = (snapshot: ConversationSnapshot | null): string[] =>
  (snapshot?.facts ?? []).flatMap((fact) => (fact.type === 'message.created' ? [fact.text] : []));
const seen = (client: VisitorClient, ...expected: string[]): Promise<unknown> =>
  until(
    client.conversation,
    (now) => JSON.stringify(texts(now)) === JSON.stringify(expected) && now?.outbox.length === 0,
  );
const idOf = (client: VisitorClient): string => client.conversation.get()?.conversationId ?? '';
const sent = (): string[] =>
  server.asked.filter(({ command }) => command === 'message:send').map(({ input }) => String(input['text']));

describe('sending', () => {
  test('a message typed before the session is open is shown, pinned and sent', async () => {
    const client = connect();
    client.send('hello');
    expect(client.conversation.get()).toMatchObject({
      conversationId: '',
      isLoaded: false,
      outbox: [{ status: 'queued' }],
    });
    await seen(client, 'hello');
    expect(server.log(idOf(client)).facts.map((fact) => fact.type)).toEqual(['conversation.opened', 'message.created']);
  });

  test('[R13] a burst goes out one by one, in order', async () => {
    const client = connect();
    const all = Array.from({ length: 20 }, (_, index) => `m${index}`);
    for (const text of all) client.send(text);
    await seen(client, ...all);
    expect(sent()).toEqual(all);
  });

  test('[R3] a lost ack is repeated with the same clientId and lands once', async () => {
    const client = connect();
    await online(client);
    server.faults.areFactsLost = true;
    server.faults.dropAck.push('message:send');
    client.send('once');
    await seen(client, 'once');
    const asked = server.asked.filter(({ command }) => command === 'message:send');
    expect(asked.length).toBeGreaterThan(1);
    expect(new Set(asked.map(({ input }) => input['clientId'])).size).toBe(1);
    expect(server.log(idOf(client)).facts.length).toBe(2);
  });

  test('[R13] a connection that ends between commit and ack loses and doubles nothing', async () => {
    const client = connect();
    await online(client);
    server.faults.cut.push('message:send', 'message:send');
    client.send('one');
    client.send('two');
    await seen(client, 'one', 'two');
    expect(server.log(idOf(client)).facts.length).toBe(3);
  });

  test('[R13] an unsent message survives a reload', async () => {
    const storage = memoryStorage();
    const first = connect(storage);
    await online(first);
    first.disconnect();
    first.send('typed in a tunnel');
    first.send('and another');
    await server.stop();
    const second = connect(storage);
    second.send('third');
    // Shown before there is any connection, in the order in which they were typed.
    const waiting = second.conversation.get()?.outbox.map(({ input }) => input['text']);
    expect(waiting).toEqual(['typed in a tunnel', 'and another', 'third']);
    await server.start();
    await seen(second, 'typed in a tunnel', 'and another', 'third');
    expect(storage.keys().filter((key) => key.includes(':out:'))).toEqual([]);
  });

  test('a refusal for good marks that message failed and lets the next one go; retry sends it again', async () => {
    const client = connect();
    await online(client);
    server.faults.refuse.push({ command: 'message:send', error: { code: 'invalid', message: 'No' } });
    const clientId = client.send('bad');
    client.send('good');
    await until(client.conversation, (now) => texts(now).includes('good') && now?.outbox[0]?.status === 'failed');
    expect(client.conversation.get()?.outbox).toMatchObject([{ clientId, error: { code: 'invalid' } }]);
    client.retry(clientId);
    await seen(client, 'good', 'bad');
  });

  test('a failed message can be discarded, and is gone after a reload', async () => {
    const storage = memoryStorage();
    const client = connect(storage);
    await online(client);
    server.faults.refuse.push({ command: 'message:send', error: { code: 'forbidden', message: 'No' } });
    const clientId = client.send('bad');
    await until(client.conversation, (now) => now?.outbox[0]?.status === 'failed');
    client.disconnect();
    const again = connect(storage);
    await until(again.conversation, (now) => now?.isLoaded === true && now.outbox[0]?.status === 'failed');
    again.discard(clientId);
    expect(again.conversation.get()?.outbox).toEqual([]);
    expect(storage.keys().filter((key) => key.includes(':out:'))).toEqual([]);
    expect(sent()).toEqual(['bad']);
  });

  test('a rate limit is waited out, counted down for the screen', async () => {
    const client = connect();
    await online(client);
    server.faults.refuse.push({
      command: 'message:send',
      error: { code: 'rate_limited', message: 'Slow', retryAfterMs: 60 },
    });
    const startedAt = Date.now();
    client.send('patient');
    const waiting = await until(client.conversation, (now) => now?.outbox[0]?.status === 'waiting');
    expect(waiting?.outbox[0]?.retryAt).toBeGreaterThanOrEqual(startedAt + 60);
    await seen(client, 'patient');
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(60);
  });

  test('stopping an answer does not wait behind a message that waits', async () => {
    const client = connect();
    await online(client);
    server.faults.refuse.push({
      command: 'message:send',
      error: { code: 'rate_limited', message: 'Slow', retryAfterMs: 60_000 },
    });
    client.send('later');
    await until(client.conversation, (now) => now?.outbox[0]?.status === 'waiting');
    expect(await client.perform('reply:stop', {})).toMatchObject({ ok: true });
  });

  test('a text too long for any packet is refused here, not by a closed connection', async () => {
    const client = connect();
    await online(client);
    client.send('x'.repeat(70_000));
    await until(client.conversation, (now) => now?.outbox[0]?.error?.code === 'too_large');
    expect(client.connection.get().status).toBe('online');
    expect(sent()).toEqual([]);
  });

  test('a message is on the screen exactly once at every moment', async () => {
    const client = connect();
    await online(client);
    const counts = new Set<number>();
    const sending: string[] = [];
    client.conversation.subscribe((now) => {
      const shown = [...texts(now), ...(now?.outbox ?? []).map(({ input }) => String(input['text']))];
      counts.add(shown.length - sending.length);
      expect(new Set(shown).size).toBe(shown.length);
    });
    for (const text of ['a', 'b', 'c', 'd']) {
      sending.push(text);
      client.send(text);
    }
    await seen(client, 'a', 'b', 'c', 'd');
    expect([...counts]).toEqual([0]);
  });

  test('an acked message stays on the screen until the log holds it', async () => {
    const client = connect();
    await online(client);
    client.send('first');
    await seen(client, 'first');
    server.faults.areFactsLost = true;
    const shown: number[] = [];
    client.conversation.subscribe((now) => shown.push(texts(now).length + (now?.outbox.length ?? 0)));
    client.send('second');
    await seen(client, 'first', 'second');
    expect(Math.min(...shown)).toBe(2);
    expect(Math.max(...shown)).toBe(2);
  });
});

describe('the connection', () => {
  test('comes back after a kick, and brings what was missed', async () => {
    const client = connect();
    client.send('one');
    await seen(client, 'one');
    const applied: VisibleFact[] = [];
    client.onFact((fact, how) => how === 'live' && applied.push(fact));
    server.kick();
    server.commit(idOf(client), said('ai', 'two'), said('ai', 'three'));
    await seen(client, 'one', 'two', 'three');
    expect(applied.map((fact) => fact.seq)).toEqual([3, 4]);
    await online(client);
  });

  test('comes back after the server restarts; a message sent meanwhile arrives', async () => {
    const client = connect();
    await online(client);
    await server.stop();
    await until(client.connection, ({ status }) => status === 'offline');
    client.send('while away');
    await server.start();
    await seen(client, 'while away');
    expect(sent()).toEqual(['while away']);
  });

  test('with an unknown widget key is refused for good', async () => {
    const client = connect(memoryStorage(), { widgetKey: 'wgt_other' });
    const refused = await until(client.connection, ({ status }) => status === 'refused');
    expect(refused).toMatchObject({ error: { code: 'not_found' } });
    expect(server.handshakes.length).toBe(1);
  });

  test('refused without a word asks over HTTP why', async () => {
    server.faults.upgrade = { status: 403, code: 'forbidden' };
    const client = connect();
    const refused = await until(client.connection, ({ status }) => status === 'refused');
    expect(refused).toEqual({ status: 'refused', error: { code: 'forbidden', message: `/w/${widgetKey}?connect` } });
    server.faults.upgrade = null;
    client.connect();
    await online(client);
  });

  test('refused without a word for now asks over HTTP when to come again', async () => {
    server.faults.upgrade = { status: 503, code: 'unavailable', retryAfterMs: 400 };
    const client = connect();
    const startedAt = Date.now();
    await until(client.connection, (now) => now.status === 'offline' && (now.retryAt ?? 0) >= startedAt + 400);
    server.faults.upgrade = null;
    await online(client);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(400);
    expect(server.handshakes.length).toBe(1);
  });

  test('refused for now is tried again when the server said', async () => {
    server.faults.handshake = { code: 'rate_limited', message: 'Slow', retryAfterMs: 50 };
    const client = connect();
    const startedAt = Date.now();
    await until(client.connection, (now) => now.status === 'offline' && now.retryAt !== null);
    server.faults.handshake = null;
    await online(client);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(45);
  });

  test('a session:open whose ack is lost is repeated with the same clientId: one conversation', async () => {
    server.faults.dropAck.push('session:open', 'session:open');
    const client = connect();
    await online(client);
    const ids = server.asked.filter(({ command }) => command === 'session:open').map(({ input }) => input['clientId']);
    expect(ids.length).toBe(3);
    expect(new Set(ids).size).toBe(1);
    expect(server.logs.size).toBe(1);
  });

  test('asks never throw: without a connection they say unavailable', async () => {
    const client = connect();
    await online(client);
    await server.stop();
    expect(await client.ask('behavior:track', { events: [] }, { timeoutMs: 20 })).toMatchObject({
      ok: false,
      error: { code: 'unavailable' },
    });
  });
});

describe('the session', () => {
  test('is resumed by the stored tokens after a reload', async () => {
    const storage = memoryStorage();
    const first = connect(storage);
    first.send('remember me');
    await seen(first, 'remember me');
    first.disconnect();
    const second = connect(storage);
    await seen(second, 'remember me');
    expect(idOf(second)).toBe(idOf(first));
  });

  test('that the server forgot is given up, the visitor is kept, and what waits goes to the new conversation', async () => {
    const storage = memoryStorage();
    const client = connect(storage);
    client.send('before');
    await seen(client, 'before');
    const [visitorToken] = [...server.sessions.values()].map((session) => session.visitorToken);
    const before = idOf(client);
    await server.stop();
    server.sessions.clear();
    await until(client.connection, ({ status }) => status === 'offline');
    client.send('after');
    await server.start();
    await seen(client, 'after');
    expect(idOf(client)).not.toBe(before);
    expect(server.handshakes.at(-1)).toMatchObject({ visitorToken });
    expect(server.handshakes.at(-1)).not.toHaveProperty('sessionToken');
  });

  test('a new conversation in one tab is followed by the other', async () => {
    const storage = memoryStorage();
    const one = connect(storage);
    one.send('hello');
    await seen(one, 'hello');
    const two = connect(storage);
    await seen(two, 'hello');
    expect(await one.newConversation()).toEqual({ ok: true });
    await until(two.conversation, (now) => now?.conversationId === idOf(one) && now.isLoaded);
    expect(texts(one.conversation.get())).toEqual([]);
    two.send('in the new one');
    await seen(one, 'in the new one');
  });

  test('a new conversation whose ack is lost is one conversation', async () => {
    const client = connect();
    client.send('hello');
    await seen(client, 'hello');
    const old = idOf(client);
    server.faults.dropAck.push('conversation:new');
    await client.newConversation();
    expect(server.logs.size).toBe(2);
    expect(server.log(old).state().next).toBe(idOf(client));
  });

  test('an earlier conversation is opened to be read, and does not lead away again', async () => {
    const client = connect();
    client.send('hello');
    await seen(client, 'hello');
    const old = idOf(client);
    await client.newConversation();
    expect(client.earlier.get().map((one) => one.conversationId)).toEqual([old]);
    await client.openConversation(old);
    await seen(client, 'hello');
    expect(idOf(client)).toBe(old);
    expect(client.conversation.get()?.state.status).toBe('closed');
  });

  test('logout makes a stranger of the visitor', async () => {
    const storage = memoryStorage();
    const client = connect(storage);
    client.send('secret');
    await seen(client, 'secret');
    client.logout();
    expect(storage.keys()).toEqual([]);
    expect(client.conversation.get()).toBeNull();
    client.connect();
    await online(client);
    expect(texts(client.conversation.get())).toEqual([]);
  });
});

describe('the answer', () => {
  const stream = (client: VisitorClient, replyId: string, text: string, offset = 0): void =>
    server.signal({ type: 'reply.delta', conversationId: idOf(client), replyId, turn: 1, attempt: 1, offset, text });

  const begin = async (client: VisitorClient): Promise<void> => {
    client.send('question');
    await seen(client, 'question');
    server.signal({
      type: 'reply.started',
      conversationId: idOf(client),
      replyId: 'msg_r',
      turn: 1,
      attempt: 1,
      mode: 'answer',
    });
    stream(client, 'msg_r', 'Hello');
    await until(client.conversation, (now) => now?.reply?.text === 'Hello');
  };

  test('is replaced by its message in one and the same update', async () => {
    const client = connect();
    await begin(client);
    const states: string[] = [];
    client.conversation.subscribe((now) => states.push(`${now?.reply === null ? '-' : 'live'} ${texts(now).length}`));
    server.commit(idOf(client), said('ai', 'Hello there', { messageId: 'msg_r' }));
    await seen(client, 'question', 'Hello there');
    stream(client, 'msg_r', ' late', 5);
    server.commit(idOf(client), said('ai', 'end'));
    await seen(client, 'question', 'Hello there', 'end');
    expect(states[0]).toBe('- 2');
    expect(states.some((state) => state.startsWith('live'))).toBe(false);
  });

  test('goes on after a reload in the middle of it', async () => {
    const storage = memoryStorage();
    const first = connect(storage);
    await begin(first);
    first.disconnect();
    stream(first, 'msg_r', ' wor', 5);
    const second = connect(storage);
    await until(second.conversation, (now) => now?.reply?.text === 'Hello wor');
    stream(first, 'msg_r', 'ld', 9);
    await until(second.conversation, (now) => now?.reply?.text === 'Hello world');
    expect(server.asked.some(({ command }) => command === 'facts:since')).toBe(false);
  });

  test('with a missing piece is asked for once', async () => {
    const client = connect();
    await begin(client);
    const log = server.log(idOf(client));
    log.reply = { ...log.reply!, text: 'Hello dear' };
    stream(client, 'msg_r', ' visitor', 10);
    await until(client.conversation, (now) => now?.reply?.text === 'Hello dear visitor');
    expect(server.asked.filter(({ command }) => command === 'facts:since').length).toBe(1);
  });

  test('ends in the update in which a person takes over; its late tokens are dropped', async () => {
    const client = connect();
    await begin(client);
    const id = idOf(client);
    const seenAfter: (string | undefined)[] = [];
    client.conversation.subscribe((now) => {
      if (now?.state.control.agentName === 'Anna') seenAfter.push(now.reply?.text);
    });
    server.commit(
      id,
      said('ai', 'Hello', { messageId: 'msg_r', status: 'interrupted', cut: 'taken' }),
      controlled(2, 'Anna'),
    );
    stream(client, 'msg_r', ' stale', 5);
    server.signal({
      type: 'reply.delta',
      conversationId: id,
      replyId: 'msg_x',
      turn: 1,
      attempt: 1,
      offset: 0,
      text: 'stale',
    });
    server.commit(id, said('agent', 'I am here'));
    await seen(client, 'question', 'Hello', 'I am here');
    expect(seenAfter.every((text) => text === undefined)).toBe(true);
  });

  test('that ended without a word leaves nothing behind', async () => {
    const client = connect();
    await begin(client);
    const id = idOf(client);
    const log = server.log(id);
    server.signal({ type: 'reply.ended', conversationId: id, replyId: 'msg_r', turn: 1, outcome: 'failed' });
    log.reply = undefined;
    const now = await until(client.conversation, (now) => now?.reply === null);
    expect(texts(now)).toEqual(['question']);
  });
});

describe('gaps', () => {
  test('[R6] a lost fact is asked for as soon as the next one shows the gap', async () => {
    const client = connect();
    client.send('one');
    await seen(client, 'one');
    server.faults.areFactsLost = true;
    server.commit(idOf(client), said('ai', 'two'));
    server.faults.areFactsLost = false;
    server.commit(idOf(client), said('ai', 'three'));
    await seen(client, 'one', 'two', 'three');
    expect(server.asked.filter(({ command }) => command === 'facts:since').length).toBe(1);
  });

  test('a long absence is read in pages of 200', async () => {
    const client = connect();
    client.send('one');
    await seen(client, 'one');
    await server.stop();
    const many = Array.from({ length: 450 }, (_, index) => said('ai', `a${index}`));
    server.commit(idOf(client), ...many);
    await server.start();
    await until(client.conversation, (now) => texts(now).length === 451);
    expect(client.conversation.get()?.state).toEqual(server.log(idOf(client)).view('visitor').state);
  });

  test('[R5] another log under the same id begins afresh', async () => {
    const client = connect();
    client.send('one');
    await seen(client, 'one');
    const id = idOf(client);
    await server.stop();
    server.logs.delete(id);
    server.commit(id, said('visitor', 'uno'), said('ai', 'due'));
    await server.start();
    await seen(client, 'uno', 'due');
    expect(client.conversation.get()?.state.head.id).toBe(server.log(id).facts.at(-1)?.id);
  });

  test('earlier facts are paged upward; hidden ones are passed over', async () => {
    const storage = memoryStorage();
    const first = connect(storage);
    first.send('m0');
    await seen(first, 'm0');
    first.disconnect();
    const note = { type: 'note.created', noteId: 'n', author: { kind: 'agent' }, text: 'hush' } as const;
    const id = idOf(first);
    for (let index = 1; index <= 120; index += 1) server.commit(id, said('ai', `m${index}`), note);
    const client = connect(storage);
    await until(client.conversation, (now) => now?.isLoaded === true);
    expect(texts(client.conversation.get()).length).toBe(25);
    while (client.conversation.get()?.hasEarlier === true) await client.loadEarlier();
    expect(texts(client.conversation.get())).toEqual(Array.from({ length: 121 }, (_, index) => `m${index}`));
    server.commit(id, said('ai', 'last'));
    await until(client.conversation, (now) => texts(now).at(-1) === 'last');
  });
});

describe('history that is read too fast', () => {
  const tooFast = { code: 'rate_limited', message: 'Too fast', retryAfterMs: 250 } as const;

  test('is paged upward after the time that the server says, without asking meanwhile', async () => {
    const storage = memoryStorage();
    const first = connect(storage);
    first.send('m0');
    await seen(first, 'm0');
    first.disconnect();
    for (let index = 1; index <= 60; index += 1) server.commit(idOf(first), said('ai', `m${index}`));
    const client = connect(storage);
    await until(client.conversation, (now) => now?.isLoaded === true);
    server.faults.refuse.push({ command: 'facts:before', error: tooFast }, { command: 'facts:before', error: tooFast });
    const began = performance.now();
    await client.loadEarlier();
    expect(performance.now() - began).toBeGreaterThanOrEqual(2 * tooFast.retryAfterMs - 10);
    expect(texts(client.conversation.get())[0]).toBe('m0');
    expect(server.asked.filter(({ command }) => command === 'facts:before')).toHaveLength(3);
  });

  test('is asked for again after the time that the server says where a fact is missing', async () => {
    const client = connect();
    client.send('one');
    await seen(client, 'one');
    server.faults.areFactsLost = true;
    server.commit(idOf(client), said('ai', 'two'));
    server.faults.areFactsLost = false;
    server.faults.refuse.push({ command: 'facts:since', error: tooFast });
    const began = performance.now();
    server.commit(idOf(client), said('ai', 'three'));
    await seen(client, 'one', 'two', 'three');
    expect(performance.now() - began).toBeGreaterThanOrEqual(tooFast.retryAfterMs - 10);
  });
});

test('reading is told once, and typing is shown until the message is there', async () => {
  const client = connect();
  client.send('one');
  await seen(client, 'one');
  const id = idOf(client);
  client.markRead();
  client.markRead();
  await eventually(() => server.log(id).reads.visitor === 2);
  expect(server.asked.filter(({ command }) => command === 'message:read').length).toBe(1);
  server.signal({
    type: 'typing.changed',
    conversationId: id,
    who: 'agent',
    isTyping: true,
    name: 'Anna',
    agentId: 'mem_1',
  });
  await until(client.conversation, (now) => now?.typing.agents[0]?.name === 'Anna');
  server.commit(id, said('agent', 'hi', { author: { kind: 'agent', name: 'Anna' } }));
  await until(client.conversation, (now) => now?.typing.agents.length === 0);
  client.setTyping(true, 'dra');
  client.setTyping(true, 'draft');
  await eventually(() =>
    server.asked.some(({ command, input }) => command === 'typing:set' && input['preview'] === 'draft'),
  );
  client.setTyping(false);
  await eventually(() =>
    server.asked.some(({ command, input }) => command === 'typing:set' && input['isTyping'] === false),
  );
});
