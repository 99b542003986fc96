// The SDK against the real server: two tabs, a person, tunnels and reloads.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConversationSnapshot, KeyValueStorage, StaffClient, VisitorClient } from '../../client/sdk/api.ts';
import { createStaffClient, createVisitorClient, memoryStorage } from '../../client/sdk/index.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { online, until } from './waiting.ts';

let server: TestServer;
const clients: (VisitorClient | StaffClient)[] = [];

beforeAll(async () => {
  server = await startServer({ env: { AI_BUILTIN_WORDS_PER_SECOND: '40' } });
});
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await server.stop();
});

const visit = (storage: KeyValueStorage = memoryStorage()): VisitorClient => {
  const { url, firstRun } = server;
  const client = createVisitorClient({ url, widgetKey: firstRun.widgetKey, storage, backoff: { min: 10, max: 100 } });
  clients.push(client);
  client.connect();
  return client;
};

const attend = async (): Promise<StaffClient> => {
  const { url, firstRun } = server;
  const client = createStaffClient({ url, token: firstRun.keys.console, memberId: '', backoff: { min: 10, max: 100 } });
  clients.push(client);
  client.connect();
  await online(client);
  return client;
};

const messages = (now: ConversationSnapshot | null) =>
  (now?.facts ?? []).flatMap((fact) => (fact.type === 'message.created' ? [fact] : []));
const answered = (now: ConversationSnapshot | null): boolean => messages(now).some((one) => one.author.kind === 'ai');

test('a visitor asks, watches the answer grow, and both tabs hold the same log', async () => {
  const storage = memoryStorage();
  const one = visit(storage);
  one.send('What does a kayak cost for a day?');
  const live = await until(one.conversation, (now) => (now?.reply?.text.length ?? 0) > 0);
  const two = visit(storage);
  const resumed = await until(two.conversation, (now) => now?.isLoaded === true);
  expect(resumed?.conversationId).toBe(live?.conversationId);
  await until(one.conversation, answered);
  await until(two.conversation, answered);
  expect(two.conversation.get()?.facts).toEqual(one.conversation.get()?.facts);
  expect(two.conversation.get()?.state).toEqual(one.conversation.get()?.state);
  expect(messages(one.conversation.get()).map((one) => one.author.kind)).toEqual(['visitor', 'ai']);
});

test('[R10] a person takes over in mid-sentence: the text is frozen and no token follows', async () => {
  const visitor = visit();
  visitor.send('Tell me everything about the trips, in detail please');
  const live = await until(visitor.conversation, (now) => (now?.reply?.text.length ?? 0) > 5);
  const conversationId = live?.conversationId ?? '';
  const staff = await attend();
  const watched = staff.open(conversationId);
  await until(watched, (now) => now.isLoaded);
  const after: string[] = [];
  visitor.conversation.subscribe((now) => {
    if (now?.state.control.agentId !== null && now?.reply) after.push(now.reply.text);
  });
  expect(await staff.perform('conversation:take', { conversationId })).toMatchObject({ ok: true });
  await until(visitor.conversation, (now) => now?.state.control.agentId !== null);
  staff.send(conversationId, 'Hello, I am a person');
  await until(visitor.conversation, (now) => messages(now).at(-1)?.text === 'Hello, I am a person');
  expect(messages(visitor.conversation.get())[1]).toMatchObject({ status: 'interrupted', author: { kind: 'ai' } });
  expect(after).toEqual([]);
  await until(watched, (now) => messages(now).at(-1)?.text === 'Hello, I am a person' && now.outbox.length === 0);
});

test('[R13] what was typed without a connection is sent when it is back, once', async () => {
  const storage = memoryStorage();
  const visitor = visit(storage);
  await online(visitor);
  visitor.disconnect();
  visitor.send('typed in a tunnel');
  const again = visit(storage);
  visitor.connect();
  const mine = (now: ConversationSnapshot | null): number =>
    messages(now).filter((one) => one.author.kind === 'visitor').length;
  await until(again.conversation, (now) => answered(now) && now?.outbox.length === 0);
  await until(visitor.conversation, (now) => answered(now) && now?.outbox.length === 0);
  expect([mine(again.conversation.get()), mine(visitor.conversation.get())]).toEqual([1, 1]);
});

test('a reload in the middle of an answer shows the text so far and then the rest', async () => {
  const storage = memoryStorage();
  const before = visit(storage);
  before.send('What should I wear on the water?');
  const live = await until(before.conversation, (now) => (now?.reply?.text.length ?? 0) > 5);
  before.disconnect();
  const after = visit(storage);
  const resumed = await until(after.conversation, (now) => now?.isLoaded === true);
  expect(resumed?.reply?.text.startsWith(live?.reply?.text ?? '?')).toBe(true);
  const done = await until(after.conversation, answered);
  expect(
    messages(done)
      .at(-1)
      ?.text.startsWith(resumed?.reply?.text ?? '?'),
  ).toBe(true);
  expect(done?.reply).toBeNull();
});

test('a new conversation in one tab is followed by the other, and the first is among the earlier ones', async () => {
  const storage = memoryStorage();
  const one = visit(storage);
  one.send('Hello');
  await until(one.conversation, answered);
  const two = visit(storage);
  await until(two.conversation, answered);
  const old = one.conversation.get()?.conversationId;
  expect(await one.newConversation()).toEqual({ ok: true });
  await until(two.conversation, (now) => now?.conversationId === one.conversation.get()?.conversationId);
  expect(one.conversation.get()?.conversationId).not.toBe(old);
  expect(one.earlier.get().map((earlier) => earlier.conversationId)).toContain(old);
});

test('the inbox is live: a visitor who asks for a person appears first among those who need one', async () => {
  const staff = await attend();
  staff.openInbox('needs-person');
  await until(staff.inbox, (now) => !now.isLoading);
  const visitor = visit();
  visitor.send('Hello');
  await until(visitor.conversation, answered);
  expect(await visitor.perform('handoff:request', { reason: 'I want a person' })).toMatchObject({ ok: true });
  const id = visitor.conversation.get()?.conversationId;
  await until(staff.inbox, (now) => now.rows.some((row) => row.conversationId === id));
});

test('a restart of the server in the middle of a conversation loses nothing, on either side', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tiller-sdk-'));
  const before = await startServer({ dataDir });
  const { url, firstRun } = before;
  const port = new URL(url).port;
  const more = { url, backoff: { min: 10, max: 100 } };
  const visitor = createVisitorClient({ ...more, widgetKey: firstRun.widgetKey });
  const staff = createStaffClient({ ...more, token: firstRun.keys.console, memberId: '' });
  clients.push(visitor, staff);
  visitor.connect();
  staff.connect();
  visitor.send('Hello');
  const begun = await until(visitor.conversation, answered);
  const conversationId = begun?.conversationId ?? '';
  const watched = staff.open(conversationId);
  staff.openInbox('open');
  await until(watched, answered);
  expect(await staff.perform('conversation:take', { conversationId })).toMatchObject({ ok: true });

  await before.node.stop();
  await until(visitor.connection, ({ status }) => status === 'offline');
  await until(staff.connection, ({ status }) => status === 'offline');
  visitor.send('said by the visitor meanwhile');
  staff.send(conversationId, 'said by the person meanwhile');
  const after = await startServer({ dataDir, env: { PORT: port } });
  const isWhole = (now: ConversationSnapshot | null): boolean =>
    now?.outbox.length === 0 && messages(now).filter((one) => one.text.endsWith('meanwhile')).length === 2;
  await until(visitor.conversation, isWhole);
  await until(watched, isWhole);
  await until(staff.inbox, (now) => now.rows.some((row) => row.head.seq === watched.get().state.head.seq));
  expect(messages(visitor.conversation.get()).map((one) => one.messageId)).toEqual(
    messages(watched.get()).map((one) => one.messageId),
  );
  visitor.disconnect();
  staff.disconnect();
  await after.stop();
  await rm(dataDir, { recursive: true, force: true });
});
