// Who is there, who types, who has read, and what the inbox hears of it.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InboxCounts, InboxRow } from '../../shared/inbox.ts';
import { newCatyKey, newId, newUuid, newWidgetKey, publicIdsOf } from '../../shared/ids.ts';
import type { Signal } from '../../shared/signals.ts';
import type { Widget } from '../../shared/widget.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addMember, addTenant, firstOrganisation } from '../support/tenant.ts';

interface Agent {
  client: RawClient;
  id: string;
  token: string;
}

let server: TestServer;
let orgId: string;
let template: Widget;
let maya: Agent;
let theo: Agent;

const join = async (name: string): Promise<Agent> => {
  const { member, token } = await addMember(server, orgId, name, 'admin');
  return { client: await connectStaff(server.url, token), id: member.id, token };
};

beforeAll(async () => {
  server = await startServer();
  const first = await firstOrganisation(server);
  orgId = first.orgId;
  template = first.widget;
  maya = await join('Maya');
  theo = await join('Theo');
});
afterAll(async () => {
  maya.client.close();
  theo.client.close();
  await server.stop();
});
beforeEach(() => {
  maya.client.frames.length = 0;
  theo.client.frames.length = 0;
});

const addWidget = async (change: Partial<Widget>): Promise<Widget> => {
  const id = newId('wid');
  const keys = { id, ...publicIdsOf(id), widgetKey: newWidgetKey(), catyKey: newCatyKey() };
  const widget = { ...template, ...keys, ...change };
  await server.node.store.documents.widgets.put(widget);
  return widget;
};

const patch = (path: string, body: object): Promise<Response> =>
  fetch(`${server.url}/api/console${path}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${maya.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const say = (client: RawClient, conversationId: string, text: string): Promise<{ seq: number }> =>
  client.must('message:send', { conversationId, clientId: newUuid(), text });

const talking = async (widgetKey = server.firstRun.widgetKey) => {
  const scene = await openVisitor(server.url, widgetKey);
  await say(scene.client, scene.conversationId, 'Hello');
  return scene;
};

const signals = <T extends Signal['type']>(client: RawClient, type: T): Extract<Signal, { type: T }>[] =>
  client.frames.flatMap((frame) =>
    frame.event === 'signal' && frame.signal.type === type ? [frame.signal as Extract<Signal, { type: T }>] : [],
  );

/** Resolves when everything that was under way for this client has come: acks and events share one order. */
const caughtUp = (client: RawClient): Promise<unknown> => client.ask('presence:set', { status: 'online' });

describe('colleagues', () => {
  it('see who looks at a conversation and who types, and that they are gone', async () => {
    const { client, conversationId } = await talking();
    await maya.client.must('conversation:open', { conversationId });
    const visiting = await connectStaff(server.url, theo.token);
    const sees = (match: (agents: { id: string; typing: boolean }[]) => boolean): Promise<unknown> =>
      maya.client.untilSignal('presence.changed', (signal) => match(signal.agents ?? []));
    await visiting.must('conversation:open', { conversationId });
    await sees((agents) => agents.length === 2 && agents.some(({ id, typing }) => id === theo.id && !typing));
    await visiting.must('typing:set', { conversationId, isTyping: true });
    await sees((agents) => agents.some(({ id, typing }) => id === theo.id && typing));
    maya.client.frames.length = 0;
    visiting.close();
    await sees((agents) => agents.length === 1 && agents[0]!.id === maya.id);
    // None of it is the visitor's business: Theo does not hold the conversation.
    expect(signals(client, 'presence.changed')).toEqual([]);
    expect(signals(client, 'typing.changed')).toEqual([]);
    client.close();
  });

  it('are one person however many tabs they have, and gone with the last', async () => {
    const { client, conversationId } = await talking();
    await maya.client.must('conversation:open', { conversationId });
    const tabs = [await connectStaff(server.url, theo.token), await connectStaff(server.url, theo.token)];
    for (const tab of tabs) await tab.must('conversation:open', { conversationId });
    await maya.client.untilSignal('presence.changed', ({ agents }) => agents?.length === 2);
    await tabs[0]!.must('conversation:leave', { conversationId });
    maya.client.frames.length = 0;
    tabs[0]!.close();
    await tabs[1]!.must('typing:set', { conversationId, isTyping: true });
    const typing = await maya.client.untilSignal(
      'presence.changed',
      ({ agents }) => agents?.some((a) => a.typing) === true,
    );
    expect(typing.agents).toHaveLength(2);
    tabs[1]!.close();
    await maya.client.untilSignal('presence.changed', ({ agents }) => agents?.length === 1);
    client.close();
  });

  it('who left hear no more of a conversation', async () => {
    const { client, conversationId } = await talking();
    await theo.client.must('conversation:open', { conversationId });
    await theo.client.must('conversation:leave', { conversationId });
    theo.client.frames.length = 0;
    await say(client, conversationId, 'Anybody?');
    await caughtUp(theo.client);
    expect(theo.client.frames).toEqual([]);
    client.close();
  });
});

describe('typing', () => {
  it('of the holder reaches the visitor by name, without an id', async () => {
    const { client, conversationId } = await talking();
    await maya.client.must('conversation:open', { conversationId });
    await maya.client.must('conversation:take', { conversationId });
    await maya.client.must('typing:set', { conversationId, isTyping: true });
    const typing = await client.untilSignal('typing.changed');
    expect(typing).toMatchObject({ who: 'agent', isTyping: true, name: 'Maya' });
    expect(JSON.stringify(typing)).not.toContain(maya.id);
    client.close();
  });

  it("of a visitor shows what is typed only where the widget's owner said so", async () => {
    const asked = await addWidget({ typingPreview: true });
    for (const [widgetKey, shown] of [
      [asked.widgetKey, 'I would li'],
      [server.firstRun.widgetKey, undefined],
    ] as const) {
      const { client, conversationId } = await talking(widgetKey);
      await theo.client.must('conversation:open', { conversationId });
      await client.must('typing:set', { conversationId, isTyping: true, preview: 'I would li' });
      const typing = await theo.client.untilSignal('typing.changed', (s) => s.conversationId === conversationId);
      expect(typing.preview).toBe(shown);
      expect(typing.who).toBe('visitor');
      // It is nowhere in the log, and not sent back to the visitor's own tabs.
      expect(JSON.stringify(await server.node.store.factsAfter(conversationId, 0, 50))).not.toContain('I would li');
      expect(signals(client, 'typing.changed')).toEqual([]);
      client.close();
    }
  });

  it('shows nothing any more as soon as the consent is taken back', async () => {
    const widget = await addWidget({ typingPreview: true });
    const { client, conversationId } = await talking(widget.widgetKey);
    await theo.client.must('conversation:open', { conversationId });
    await client.must('typing:set', { conversationId, isTyping: true, preview: 'before' });
    await theo.client.untilSignal('typing.changed', ({ preview }) => preview === 'before');
    expect((await patch(`/widgets/${widget.id}`, { typingPreview: false })).status).toBe(200);
    await client.must('typing:set', { conversationId, isTyping: true, preview: 'after' });
    await caughtUp(theo.client);
    expect(JSON.stringify(theo.client.frames)).not.toContain('after');
    client.close();
  });
});

describe('the inbox', () => {
  interface Page {
    conversations: InboxRow[];
    counts: InboxCounts;
  }

  it('hears of every change: rows with rising heads, and the counts as they are', async () => {
    await maya.client.must<Page>('inbox:open', { filter: 'open' });
    const { client, conversationId } = await talking();
    const rowOf = (match: (row: InboxRow) => boolean) =>
      maya.client.untilSignal('inbox.changed', ({ row }) => row?.conversationId === conversationId && match(row));
    await rowOf(({ lastVisitorSeq }) => lastVisitorSeq === 2);
    await theo.client.must('conversation:take', { conversationId });
    const taken = await rowOf(({ control }) => control.agentId === theo.id);
    expect(taken.counts?.held[theo.id]).toBeGreaterThan(0);
    await say(client, conversationId, 'And now?');
    await rowOf(({ preview }) => preview?.text === 'And now?');
    await theo.client.must('conversation:close', { conversationId });
    const closed = await rowOf(({ status }) => status === 'closed');
    const heads = signals(maya.client, 'inbox.changed')
      .filter(({ row }) => row?.conversationId === conversationId)
      .map(({ row }) => row!.head.seq);
    expect(heads).toEqual(heads.toSorted((a, b) => a - b));
    const { counts } = await theo.client.must<Page>('inbox:open', { filter: 'closed' });
    expect(closed.counts).toEqual(counts);
    expect(signals(client, 'inbox.changed')).toEqual([]);
    client.close();
  });

  it('of another organisation hears nothing', async () => {
    const other = await addTenant(server);
    const olga = await connectStaff(server.url, other.token);
    await olga.must('inbox:open', {});
    await maya.client.must('inbox:open', {});
    const { client, conversationId } = await talking();
    await maya.client.untilSignal('inbox.changed', ({ row }) => row?.conversationId === conversationId);
    await caughtUp(olga);
    expect(olga.frames).toEqual([]);
    olga.close();
    client.close();
  });

  it('knows how far staff have read, in rows and in pages', async () => {
    await maya.client.must('inbox:open', {});
    const { client, conversationId } = await talking();
    await theo.client.must('message:read', { conversationId, seq: 2 });
    await maya.client.untilSignal(
      'inbox.changed',
      ({ row }) => row?.conversationId === conversationId && row.staffRead === 2,
    );
    const { conversations } = await theo.client.must<Page>('inbox:open', {});
    expect(conversations.find((row) => row.conversationId === conversationId)?.staffRead).toBe(2);
    client.close();
  });
});

it('read marks go both ways, never back, never beyond the head', async () => {
  const { client, view, conversationId } = await talking();
  await client.untilFact('message.created', ({ author }) => author.kind === 'ai');
  const { head } = await maya.client.must<{ head: { seq: number } }>('conversation:open', { conversationId });
  await maya.client.must('message:read', { conversationId, seq: 2 });
  expect(await client.untilSignal('read.advanced')).toMatchObject({ who: 'staff', seq: 2 });
  await client.must('message:read', { conversationId, seq: 1_000_000 });
  const read = await maya.client.untilSignal('read.advanced', ({ who }) => who === 'visitor');
  expect(read.seq).toBe(head.seq);
  await client.must('message:read', { conversationId, seq: 1 });
  const later = await connectVisitor(server.url, server.firstRun.widgetKey, { ...view });
  expect(await later.must('session:open', {})).toMatchObject({ reads: { visitor: head.seq, staff: 2 } });
  later.close();
  client.close();
});

describe('availability', () => {
  it('is told to visitors of a widget in approval mode as the last person leaves or the first comes', async () => {
    const other = await addTenant(server);
    const widget = { ...other.widget, isAutopilot: false };
    await server.node.store.documents.widgets.put(widget);
    const { client, view } = await openVisitor(server.url, widget.widgetKey);
    expect(view.widget.availability).toBe('away');
    const olga = await connectStaff(server.url, other.token);
    await client.untilSignal('presence.changed', ({ availability }) => availability === 'online');
    const tab = await connectStaff(server.url, other.token);
    client.frames.length = 0;
    tab.close();
    await olga.must('presence:set', { status: 'away' });
    await client.untilSignal('presence.changed', ({ availability }) => availability === 'away');
    client.frames.length = 0;
    await olga.must('presence:set', { status: 'online' });
    await client.untilSignal('presence.changed', ({ availability }) => availability === 'online');
    client.frames.length = 0;
    olga.close();
    await client.untilSignal('presence.changed', ({ availability }) => availability === 'away');
    expect(JSON.stringify(client.frames)).not.toContain(other.member.id);
    client.close();
  });
});

it("a change of the widget's switch moves its open conversations that nobody holds, within a second", async () => {
  const widget = await addWidget({});
  const other = await addWidget({});
  const free = await talking(widget.widgetKey);
  const held = await talking(widget.widgetKey);
  const elsewhere = await talking(other.widgetKey);
  await maya.client.must('conversation:take', { conversationId: held.conversationId });
  const began = performance.now();
  expect((await patch(`/widgets/${widget.id}`, { isAutopilot: false })).status).toBe(200);
  const changed = await free.client.untilFact('control.changed', ({ reason }) => reason === 'widget');
  expect(performance.now() - began).toBeLessThan(1000);
  expect(changed).toMatchObject({ isAutopilot: false, agentId: null });
  const stateOf = async (conversationId: string) => (await server.node.store.state(conversationId))!.state.control;
  expect(await stateOf(held.conversationId)).toMatchObject({ agentId: maya.id, isAutopilot: false });
  expect(await stateOf(elsewhere.conversationId)).toMatchObject({ isAutopilot: true });
  for (const { client } of [free, held, elsewhere]) client.close();
});
