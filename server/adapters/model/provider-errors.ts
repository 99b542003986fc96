// What a provider's failure means to us. Read by shape: SDKs wrap errors in errors, and streams carry bare objects.
import { ModelError } from '../../ports/model.ts';
import type { ModelFailure } from '../../ports/model.ts';

interface Trouble {
  name?: unknown;
  message?: unknown;
  statusCode?: unknown;
  status?: unknown;
  code?: unknown;
  type?: unknown;
  responseBody?: unknown;
  responseHeaders?: unknown;
  cause?: unknown;
  error?: unknown;
  lastError?: unknown;
}

const asTrouble = (value: unknown): Trouble | undefined =>
  typeof value === 'object' && value !== null ? value : undefined;

/** The error and what it wraps, outermost first. */
const chainOf = (error: unknown): Trouble[] => {
  const chain: Trouble[] = [];
  let next = asTrouble(error) ?? { message: error };
  while (chain.length < 6) {
    chain.push(next);
    const inner = asTrouble(next.lastError) ?? asTrouble(next.error) ?? asTrouble(next.cause);
    if (inner === undefined) break;
    next = inner;
  }
  return chain;
};

const statusOf = (chain: readonly Trouble[]): number | undefined => {
  for (const { statusCode, status, code } of chain) {
    for (const value of [statusCode, status, code]) {
      if (typeof value === 'number' && value >= 400 && value < 600) return value;
    }
  }
  return undefined;
};

const wordsOf = (chain: readonly Trouble[]): string =>
  chain
    .flatMap(({ name, message, type, code, responseBody }) => [name, message, type, code, responseBody])
    .filter((part) => typeof part === 'string')
    .join(' ')
    .slice(0, 4000)
    .toLowerCase();

/** `retry-after` (seconds or a date) or `retry-after-ms`, in ms, at most an hour. */
const retryAfterOf = (chain: readonly Trouble[], now: number): number | undefined => {
  for (const { responseHeaders } of chain) {
    const headers = asTrouble(responseHeaders) as Record<string, unknown> | undefined;
    const exact = Number(headers?.['retry-after-ms'] ?? Number.NaN);
    const told = headers?.['retry-after'];
    const seconds = typeof told === 'string' && told.trim() !== '' ? Number(told) : Number.NaN;
    const date = typeof told === 'string' ? Date.parse(told) - now : Number.NaN;
    const ms = [exact, seconds * 1000, date].find((value) => Number.isFinite(value));
    if (ms !== undefined) return Math.min(3_600_000, Math.max(0, Math.round(ms)));
  }
  return undefined;
};

const says = {
  refused: /content[ _-]?(?:filter|policy)|safety|blocked by|responsible[ _]?ai|prohibited_content/,
  quota: /insufficient_quota|exceeded your current quota|billing|credit balance/,
  limited: /rate[ _-]?limit|too many requests|resource_exhausted/,
  overloaded: /overloaded|server_error|internal server error|api_error|unavailable|try again later/,
  misconfigured:
    /api[ _-]?key|authentication|permission|unauthorized|model[^.]{0,80}(?:not (?:found|exist)|does not exist)|not_found_error|invalid_request|invalid_argument|loadapikeyerror|nosuchmodelerror/,
} as const;

const failureOf = (status: number | undefined, words: string): ModelFailure => {
  if (status === 429) return says.quota.test(words) ? 'misconfigured' : 'rate_limited';
  if (status === 408) return 'network';
  if (status !== undefined && status >= 500) return 'overloaded';
  if (status !== undefined) return says.refused.test(words) ? 'refused' : 'misconfigured';
  if (says.quota.test(words)) return 'misconfigured';
  if (says.limited.test(words)) return 'rate_limited';
  if (says.overloaded.test(words)) return 'overloaded';
  if (says.misconfigured.test(words)) return 'misconfigured';
  if (says.refused.test(words)) return 'refused';
  return 'network';
};

/** For staff and the log: the provider's words without keys, on one line. */
const messageOf = (chain: readonly Trouble[], secret: string | undefined): string => {
  const told = chain.map(({ message }) => message).filter((part) => typeof part === 'string' && part !== '');
  let text = [...new Set(told)].join(': ');
  if (secret !== undefined && secret !== '') text = text.replaceAll(secret, '[key]');
  return text
    .replaceAll(/\b(?:sk|pk|key|AIza)[-_A-Za-z0-9*]{12,}/g, '[key]')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300)
    .toWellFormed();
};

/**
 * Anything a provider's client threw or streamed as an error, as a `ModelError`. The original is not kept as its cause: it
 * holds the prompt, and with it what visitors wrote.
 */
export const toModelError = (
  error: unknown,
  provider: { name: string; apiKey?: string | undefined; now: number },
): ModelError => {
  if (error instanceof ModelError) return error;
  const chain = chainOf(error);
  const status = statusOf(chain);
  const failure = failureOf(status, wordsOf(chain));
  const retryAfterMs =
    failure === 'rate_limited' || failure === 'overloaded' ? retryAfterOf(chain, provider.now) : undefined;
  const what = messageOf(chain, provider.apiKey) || 'no message';
  const message = `${provider.name}${status === undefined ? '' : ` answered ${status}`}: ${what}`;
  return new ModelError(failure, message, retryAfterMs === undefined ? {} : { retryAfterMs });
};
