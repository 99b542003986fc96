// Contract 003's limits: each says when to try again, in the envelope and in the header.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { callWidgetApi, openWidgetSession } from '../support/widget-api.ts';
import type { Answer } from '../support/widget-api.ts';

let server: TestServer;
let key: string;

beforeAll(async () => {
  server = await startServer({ env: { TILLER_LIMITS: 'default', TRUST_PROXY: 'loopback' } });
  key = server.firstRun.keys.widget;
});
afterAll(() => server.stop());

const call = (route: string, options: Parameters<typeof callWidgetApi>[2] = {}) =>
  callWidgetApi(server.url, route, { key, ...options });

/** Calls until one is refused; how many were not. */
const untilLimited = async (ask: () => Promise<Answer>, most: number): Promise<{ passed: number; refused: Answer }> => {
  for (let passed = 0; passed <= most; passed += 1) {
    const answer = await ask();
    if (answer.status === 429) return { passed, refused: answer };
    expect(answer.status).toBe(200);
  }
  throw new Error(`${most} calls and no limit`);
};

const expectPatience = ({ body, headers }: Answer): void => {
  expect(body).toMatchObject({ success: false, error: { code: 'rate_limited', details: [] } });
  expect(Object.keys(body.error)).toEqual(['code', 'message', 'retry_after', 'details']);
  expect(body.error.retry_after).toBeGreaterThan(0);
  expect(headers.get('retry-after')).toBe(String(body.error.retry_after));
  expect(headers.get('access-control-expose-headers')).toContain('Retry-After');
};

describe('limits', () => {
  test('config: 60 a minute', async () => {
    const { passed, refused } = await untilLimited(() => call('GET config'), 62);
    expect(passed).toBeGreaterThanOrEqual(60);
    expectPatience(refused);
  });

  test('messages: 5 at once, as over sockets; a repeat of one is never refused', async () => {
    const { session_id } = await openWidgetSession(server.url, key);
    let count = 0;
    const say = (id: string) =>
      call('POST message', { body: { session_id, message: 'Hello' }, headers: { 'Idempotency-Key': id } });
    const { passed, refused } = await untilLimited(() => say(`k${(count += 1)}`), 8);
    expect(passed).toBeGreaterThanOrEqual(5);
    expectPatience(refused);
    expect((await say('k1')).status).toBe(200);
  });

  test('track: 30 a minute', async () => {
    const { session_id } = await openWidgetSession(server.url, key);
    const { passed, refused } = await untilLimited(() => call('POST track', { body: { session_id, events: [] } }), 33);
    expect(passed).toBeGreaterThanOrEqual(30);
    expectPatience(refused);
  });

  test('an end that is refused has ended nothing: the conversation is still the session’s', async () => {
    const { session_id } = await openWidgetSession(server.url, key);
    await call('POST message', { body: { session_id, message: 'Hello' } });
    await untilLimited(() => call('POST csat', { body: { session_id, rating: 5 } }), 60);
    const refused = await call('POST session/end', { body: { session_id } });
    expect(refused.status).toBe(429);
    expectPatience(refused);
    const { body } = await call('GET messages', { session: session_id });
    expect(body.messages[0].content).toBe('Hello');
  });

  test('leads: 5 an hour', async () => {
    const { session_id } = await openWidgetSession(server.url, key);
    const lead = () => call('POST lead', { body: { session_id, email: 'a@example.com' } });
    const { passed, refused } = await untilLimited(lead, 6);
    expect(passed).toBe(5);
    expectPatience(refused);
  });

  test('new sessions: 20 an hour from one address, and another address is unharmed', async () => {
    const from = (address: string) => call('POST session', { body: {}, headers: { 'x-forwarded-for': address } });
    const { passed, refused } = await untilLimited(() => from('203.0.113.7'), 21);
    expect(passed).toBe(20);
    expectPatience(refused);
    expect((await from('203.0.113.8')).status).toBe(200);
  });
});
