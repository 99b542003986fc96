// Answers of a real provider over real HTTP, and everything that may cut them short.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionView } from '../../shared/commands.ts';
import { newUuid } from '../../shared/ids.ts';
import type { View } from '../../shared/view.ts';
import { startProvider } from '../support/provider.ts';
import type { Provider } from '../support/provider.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let provider: Provider;
let server: TestServer;
let visitor: RawClient;
let staff: RawClient;
let conversationId: string;
let tokens: { sessionToken: string; visitorToken: string };

const begin = async (stallMs?: number): Promise<void> => {
  provider = await startProvider();
  server = await startServer({ env: provider.env, ...(stallMs === undefined ? {} : { stallMs }) });
  const opened = await openVisitor(server.url, server.firstRun.widgetKey);
  visitor = opened.client;
  conversationId = opened.conversationId;
  tokens = opened.view;
  staff = await connectStaff(server.url, server.firstRun.keys.console);
};
beforeEach((context) => begin(context.task.name.includes('silent') ? 300 : undefined));
afterEach(async () => {
  visitor.close();
  staff.close();
  // First, or draining waits its seven seconds for an answer that nobody will give.
  await provider.close();
  await server.stop();
});

const say = (text: string): Promise<{ seq: number }> =>
  visitor.must('message:send', { conversationId, clientId: newUuid(), text });
const watchAsStaff = (): Promise<View> => staff.must<View>('conversation:open', { conversationId });
const act = (command: string, input: object = {}): Promise<Record<string, unknown>> =>
  staff.must(command, { conversationId, clientId: newUuid(), ...input });
const streamed = (client: RawClient): string =>
  client.frames
    .flatMap((frame) => (frame.event === 'signal' && frame.signal.type === 'reply.delta' ? [frame.signal.text] : []))
    .join('');
const aiMessage = (client: RawClient = visitor) =>
  client.untilFact('message.created', ({ author }) => author.kind === 'ai');

describe('an answer', () => {
  it('comes from the provider, told of the assistant and the question, with usage for staff alone', async () => {
    await say('What is the price of a tandem?');
    const call = await provider.next();
    expect(call.exchange.body).toContain('What is the price of a tandem?');
    expect(call.exchange.body).toContain('hand_off');
    await watchAsStaff();
    call.say('A tandem ');
    await visitor.untilSignal('reply.delta');
    call.say('is £45.');
    call.end();
    const message = await aiMessage();
    expect(message).toMatchObject({ text: 'A tandem is £45.', status: 'complete', answers: 2 });
    expect(message).not.toHaveProperty('usage');
    const asStaff = await aiMessage(staff);
    expect(asStaff.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 });
    expect(asStaff.usage?.firstTokenMs).toBeTypeOf('number');
    expect(streamed(visitor)).toBe('A tandem is £45.');
  });

  it('is one for a burst of messages', async () => {
    await say('Hello');
    await say('I have a question');
    await say('Do you rent paddleboards?');
    // The first began at once; the burst aborted it before it had said anything.
    let call = await provider.next();
    while (!call.exchange.body.includes('paddleboards')) call = await provider.next();
    call.say('Yes, we do.');
    call.end();
    await aiMessage();
    const view = await visitor.must<View>('facts:since', { conversationId, sinceSeq: 0 });
    const said = view.facts.filter((fact) => fact.type === 'message.created' && fact.author.kind === 'ai');
    expect(said).toHaveLength(1);
  });

  it('gives way to a new message: cut where it was, and answered anew', async () => {
    await say('Tell me about trips');
    const first = await provider.next();
    first.say('We have three trips: ');
    await visitor.untilSignal('reply.delta');
    await say('Only for kids, please');
    await first.exchange.closed;
    const cut = await aiMessage();
    expect(cut).toMatchObject({ status: 'interrupted', cut: 'message', text: 'We have three trips: ' });
    const second = await provider.next();
    second.say('For kids there is the Otter.');
    second.end();
    const whole = await visitor.untilFact(
      'message.created',
      ({ author, status }) => author.kind === 'ai' && status === 'complete',
    );
    expect(whole.text).toBe('For kids there is the Otter.');
    expect(whole.messageId).not.toBe(cut.messageId);
  });

  it('is joined in the middle without a gap or a doubled character', async () => {
    await say('Tell me a story');
    const call = await provider.next();
    call.say('Once upon ');
    await visitor.untilSignal('reply.delta');
    const late = await connectVisitor(server.url, server.firstRun.widgetKey, tokens);
    const view = await late.must<SessionView>('session:open', {});
    expect(view.conversationId).toBe(conversationId);
    expect(view.reply?.text).toBe('Once upon ');
    call.say('a time 🛶 there ');
    await late.untilSignal('reply.delta');
    call.say('was a kayak.');
    call.end();
    const whole = await aiMessage(late);
    let text = view.reply?.text ?? '';
    for (const frame of late.frames) {
      if (frame.event !== 'signal' || frame.signal.type !== 'reply.delta') continue;
      expect(frame.signal.offset).toBe(text.length);
      text += frame.signal.text;
    }
    expect(text).toBe(whole.text);
    late.close();
  });

  it("is handed to a person by the model's own tool", async () => {
    await say('I want to speak to your boss');
    await watchAsStaff();
    const call = await provider.next();
    call.callTool('hand_off', { reason: 'asks for the boss' });
    call.end();
    const changed = await visitor.untilFact('control.changed');
    expect(changed).toMatchObject({ waiting: 'handoff', reason: 'handoff', isAutopilot: true });
    expect(changed).not.toHaveProperty('note');
    expect(await staff.untilFact('control.changed')).toMatchObject({ note: 'asks for the boss' });
    await say('Are you there?');
    expect(provider.count()).toBe(1);
  });
});

describe('a cut', () => {
  const cuts: [string, () => Promise<unknown>, string][] = [
    ['a takeover', () => act('conversation:take'), 'taken'],
    ["the visitor's stop", () => visitor.must('reply:stop', { conversationId }), 'stopped'],
    ["staff's stop", () => act('reply:stop'), 'stopped'],
    ['autopilot off', () => act('autopilot:set', { isAutopilot: false }), 'autopilot'],
    ['a close', () => act('conversation:close'), 'closed'],
  ];

  it.each(cuts)(
    '[R10] by %s closes the provider call at once; not one more character reaches anybody',
    async (_, cut, why) => {
      await say('Tell me everything');
      await watchAsStaff();
      const call = await provider.next();
      call.say('Everything begins ');
      await visitor.untilSignal('reply.delta');
      call.say('with water');
      await cut();
      await call.exchange.closed;
      const frozen = await aiMessage();
      expect(frozen).toMatchObject({ status: 'interrupted', cut: why });
      for (const client of [visitor, staff]) {
        await aiMessage(client);
        const at = client.frames.findIndex(
          (frame) =>
            frame.event === 'fact' &&
            (frame.fact.type === 'control.changed' || frame.fact.type === 'conversation.closed'),
        );
        const turnAfter = client.frames
          .slice(at + 1)
          .flatMap((frame) =>
            frame.event === 'signal' && frame.signal.type === 'reply.delta' ? [frame.signal.replyId] : [],
          );
        expect(turnAfter).not.toContain(frozen.messageId);
        expect(streamed(client)).toBe(frozen.text);
      }
    },
  );
});

describe('a draft', () => {
  beforeEach(async () => {
    await staff.must('inbox:open', {});
    await say('Hello');
    const call = await provider.next();
    call.say('Hi!');
    call.end();
    await aiMessage();
    await watchAsStaff();
    await act('autopilot:set', { isAutopilot: false });
    await say('Can I bring my dog?');
  });

  const drafted = async (text: string): Promise<string> => {
    const call = await provider.next();
    call.say(text);
    call.end();
    const { draftId } = await staff.untilFact('draft.created', (fact) => fact.text === text);
    return draftId;
  };
  const visitorSaw = (): string => JSON.stringify(visitor.frames);

  it('streams to staff alone, and is sent as the AI’s, checked, where it is approved', async () => {
    const call = await provider.next();
    call.say('Dogs are ');
    const delta = await staff.untilSignal('reply.delta', ({ text }) => text.startsWith('Dogs'));
    expect(delta.offset).toBe(0);
    call.say('welcome.');
    call.end();
    const { draftId } = await staff.untilFact('draft.created');
    expect(visitorSaw()).not.toContain('Dogs');
    await act('draft:approve', { draftId });
    const sent = await visitor.untilFact('message.created', ({ messageId }) => messageId === draftId);
    expect(sent).toMatchObject({ text: 'Dogs are welcome.', author: { kind: 'ai', reviewedBy: expect.any(String) } });
  });

  it('is sent as the person’s where it was edited', async () => {
    const draftId = await drafted('Dogs are fine.');
    await act('draft:approve', { draftId, text: 'Small dogs are fine.' });
    const sent = await visitor.untilFact('message.created', ({ messageId }) => messageId === draftId);
    expect(sent).toMatchObject({ text: 'Small dogs are fine.', author: { kind: 'agent' } });
    expect(visitorSaw()).not.toContain('Dogs are fine.');
  });

  it('is dropped by a rejection', async () => {
    const draftId = await drafted('No dogs at all.');
    await act('draft:reject', { draftId });
    await staff.untilFact('draft.rejected');
    const again = await staff.ask('draft:approve', { conversationId, draftId });
    expect(again).toMatchObject({ ok: false, error: { code: 'stale_turn' } });
    expect(visitorSaw()).not.toContain('No dogs');
  });

  it('cannot be approved once the visitor has written again', async () => {
    const draftId = await drafted('Dogs are OK.');
    await say('A big one');
    const late = await staff.ask('draft:approve', { conversationId, draftId });
    expect(late).toMatchObject({ ok: false, error: { code: 'stale_turn' } });
    expect(await drafted('Big dogs too.')).not.toBe(draftId);
  });
});

describe('a provider', () => {
  const apology = (): ReturnType<RawClient['untilFact']> =>
    visitor.untilFact('message.created', ({ author }) => author.kind === 'system');

  it('that is misconfigured is not asked twice; staff are told why, the visitor gets an honest sentence', async () => {
    await say('Hello?');
    await watchAsStaff();
    (await provider.next()).fail(401);
    expect(await apology()).toMatchObject({ text: expect.stringContaining('cannot answer right now') });
    expect(await visitor.untilFact('control.changed')).toMatchObject({ waiting: 'failed' });
    expect(await staff.untilFact('reply.failed')).toMatchObject({ why: 'misconfigured' });
    expect(JSON.stringify(visitor.frames)).not.toContain('misconfigured');
    expect(provider.count()).toBe(1);
  });

  it('that fails once is asked again', async () => {
    await say('Hello?');
    (await provider.next()).fail(500);
    const call = await provider.next();
    call.say('Here I am.');
    call.end();
    expect(await aiMessage()).toMatchObject({ text: 'Here I am.', status: 'complete' });
  });

  it('that limits the rate is asked again when it says so', async () => {
    await say('Hello?');
    (await provider.next()).fail(429, { 'retry-after-ms': '50', 'retry-after': '1' });
    const call = await provider.next();
    call.say('Back.');
    call.end();
    expect(await aiMessage()).toMatchObject({ text: 'Back.' });
  });

  it('that drops the connection after some words is not asked again: what was said stays, a person is asked', async () => {
    await say('Hello?');
    const call = await provider.next();
    call.say('The answer is');
    await visitor.untilSignal('reply.delta');
    call.drop();
    expect(await aiMessage()).toMatchObject({ text: 'The answer is', status: 'interrupted', cut: 'failed' });
    await apology();
    expect(provider.count()).toBe(1);
  });

  it('that falls silent is given up', async () => {
    await say('Hello?');
    const call = await provider.next();
    call.say('Let me think');
    await call.exchange.closed;
    expect(await aiMessage()).toMatchObject({ text: 'Let me think', status: 'interrupted' });
    expect(await visitor.untilFact('control.changed')).toMatchObject({ waiting: 'failed' });
  });
});
