import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { View } from '../../shared/view.ts';
import { newUuid } from '../../shared/ids.ts';
import { connectStaff, openVisitor } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ env: { AI_BUILTIN_WORDS_PER_SECOND: '60' } });
});
afterAll(() => server.stop());

describe('the main job', () => {
  it('streams an answer, and the final message is what streamed', async () => {
    const { client, conversationId } = await openVisitor(server.url, server.firstRun.widgetKey);
    await client.must('message:send', {
      conversationId,
      clientId: newUuid(),
      text: 'What does a kayak cost for a day?',
    });
    const final = await client.untilFact('message.created', ({ author }) => author.kind === 'ai');
    const streamed = client.frames
      .flatMap((frame) => (frame.event === 'signal' && frame.signal.type === 'reply.delta' ? [frame.signal.text] : []))
      .join('');
    expect(final.text).toContain('42');
    expect(streamed).toBe(final.text);
    client.close();
  });

  it('[R10] stops the model at a takeover: no delta follows the control fact, what was said is frozen', async () => {
    const { client, conversationId } = await openVisitor(server.url, server.firstRun.widgetKey);
    const staff = await connectStaff(server.url, server.firstRun.keys.console);
    await client.must('message:send', {
      conversationId,
      clientId: newUuid(),
      text: 'Tell me everything about your multi-day trips',
    });
    await staff.must<View>('conversation:open', { conversationId });
    await client.untilSignal('reply.delta', ({ offset }) => offset > 40);
    await staff.must('conversation:take', { conversationId, clientId: newUuid() });
    const taken = await client.untilFact('control.changed', ({ reason }) => reason === 'taken');
    await staff.must('message:send', { conversationId, clientId: newUuid(), text: 'Hello, Maya here' });
    await client.untilFact('message.created', ({ author }) => author.kind === 'agent');
    const at = client.frames.findIndex((frame) => frame.event === 'fact' && frame.fact === taken);
    const after = client.frames.slice(at + 1);
    expect(after.filter((frame) => frame.event === 'signal' && frame.signal.type === 'reply.delta')).toEqual([]);
    const streamed = client.frames
      .flatMap((frame) => (frame.event === 'signal' && frame.signal.type === 'reply.delta' ? [frame.signal.text] : []))
      .join('');
    const frozen = await client.untilFact('message.created', ({ author }) => author.kind === 'ai');
    expect(frozen).toMatchObject({ status: 'interrupted', cut: 'taken', text: streamed });
    client.close();
    staff.close();
  });
});
