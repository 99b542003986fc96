// What the AI may cost: by widget, by organisation, by address; counted over restarts and over nodes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId, publicIdsOf } from '../../shared/ids.ts';
import { openSqliteStore } from '../../server/adapters/store/sqlite.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Store } from '../../server/ports/store.ts';
import type { Log } from '../../server/ports/telemetry.ts';
import { Limits, rates } from '../../server/usecases/limits.ts';
import { Spending } from '../../server/usecases/spending.ts';

const dir = mkdtempSync(join(tmpdir(), 'tiller-spending-'));
let store: Store;
const silent = (): void => undefined;
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };

beforeAll(async () => {
  store = await openSqliteStore({ dataDir: dir, clock: systemClock });
});
afterAll(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A clock that jumps when told. */
const clock = { by: 0, now: () => Date.UTC(2026, 10, 21, 12) + clock.by, monotonic: () => clock.by };
const node = (isOff = true, at: Store = store): Spending =>
  new Spending({ store: at, clock, log, limits: new Limits(clock, isOff), node: newId('node') });
const organisation = async (dailyAnswers?: number): Promise<string> => {
  const id = newId('org');
  const budget = dailyAnswers === undefined ? {} : { dailyAnswers };
  const named = { name: 'O', businessType: '', createdAt: 1 };
  await store.documents.organisations.put({ id, orgId: id, ...publicIdsOf(id), ...named, ...budget });
  return id;
};
const widgetOf = (orgId: string, dailyAnswers?: number) => ({
  orgId,
  id: newId('wid'),
  ...(dailyAnswers === undefined ? {} : { dailyAnswers }),
});
/** How many of so many answers at once were admitted. */
const admitted = async (spending: Spending, widget: ReturnType<typeof widgetOf>, count: number): Promise<number> => {
  const all = await Promise.all(Array.from({ length: count }, () => spending.admits(widget, newId('conv'))));
  return all.filter(Boolean).length;
};

test('without a budget everything is answered', async () => {
  expect(await admitted(node(), widgetOf(await organisation()), 500)).toBe(500);
});

test('a widget’s budget is its own, and exact for answers at once', async () => {
  const orgId = await organisation();
  const spending = node();
  const small = widgetOf(orgId, 5);
  expect(await admitted(spending, small, 20)).toBe(5);
  expect(await admitted(spending, small, 1)).toBe(0);
  expect(await admitted(spending, widgetOf(orgId), 20)).toBe(20);
  expect(await admitted(spending, widgetOf(orgId, 0), 1)).toBe(0);
});

test('an organisation’s budget is over all of its widgets, and a widget’s does not widen it', async () => {
  const orgId = await organisation(10);
  const spending = node();
  expect(await admitted(spending, widgetOf(orgId, 4), 20)).toBe(4);
  expect(await admitted(spending, widgetOf(orgId, 100), 20)).toBe(6);
  expect(await admitted(spending, widgetOf(orgId), 20)).toBe(0);
  expect(await admitted(spending, widgetOf(await organisation(3)), 20)).toBe(3);
});

test('a restart forgets nothing that was written down', async () => {
  const widget = widgetOf(await organisation(), 5);
  const first = node();
  expect(await admitted(first, widget, 3)).toBe(3);
  await first.flush();
  expect(await admitted(node(), widget, 20)).toBe(2);
});

test('nodes count together once they have seen each other', async () => {
  const widget = widgetOf(await organisation(8), 100);
  const [a, b] = [node(), node()];
  expect(await admitted(a, widget, 3)).toBe(3);
  expect(await admitted(b, widget, 3)).toBe(3);
  await Promise.all([a.flush(), b.flush()]);
  clock.by += 2001;
  expect(await admitted(a, widget, 20)).toBe(2);
  await a.flush();
  clock.by += 2001;
  expect(await admitted(b, widget, 20)).toBe(0);
});

test('a new day begins anew', async () => {
  const widget = widgetOf(await organisation(), 2);
  const spending = node();
  expect(await admitted(spending, widget, 5)).toBe(2);
  clock.by += 24 * 3_600_000;
  expect(await admitted(spending, widget, 5)).toBe(2);
});

test('a budget that was changed holds at once where it was changed, and soon everywhere', async () => {
  const orgId = await organisation(1);
  const [here, there] = [node(), node()];
  const widget = widgetOf(orgId);
  expect([await admitted(here, widget, 5), await admitted(there, widget, 5)]).toEqual([1, 1]);
  await Promise.all([here.flush(), there.flush()]);
  const { dailyAnswers: _, ...without } = (await store.documents.organisations.get(orgId, orgId))!;
  await store.documents.organisations.put(without);
  here.forget(orgId);
  expect([await admitted(here, widget, 5), await admitted(there, widget, 5)]).toEqual([5, 0]);
  clock.by += 2001;
  expect(await admitted(there, widget, 5)).toBe(5);
});

test('an address gets a hundred answers an hour, in however many conversations, and uses up nobody’s day', async () => {
  const widget = widgetOf(await organisation(rates.answerFrom.count + 10));
  const spending = node(false);
  const ask = async (address: string | undefined): Promise<boolean> => {
    const conversationId = newId('conv');
    if (address !== undefined) spending.from(conversationId, address);
    return spending.admits(widget, conversationId);
  };
  const asked = await Promise.all(Array.from({ length: 150 }, () => ask('192.0.2.7')));
  expect(asked.filter(Boolean)).toHaveLength(100);
  expect([await ask('192.0.2.8'), await ask(undefined)]).toEqual([true, true]);
  clock.by += 3_600_000 / 100;
  expect([await ask('192.0.2.7'), await ask('192.0.2.7')]).toEqual([true, false]);
});

test('a store that does not answer stops no answer', async () => {
  const dead = () => Promise.reject(new Error('gone'));
  const { tallies } = store.documents;
  const broken = { ...store, documents: { ...store.documents, tallies: { ...tallies, list: dead, put: dead } } };
  const spending = node(true, broken);
  expect(await admitted(spending, widgetOf(await organisation()), 3)).toBe(3);
  await spending.flush();
});
