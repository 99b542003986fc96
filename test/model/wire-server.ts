// A real HTTP server that streams what each vendor's API streams, chunk by chunk, under the test's control.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ModelConfig } from '../../server/config.ts';

export type Vendor = Exclude<ModelConfig['provider'], 'builtin'>;

interface Wire {
  /** The path that is appended to the server's address as the vendor's base URL. */
  base: string;
  /** The stream's beginning, before any text. */
  begin: () => unknown[];
  text: (text: string) => unknown[];
  /** A regular end, with 11 tokens read and 7 written. */
  end: () => unknown[];
  /** An error in the middle of a stream that says that the vendor is overloaded. */
  overloaded: () => unknown[];
}

const chat = (delta: object, finish: string | null = null): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
});

const gemini = (text: string, more: object = {}): object => ({
  candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] }, ...more }],
});

export const wires: Record<Vendor, Wire> = {
  openai: {
    base: '/v1',
    begin: () => [
      { type: 'response.created', sequence_number: 0, response: { id: 'resp_1', created_at: 1, model: 'm' } },
      {
        type: 'response.output_item.added',
        sequence_number: 1,
        output_index: 0,
        item: { type: 'message', id: 'msg_1', role: 'assistant', status: 'in_progress', content: [] },
      },
    ],
    text: (delta) => [
      {
        type: 'response.output_text.delta',
        sequence_number: 2,
        item_id: 'msg_1',
        output_index: 0,
        content_index: 0,
        delta,
      },
    ],
    end: () => [
      {
        type: 'response.output_item.done',
        sequence_number: 3,
        output_index: 0,
        item: { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [] },
      },
      {
        type: 'response.completed',
        sequence_number: 4,
        response: { id: 'resp_1', incomplete_details: null, usage: { input_tokens: 11, output_tokens: 7 } },
      },
    ],
    overloaded: () => [
      { type: 'error', sequence_number: 3, code: 'server_error', message: 'The server had an error', param: null },
    ],
  },
  'openai-compatible': {
    base: '/v1',
    begin: () => [chat({ role: 'assistant', content: '' })],
    text: (content) => [chat({ content })],
    end: () => [
      chat({}, 'stop'),
      {
        id: 'chatcmpl-1',
        created: 1,
        model: 'm',
        choices: [],
        usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
      },
      '[DONE]',
    ],
    overloaded: () => [{ error: { message: 'The server is overloaded', type: 'server_error', code: null } }],
  },
  anthropic: {
    base: '/v1',
    begin: () => [
      {
        type: 'message_start',
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'm',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 11, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ],
    text: (text) => [{ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }],
    end: () => [
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 7 } },
      { type: 'message_stop' },
    ],
    overloaded: () => [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
  },
  google: {
    base: '/v1beta',
    begin: () => [],
    text: (text) => [gemini(text)],
    end: () => [
      {
        ...gemini('', { finishReason: 'STOP' }),
        usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 7, totalTokenCount: 18 },
      },
    ],
    overloaded: () => [{ error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }],
  },
};

export const vendors = Object.keys(wires) as Vendor[];

/** One request at the server: what came, the answer being written, and when the caller's end of it closed. */
export interface Exchange {
  request: IncomingMessage;
  body: string;
  response: ServerResponse;
  /** Resolves when the connection of this request is closed, by whomever. */
  closed: Promise<unknown>;
  /** Begins an event stream, or goes on with it. */
  write: (events: readonly unknown[]) => void;
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
};

/** Listens on a free port of the loopback; `handle` is called for each request. */
export const startWireServer = async (
  handle: (exchange: Exchange) => void,
): Promise<{ url: string; close: () => Promise<void> }> => {
  const server = createServer((request, response) => {
    const closed = once(response, 'close');
    const write = (events: readonly unknown[]): void => {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of events) {
        const { type } = event as { type?: unknown };
        const name = typeof type === 'string' ? `event: ${type}\n` : '';
        response.write(`${name}data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
      }
    };
    void readBody(request).then((body) => handle({ request, body, response, closed, write }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
