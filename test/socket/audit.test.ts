// What the wire promises beside the main job: how an answer's end is told, and acks that repeat.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readContext } from '../../server/usecases/contacts.ts';
import { connectStaff, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { firstOrganisation } from '../support/tenant.ts';

const long = 'Tell me everything about your multi-day trips';

let server: TestServer;
let staff: RawClient;
beforeAll(async () => {
  server = await startServer({ env: { AI_BUILTIN_WORDS_PER_SECOND: '60' } });
  staff = await connectStaff(server.url, server.firstRun.keys.console);
});
afterAll(async () => {
  staff.close();
  await server.stop();
});

const speaking = async (text = long) => {
  const { client, conversationId } = await openVisitor(server.url, server.firstRun.widgetKey);
  await client.must('message:send', { conversationId, text });
  await staff.must('conversation:open', { conversationId });
  return { client, conversationId };
};

/** Both sides' ends of the answers of one conversation. */
const endOf = async (client: RawClient, conversationId: string) => {
  const isHere = (signal: { conversationId: string }): boolean => signal.conversationId === conversationId;
  const [seen, shown] = await Promise.all([
    client.untilSignal('reply.ended', isHere),
    staff.untilSignal('reply.ended', isHere),
  ]);
  expect(shown).toEqual(seen);
  return seen;
};

describe('the end of an answer is told to both sides, though the turn has risen', () => {
  it('as interrupted after a takeover, and after the fact that cut it', async () => {
    const { client, conversationId } = await speaking();
    await client.untilSignal('reply.delta', ({ offset }) => offset > 0);
    await staff.must('conversation:take', { conversationId });
    const { replyId, outcome } = await endOf(client, conversationId);
    expect(outcome).toBe('interrupted');
    const order = client.frames.map((frame) => (frame.event === 'fact' ? frame.fact.type : frame.signal.type));
    expect(order.indexOf('reply.ended')).toBeGreaterThan(order.indexOf('control.changed'));
    const frozen = await client.untilFact('message.created', ({ messageId }) => messageId === replyId);
    expect(frozen.status).toBe('interrupted');
    client.close();
  });

  it('as a hand-off where the model asked for a person', async () => {
    const { client, conversationId } = await speaking('I want to talk to a person');
    expect((await endOf(client, conversationId)).outcome).toBe('handoff');
    expect((await client.untilFact('control.changed')).waiting).toBe('handoff');
    client.close();
  });

  it('as complete where it was', async () => {
    const { client, conversationId } = await speaking('Where can I park?');
    expect((await endOf(client, conversationId)).outcome).toBe('complete');
    client.close();
  });

  it('as interrupted to staff alone where a draft is cut', async () => {
    const { client, conversationId } = await speaking('Where can I park?');
    await client.untilSignal('reply.ended');
    await staff.must('autopilot:set', { conversationId, isAutopilot: false });
    await client.must('message:send', { conversationId, text: long });
    const draft = await staff.untilSignal(
      'reply.started',
      (signal) => signal.conversationId === conversationId && signal.mode === 'draft',
    );
    await staff.must('reply:stop', { conversationId });
    const end = await staff.untilSignal('reply.ended', ({ replyId }) => replyId === draft.replyId);
    expect(end.outcome).toBe('interrupted');
    await client.must('facts:since', { conversationId, sinceSeq: 0 });
    expect(JSON.stringify(client.frames)).not.toContain(draft.replyId);
    client.close();
  });
});

describe('letting go twice', () => {
  it('gives the same ack again and does not cut the answer that the first release set going', async () => {
    const { client, conversationId } = await speaking();
    await client.untilSignal('reply.delta', ({ offset }) => offset > 0);
    await staff.must('conversation:take', { conversationId });
    for (const to of ['queue', 'autopilot'] as const) {
      const first = await staff.must('conversation:release', { conversationId, to });
      expect(await staff.must('conversation:release', { conversationId, to })).toEqual(first);
    }
    const view = await staff.must<{ facts: { type: string }[] }>('facts:since', { conversationId, sinceSeq: 0 });
    expect(view.facts.filter(({ type }) => type === 'control.changed')).toHaveLength(3);
    client.close();
  });
});

describe('visitor:identify', () => {
  it('that says nothing changes nothing', async () => {
    const { client, conversationId } = await speaking('Where can I park?');
    expect(await client.must('visitor:identify', { conversationId })).toEqual({});
    const view = await client.must<{ facts: { type: string }[] }>('facts:since', { conversationId, sinceSeq: 0 });
    expect(view.facts.map(({ type }) => type)).not.toContain('visitor.identified');
    client.close();
  });
});

describe('a visitor’s answers of a day', () => {
  it('are sixty, in however many conversations; then a person is asked', async () => {
    let later = 0;
    const clock = { now: () => Date.now(), monotonic: () => performance.now() + later };
    const limited = await startServer({ clock, env: { TILLER_LIMITS: 'default' } });
    const { client, conversationId: first } = await openVisitor(limited.url, limited.firstRun.widgetKey);
    let conversationId = first;
    const ask = async () => {
      // Each long after the one before: neither the rate of messages nor a burst is what is tried here.
      later += 10_000;
      const { seq } = await client.must<{ seq: number }>('message:send', { conversationId, text: 'Where can I park?' });
      const of = conversationId;
      return client.untilFact(
        'message.created',
        (fact) => fact.conversationId === of && fact.seq > seq && fact.author.kind !== 'visitor',
      );
    };
    for (let n = 0; n < 60; n += 1) {
      if (n === 30) ({ conversationId } = await client.must<{ conversationId: string }>('conversation:new', {}));
      expect((await ask()).author.kind).toBe('ai');
    }
    const refused = await ask();
    expect(refused.author.kind).toBe('system');
    expect(refused.text).toContain('limit for today');
    expect((await client.untilFact('control.changed')).waiting).toBe('failed');
    client.close();
    await limited.stop();
  });
});

describe('the page that a message comes from', () => {
  it('opens the log, and later ones are shown beside the conversation', async () => {
    const { client, conversationId } = await openVisitor(server.url, server.firstRun.widgetKey);
    const on = (path: string) => ({ page: { url: `https://shop.example${path}`, title: path } });
    await client.must('message:send', { conversationId, text: 'Where can I park?', context: on('/one') });
    expect((await client.untilFact('conversation.opened')).page).toEqual(on('/one').page);
    const pageShown = async () => {
      const { orgId } = await firstOrganisation(server);
      return (await readContext({ store: server.node.store }, orgId, conversationId)).contact.page;
    };
    expect(await pageShown()).toEqual(on('/one').page);
    await client.must('message:send', { conversationId, text: 'And dogs?', context: on('/two') });
    expect(await pageShown()).toEqual(on('/two').page);
    client.close();
  });
});

describe('what a visitor says of themselves in one tick', () => {
  it('is all kept with the contact, for as long as a contact is kept', async () => {
    const { client, conversationId } = await openVisitor(server.url, server.firstRun.widgetKey);
    const page = { url: 'https://shop.example/form' };
    await Promise.all([
      client.must('message:send', { conversationId, text: 'Where can I park?', context: { page } }),
      client.must('lead:submit', { conversationId, phone: '+44 1632 960134' }),
      client.must('visitor:identify', { conversationId, name: 'Ann' }),
      client.must('lead:submit', { conversationId, email: 'ann@example.com', company: 'Acme' }),
    ]);
    const { orgId } = await firstOrganisation(server);
    const contactId = (await server.node.store.state(conversationId))!.state.contactId!;
    const contact = () => server.node.store.documents.contacts.get(orgId, contactId);
    await expect
      .poll(contact)
      .toMatchObject({ name: 'Ann', email: 'ann@example.com', phone: '+44 1632 960134', company: 'Acme', page });
    expect((await contact())!.expiresAt! - Date.now()).toBeGreaterThan(89 * 86_400_000);
    client.close();
  });
});
