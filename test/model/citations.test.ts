// Which passages an answer names as its sources, and what providers' failures are read as.
import { expect, test } from 'vitest';
import { citationsOf } from '../../server/adapters/model/citations.ts';
import { toModelError } from '../../server/adapters/model/provider-errors.ts';
import { ModelError } from '../../server/ports/model.ts';
import type { Passage } from '../../server/ports/model.ts';

const passage = (n: number, title: string, text: string): Passage => ({
  articleId: `a${n}`,
  title,
  text,
  score: 1 - n / 10,
  url: `/${n}`,
});
const prices = passage(1, 'Prices', 'Tandem kayak: half day £45, full day £68. Paddleboard: half day £22.');
const dogs = passage(2, 'Dogs', 'Calm animals up to 25 kg may ride along when they wear a buoyancy aid with a handle.');
const rain = passage(
  3,
  'Bad weather',
  'Thunder keeps everybody ashore within an hour of a storm forecast for the valley.',
);
const titles = (answer: string, passages: Passage[]) => citationsOf(answer, passages).map(({ title }) => title);

test('names the articles whose words and numbers the answer uses, and no others', () => {
  const all = [prices, dogs, rain];
  expect(titles('A tandem kayak costs £45 for half a day, £68 for a full one.', all)).toEqual(['Prices']);
  expect(
    titles('With thunder in the forecast everybody stays ashore until the storm has left the valley.', all),
  ).toEqual(['Bad weather']);
  expect(titles('I am sorry, I do not know that. Would you like to speak with somebody from our office?', all)).toEqual(
    [],
  );
  expect(titles('', all)).toEqual([]);
  expect(titles('Anything', [])).toEqual([]);
});

test('names an article that the answer mentions by its title', () => {
  expect(
    titles('You find that under bad weather on our site, together with much else that matters.', [prices, rain]),
  ).toEqual(['Bad weather']);
});

test('names the first article of an answer in another language by its numbers', () => {
  expect(titles('Ein Tandem kostet 45 Pfund für den halben und 68 Pfund für den ganzen Tag.', [prices, dogs])).toEqual([
    'Prices',
  ]);
});

test('names each article once and at most three', () => {
  const text = 'Paddleboards and kayaks leave the harbour every morning.';
  const many = [1, 1, 2, 3, 4, 5].map((n) => passage(n, `Article ${n}`, text));
  expect(titles(text, many)).toEqual(['Article 1', 'Article 2', 'Article 3']);
});

const provider = { name: 'openai/m', apiKey: 'secret-key-123', now: Date.UTC(2026, 0, 1) };
const read = (error: unknown) => toModelError(error, provider);

test('reads `retry-after` as seconds, as a date and in milliseconds, bounded', () => {
  const limited = (responseHeaders: Record<string, string>) => read({ statusCode: 429, responseHeaders }).retryAfterMs;
  expect(limited({ 'retry-after': '12' })).toBe(12_000);
  expect(limited({ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' })).toBe(30_000);
  expect(limited({ 'retry-after-ms': '250', 'retry-after': '9' })).toBe(250);
  expect(limited({ 'retry-after': '999999' })).toBe(3_600_000);
  expect(limited({ 'retry-after': 'soon' })).toBeUndefined();
  expect(limited({})).toBeUndefined();
});

test('finds the status in what an error wraps, and reads bare objects of a stream', () => {
  expect(read({ message: 'Failed', lastError: { statusCode: 529, message: 'Overloaded' } })).toMatchObject({
    failure: 'overloaded',
  });
  expect(read({ type: 'overloaded_error', message: 'Overloaded' })).toMatchObject({ failure: 'overloaded' });
  expect(read('rate limit exceeded')).toMatchObject({ failure: 'rate_limited', isRetryable: true });
  expect(read(new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }))).toMatchObject({
    failure: 'network',
  });
  expect(read({ statusCode: 400, responseBody: '{"error":{"code":"content_filter"}}' })).toMatchObject({
    failure: 'refused',
    isRetryable: false,
  });
  expect(read({ statusCode: 400, message: 'max_tokens is too large' })).toMatchObject({ failure: 'misconfigured' });
  expect(read(undefined)).toMatchObject({ failure: 'network' });
});

test('keeps secrets and prompts out of what staff and logs see', () => {
  const error = read({
    statusCode: 401,
    message: 'Bad key secret-key-123 or sk-proj-abcdefghijklmnop',
    requestBodyValues: { messages: ['what the visitor wrote'] },
  });
  expect(error).toBeInstanceOf(ModelError);
  expect(error.message).toBe('openai/m answered 401: Bad key [key] or [key]');
  expect(error.cause).toBeUndefined();
});
