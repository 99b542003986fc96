// Requests with an `Idempotency-Key`, on one node and on two that share a store.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChatError } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import { openSqliteStore } from '../../server/adapters/store/sqlite.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Clock } from '../../server/ports/clock.ts';
import type { Store } from '../../server/ports/store.ts';
import type { Log } from '../../server/ports/telemetry.ts';
import { performOnce } from '../../server/usecases/requests.ts';
import type { RequestAnswer, RequestsDeps } from '../../server/usecases/requests.ts';

const dir = mkdtempSync(join(tmpdir(), 'tiller-requests-'));
let store: Store;
const silent = (): void => undefined;
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
const orgId = newId('org');

beforeAll(async () => {
  store = await openSqliteStore({ dataDir: dir, clock: systemClock });
});
afterAll(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A node of its own on the shared store: calls in flight are known per store object. */
const node = (more: Partial<RequestsDeps> = {}): RequestsDeps => ({
  store: { ...store },
  clock: systemClock,
  log,
  ...more,
});
const keyed = (digest = newId('req'), bodyHash = 'same') => ({ orgId, digest, bodyHash });
const codeOf = (error: unknown): unknown => (error instanceof ChatError ? error.code : error);

/** Work that ends when it is told to, and counts how often it was begun. */
const work = (answer: RequestAnswer = { status: 201, body: { id: 1 } }) => {
  let end!: () => void;
  let begin!: () => void;
  const gate = new Promise<void>((resolve) => (end = resolve));
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const job = {
    times: 0,
    end,
    begun,
    perform: async () => {
      job.times += 1;
      begin();
      await gate;
      return answer;
    },
  };
  return job;
};

test('fifty calls at once are one, and all get its answer', async () => {
  const here = node();
  const job = work();
  const key = keyed();
  const calls = Array.from({ length: 50 }, () => performOnce(here, key, job.perform));
  await job.begun;
  job.end();
  const answers = await Promise.all(calls);
  expect(job.times).toBe(1);
  expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set(['{"status":201,"body":{"id":1}}']));
});

test('twenty calls on four nodes are one, and all get its answer', async () => {
  const nodes = Array.from({ length: 4 }, () => node());
  const job = work();
  const key = keyed();
  const calls = Array.from({ length: 20 }, (_, i) => performOnce(nodes[i % 4]!, key, job.perform));
  await job.begun;
  job.end();
  const answers = await Promise.all(calls);
  expect(job.times).toBe(1);
  expect(answers.every((answer) => JSON.stringify(answer) === '{"status":201,"body":{"id":1}}')).toBe(true);
});

test('a later call gets the first answer, in its order of keys and with names that a store could take for its own', async () => {
  const body = { z: 1, $set: { a: [null, 'x'] }, a: '\u{1F6F6}' };
  const key = keyed();
  const job = work({ status: 200, body });
  job.end();
  await performOnce(node(), key, job.perform);
  const again = await performOnce(node(), key, job.perform);
  expect(job.times).toBe(1);
  expect(JSON.stringify(again)).toBe(JSON.stringify({ status: 200, body }));
});

test('the same key with another body is a conflict, in flight, on another node, and afterwards', async () => {
  const here = node();
  const job = work();
  const key = keyed();
  const first = performOnce(here, key, job.perform);
  await job.begun;
  const other = { ...key, bodyHash: 'other' };
  await expect(performOnce(here, other, job.perform).catch(codeOf)).resolves.toBe('conflict');
  await expect(performOnce(node(), other, job.perform).catch(codeOf)).resolves.toBe('conflict');
  job.end();
  await first;
  await expect(performOnce(here, other, job.perform).catch(codeOf)).resolves.toBe('conflict');
  expect(job.times).toBe(1);
});

test.each([429, 500, 503])('an answer of %i is not remembered: the repeat is tried', async (status) => {
  const key = keyed();
  const failed = work({ status, body: {} });
  failed.end();
  expect(await performOnce(node(), key, failed.perform)).toEqual({ status, body: {} });
  const job = work();
  job.end();
  expect(await performOnce(node(), key, job.perform)).toEqual({ status: 201, body: { id: 1 } });
});

test('what throws is not remembered, and a refusal is', async () => {
  const key = keyed();
  const thrown = performOnce(node(), key, () => Promise.reject(new Error('broken')));
  await expect(thrown).rejects.toThrow('broken');
  const refused = { status: 404, body: { error: 'no' } };
  expect(await performOnce(node(), key, async () => refused)).toEqual(refused);
  expect(await performOnce(node(), key, () => Promise.reject(new Error('again')))).toEqual(refused);
});

test('nothing is begun where the claim cannot be stored', async () => {
  const job = work();
  job.end();
  const dead = () => Promise.reject(new ChatError('unavailable', 'The store did not answer'));
  const { requests } = store.documents;
  for (const broken of [
    { ...requests, update: dead },
    { ...requests, get: dead },
  ]) {
    const documents = { ...store.documents, requests: broken };
    const here = node({ store: { ...store, documents } });
    await expect(performOnce(here, keyed(), job.perform).catch(codeOf)).resolves.toBe('unavailable');
  }
  expect(job.times).toBe(0);
});

test('a claim that was stored although its call failed is in nobody’s way', async () => {
  const { requests } = store.documents;
  let writes = 0;
  const lossy: typeof requests.update = async (...args) => {
    writes += 1;
    const stored = await requests.update(...args);
    if (writes === 1) throw new ChatError('unavailable', 'The answer was lost');
    return stored;
  };
  const here = node({
    store: { ...store, documents: { ...store.documents, requests: { ...requests, update: lossy } } },
  });
  const job = work();
  job.end();
  const key = keyed();
  await expect(performOnce(here, key, job.perform).catch(codeOf)).resolves.toBe('unavailable');
  expect(job.times).toBe(0);
  expect(await performOnce(node(), key, job.perform)).toEqual({ status: 201, body: { id: 1 } });
  expect(job.times).toBe(1);
});

test('a repeat finds what an older version has remembered under an id of its own', async () => {
  const key = keyed();
  const times = { createdAt: Date.now(), expiresAt: Date.now() + 60_000 };
  await store.documents.requests.put({
    ...key,
    ...times,
    id: newId('req'),
    state: 'done',
    status: 201,
    body: JSON.stringify({ id: 7 }),
  });
  const job = work();
  expect(await performOnce(node(), key, job.perform)).toEqual({ status: 201, body: { id: 7 } });
  expect(job.times).toBe(0);
});

test('an answer that could not be written down at once is given, kept here, and written down later', async () => {
  const { requests } = store.documents;
  let writes = 0;
  const update: typeof requests.update = (...args) => {
    writes += 1;
    // The claim is stored; the first two tries to keep the answer are not.
    const isBusy = writes === 2 || writes === 3;
    return isBusy ? Promise.reject(new ChatError('unavailable', 'busy')) : requests.update(...args);
  };
  const flaky = { ...requests, update };
  const here = node({ store: { ...store, documents: { ...store.documents, requests: flaky } } });
  const job = work();
  const key = keyed();
  const first = performOnce(here, key, job.perform);
  await job.begun;
  job.end();
  expect(await first).toEqual({ status: 201, body: { id: 1 } });
  expect(await performOnce(here, key, job.perform)).toEqual({ status: 201, body: { id: 1 } });
  expect(await performOnce(node(), key, job.perform)).toEqual({ status: 201, body: { id: 1 } });
  expect([job.times, writes]).toEqual([1, 4]);
});

/** A clock that jumps when told. */
const jumping = (): Clock & { by: number } => {
  const clock = { by: 0, now: () => Date.now() + clock.by, monotonic: () => performance.now() + clock.by };
  return clock;
};

test('what a dead process had begun is begun again after a minute, by one', async () => {
  const key = keyed();
  const dead = work();
  void performOnce(node(), key, dead.perform);
  await dead.begun;
  const clock = jumping();
  clock.by = 61_000;
  const job = work({ status: 201, body: { id: 2 } });
  const nodes = [node({ clock }), node({ clock }), node({ clock })];
  const calls = nodes.map((one) => performOnce(one, key, job.perform));
  await job.begun;
  job.end();
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 3 }, () => ({ status: 201, body: { id: 2 } })));
  expect(job.times).toBe(1);
  // The one that was taken for dead comes late: the answer that others got stands.
  dead.end();
  expect(await performOnce(node(), key, job.perform)).toEqual({ status: 201, body: { id: 2 } });
});

test('a call that does not end elsewhere is waited for a while, and then told as unknown', async () => {
  const key = keyed();
  const slow = work();
  const first = performOnce(node(), key, slow.perform);
  await slow.begun;
  const clock = jumping();
  const waiting = performOnce(node({ clock }), key, slow.perform).catch(codeOf);
  clock.by = 21_000;
  expect(await waiting).toBe('unavailable');
  slow.end();
  await first;
  expect(slow.times).toBe(1);
});

test('after a day the same key begins anew', async () => {
  const key = keyed();
  const first = work();
  first.end();
  await performOnce(node(), key, first.perform);
  const clock = jumping();
  clock.by = 24 * 3_600_000 + 1000;
  const second = work({ status: 200, body: { id: 2 } });
  second.end();
  expect(await performOnce(node({ clock }), { ...key, bodyHash: 'other' }, second.perform)).toEqual({
    status: 200,
    body: { id: 2 },
  });
});

test('what may not be claimed leaves nothing behind, and a later call that may is begun', async () => {
  const key = keyed();
  const job = work();
  job.end();
  const forbid = () => Promise.reject(new ChatError('not_found', 'There is no such session'));
  await expect(performOnce(node(), key, job.perform, forbid).catch(codeOf)).resolves.toBe('not_found');
  expect(await store.documents.requests.find(`digest:${key.digest}`)).toBeUndefined();
  expect(job.times).toBe(0);
  expect(await performOnce(node(), key, job.perform)).toEqual({ status: 201, body: { id: 1 } });
  // An answer that is there is given to whoever asks for it again, whatever has become of what was asked for.
  expect(await performOnce(node(), key, job.perform, forbid)).toEqual({ status: 201, body: { id: 1 } });
});

test('5,000 calls under way are as many as a node remembers; one more is told to come again', async () => {
  const here = node();
  let refuse!: (why: Error) => void;
  const ended = new Promise<void>((_resolve, reject) => (refuse = reject));
  const wait = (): Promise<void> => ended;
  const calls = Array.from({ length: 5000 }, () =>
    performOnce(here, keyed(), async () => undefined, wait).catch(codeOf),
  );
  await expect(performOnce(here, keyed(), async () => undefined).catch(codeOf)).resolves.toBe('unavailable');
  refuse(new ChatError('not_found', 'There is no such session'));
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['not_found']));
  expect(await performOnce(here, keyed(), async () => ({ status: 200, body: {} }))).toEqual({ status: 200, body: {} });
});
