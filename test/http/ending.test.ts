// A node that ends while it answers: requests on their way are answered, and no connection is kept for another.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.stop());

const body = JSON.stringify({});
const half = (agent: Agent): ClientRequest => {
  const headers = {
    'x-api-key': server.firstRun.widgetKey,
    'content-type': 'application/json',
    'content-length': body.length,
  };
  const asked = request(`${server.url}/api/widget/session`, { method: 'POST', headers, agent });
  asked.write(body.slice(0, 1));
  return asked;
};
const answered = async (asked: ClientRequest): Promise<IncomingMessage> => {
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  return response;
};

test('what is half-way in when it stops is answered, on a connection that then closes', async () => {
  const agent = new Agent({ keepAlive: true });
  const asked = half(agent);
  await once(asked, 'socket');
  // Its headers are there once a later request on another connection is answered.
  await fetch(`${server.url}/healthz`);
  const stopped = server.node.stop();
  await expect
    .poll(() =>
      fetch(`${server.url}/healthz`).then(
        () => 'served',
        () => 'refused',
      ),
    )
    .toBe('refused');
  const waiting = answered(asked);
  asked.end(body.slice(1));
  const response = await waiting;
  expect([response.statusCode, response.headers.connection]).toEqual([200, 'close']);
  await stopped;
  agent.destroy();
});

test('one that never sends its end does not hold it up', async () => {
  const agent = new Agent({ keepAlive: true });
  const asked = half(agent);
  const cut = once(asked, 'error');
  await once(asked, 'socket');
  await fetch(`${server.url}/healthz`);
  const began = performance.now();
  await server.node.stop();
  expect(performance.now() - began).toBeLessThan(5000);
  await cut;
  agent.destroy();
});
