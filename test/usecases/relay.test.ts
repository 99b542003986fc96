// Between the bus and a node's listeners: every fact of a followed conversation once and in its place, whatever the bus does.
import { beforeEach, describe, expect, it } from 'vitest';
import { createLocalBus } from '../../server/adapters/bus/local.ts';
import { createLog } from '../../server/adapters/log/pino.ts';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import type { Bus, Delivery } from '../../server/ports/bus.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Store } from '../../server/ports/store.ts';
import { Relay } from '../../server/usecases/relay.ts';
import type { Fact } from '../../shared/facts.ts';
import { buildLog } from '../contract/log-builder.ts';

const log = createLog('silent');
const clock = systemClock;
const orgId = 'org_1';
let store: Store;
let bus: Bus;
let relay: Relay;
let told: number[];
let facts: Fact[];
let conversationId: string;

beforeEach(async () => {
  store = await openMemoryStore({ clock });
  bus = createLocalBus({ log });
  relay = new Relay({ bus, store, clock, log });
  told = [];
  relay.subscribe((delivery) => {
    if (delivery.kind === 'facts') told.push(...delivery.facts.map(({ seq }) => seq));
  });
  const written = buildLog({ orgId });
  ({ conversationId } = written);
  await store.append([written.open(), ...Array.from({ length: 400 }, (_, i) => written.say(String(i)))]);
  facts = written.facts;
});

const bring = (...seqs: number[]): void =>
  bus.publish({ kind: 'facts', orgId, conversationId, facts: seqs.map((seq) => facts[seq - 1]!) });
const until = async (done: () => boolean): Promise<void> => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 1));
};
const upTo = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('[R7] [R11] facts of a followed conversation', () => {
  it('go on at once where they follow, and not again', () => {
    relay.followFrom(conversationId, 0);
    bring(1, 2);
    bring(2);
    bring(1, 2, 3);
    expect(told).toEqual([1, 2, 3]);
  });

  it('wait behind a gap until it is filled by what was only late', () => {
    relay.followFrom(conversationId, 1);
    bring(4);
    bring(3);
    expect(told).toEqual([]);
    bring(2);
    expect(told).toEqual([2, 3, 4]);
  });

  it('are read from the log where the bus lost them, however many', async () => {
    relay.followFrom(conversationId, 1);
    bring(399);
    await until(() => told.length >= 398);
    expect(told).toEqual(upTo(2, facts.length));
    bring(400);
    expect(told).toEqual(upTo(2, facts.length));
  });

  it('in any order and any number of times: each once, in its place', async () => {
    relay.followFrom(conversationId, 0);
    let seed = 5;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let i = 0; i < 500; i += 1) {
      const from = 1 + Math.floor(random() * 60);
      bring(...upTo(from, Math.min(60, from + Math.floor(random() * 3))));
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => told.length >= 60);
    expect(told).toEqual(upTo(1, told.length));
  });

  it('of a log that cannot be read come as soon as it can', async () => {
    const real = store.factsAfter.bind(store);
    let isAway = true;
    store.factsAfter = (...args) => (isAway ? Promise.reject(new Error('away')) : real(...args));
    relay.followFrom(conversationId, 1);
    bring(5);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(told).toEqual([]);
    isAway = false;
    relay.offer({ kind: 'facts', orgId, conversationId, facts: [facts[5]!] });
    await until(() => told.length > 0);
    expect(told).toEqual(upTo(2, facts.length));
  });

  it('that a reader has already are not given to others late: both have the same', async () => {
    relay.followFrom(conversationId, 3);
    expect(await relay.place(conversationId, 5)).toEqual([]);
    await until(() => told.length > 0);
    expect(told[0]).toBe(4);
  });

  it('that went on while a view was read are given to its reader', async () => {
    relay.followFrom(conversationId, 1);
    bring(2, 3, 4);
    expect((await relay.place(conversationId, 2)).map(({ seq }) => seq)).toEqual([3, 4]);
  });
});

it('what nobody follows is told only where it was published here, and every commit is observed', () => {
  const observed: number[] = [];
  relay.attach({
    observe: ({ facts: some }) => observed.push(...some.map(({ seq }) => seq)),
    unfollowed: () => undefined,
  });
  bring(1);
  relay.offer({ kind: 'facts', orgId, conversationId, facts: [facts[1]!] });
  expect(told).toEqual([1]);
  expect(observed).toEqual([1, 2]);
});

it('one listener that throws keeps nothing from the others', () => {
  const heard: Delivery[] = [];
  const other = new Relay({ bus, store, clock, log });
  other.subscribe(() => {
    throw new Error('broken');
  });
  other.subscribe((delivery) => heard.push(delivery));
  bring(1);
  expect(heard).toHaveLength(1);
});
