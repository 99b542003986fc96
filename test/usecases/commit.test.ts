// The committer on real stores: order, batches, repeats, and stores that fail or do not say whether they did.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createLocalBus } from '../../server/adapters/bus/local.ts';
import { createLog } from '../../server/adapters/log/pino.ts';
import { createMetrics } from '../../server/adapters/metrics/prom.ts';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import { openSqliteStore } from '../../server/adapters/store/sqlite.ts';
import type { Delivery } from '../../server/ports/bus.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Store } from '../../server/ports/store.ts';
import { Committer } from '../../server/usecases/commit.ts';
import type { Ask } from '../../server/usecases/pending.ts';
import { ChatError } from '../../shared/errors.ts';
import { newUuid } from '../../shared/ids.ts';

const clock = systemClock;
const log = createLog('silent');
const opened: { store: Store; folder?: string }[] = [];

afterEach(async () => {
  for (const { store, folder } of opened.splice(0)) {
    await store.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
});

const memory = async (): Promise<Store> => {
  const store = await openMemoryStore({ clock });
  opened.push({ store });
  return store;
};
const sqlite = async (): Promise<Store> => {
  const folder = await mkdtemp(join(tmpdir(), 'tiller-commit-'));
  const store = await openSqliteStore({ dataDir: folder, clock });
  opened.push({ store, folder });
  return store;
};

const committerOn = (store: Store, node = 'node_1') => {
  const bus = createLocalBus({ log });
  const delivered: Delivery[] = [];
  bus.subscribe((delivery) => delivered.push(delivery));
  return { committer: new Committer({ store, bus, clock, log, metrics: createMetrics(), node }), delivered };
};

const opening = {
  widgetId: 'wid_1',
  assistantId: 'asst_1',
  contactId: 'con_1',
  // Nothing is owed without autopilot and with staff online but a draft; a node that claims none keeps the log small.
  isAutopilot: false,
  channel: 'widget' as const,
};

const message = (conversationId: string, text: string, clientId = newUuid()): Ask => ({
  orgId: 'org_1',
  conversationId,
  key: `v:${clientId}`,
  body: { text },
  command: { type: 'visitor.message', text, clientId },
  surroundings: { opening, assistantName: 'Robin', isStaffOnline: true },
});

const logOf = async (store: Store, conversationId: string) => store.factsAfter(conversationId, 0, 10_000);
const textsOf = async (store: Store, conversationId: string): Promise<string[]> =>
  (await logOf(store, conversationId)).flatMap((fact) => (fact.type === 'message.created' ? [fact.text] : []));

/** The store with some calls of `append` replaced. */
const withAppend = (store: Store, append: (real: Store['append'], call: number) => Store['append']): Store => {
  let call = 0;
  return Object.create(store, {
    append: {
      value: (entries: Parameters<Store['append']>[0]) => append((all) => store.append(all), (call += 1))(entries),
    },
  }) as Store;
};

describe.each([
  ['memory', memory],
  ['sqlite', sqlite],
])('on the %s store', (_, open) => {
  it('[R2] [R4] decides what comes at once in order, into dense logs', async () => {
    const store = await open();
    const { committer } = committerOn(store);
    committer.stopClaiming();
    const conversations = ['conv_a', 'conv_b', 'conv_c'];
    const sent: Promise<unknown>[] = [];
    for (let i = 0; i < 100; i += 1) {
      for (const conversationId of conversations) sent.push(committer.perform(message(conversationId, String(i))));
    }
    await Promise.all(sent);
    for (const conversationId of conversations) {
      const facts = await logOf(store, conversationId);
      expect(facts.map(({ seq }) => seq)).toEqual(facts.map((_fact, i) => i + 1));
      expect(await textsOf(store, conversationId)).toEqual(Array.from({ length: 100 }, (_item, i) => String(i)));
    }
  });

  it('[R3] gives a repeat the first result, at once or later, and refuses the key for another body', async () => {
    const store = await open();
    const { committer, delivered } = committerOn(store);
    const clientId = newUuid();
    const twenty = await Promise.all(
      Array.from({ length: 20 }, () => committer.perform(message('conv_a', 'once', clientId))),
    );
    const first = twenty[0]!.result;
    expect(first).toMatchObject({ seq: 2 });
    for (const { result } of twenty) expect(result).toEqual(first);
    expect(twenty.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect((await committer.perform(message('conv_a', 'once', clientId))).result).toEqual(first);
    expect(await textsOf(store, 'conv_a')).toEqual(['once']);
    expect(delivered).toHaveLength(1);
    await expect(committer.perform(message('conv_a', 'other', clientId))).rejects.toMatchObject({ code: 'conflict' });
  });

  it('[R3] asks for rates only after the key was looked up', async () => {
    const store = await open();
    const { committer } = committerOn(store);
    const ask = message('conv_a', 'hello');
    await committer.perform(ask);
    const admit = (): ChatError => new ChatError('rate_limited', 'Slow down', { retryAfterMs: 5 });
    await expect(committer.perform({ ...ask, admit })).resolves.toMatchObject({ isNew: false });
    await expect(committer.perform({ ...message('conv_a', 'more'), admit })).rejects.toMatchObject({
      code: 'rate_limited',
    });
    expect(await textsOf(store, 'conv_a')).toEqual(['hello']);
  });

  it('[R2] is outrun by another node and decides again, losing nothing', async () => {
    const store = await open();
    const here = committerOn(store, 'node_1');
    const there = committerOn(store, 'node_2');
    await here.committer.perform(message('conv_a', 'first'));
    await there.committer.perform(message('conv_a', 'second'));
    // Here still folds up to the first: its next place is taken.
    await Promise.all([
      here.committer.perform(message('conv_a', 'third')),
      there.committer.perform(message('conv_a', 'fourth')),
    ]);
    const facts = await logOf(store, 'conv_a');
    expect(facts.map(({ seq }) => seq)).toEqual(facts.map((_fact, i) => i + 1));
    expect((await textsOf(store, 'conv_a')).toSorted()).toEqual(['first', 'fourth', 'second', 'third']);
  });

  it('finds what is another organisation’s not there', async () => {
    const store = await open();
    const { committer } = committerOn(store);
    await committer.perform(message('conv_a', 'mine'));
    const foreign = { ...message('conv_a', 'theirs'), orgId: 'org_2' };
    await expect(committer.perform(foreign)).rejects.toMatchObject({ code: 'not_found' });
    await expect(committerOn(store).committer.perform(foreign)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a store in trouble', () => {
  it('[R4] that fails answers `unavailable` to all; nothing is told, and the repeat with the same key succeeds', async () => {
    const real = await memory();
    const store = withAppend(real, (append, call) =>
      call === 2 ? () => Promise.reject(new ChatError('unavailable', 'full')) : append,
    );
    const { committer, delivered } = committerOn(store);
    await committer.perform(message('conv_a', 'before'));
    const asks = [message('conv_a', 'one'), message('conv_a', 'two'), message('conv_b', 'three')];
    const outcomes = await Promise.allSettled(asks.map((ask) => committer.perform(ask)));
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    expect(delivered).toHaveLength(1);
    await Promise.all(asks.map((ask) => committer.perform(ask)));
    expect(await textsOf(real, 'conv_a')).toEqual(['before', 'one', 'two']);
    expect(await textsOf(real, 'conv_b')).toEqual(['three']);
  });

  it('[S4] that wrote but did not say so: the repeat finds the commit and doubles nothing', async () => {
    const real = await memory();
    const store = withAppend(real, (append, call) =>
      call === 1
        ? async (entries) => {
            await append(entries);
            throw new ChatError('unavailable', 'no answer');
          }
        : append,
    );
    const { committer } = committerOn(store);
    const ask = message('conv_a', 'hello');
    await expect(committer.perform(ask)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await committer.perform(ask)).toMatchObject({ isNew: false, result: { seq: 2 } });
    expect(await textsOf(real, 'conv_a')).toEqual(['hello']);
  });

  it('[R1] lets no refusal out before the commit that it tells of is written', async () => {
    const real = await memory();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const store = withAppend(real, (append, call) =>
      call === 2
        ? async (entries) => {
            await gate;
            return append(entries);
          }
        : append,
    );
    const { committer } = committerOn(store);
    await committer.perform(message('conv_a', 'hello'));
    const take = (agentId: string): Promise<unknown> =>
      committer.perform({
        ...message('conv_a', ''),
        key: `m:${agentId}:1`,
        command: { type: 'agent.take', by: { agentId, name: agentId, mayOverrule: false } },
      });
    const order: string[] = [];
    const anna = take('anna').then(() => order.push('anna took it'));
    const theo = take('theo').catch((error: ChatError) => order.push(error.message));
    // Time enough for a refusal that does not wait to escape.
    for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    release();
    await Promise.all([anna, theo]);
    expect(order).toEqual(['anna took it', 'anna has it']);
  });
});
