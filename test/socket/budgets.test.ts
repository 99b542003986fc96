// Where the AI's day or hour is over: the visitor is told, and a person is asked, over sockets and REST alike.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newUuid } from '../../shared/ids.ts';
import { enough } from '../../server/usecases/answer-request.ts';
import { rates } from '../../server/usecases/limits.ts';
import { ask } from '../support/party.ts';
import { connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ env: { TILLER_LIMITS: 'default', TRUST_PROXY: '1' } });
});
afterAll(() => server.stop());

// Tests read whatever an answer holds.
// eslint-disable-next-line typescript/no-explicit-any
const owner = async (route: string, body?: object): Promise<any> => {
  const headers = { authorization: `Bearer ${server.firstRun.keys.console}` };
  const reply = await ask(server.url, route.replace(' ', ' /api/console'), { headers, body });
  expect(reply.status, reply.text).toBe(200);
  return reply.json;
};
const newWidget = async (more: object = {}): Promise<{ id: string; widgetKey: string; catyKey: string }> =>
  (await owner('POST /widgets', { name: 'W', ...more })).widget;

const says = async (client: RawClient, conversationId: string, text: string): Promise<string> => {
  const { seq } = await client.must<{ seq: number }>('message:send', { conversationId, clientId: newUuid(), text });
  const answer = await client.untilFact(
    'message.created',
    (fact) => fact.seq > seq && ['ai', 'system'].includes(fact.author.kind),
  );
  return answer.text;
};

test("beyond a widget's budget the visitor is told and a person is asked; other widgets answer on", async () => {
  const widget = await newWidget({ dailyAnswers: 1 });
  const { client, conversationId } = await openVisitor(server.url, widget.widgetKey);
  expect(await says(client, conversationId, 'What are your prices?')).not.toBe(enough);
  expect(await says(client, conversationId, 'And tomorrow?')).toBe(enough);
  const told = await client.untilFact('control.changed');
  expect(told.waiting).not.toBeNull();
  const other = await openVisitor(server.url, (await newWidget()).widgetKey);
  expect(await says(other.client, other.conversationId, 'What are your prices?')).not.toBe(enough);
  client.close();
  other.client.close();
});

test("beyond the organisation's budget no widget answers, over REST either, until the budget is raised", async () => {
  const widget = await newWidget({ dailyAnswers: 1000 });
  await owner('PATCH /organisation', { dailyAnswers: 0 });
  const headers = { 'x-api-key': widget.catyKey };
  const { json } = await ask(server.url, 'POST /api/widget/session', { headers, body: {} });
  const say = (message: string) =>
    ask(server.url, 'POST /api/widget/message', { headers, body: { session_id: json.session_id, message } });
  const refused = await say('What are your prices?');
  expect(refused.json.response.content).toBe(enough);
  expect(refused.json.metadata).toMatchObject({ handled_by: 'queue', intent: null, confidence: null });
  await owner('PATCH /organisation', { dailyAnswers: null });
  const second = await ask(server.url, 'POST /api/widget/session', { headers, body: {} });
  const answered = await ask(server.url, 'POST /api/widget/message', {
    headers,
    body: { session_id: second.json.session_id, message: 'What are your prices?' },
  });
  expect(answered.json.response.content).not.toBe(enough);
});

test('one address gets a hundred answers an hour, over REST and sockets together; another address is not concerned', async () => {
  const from = (address: string) => ({ 'x-forwarded-for': address });
  const widget = await newWidget();
  const headers = { 'x-api-key': widget.catyKey, ...from('192.0.2.7') };
  const perVisitor = rates.message.burst;
  const visitors = rates.answerFrom.count / perVisitor;
  const visit = async (): Promise<string[]> => {
    const { json } = await ask(server.url, 'POST /api/widget/session', { headers, body: {} });
    const contents: string[] = [];
    for (let i = 0; i < perVisitor; i += 1) {
      const body = { session_id: json.session_id, message: 'What are your prices?' };
      const reply = await ask(server.url, 'POST /api/widget/message', { headers, body });
      expect(reply.status, reply.text).toBe(200);
      contents.push(reply.json.response.content);
    }
    return contents;
  };
  const contents = (await Promise.all(Array.from({ length: visitors }, visit))).flat();
  expect(contents).toHaveLength(rates.answerFrom.count);
  expect(contents).not.toContain(enough);
  const bySocket = async (address: string): Promise<string> => {
    const { widgetKey } = await newWidget();
    const client = await connectVisitor(server.url, widgetKey, {}, from(address));
    const { conversationId } = await client.must<{ conversationId: string }>('session:open', {});
    const answer = await says(client, conversationId, 'What are your prices?');
    client.close();
    return answer;
  };
  expect(await bySocket('192.0.2.7')).toBe(enough);
  expect(await bySocket('192.0.2.8')).not.toBe(enough);
});
