// The committer where several nodes write the same logs: what it asks the store for, and what a repeat meets on another node.
import { afterEach, describe, expect, it } from 'vitest';
import { createLocalBus } from '../../server/adapters/bus/local.ts';
import { createLog } from '../../server/adapters/log/pino.ts';
import { createMetrics } from '../../server/adapters/metrics/prom.ts';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Store } from '../../server/ports/store.ts';
import { Committer } from '../../server/usecases/commit.ts';
import type { Ask } from '../../server/usecases/pending.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Fact } from '../../shared/facts.ts';
import { newUuid } from '../../shared/ids.ts';

const clock = systemClock;
const log = createLog('silent');
const opened: Store[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

const conversationId = 'conv_a';
const surroundings = {
  opening: {
    widgetId: 'wid_1',
    assistantId: 'asst_1',
    contactId: 'con_1',
    isAutopilot: false,
    channel: 'widget' as const,
  },
  assistantName: 'Robin',
  isStaffOnline: true,
};
const message = (text: string, clientId = newUuid()): Ask => ({
  orgId: 'org_1',
  conversationId,
  key: `v:${clientId}`,
  body: { text },
  command: { type: 'visitor.message', text, clientId },
  surroundings,
});
const take = (clientId = newUuid()): Ask => ({
  orgId: 'org_1',
  conversationId,
  key: `m:mem_1:${clientId}`,
  body: { type: 'agent.take' },
  command: { type: 'agent.take', by: { agentId: 'mem_1', name: 'Ada', mayOverrule: false } },
  surroundings,
});

/** Two nodes over one log, each of which hears of what the other writes; and how many keys were looked up so far. */
const twoNodes = async () => {
  const real = await openMemoryStore({ clock });
  opened.push(real);
  let lookedUp = 0;
  const store = Object.create(real, {
    commitsByKey: {
      value: async (keys: Parameters<Store['commitsByKey']>[0]) => {
        lookedUp += keys.length;
        return real.commitsByKey(keys);
      },
    },
  }) as Store;
  const nodes: Committer[] = [];
  for (const node of ['node_1', 'node_2']) {
    const bus = createLocalBus({ log });
    bus.subscribe((delivery) => {
      if (delivery.kind !== 'facts') return;
      for (const one of nodes) one.observe(delivery.conversationId, delivery.facts);
    });
    const shared = { said: async () => null, appended: () => {} };
    nodes.push(new Committer({ store, bus, clock, log, metrics: createMetrics(), node, shared }));
  }
  const textsOf = (facts: readonly Fact[]): string[] =>
    facts.flatMap((fact) => (fact.type === 'message.created' ? [fact.text] : []));
  return {
    here: nodes[0]!,
    there: nodes[1]!,
    lookedUp: () => lookedUp,
    texts: async () => textsOf(await real.factsAfter(conversationId, 0, 1000)),
  };
};

describe('[R3] where several nodes write a log', () => {
  it('asks nothing before it writes what is new in a conversation that it knows', async () => {
    const { here, lookedUp, texts } = await twoNodes();
    await here.perform(message('first'));
    const before = lookedUp();
    for (const text of ['second', 'third', 'fourth']) await here.perform(message(text));
    expect(lookedUp()).toBe(before);
    expect(await texts()).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('gives a repeat on another node, which knows the conversation, the first result, and refuses another body', async () => {
    const { here, there, texts } = await twoNodes();
    await here.perform(message('first'));
    await there.perform(message('second'));
    const clientId = newUuid();
    const { result } = await here.perform(message('third', clientId));
    for (const node of [there, here, there]) {
      expect(await node.perform(message('third', clientId))).toMatchObject({ result, isNew: false });
      await expect(node.perform(message('other', clientId))).rejects.toMatchObject({ code: 'conflict' });
    }
    const again = message('fourth');
    const many = await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? here : there).perform(again)));
    expect(many.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(many.map((one) => JSON.stringify(one.result))).size).toBe(1);
    expect(await texts()).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('tells no refusal before the key was looked up: neither of a rate nor of the state', async () => {
    const { here, there } = await twoNodes();
    await here.perform(message('first'));
    await there.perform(message('second'));
    const [said, taken] = [message('third'), take()];
    const first = await here.perform(said);
    const holder = await here.perform(taken);
    const admit = (): ChatError => new ChatError('rate_limited', 'Slow down', { retryAfterMs: 5 });
    expect(await there.perform({ ...said, admit })).toMatchObject({ result: first.result, isNew: false });
    await expect(there.perform({ ...message('fourth'), admit })).rejects.toMatchObject({ code: 'rate_limited' });
    expect(await there.perform(taken)).toMatchObject({ result: holder.result, isNew: false, facts: holder.facts });
  });

  it('asks for no rate for what this node was asked before', async () => {
    const { here } = await twoNodes();
    await here.perform(message('first'));
    let asked = 0;
    const ask: Ask = {
      ...message('second'),
      admit: () => {
        asked += 1;
        return undefined;
      },
    };
    for (let times = 0; times < 5; times++) await here.perform(ask);
    expect(asked).toBe(1);
  });
});
