// The outbox: first in, first out, one at a time; nothing lost, nothing doubled, whatever the answers.
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { KeyValueStorage } from '../../client/sdk/api.ts';
import { memoryStorage } from '../../client/sdk/index.ts';
import { createOutbox } from '../../client/sdk/outbox.ts';
import type { Outbox, OutboxOptions } from '../../client/sdk/outbox.ts';
import type { Ack } from '../../shared/wire.ts';

const prefix = 'tiller:wgt:out:';
const conversationId = 'conv_1';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A server that is idempotent by clientId, and a network that follows a plan. */
const createServer = (plan: readonly string[] = []) => {
  const fates = [...plan];
  const log: string[] = [];
  const sent: string[] = [];
  let inFlight = 0;
  const seen = new Map<string, string>();
  const ask = async (_command: string, input: unknown): Promise<Ack<unknown>> => {
    const { text, clientId } = input as { text: string; clientId: string };
    inFlight += 1;
    expect(inFlight).toBe(1);
    sent.push(text);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
    inFlight -= 1;
    const fate = fates.shift() ?? 'ok';
    if (fate === 'lost') return { ok: false, error: { code: 'unavailable', message: 'lost on the way there' } };
    if (fate === 'limited') return { ok: false, error: { code: 'rate_limited', message: 'slow', retryAfterMs: 500 } };
    if (fate === 'refused' && !seen.has(clientId)) return { ok: false, error: { code: 'invalid', message: 'no' } };
    if (!seen.has(clientId)) log.push(text);
    seen.set(clientId, text);
    if (fate === 'unacked') return { ok: false, error: { code: 'internal', message: 'lost on the way back' } };
    return { ok: true, data: { seq: log.length } };
  };
  return { ask, log, sent };
};

const open = (storage: KeyValueStorage, more: Partial<OutboxOptions> & Pick<OutboxOptions, 'ask'>): Outbox =>
  createOutbox({
    storage,
    prefix,
    backoff: { min: 20, max: 100 },
    isOnline: () => true,
    isSendable: (id) => id !== '',
    isStored: () => true,
    acked: () => undefined,
    changed: () => undefined,
    ...more,
  });

const fate = fc.constantFrom('ok', 'lost', 'unacked', 'limited', 'refused');

describe('[R13] the outbox', () => {
  test('sends in order and once, whatever happens on the way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.array(fate, { maxLength: 30 }), async (count, plan) => {
        const storage = memoryStorage();
        const server = createServer(plan);
        const outbox = open(storage, { ask: server.ask });
        const texts = Array.from({ length: count }, (_, index) => `m${index}`);
        const answers = texts.map((text) => outbox.add('message:send', conversationId, { text }).answer);
        await vi.advanceTimersByTimeAsync(60_000);
        const results = await Promise.all(answers);
        const failed = outbox.of(conversationId).map(({ input }) => input['text'] as string);
        expect(server.log).toEqual(texts.filter((text) => !failed.includes(text)));
        expect(failed).toEqual(texts.filter((_, index) => !results[index]!.ok));
        expect(storage.keys().length).toBe(failed.length);
        outbox.stop();
      }),
      { numRuns: 100 },
    );
  });

  test('loses and doubles nothing when the page is reloaded at any moment, any number of times', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 120 })), { maxLength: 8 }),
        fc.array(fc.constantFrom('ok', 'lost', 'unacked', 'limited'), { maxLength: 20 }),
        async (lives, plan) => {
          const storage = memoryStorage();
          const server = createServer(plan);
          const texts: string[] = [];
          for (const [count, ms] of [...lives, [0, 60_000]] as const) {
            const isGone = { is: false };
            // A page that is gone hears no answer and sends nothing more.
            const ask: OutboxOptions['ask'] = async (command, input) => {
              const answer = await server.ask(command, input);
              return isGone.is ? new Promise<never>(() => undefined) : answer;
            };
            const outbox = open(storage, { ask, isOnline: () => !isGone.is });
            for (let index = 0; index < count; index += 1) {
              texts.push(`m${texts.length}`);
              outbox.add('message:send', conversationId, { text: texts.at(-1)! });
            }
            outbox.pump();
            await vi.advanceTimersByTimeAsync(ms);
            isGone.is = true;
            outbox.stop();
            await vi.advanceTimersByTimeAsync(20);
          }
          expect(server.log).toEqual(texts);
          expect(storage.keys()).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('of two tabs leaves the other its young messages, and sends them when they grow old', async () => {
    const storage = memoryStorage();
    const server = createServer();
    const one = open(storage, { ask: server.ask, isOnline: () => false });
    const two = open(storage, { ask: server.ask });
    one.add('message:send', conversationId, { text: 'stuck in a frozen tab' });
    two.start();
    await vi.advanceTimersByTimeAsync(14_000);
    expect(server.sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.log).toEqual(['stuck in a frozen tab']);
    expect(storage.keys()).toEqual([]);
    two.stop();
    one.stop();
  });

  test('does not send what the other tab has sent meanwhile', async () => {
    const storage = memoryStorage();
    const server = createServer();
    let isOnline = false;
    const one = open(storage, { ask: server.ask });
    one.add('message:send', '', { text: 'waits to be pinned' });
    const two = open(storage, { ask: server.ask, isOnline: () => isOnline });
    expect(two.of('').length).toBe(1);
    one.pin(conversationId);
    two.pin(conversationId);
    one.pump();
    await vi.advanceTimersByTimeAsync(50);
    isOnline = true;
    two.pump();
    await vi.advanceTimersByTimeAsync(50);
    expect(server.sent).toEqual(['waits to be pinned']);
    expect(two.of(conversationId)).toEqual([]);
  });

  test('lets go where the log shows the message, though its ack never came', async () => {
    const storage = memoryStorage();
    const outbox = open(storage, { ask: () => new Promise<never>(() => undefined) });
    const first = outbox.add('message:send', conversationId, { text: 'one' });
    outbox.add('message:send', conversationId, { text: 'two' });
    outbox.settle(first.clientId, { seq: 2 });
    expect(await first.answer).toEqual({ ok: true, data: { seq: 2 } });
    expect(outbox.of(conversationId)).toMatchObject([{ status: 'sending', input: { text: 'two' } }]);
  });

  test('waits as long as it was told after a rate limit, also over a reconnect', async () => {
    const server = createServer(['limited']);
    const outbox = open(memoryStorage(), { ask: server.ask });
    outbox.add('message:send', conversationId, { text: 'one' });
    await vi.advanceTimersByTimeAsync(20);
    expect(outbox.of(conversationId)[0]?.status).toBe('waiting');
    outbox.pump();
    await vi.advanceTimersByTimeAsync(400);
    expect(server.sent.length).toBe(1);
    await vi.advanceTimersByTimeAsync(400);
    expect(server.log).toEqual(['one']);
  });

  test('works on though the storage is full', async () => {
    const full: KeyValueStorage = {
      getItem: () => null,
      setItem: () => undefined,
      removeItem: () => undefined,
      keys: () => [],
    };
    const server = createServer();
    const outbox = open(full, { ask: server.ask });
    outbox.add('message:send', conversationId, { text: 'one' });
    await vi.advanceTimersByTimeAsync(50);
    expect(server.log).toEqual(['one']);
  });

  test('passes over what is not an entry', () => {
    const storage = memoryStorage();
    storage.setItem(`${prefix}a`, 'not json');
    storage.setItem(`${prefix}b`, '{"clientId":1}');
    storage.setItem(`${prefix}c`, 'null');
    expect(open(storage, createServer()).of(conversationId)).toEqual([]);
  });

  test('takes what waits for a lost session along: untried it is sent, tried it waits for a person', async () => {
    const storage = memoryStorage();
    const server = createServer(['lost']);
    let isOnline = true;
    const outbox = open(storage, { ask: server.ask, isOnline: () => isOnline });
    outbox.add('message:send', 'conv_old', { text: 'tried' });
    await vi.advanceTimersByTimeAsync(5);
    isOnline = false;
    outbox.add('message:send', 'conv_old', { text: 'untried' });
    await vi.advanceTimersByTimeAsync(20);
    outbox.move('conv_old', 'conv_new');
    isOnline = true;
    outbox.pump();
    await vi.advanceTimersByTimeAsync(50);
    expect(server.log).toEqual(['untried']);
    expect(outbox.of('conv_new')).toMatchObject([{ status: 'failed', input: { text: 'tried' } }]);
  });
});
