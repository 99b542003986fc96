// Real providers through the AI SDK: the only file that knows it. One answer is one HTTP request that closes on abort.
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { extractReasoningMiddleware, streamText, tool, wrapLanguageModel } from 'ai';
import type { LanguageModel, ToolSet } from 'ai';
import { z } from 'zod';
import type { ModelConfig } from '../../config.ts';
import { systemClock } from '../../ports/clock.ts';
import { ModelError } from '../../ports/model.ts';
import type { Model, ModelEvent, ModelRequest } from '../../ports/model.ts';
import { citationsOf } from './citations.ts';
import { toModelError } from './provider-errors.ts';

// What the SDK would print goes past our log, and into what scripts read.
globalThis.AI_SDK_LOG_WARNINGS = false;

type Vendor = Exclude<ModelConfig['provider'], 'builtin'>;

/** Small, quick models: a visitor waits for the first word. There is none for servers whose models we cannot know. */
const defaultModels: Record<Vendor, string | undefined> = {
  openai: 'gpt-5.4-mini',
  anthropic: 'claude-haiku-4-5',
  google: 'gemini-flash-latest',
  'openai-compatible': undefined,
};

/** Bounds the cost of one answer; what a model thinks counts too. */
const maxOutputTokens = 2048;

const tools: ToolSet = {
  hand_off: tool({
    description:
      'Hands the conversation to a person of the team. Use it when the visitor asks for a person or needs something that only a person can do. You may say one sentence before.',
    inputSchema: z.object({ reason: z.string().describe('Why a person is needed, one short sentence, for the team') }),
  }),
};

/** Where each vendor answers. Told to the SDK, which would otherwise read variables of its own. */
const addresses = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com/v1',
  google: 'https://generativelanguage.googleapis.com/v1beta',
} as const;

/** A maker of language models by name. @throws ModelError */
const connect = (vendor: Vendor, config: ModelConfig): ((name: string) => LanguageModel) => {
  const { apiKey = '' } = config;
  const own = config.baseUrl?.replace(/\/+$/, '');
  switch (vendor) {
    case 'openai':
      return createOpenAI({ apiKey, baseURL: own ?? addresses.openai });
    case 'anthropic':
      return createAnthropic({ apiKey, baseURL: own ?? addresses.anthropic });
    case 'google':
      return createGoogleGenerativeAI({ apiKey, baseURL: own ?? addresses.google });
    case 'openai-compatible': {
      if (own === undefined) throw new ModelError('misconfigured', 'AI_BASE_URL is needed');
      const key = apiKey === '' ? {} : { apiKey };
      const provider = createOpenAICompatible({ name: 'compatible', baseURL: own, includeUsage: true, ...key });
      // Local models often think aloud in tags; a visitor must not read that.
      const middleware = extractReasoningMiddleware({ tagName: 'think' });
      return (name) => wrapLanguageModel({ model: provider(name), middleware });
    }
  }
};

/** `reason` of a call of `hand_off`, whatever the model made of the schema. */
const reasonOf = (input: unknown): string => {
  const reason = typeof input === 'object' && input !== null && 'reason' in input ? input.reason : input;
  return typeof reason === 'string' ? reason.slice(0, 500).toWellFormed() : '';
};

/** The parts of one request. The request is closed when the iteration ends, however it ends. */
async function* partsOf(model: LanguageModel, request: ModelRequest, signal: AbortSignal) {
  const closing = new AbortController();
  const close = (): void => closing.abort();
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  try {
    const result = streamText({
      model,
      system: request.system,
      messages: request.messages.map(({ role, text }) => ({ role, content: text })),
      abortSignal: closing.signal,
      maxRetries: 0,
      maxOutputTokens,
      // Conversations are not to be kept by the provider.
      providerOptions: { openai: { store: false } },
      tools: request.canHandOff ? tools : {},
      // Errors are parts of the stream, too; by default they are also printed.
      onError: () => {},
    });
    yield* result.fullStream;
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

/**
 * A model behind an API, by the promises of `Model`. `config.apiKey` and `config.baseUrl` alone decide where it calls.
 * @throws ModelError `misconfigured` where the model's name or address is missing
 */
export const createAiSdkModel = (config: ModelConfig): Model => {
  const { provider } = config;
  if (provider === 'builtin') throw new ModelError('misconfigured', 'The built-in answerer needs no provider');
  const defaultModel = config.model || defaultModels[provider];
  if (defaultModel === undefined) throw new ModelError('misconfigured', 'AI_MODEL is needed');
  const languageModel = connect(provider, config);

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const modelName = request.model || defaultModel!;
    const name = `${provider}/${modelName}`;
    let said = '';
    let handOff: string | undefined;
    let usage: ModelEvent | undefined;
    let finish: { reason: string; raw: string | undefined } | undefined;
    try {
      for await (const part of partsOf(languageModel(modelName), request, signal)) {
        if (signal.aborted) return;
        if (part.type === 'text-delta' && handOff === undefined) {
          // Some models begin with empty lines.
          const text = said === '' ? part.text.trimStart() : part.text;
          said += text;
          if (text !== '') yield { type: 'text', text };
        } else if (part.type === 'tool-input-start' && part.toolName === 'hand_off') handOff = '';
        else if (part.type === 'tool-call' && part.toolName === 'hand_off') handOff = reasonOf(part.input);
        else if (part.type === 'error') throw part.error;
        else if (part.type === 'finish') {
          finish = { reason: part.finishReason, raw: part.rawFinishReason };
          const { inputTokens, outputTokens } = part.totalUsage;
          usage = {
            type: 'usage',
            model: name,
            ...(inputTokens === undefined ? {} : { inputTokens }),
            ...(outputTokens === undefined ? {} : { outputTokens }),
          };
        }
      }
      if (signal.aborted) return;
      if (handOff === undefined) assertFinished(name, said, finish);
    } catch (error) {
      if (signal.aborted) return;
      // Who asked for a person gets one, even where the connection broke after that.
      if (handOff === undefined) throw toModelError(error, { name, apiKey: config.apiKey, now: systemClock.now() });
    }
    const sources = citationsOf(said, request.passages);
    if (sources.length > 0) yield { type: 'sources', sources };
    if (handOff !== undefined) yield { type: 'handoff', reason: handOff };
    if (usage !== undefined) yield usage;
  }

  return { name: `${provider}/${defaultModel}`, stream };
};

/** A stream that just stops is a broken one, and an answer without a word is none. @throws ModelError */
const assertFinished = (
  name: string,
  said: string,
  finish: { reason: string; raw: string | undefined } | undefined,
): void => {
  if (finish?.reason === 'content-filter') throw new ModelError('refused', `${name} withheld the answer`);
  if (finish === undefined || finish.reason === 'error' || (finish.reason === 'other' && finish.raw === undefined)) {
    throw new ModelError('network', `${name}: the stream ended before the answer did`);
  }
  if (said.trim() === '') {
    throw new ModelError('refused', `${name} gave an empty answer (${finish.raw ?? finish.reason})`, {
      isRetryable: true,
    });
  }
};
