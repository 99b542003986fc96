// Contract 003's `message` while an answer is being written: streaming, takeover, bursts, callers who leave, and patience.
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProvider } from '../support/provider.ts';
import type { Provider } from '../support/provider.ts';
import { connectStaff, connectVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { callWidgetApi, openWidgetSession } from '../support/widget-api.ts';
import type { OpenedSession } from '../support/widget-api.ts';

let provider: Provider;
let server: TestServer;
let key: string;
let staff: RawClient;

beforeAll(async () => {
  provider = await startProvider();
  server = await startServer({ env: provider.env });
  key = server.firstRun.keys.widget;
  staff = await connectStaff(server.url, server.firstRun.keys.console);
});
afterAll(async () => {
  staff.close();
  await server.stop();
  await provider.close();
});

const call = (route: string, options: Parameters<typeof callWidgetApi>[2] = {}) =>
  callWidgetApi(server.url, route, { key, ...options });

/** The conversation of a session as a socket of the same visitor sees it. */
const follow = async ({ session_id, visitor_id }: OpenedSession) => {
  const socket = await connectVisitor(server.url, key, { sessionToken: session_id, visitorToken: visitor_id });
  const { conversationId } = await socket.must<{ conversationId: string }>('session:open', {});
  return { socket, conversationId };
};

interface Stream {
  response: IncomingMessage;
  events: { name: string; data: Record<string, unknown> }[];
  until(name: string): Promise<Record<string, unknown>>;
  ended: Promise<void>;
  drop(): void;
}

/** A message as a page that reads events. */
const stream = (sessionId: string, message: string): Promise<Stream> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest(
      `${server.url}/api/widget/message`,
      {
        method: 'POST',
        headers: { 'x-api-key': key, 'content-type': 'application/json', accept: 'text/event-stream' },
      },
      (response) => {
        const events: Stream['events'] = [];
        const waiting = new Set<() => void>();
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          const parts = text.split('\n\n');
          text = parts.pop()!;
          for (const part of parts) {
            const name = /^event: (.*)$/m.exec(part)?.[1];
            const data = /^data: (.*)$/m.exec(part)?.[1];
            if (name !== undefined && data !== undefined) events.push({ name, data: JSON.parse(data) });
          }
          for (const look of waiting) look();
        });
        const ended = new Promise<void>((end) => response.once('close', () => end()));
        response.on('error', () => undefined);
        resolve({
          response,
          events,
          ended,
          until: (name) =>
            new Promise((give) => {
              const look = (): void => {
                const found = events.find((event) => event.name === name);
                if (found === undefined) return;
                waiting.delete(look);
                give(found.data);
              };
              waiting.add(look);
              look();
            }),
          drop: () => sent.destroy(),
        });
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify({ session_id: sessionId, message }));
  });

describe('a whole answer', () => {
  test('[R10] taken over in mid-call: the frozen partial comes at once, and a person has it', async () => {
    const session = await openWidgetSession(server.url, key);
    const { socket, conversationId } = await follow(session);
    const answer = call('POST message', { body: { session_id: session.session_id, message: 'What does it cost?' } });
    const asked = await provider.next();
    asked.say('It costs twenty');
    await socket.untilSignal('reply.delta');
    await staff.must('conversation:take', { conversationId });
    const { body } = await answer;
    expect(body.response).toEqual({ content: 'It costs twenty', suggested_actions: [] });
    expect(body.metadata).toMatchObject({ intent: null, confidence: null, handled_by: 'human' });
    socket.close();
  });

  test('overlapping calls of one session get the one answer, to the latest message', async () => {
    const session = await openWidgetSession(server.url, key);
    const { session_id } = session;
    const first = call('POST message', { body: { session_id, message: 'Hello, a question' } });
    const dropped = await provider.next();
    const second = call('POST message', { body: { session_id, message: 'What does a tandem cost?' } });
    await dropped.exchange.closed;
    const asked = await provider.next();
    asked.say('Thirty an hour.');
    asked.end();
    const [a, b] = await Promise.all([first, second]);
    expect(a.body.response.content).toBe('Thirty an hour.');
    expect(b.body.response.content).toBe('Thirty an hour.');
    const { messages } = (await call('GET messages', { session: session_id })).body;
    expect(messages.map(({ role }: { role: string }) => role)).toEqual(['visitor', 'visitor', 'ai']);
  });

  test('a caller who leaves aborts nothing: the answer is in the conversation', async () => {
    const session = await openWidgetSession(server.url, key);
    const { socket } = await follow(session);
    const leaving = new AbortController();
    const left = fetch(`${server.url}/api/widget/message`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ session_id: session.session_id, message: 'Are you open?' }),
      signal: leaving.signal,
    });
    const asked = await provider.next();
    asked.say('Yes, ');
    await socket.untilSignal('reply.delta');
    leaving.abort();
    await expect(left).rejects.toThrow('aborted');
    asked.say('until six.');
    asked.end();
    const whole = await socket.untilFact('message.created', ({ author }) => author.kind === 'ai');
    expect(whole.text).toBe('Yes, until six.');
    socket.close();
  });

  test('an answer that takes too long is pending, and comes by GET messages', async () => {
    const slow = await startProvider();
    const hasty = await startServer({ env: slow.env, turnMs: 200 });
    try {
      const own = { key: hasty.firstRun.keys.widget };
      const { session_id } = await openWidgetSession(hasty.url, own.key);
      const said = { ...own, body: { session_id, message: 'What does it cost?' } };
      const { status, body } = await callWidgetApi(hasty.url, 'POST message', said);
      expect(status).toBe(200);
      expect(body.metadata).toMatchObject({ intent: 'pricing_inquiry', handled_by: 'ai', pending: true });
      const asked = await slow.next();
      asked.say('Twenty.');
      asked.end();
      const last = async () =>
        (await callWidgetApi(hasty.url, 'GET messages', { ...own, session: session_id })).body.messages.at(-1);
      await expect.poll(last, { timeout: 10_000 }).toMatchObject({ role: 'ai', content: 'Twenty.' });
    } finally {
      await hasty.stop();
      await slow.close();
    }
  });

  test('a provider that fails: the apology at once, and the queue has it', async () => {
    const { session_id } = await openWidgetSession(server.url, key);
    const answer = call('POST message', { body: { session_id, message: 'What does it cost?' } });
    (await provider.next()).fail(401);
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(body.metadata).toMatchObject({ intent: null, handled_by: 'queue' });
    expect(body.response.content).toContain('Sorry');
  });
});

describe('Accept: text/event-stream', () => {
  test('tells started, deltas that make the answer, and done with the whole body', async () => {
    const { session_id } = await openWidgetSession(server.url, key);
    const events = stream(session_id, 'What does it cost?');
    const asked = await provider.next();
    asked.say('Twenty ');
    const reading = await events;
    expect(reading.response.headers['content-type']).toContain('text/event-stream');
    await reading.until('delta');
    asked.say('an hour.');
    asked.end();
    const done = (await reading.until('done')) as { response: { content: string }; metadata: { intent: string } };
    await reading.ended;
    const deltas = reading.events
      .filter(({ name }) => name === 'delta')
      .map(({ data }) => data as { offset: number; text: string });
    expect(deltas.map(({ text }) => text).join('')).toBe('Twenty an hour.');
    let length = 0;
    for (const { offset, text } of deltas) {
      expect(offset).toBe(length);
      length += text.length;
    }
    expect(done.response.content).toBe('Twenty an hour.');
    expect(done.metadata.intent).toBe('pricing_inquiry');
    expect((await reading.until('started'))['message_id']).toMatch(/^msg_/);
  });

  test('a newer stream of the session ends the older one with `replaced`, which says that the newer carries the answer', async () => {
    const { session_id } = await openWidgetSession(server.url, key);
    const older = await (async () => {
      const opening = stream(session_id, 'Hello');
      (await provider.next()).say('Hi');
      return opening;
    })();
    await older.until('delta');
    const opening = stream(session_id, 'What does it cost?');
    const asked = await provider.next();
    asked.say('Twenty.');
    asked.end();
    const newer = await opening;
    expect((await newer.until('done'))['success']).toBe(true);
    await older.until('replaced');
    await older.ended;
    expect(older.events.some(({ name }) => name === 'done')).toBe(false);
  });

  test('a refusal before the first event has its own status and envelope', async () => {
    const response = await fetch(`${server.url}/api/widget/message`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ session_id: 'sess_nothing', message: 'Hello' }),
    });
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toContain('application/json');
  });

  test('taken over while it streams: done carries the frozen partial', async () => {
    const session = await openWidgetSession(server.url, key);
    const { socket, conversationId } = await follow(session);
    const opening = stream(session.session_id, 'What does it cost?');
    (await provider.next()).say('It costs');
    const reading = await opening;
    await reading.until('delta');
    await staff.must('conversation:take', { conversationId });
    const done = (await reading.until('done')) as { response: { content: string }; metadata: { handled_by: string } };
    expect([done.response.content, done.metadata.handled_by]).toEqual(['It costs', 'human']);
    socket.close();
  });
});
