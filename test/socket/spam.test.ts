// What is marked as spam, from the outside: closed for the visitor, in no list, search, export and count of staff, and back again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StaffCommandName } from '../../shared/commands.ts';
import { newUuid } from '../../shared/ids.ts';
import type { InboxCounts, InboxFilter, InboxRow } from '../../shared/inbox.ts';
import { ask } from '../support/party.ts';
import { startProvider } from '../support/provider.ts';
import type { Provider, ProviderCall } from '../support/provider.ts';
import { connectStaff, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let provider: Provider;
let server: TestServer;
let staff: RawClient;
const clients: RawClient[] = [];

beforeAll(async () => {
  provider = await startProvider();
  server = await startServer({ env: provider.env });
  staff = await connectStaff(server.url, server.firstRun.keys.console);
});
afterAll(async () => {
  for (const client of [...clients, staff]) client.close();
  await provider.close();
  await server.stop();
});

const visitor = async () => {
  const opened = await openVisitor(server.url, server.firstRun.widgetKey);
  clients.push(opened.client);
  const { client, conversationId } = opened;
  return {
    ...opened,
    say: (text: string) => client.ask('message:send', { conversationId, clientId: newUuid(), text }),
  };
};

/** The request to the model that holds this question; those of other conversations are passed over. */
const callAbout = async (question: string): Promise<ProviderCall> => {
  for (;;) {
    const call = await provider.next();
    if (call.exchange.body.includes(question)) return call;
  }
};

const act = (command: StaffCommandName, conversationId: string, input: object = {}) =>
  staff.must<{ seq: number }>(command, { conversationId, clientId: newUuid(), ...input });

const read = (path: string) =>
  ask(server.url, `GET /api/console${path}`, {
    headers: { authorization: `Bearer ${server.firstRun.keys.console}` },
  });

const rest = async <T>(path: string): Promise<T> => (await read(path)).json as T;

const inbox = (filter: InboxFilter) =>
  staff.must<{ conversations: InboxRow[]; counts: InboxCounts }>('inbox:open', { filter });
const ids = async (filter: InboxFilter): Promise<string[]> =>
  (await inbox(filter)).conversations.map(({ conversationId }) => conversationId);

/** Where an organisation's things of one conversation show. */
const shown = async (conversationId: string, marker: string): Promise<string[]> => {
  const places: string[] = [];
  for (const filter of ['needs-person', 'mine', 'ai', 'open', 'closed', 'spam'] as const) {
    if ((await ids(filter)).includes(conversationId)) places.push(filter);
  }
  const texts = {
    search: await rest(`/search?q=${marker}`),
    contacts: await rest('/contacts?limit=200'),
    leads: await rest('/leads?limit=1'),
    export: (await read('/leads/export')).text,
  };
  return [
    ...places,
    ...Object.entries(texts).flatMap(([name, found]) => (JSON.stringify(found).includes(marker) ? [name] : [])),
  ];
};

describe('a conversation that is marked as spam', () => {
  it('is hidden everywhere but in its own list, counts nowhere, and comes back whole', async () => {
    const { client, conversationId, say } = await visitor();
    const before = (await inbox('open')).counts;
    await say('Zorbulon pills, very cheap');
    await client.must('lead:submit', { conversationId, clientId: newUuid(), name: 'Zorbulon', email: 'z@z.example' });
    const open = ['ai', 'open', 'search', 'contacts', 'leads', 'export'];
    await expect.poll(() => shown(conversationId, 'Zorbulon')).toEqual(open);
    await act('label:set', conversationId, { labels: ['pills'] });
    const stage = (await rest<{ contacts: { stageId: string }[] }>('/contacts')).contacts[0]!.stageId;

    await act('conversation:spam', conversationId, { isSpam: true });
    await expect.poll(() => shown(conversationId, 'Zorbulon')).toEqual(['spam']);
    expect((await inbox('open')).counts).toEqual(before);
    expect(await rest('/labels')).toEqual({ labels: [] });
    const { row } = await staff.untilSignal('inbox.changed', (signal) => signal.row?.isSpam === true);
    expect(row).toMatchObject({ conversationId, status: 'closed' });

    await act('conversation:spam', conversationId, { isSpam: false });
    await expect.poll(() => shown(conversationId, 'Zorbulon')).toEqual(open);
    expect((await rest<{ contacts: { stageId: string }[] }>('/contacts')).contacts[0]!.stageId).toBe(stage);
    expect(await rest('/labels')).toEqual({ labels: ['pills'] });
  });

  it('stops the answer of the model, and is an ended conversation to its visitor, without a word of spam', async () => {
    const { client, conversationId, say } = await visitor();
    await say('Buy gold');
    const call = await callAbout('Buy gold');
    call.say('Gold is');
    await client.untilSignal('reply.delta');
    const closed = new Promise<void>((resolve) => call.exchange.response.once('close', () => resolve()));
    await act('conversation:spam', conversationId, { isSpam: true });
    await closed;
    await client.untilFact('conversation.closed');
    const view = await client.must('facts:since', { conversationId, sinceSeq: 0 });
    expect(view['state']).toMatchObject({ status: 'closed' });
    expect(JSON.stringify([client.frames, view])).not.toMatch(/spam/i);
  });

  it('takes nothing more from its visitor and pays no model; a new conversation is a new one', async () => {
    const { client, conversationId, say } = await visitor();
    await say('Buy silver');
    await act('conversation:spam', conversationId, { isSpam: true });
    const head = async () => (await server.node.store.state(conversationId))!.state.head.seq;
    const before = await head();
    const calls = provider.count();
    const refused = {
      ok: false,
      error: { code: 'conflict', message: 'This conversation has ended. Please start a new one.' },
    };
    expect(await say('Buy more silver')).toEqual(refused);
    const appends = { conversationId, clientId: newUuid() };
    expect(await client.ask('handoff:request', appends)).toEqual(refused);
    expect(await client.ask('lead:submit', { ...appends, clientId: newUuid(), name: 'Ann' })).toEqual(refused);
    expect(await client.ask('csat:submit', { ...appends, clientId: newUuid(), rating: 5 })).toEqual(refused);
    expect(await head()).toBe(before);
    expect(provider.count()).toBe(calls);
    const next = await client.must<{ conversationId: string }>('conversation:new', { clientId: newUuid() });
    expect(next.conversationId).not.toBe(conversationId);
    await client.must('message:send', {
      ...next,
      conversationId: next.conversationId,
      clientId: newUuid(),
      text: 'Sorry, a kayak?',
    });
    await expect.poll(() => ids('open')).toContain(next.conversationId);
    expect(await ids('spam')).toContain(conversationId);
  });

  it('keeps a contact in the lists who has a conversation that is none', async () => {
    const { client, conversationId, say } = await visitor();
    await say('Quibberty first');
    await client.must('lead:submit', { conversationId, clientId: newUuid(), name: 'Quibberty' });
    const next = await client.must<{ conversationId: string }>('conversation:new', { clientId: newUuid() });
    const about = { conversationId: next.conversationId, clientId: newUuid() };
    await client.must('message:send', { ...about, text: 'Quibberty second' });
    const contacts = async () => JSON.stringify(await rest('/contacts?limit=200')).includes('Quibberty');
    await expect.poll(contacts).toBe(true);
    await act('conversation:spam', conversationId, { isSpam: true });
    await expect.poll(async () => JSON.stringify(await rest('/leads')).includes('Quibberty')).toBe(false);
    expect(await contacts()).toBe(true);
    await act('conversation:spam', next.conversationId, { isSpam: true });
    await expect.poll(contacts).toBe(false);
  });
});
