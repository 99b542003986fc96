// A provider whose every request waits for the test: real HTTP, the OpenAI-compatible stream format.
import { startWireServer, wires } from '../model/wire-server.ts';
import type { Exchange } from '../model/wire-server.ts';

const wire = wires['openai-compatible'];

export interface ProviderCall {
  exchange: Exchange;
  say(text: string): void;
  end(): void;
  /** A call of the tool with this name. */
  callTool(name: string, input: object): void;
  fail(status: number, headers?: Record<string, string>): void;
  /** Cuts the connection without a word. */
  drop(): void;
}

const callOf = (exchange: Exchange): ProviderCall => {
  let isBegun = false;
  const write = (events: readonly unknown[]): void => {
    exchange.write(isBegun ? events : [...wire.begin(), ...events]);
    isBegun = true;
  };
  return {
    exchange,
    say: (text) => write(wire.text(text)),
    end: () => {
      write(wire.end());
      exchange.response.end();
    },
    callTool: (name, input) =>
      write([
        {
          id: 'chatcmpl-1',
          object: 'chat.completion.chunk',
          created: 1,
          model: 'm',
          choices: [
            {
              index: 0,
              delta: {
                tool_calls: [
                  { index: 0, id: 'call_1', type: 'function', function: { name, arguments: JSON.stringify(input) } },
                ],
              },
              finish_reason: 'tool_calls',
            },
          ],
        },
      ]),
    fail: (status, headers = {}) => {
      exchange.response.writeHead(status, { 'content-type': 'application/json', ...headers });
      exchange.response.end(JSON.stringify({ error: { message: 'no', type: 'error', code: null } }));
    },
    drop: () => exchange.request.socket.destroy(),
  };
};

export interface Provider {
  env: Record<string, string>;
  /** The next request that no `next` has been given yet, now or when it comes. */
  next(): Promise<ProviderCall>;
  /** Requests so far. */
  count(): number;
  close(): Promise<void>;
}

export const startProvider = async (): Promise<Provider> => {
  const calls: ProviderCall[] = [];
  const waiting: ((call: ProviderCall) => void)[] = [];
  let count = 0;
  const { url, close } = await startWireServer((exchange) => {
    count += 1;
    const call = callOf(exchange);
    const first = waiting.shift();
    if (first === undefined) calls.push(call);
    else first(call);
  });
  return {
    env: { AI_PROVIDER: 'openai-compatible', AI_BASE_URL: `${url}${wire.base}`, AI_MODEL: 'test', AI_API_KEY: 'k' },
    next: () => {
      const call = calls.shift();
      return call === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(call);
    },
    count: () => count,
    close,
  };
};
