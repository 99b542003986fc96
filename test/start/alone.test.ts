// One node fills an empty store while others wait.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Store } from '../../server/ports/store.ts';
import { alone } from '../../server/usecases/alone.ts';

let store: Store;
beforeEach(async () => {
  store = await openMemoryStore({ clock: systemClock });
});
afterEach(() => store.close());

test('tasks of one name run one after another, whichever node asks, and a failure lets the next one in', async () => {
  const deps = { store, clock: systemClock };
  let running = 0;
  const order: number[] = [];
  const task = (n: number) => async (): Promise<number> => {
    running += 1;
    expect(running).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    order.push(n);
    if (n === 1) throw new Error('power cut');
    return n;
  };
  const outcomes = await Promise.allSettled([1, 2, 3].map((n) => alone(deps, 'first-run', task(n))));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(order.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  expect(await store.documents.requests.find('digest:first-run')).toBeUndefined();
});

test('a holder that died is waited for, then passed over', async () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => (now += 10_000) };
  await store.documents.requests.put({
    id: 'req_dead',
    orgId: '',
    createdAt: 0,
    digest: 'first-run',
    bodyHash: '',
    state: 'running',
  });
  expect(await alone({ store, clock }, 'first-run', async () => 'done')).toBe('done');
  expect(now).toBeGreaterThan(30_000);
}, 20_000);
