// kill -9 of a real process at the worst moments: nothing acked is lost, nothing is doubled, no answer is forgotten.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newUuid } from '../../shared/ids.ts';
import type { SessionView } from '../../shared/commands.ts';
import type { View } from '../../shared/view.ts';
import { freePort, startChild } from '../support/child-server.ts';
import type { ChildServer } from '../support/child-server.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';

let dataDir: string;
let env: Record<string, string>;
let child: ChildServer;
const clients: RawClient[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tiller-crash-'));
  env = { DATA_DIR: dataDir, PORT: String(await freePort()), AI_BUILTIN_WORDS_PER_SECOND: '20' };
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  if (child.process.exitCode === null && child.process.signalCode === null) await child.kill();
  await rm(dataDir, { recursive: true, force: true });
});

const gone = (client: RawClient): Promise<void> =>
  new Promise((resolve) => {
    if (client.socket.disconnected) resolve();
    else client.socket.once('disconnect', () => resolve());
  });

describe('[R1] [R3] a process killed', () => {
  it.each(['before-commit', 'before-delivery', 'before-ack'])(
    '%s: the same clientId gives one message, and the log is dense',
    async (fault) => {
      child = await startChild(env, fault);
      const { url, widgetKey } = child.facts;
      const { client, view, conversationId } = await openVisitor(url, widgetKey);
      clients.push(client);
      await client.must('message:send', { conversationId, clientId: newUuid(), text: 'Hello' });
      await client.untilFact('message.created', ({ author }) => author.kind === 'ai');
      const clientId = newUuid();
      const lost = client.ask('message:send', { conversationId, clientId, text: 'kill me' });
      await expect(lost).rejects.toThrow(/disconnected|timed out/);
      await gone(client);

      child = await startChild(env);
      const { sessionToken, visitorToken } = view;
      const again = await connectVisitor(url, widgetKey, { sessionToken, visitorToken });
      clients.push(again);
      const resumed = await again.must<SessionView>('session:open', {});
      expect(resumed.conversationId).toBe(conversationId);
      const first = await again.must<{ seq: number }>('message:send', { conversationId, clientId, text: 'kill me' });
      const second = await again.must<{ seq: number }>('message:send', { conversationId, clientId, text: 'kill me' });
      expect(second).toEqual(first);
      await again.until(
        (frame): frame is never =>
          frame.event === 'fact' && frame.fact.type === 'message.created' && frame.fact.author.kind === 'ai',
        'the answer to the message',
      );
      const { facts } = await again.must<View>('facts:since', { conversationId, sinceSeq: 0 });
      expect(facts.map(({ seq }) => seq)).toEqual(facts.map((_, i) => i + 1));
      const mine = facts.filter((fact) => fact.type === 'message.created' && fact.clientId === clientId);
      expect(mine).toMatchObject([{ seq: first.seq, text: 'kill me' }]);
    },
  );
});

describe('[R9] an answer whose server was killed in the middle', () => {
  const ask = async (): Promise<{ client: RawClient; view: SessionView; conversationId: string; before: string }> => {
    child = await startChild(env);
    const { client, view, conversationId } = await openVisitor(child.facts.url, child.facts.widgetKey);
    clients.push(client);
    await client.must('message:send', {
      conversationId,
      clientId: newUuid(),
      text: 'Tell me everything about your multi-day trips',
    });
    await client.untilSignal('reply.delta', ({ offset }) => offset > 30);
    await child.kill();
    await gone(client);
    const before = client.frames
      .flatMap((frame) => (frame.event === 'signal' && frame.signal.type === 'reply.delta' ? [frame.signal.text] : []))
      .join('');
    return { client, view, conversationId, before };
  };

  it('is answered anew within 10 s of the restart, under a higher attempt, never spliced', async () => {
    const { view, conversationId, before } = await ask();
    child = await startChild({ ...env, AI_BUILTIN_WORDS_PER_SECOND: '200' });
    const { sessionToken, visitorToken } = view;
    const client = await connectVisitor(child.facts.url, child.facts.widgetKey, { sessionToken, visitorToken });
    clients.push(client);
    const resumed = await client.must<SessionView>('session:open', {});
    expect(resumed.reply?.attempt ?? 2).toBe(2);
    const settled = (await client.must<View>('facts:since', { conversationId, sinceSeq: 0 })).facts.find(
      (fact) => fact.type === 'message.created' && fact.author.kind === 'ai',
    );
    const final = settled?.type === 'message.created' ? settled : await client.untilFact('message.created');
    expect(final).toMatchObject({ status: 'complete' });
    // The whole text once: it begins as the first attempt did, and that beginning stands in it a single time.
    expect(final.text.startsWith(before.slice(0, 20))).toBe(true);
    expect(final.text.split(before.slice(0, 40)).length).toBe(2);
  });

  it('[R12] is frozen as far as it was kept, where a person takes over before it is claimed again', async () => {
    const { view, conversationId, before } = await ask();
    // An answerer that waits for the test cannot be told from a dead one: the take comes first.
    child = await startChild({ ...env, AI_BUILTIN_WORDS_PER_SECOND: '1' });
    const staff = await connectStaff(child.facts.url, await tokenOf(dataDir));
    clients.push(staff);
    await staff.must('conversation:take', { conversationId, clientId: newUuid() });
    const { sessionToken, visitorToken } = view;
    const client = await connectVisitor(child.facts.url, child.facts.widgetKey, { sessionToken, visitorToken });
    clients.push(client);
    await client.must<SessionView>('session:open', {});
    const { facts } = await client.must<View>('facts:since', { conversationId, sinceSeq: 0 });
    const said = facts.filter((fact) => fact.type === 'message.created' && fact.author.kind === 'ai');
    // What a visitor was shown before the crash, or a beginning of the second attempt: never the two in one.
    for (const fact of said) {
      if (fact.type !== 'message.created') continue;
      expect(fact.status).toBe('interrupted');
      expect(before.startsWith(fact.text) || fact.text.startsWith(before.slice(0, 5))).toBe(true);
    }
  });
});

const tokenOf = async (folder: string): Promise<string> => {
  const { readFile } = await import('node:fs/promises');
  const facts = JSON.parse(await readFile(join(folder, 'first-run.json'), 'utf8')) as { keys: { console: string } };
  return facts.keys.console;
};

describe('SIGTERM', () => {
  it('lets the answer in flight end, and exits 0 within 10 s; the client comes back by its cursor', async () => {
    child = await startChild({ ...env, AI_BUILTIN_WORDS_PER_SECOND: '60' });
    const { client, conversationId } = await openVisitor(child.facts.url, child.facts.widgetKey);
    clients.push(client);
    await client.must('message:send', {
      conversationId,
      clientId: newUuid(),
      text: 'What does a kayak cost for a day?',
    });
    await client.untilSignal('reply.delta');
    const began = performance.now();
    const ended = child.terminate();
    const final = await client.untilFact('message.created', ({ author }) => author.kind === 'ai');
    expect(final).toMatchObject({ status: 'complete' });
    expect(await ended).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
    await gone(client);
  });
});
