// Every provider's format against real HTTP servers: text, tokens, hand-off, refusals, broken connections, aborts.
import { LLMock } from '@copilotkit/aimock';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAiSdkModel } from '../../server/adapters/model/ai-sdk.ts';
import { createModel } from '../../server/adapters/model/index.ts';
import { ModelError } from '../../server/ports/model.ts';
import type { Model, Passage } from '../../server/ports/model.ts';
import { answerOf, askFor, rejectionOf } from './answer.ts';
import { startWireServer, vendors, wires } from './wire-server.ts';
import type { Exchange, Vendor } from './wire-server.ts';

const key = 'sk-test-0123456789abcdef';
const modelAt = (vendor: Vendor, url: string): Model =>
  createAiSdkModel({
    provider: vendor,
    model: vendor === 'openai' ? 'gpt-4.1-mini' : 'some-model',
    baseUrl: `${url}${wires[vendor].base}`,
    apiKey: key,
    wordsPerSecond: 0,
  });

/** The same count in each vendor's words. */
const tokens = {
  prompt_tokens: 31,
  completion_tokens: 17,
  total_tokens: 48,
  input_tokens: 31,
  output_tokens: 17,
  promptTokenCount: 31,
  candidatesTokenCount: 17,
  totalTokenCount: 48,
};

const prices: Passage = {
  articleId: 'art_1',
  title: 'Prices',
  url: '/demo#prices',
  text: '## Boat hire prices\n\n- Tandem kayak: half day £45, full day £68',
  score: 0.9,
};
const parking: Passage = {
  articleId: 'art_2',
  title: 'Parking',
  text: 'There are forty spaces beside the boathouse, and the barrier is two metres high.',
  score: 0.3,
};

let mock: LLMock;
beforeAll(async () => {
  mock = new LLMock({ port: 0 });
  await mock.start();
  mock
    .onMessage(
      /tandem/,
      { content: 'A tandem kayak costs £45 for half a day and £68 for a full day.', usage: tokens },
      { chunkSize: 9 },
    )
    .onMessage(/person/, {
      content: 'I will ask a colleague.',
      toolCalls: [{ name: 'hand_off', arguments: JSON.stringify({ reason: 'Asked for a person' }) }],
    })
    .onMessage(/silently/, { toolCalls: [{ name: 'hand_off', arguments: JSON.stringify({ reason: 'No words' }) }] })
    .onMessage(/slow down/, {
      error: { message: 'Rate limit reached', type: 'rate_limit_error' },
      status: 429,
      retryAfter: 7,
    })
    .onMessage(/no key/, {
      error: { message: `Incorrect API key provided: ${key}`, type: 'authentication_error' },
      status: 401,
    })
    .onMessage(/forbidden/, { error: { message: 'Permission denied', type: 'permission_error' }, status: 403 })
    .onMessage(/no model/, { error: { message: 'The model does not exist', type: 'not_found_error' }, status: 404 })
    .onMessage(/broken/, { error: { message: 'Internal server error', type: 'server_error' }, status: 500 })
    .onMessage(/busy/, { error: { message: 'Overloaded', type: 'overloaded_error' }, status: 529 });
});
afterAll(() => mock.stop());

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A wire server, and the exchanges as they come. */
const listen = async (handle: (exchange: Exchange) => void): Promise<{ url: string; exchanges: Exchange[] }> => {
  const exchanges: Exchange[] = [];
  const server = await startWireServer((exchange) => {
    exchanges.push(exchange);
    handle(exchange);
  });
  cleanups.push(() => server.close());
  return { url: server.url, exchanges };
};

describe.each(vendors)('%s', (vendor) => {
  const wire = wires[vendor];
  const failureOf = async (model: Model, text: string): Promise<ModelError> => {
    const error = await rejectionOf(answerOf(model, askFor(text)));
    if (!(error instanceof ModelError)) throw error;
    return error;
  };

  test('[M1] streams the text in order, with its source and the tokens it took', async () => {
    const passages = [prices, parking];
    const answer = await answerOf(modelAt(vendor, mock.url), askFor('how much is a tandem?', { passages }));
    expect(answer.text).toBe('A tandem kayak costs £45 for half a day and £68 for a full day.');
    expect(answer.order).toEqual(['text', 'sources', 'usage']);
    expect(answer.sources).toEqual([{ title: 'Prices', url: '/demo#prices' }]);
    const { name: model } = modelAt(vendor, mock.url);
    expect(answer.usage).toEqual({ type: 'usage', model, inputTokens: 31, outputTokens: 17 });
  });

  test('[M1] yields each piece as it comes, not when all is said', async () => {
    let go = (): void => {};
    const { url } = await listen(({ write, response }) => {
      write([...wire.begin(), ...wire.text('First')]);
      go = () => {
        write([...wire.text(' second'), ...wire.end()]);
        response.end();
      };
    });
    const texts: string[] = [];
    let usage: unknown;
    for await (const event of modelAt(vendor, url).stream(askFor('go'), new AbortController().signal)) {
      if (event.type === 'text') texts.push(event.text);
      if (texts.length === 1 && event.type === 'text') go();
      if (event.type === 'usage') usage = event;
    }
    expect(usage).toMatchObject({ inputTokens: 11, outputTokens: 7 });
    expect(texts).toEqual(['First', ' second']);
  });

  test('sends the system prompt, the roles and the key where the provider wants them', async () => {
    const { url, exchanges } = await listen(({ write, response }) => {
      write([...wire.begin(), ...wire.text('Yes.'), ...wire.end()]);
      response.end();
    });
    const messages = [
      { role: 'user' as const, text: 'question one' },
      { role: 'assistant' as const, text: 'answer one' },
      { role: 'user' as const, text: 'question two' },
    ];
    await answerOf(modelAt(vendor, url), askFor('', { messages, model: 'other-model' }));
    const { request, body } = exchanges[0]!;
    for (const part of ['You are Sel.', 'question one', 'answer one', 'question two', 'hand_off'])
      expect(body).toContain(part);
    expect(`${request.url} ${body}`).toContain('other-model');
    expect(JSON.stringify(request.headers)).toContain(key);
    expect(body).not.toContain(key);
    expect(JSON.parse(body)).toMatchObject(vendor === 'openai' ? { store: false } : {});
  });

  test('emits a hand-off that the model calls for, after what it said and before the tokens', async () => {
    const answer = await answerOf(modelAt(vendor, mock.url), askFor('I want a person'));
    expect(answer).toMatchObject({ text: 'I will ask a colleague.', handOff: 'Asked for a person' });
    expect(answer.order).toEqual(['text', 'handoff', 'usage']);
    const silent = await answerOf(modelAt(vendor, mock.url), askFor('hand off silently'));
    expect(silent).toMatchObject({ text: '', handOff: 'No words' });
  });

  test('offers the hand-off only where a person could take over', async () => {
    const { url, exchanges } = await listen(({ write, response }) => {
      write([...wire.begin(), ...wire.text('Yes.'), ...wire.end()]);
      response.end();
    });
    await answerOf(modelAt(vendor, url), askFor('hello', { canHandOff: false }));
    expect(exchanges[0]!.body).not.toContain('hand_off');
  });

  test.each([
    ['slow down', 'rate_limited', true, 7000],
    ['no key', 'misconfigured', false, undefined],
    ['forbidden', 'misconfigured', false, undefined],
    ['no model', 'misconfigured', false, undefined],
    ['broken', 'overloaded', true, undefined],
    ['busy', 'overloaded', true, undefined],
  ] as const)(
    '[M1] [M3] maps an error answer (%s) to %s without a second try',
    async (words, failure, isRetryable, retryAfterMs) => {
      const before = mock.getRequests().length;
      const error = await failureOf(modelAt(vendor, mock.url), words);
      expect(error).toMatchObject({ failure, isRetryable });
      expect(error.retryAfterMs).toBe(retryAfterMs);
      expect(error.message).not.toContain(key);
      expect(error.cause).toBeUndefined();
      expect(mock.getRequests().length - before).toBe(1);
    },
  );

  test('says that a used-up quota is for the operator, not for another try', async () => {
    const { url } = await listen(({ response }) => {
      response.writeHead(429, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          error: { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' },
        }),
      );
    });
    expect(await failureOf(modelAt(vendor, url), 'hi')).toMatchObject({ failure: 'misconfigured', isRetryable: false });
  });

  test('[M1] throws `network` where the connection is cut in the middle of the answer', async () => {
    const { url } = await listen(({ write, response }) => {
      write([...wire.begin(), ...wire.text('Half an ans')]);
      setImmediate(() => response.destroy());
    });
    const texts: string[] = [];
    const reading = (async () => {
      for await (const event of modelAt(vendor, url).stream(askFor('hi'), new AbortController().signal)) {
        if (event.type === 'text') texts.push(event.text);
      }
    })();
    expect(await rejectionOf(reading)).toMatchObject({ name: 'ModelError', failure: 'network', isRetryable: true });
    expect(texts.join('')).toBe('Half an ans');
  });

  test('[M1] does not take a stream that just ends for a complete answer', async () => {
    const { url } = await listen(({ write, response }) => {
      write([...wire.begin(), ...wire.text('Half an ans')]);
      response.end();
    });
    expect(await failureOf(modelAt(vendor, url), 'hi')).toMatchObject({ failure: 'network' });
  });

  test('[M1] throws `overloaded` where the provider says so in the middle of the stream', async () => {
    const { url } = await listen(({ write, response }) => {
      write([...wire.begin(), ...wire.text('Half'), ...wire.overloaded()]);
      response.end();
    });
    expect(await failureOf(modelAt(vendor, url), 'hi')).toMatchObject({ failure: 'overloaded', isRetryable: true });
  });

  test('throws `network` where nobody listens, and for an answer that is no stream', async () => {
    const gone = await startWireServer(() => {});
    await gone.close();
    expect(await failureOf(modelAt(vendor, gone.url), 'hi')).toMatchObject({ failure: 'network', isRetryable: true });
    const { url } = await listen(({ response }) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>A proxy’s page</html>');
    });
    expect(await failureOf(modelAt(vendor, url), 'hi')).toMatchObject({ failure: 'network' });
  });

  test('[M2] an abort in the middle of the stream closes the connection at once and ends without an error', async () => {
    const { url, exchanges } = await listen(({ write }) => write([...wire.begin(), ...wire.text('Half an ans')]));
    const controller = new AbortController();
    let text = '';
    for await (const event of modelAt(vendor, url).stream(askFor('hi'), controller.signal)) {
      if (event.type === 'text') text += event.text;
      controller.abort();
    }
    expect(text).toBe('Half an ans');
    await exchanges[0]!.closed;
    expect(exchanges[0]!.response.writableFinished).toBe(false);
  });

  test('[M2] an abort closes the connection while the model is silent, and before it answers at all', async () => {
    const controller = new AbortController();
    let began = (): void => {};
    const waiting = new Promise<void>((resolve) => (began = resolve));
    const { url, exchanges } = await listen(() => began());
    const asking = answerOf(modelAt(vendor, url), askFor('hi'), controller.signal);
    await waiting;
    controller.abort();
    expect(await asking).toMatchObject({ text: '', order: [] });
    await exchanges[0]!.closed;
    const aborted = answerOf(modelAt(vendor, url), askFor('hi'), AbortSignal.abort());
    expect(await aborted).toMatchObject({ text: '', order: [] });
    expect(exchanges).toHaveLength(1);
  });

  test('[M2] a reader that walks away closes the connection, too', async () => {
    const { url, exchanges } = await listen(({ write }) => write([...wire.begin(), ...wire.text('Half an ans')]));
    for await (const event of modelAt(vendor, url).stream(askFor('hi'), new AbortController().signal)) {
      expect(event).toEqual({ type: 'text', text: 'Half an ans' });
      break;
    }
    await exchanges[0]!.closed;
  });
});

const chatEnd = (reason: string): unknown[] => [
  { id: 'c', created: 1, model: 'm', choices: [{ index: 0, delta: {}, finish_reason: reason }] },
  '[DONE]',
];
const compatible = wires['openai-compatible'];

test('[M1] throws `refused` where the provider’s filter withholds the answer', async () => {
  const { url } = await listen(({ write, response }) => {
    write([...compatible.begin(), ...compatible.text('I'), ...chatEnd('content_filter')]);
    response.end();
  });
  const error = await rejectionOf(answerOf(modelAt('openai-compatible', url), askFor('hi')));
  expect(error).toMatchObject({ failure: 'refused', isRetryable: false });
});

test('[M1] takes an empty answer for none', async () => {
  const { url } = await listen(({ write, response }) => {
    write([...compatible.begin(), ...compatible.text(' \n'), ...compatible.end()]);
    response.end();
  });
  const error = await rejectionOf(answerOf(modelAt('openai-compatible', url), askFor('hi')));
  expect(error).toMatchObject({ failure: 'refused', isRetryable: true });
});

test('keeps from the visitor what a local model thinks aloud, and empty lines before its answer', async () => {
  const { url } = await listen(({ write, response }) => {
    const pieces = ['<thi', 'nk>They want', ' prices.</think>', '\n\n', 'A tandem ', 'is £45.'];
    write([...compatible.begin(), ...pieces.flatMap((piece) => compatible.text(piece)), ...compatible.end()]);
    response.end();
  });
  const answer = await answerOf(modelAt('openai-compatible', url), askFor('hi'));
  expect(answer.text).toBe('A tandem is £45.');
});

test('hands off although the connection breaks after the model has asked for it', async () => {
  const call = {
    tool_calls: [
      { index: 0, id: 'call_1', type: 'function', function: { name: 'hand_off', arguments: '{"reason":"Refund"}' } },
    ],
  };
  const { url } = await listen(({ write, response }) => {
    write([
      ...compatible.begin(),
      { id: 'c', created: 1, model: 'm', choices: [{ index: 0, delta: call, finish_reason: null }] },
    ]);
    setImmediate(() => response.destroy());
  });
  const answer = await answerOf(modelAt('openai-compatible', url), askFor('hi')).catch((error: unknown) => error);
  expect(answer).toMatchObject({ handOff: '' });
});

test('is named by provider and model, and says what is missing when it is made', () => {
  const base = { wordsPerSecond: 0, apiKey: key };
  expect(createModel({ ...base, provider: 'builtin' }).name).toBe('builtin');
  expect(createModel({ ...base, provider: 'anthropic', model: 'claude-x' }).name).toBe('anthropic/claude-x');
  for (const provider of ['openai', 'anthropic', 'google'] as const) {
    expect(createModel({ ...base, provider }).name).toMatch(new RegExp(`^${provider}/.{5,}`));
  }
  expect(() => createModel({ ...base, provider: 'openai-compatible', model: 'm' })).toThrow('AI_BASE_URL');
  expect(() => createModel({ ...base, provider: 'openai-compatible', baseUrl: 'http://127.0.0.1:1' })).toThrow(
    'AI_MODEL',
  );
});
