// Live sockets of staff end with what opened them; visitors are told no picture but those that were uploaded here.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId, newUuid } from '../../shared/ids.ts';
import { openSession } from '../../server/usecases/sessions.ts';
import { makeLink } from '../../server/usecases/accounts.ts';
import { makeKey } from '../../server/usecases/keys.ts';
import { systemClock } from '../../server/ports/clock.ts';
import { createPasswords } from '../../server/adapters/passwords/argon2.ts';
import type { Member } from '../../server/ports/documents.ts';
import { evolve } from '../../shared/conversation.ts';
import type { FactOf } from '../../shared/facts.ts';
import { formOf, pictures } from '../support/pictures.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addMember, firstOrganisation } from '../support/tenant.ts';

const right = 'correct horse battery';
let server: TestServer;
let orgId: string;
const deps = () => ({ store: server.node.store, clock: systemClock, bus: { publish: () => {} } }) as never;

beforeAll(async () => {
  server = await startServer();
  orgId = (await firstOrganisation(server)).orgId;
});
afterAll(() => server.stop());

const rest = async (method: string, path: string, body: object, cookie = ''): Promise<Response> =>
  fetch(`${server.url}/api/console${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(cookie === '' ? {} : { cookie }) },
    body: JSON.stringify(body),
  });

const connectWithCookie = (cookie: string): Promise<RawClient> =>
  connectStaff(server.url, undefined as unknown as string, { cookie });

/** A member with a password, two sessions and a key that each have a live socket. */
const atWork = async (name: string) => {
  const { member: bare } = await addMember(server, orgId, name, 'admin');
  const member: Member = { ...bare, passwordHash: await createPasswords().hash(right) };
  await server.node.store.documents.members.put(member);
  const cookies = [await openSession(deps(), member), await openSession(deps(), member)].map(
    ({ secret }) => `tiller=${secret}`,
  );
  const { secret: token } = await makeKey(deps(), member, { kind: 'token', name: 'Bot' });
  const [mine, other] = [await connectWithCookie(cookies[0]!), await connectWithCookie(cookies[1]!)];
  return { member, cookie: cookies[0]!, token, mine, other, bot: await connectStaff(server.url, token) };
};
type AtWork = Awaited<ReturnType<typeof atWork>>;

/** Resolves where all of these end within a second after `act`; gives its answer. */
const endWith = async (clients: RawClient[], act: () => Promise<Response>): Promise<Response> => {
  const ends = Promise.all(
    clients.map((client) => new Promise((resolve) => client.socket.once('disconnect', resolve))),
  );
  const answer = await act();
  const began = performance.now();
  await ends;
  expect(performance.now() - began).toBeLessThan(1000);
  return answer;
};
const close = ({ mine, other, bot }: AtWork): void => [mine, other, bot].forEach((client) => client.close());
const change =
  (of: AtWork, more: object = {}) =>
  () =>
    rest('PATCH', '/me', { currentPassword: right, password: 'another long one', ...more }, of.cookie);

test('a new password ends the live sockets of other sessions at once; one’s own and those of keys go on', async () => {
  const of = await atWork('Ava');
  expect((await endWith([of.other], change(of))).status).toBe(200);
  await of.mine.must('inbox:open', {});
  await of.bot.must('inbox:open', {});
  close(of);
});

test('a new password that revokes the keys ends their live sockets within a second', async () => {
  const of = await atWork('Ben');
  const answer = await endWith([of.other, of.bot], change(of, { revokeKeys: true }));
  expect(await answer.json()).toMatchObject({ revokedKeys: 1 + 1 });
  await of.mine.must('inbox:open', {});
  await expect(connectStaff(server.url, of.token)).rejects.toMatchObject({ data: { code: 'unauthenticated' } });
  close(of);
});

test('a reset by link ends every live socket of the member, those of revoked keys too', async () => {
  const of = await atWork('Cleo');
  const link = await makeLink({ ...(deps() as object), baseUrl: () => server.url } as never, of.member);
  const token = link.split('#token=')[1]!;
  const body = { token, name: 'Cleo', email: of.member.email, password: 'a new long password' };
  const answer = await endWith([of.mine, of.other, of.bot], () => rest('POST', '/link', { ...body, revokeKeys: true }));
  expect(await answer.json()).toMatchObject({ member: { id: of.member.id }, revokedKeys: 2 });
  close(of);
});

test('signing out everywhere else ends the other live sockets of the member’s sessions', async () => {
  const of = await atWork('Dan');
  const answer = await endWith([of.other], () => rest('POST', '/logout/everywhere', {}, of.cookie));
  expect(await answer.json()).toEqual({ endedSessions: 1 });
  await of.mine.must('inbox:open', {});
  await of.bot.must('inbox:open', {});
  close(of);
});

test('disabling a member ends the live sockets of sessions and keys', async () => {
  const of = await atWork('Eve');
  const patch = () =>
    fetch(`${server.url}/api/console/members/${of.member.id}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${server.firstRun.keys.console}`, 'content-type': 'application/json' },
      body: JSON.stringify({ isDisabled: true }),
    });
  expect((await endWith([of.mine, of.other, of.bot], patch)).status).toBe(200);
  await expect(connectStaff(server.url, of.token)).rejects.toMatchObject({ data: { code: 'unauthenticated' } });
  close(of);
});

const answerAs = async (secret: string, visitor: Awaited<ReturnType<typeof openVisitor>>, text: string) => {
  const agent = await connectStaff(server.url, secret);
  const conversationId = visitor.conversationId;
  await agent.must('conversation:take', { conversationId });
  await agent.must('message:send', { conversationId, text });
  const fact = await visitor.client.untilFact('message.created', (message) => message.text === text);
  await agent.must('conversation:release', { conversationId, to: 'queue' });
  agent.close();
  return fact.author;
};

test('a visitor sees the uploaded picture of whoever answers, and never an address of another host', async () => {
  const { widget } = await firstOrganisation(server);
  const visitor = await openVisitor(server.url, widget.widgetKey);
  const { conversationId } = visitor;
  await visitor.client.must('message:send', { conversationId, clientId: newUuid(), text: 'Hello?' });
  const { member, token } = await addMember(server, orgId, 'Faye');
  const form = formOf(pictures.png);
  const uploaded = await fetch(`${server.url}/api/console/me/avatar`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  });
  const { avatarUrl } = ((await uploaded.json()) as { member: { avatarUrl: string } }).member;
  expect(await answerAs(token, visitor, 'With a picture')).toEqual({ kind: 'agent', name: 'Faye', avatarUrl });
  const { members } = server.node.store.documents;
  await members.put({ ...member, avatarUrl: 'https://tracker.example/p.png' });
  expect(await answerAs(token, visitor, 'With an old address')).toEqual({ kind: 'agent', name: 'Faye' });
  visitor.client.close();
});

test('an address in an old log reaches no visitor: not live, not in the view, not in earlier messages', async () => {
  const { widget } = await firstOrganisation(server);
  const visitor = await openVisitor(server.url, widget.widgetKey);
  const { conversationId } = visitor;
  await visitor.client.must('message:send', { conversationId, clientId: newUuid(), text: 'Hello?' });
  await visitor.client.untilFact('message.created', ({ author }) => author.kind === 'ai');
  const { store } = server.node;
  const log = (await store.logAfter(conversationId, 0, 1000))!;
  const seq = log.facts.at(-1)!.seq + 1;
  const fact: FactOf<'message.created'> = {
    conversationId,
    seq,
    id: `${conversationId}.${seq}`,
    at: Date.now(),
    type: 'message.created',
    messageId: newId('msg'),
    author: { kind: 'agent', name: 'Old', agentId: 'mem_1', avatarUrl: 'https://tracker.example/p.png' },
    text: 'From before',
    status: 'complete',
  };
  const state = evolve(log.state, fact);
  const commit = {
    id: newId('node'),
    orgId,
    conversationId,
    first: seq,
    key: newId('key'),
    hash: '',
    at: 1,
    facts: [fact],
    result: 0,
  };
  expect(await store.append([{ commit, state }])).toEqual(['appended']);
  const { sessionToken } = visitor.view;
  const back = await connectVisitor(server.url, widget.widgetKey, { sessionToken });
  const view = await back.must('session:open', {});
  const earlier = await back.must('facts:before', { conversationId, seq: seq + 1 });
  const messages = await fetch(`${server.url}/api/widget/messages`, {
    headers: { 'x-session-id': sessionToken, 'x-widget-key': widget.widgetKey },
  });
  const told = JSON.stringify([view, earlier, await messages.text(), back.frames]);
  expect(told).toContain('From before');
  expect(told).not.toContain('tracker.example');
  back.close();
  visitor.client.close();
});
