// How the server answers what the keeper asks: by its indexes, and a page of a list by looking at a page.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareSchema } from '../../server/adapters/store/mongo-schema.ts';
import { connectServer } from '../../server/adapters/store/mongo-server.ts';
import type { Server } from '../../server/adapters/store/mongo-server.ts';
import { composeMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { SharedStore } from '../../server/ports/store.ts';
import { inboxFilter } from '../../shared/inbox.ts';
import { newId } from '../../shared/ids.ts';
import { readPlan } from '../support/mongo-plan.ts';
import type { Plan } from '../support/mongo-plan.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { memberOf } from './document-promises.ts';
import { buildLog } from './log-builder.ts';

/** A plan, and what it is of. */
type Asked = Plan & { question: string };

const rowCount = 600;

describe.skipIf(!hasMongo)('plans (needs mongodb)', () => {
  let server: Server;
  let store: SharedStore;
  const asked: { question: string; explain: () => Promise<Record<string, unknown>> }[] = [];
  const orgId = newId('org');
  const contactId = newId('con');
  const logs = Array.from({ length: rowCount }, (_, i) => buildLog({ orgId, ...(i % 40 === 0 ? { contactId } : {}) }));

  /** A server that remembers the questions asked through it. */
  const recording = (of: Server): Server => ({
    ...of,
    collection: (name, options) => {
      const collection = of.collection(name, options);
      const find = collection.find.bind(collection);
      const remember = (...args: Parameters<typeof find>): ReturnType<typeof find> => {
        const cursor = find(...args);
        const question = `${name} ${JSON.stringify(args[0])}`;
        asked.push({ question, explain: async () => cursor.clone().explain('executionStats') });
        return cursor;
      };
      collection.find = remember as typeof collection.find;
      const findOne = collection.findOne.bind(collection);
      collection.findOne = (async (...args: Parameters<typeof findOne>) => {
        remember(args[0], args[1]);
        return findOne(...args);
      }) as typeof collection.findOne;
      return collection as never;
    },
  });

  /** The plans of what this call asks. */
  const plansOf = async (call: () => Promise<unknown>): Promise<Asked[]> => {
    asked.length = 0;
    await call();
    return Promise.all([...asked].map(async ({ question, explain }) => ({ question, ...readPlan(await explain()) })));
  };

  /** Those of the questions that are not looked up. */
  const scannedBy = async (...calls: (() => Promise<unknown>)[]): Promise<string[]> => {
    const scanned: string[] = [];
    for (const call of calls) {
      const plans = await plansOf(call);
      if (plans.length === 0) scanned.push('nothing was asked');
      scanned.push(...plans.filter((plan) => !plan.isLookedUp).map(({ question }) => question));
    }
    return scanned;
  };

  beforeAll(async () => {
    server = await connectServer(await freshMongoUrl('plans'), systemClock);
    await prepareSchema(server);
    store = composeMongoStore(recording(server), {
      clock: systemClock,
      log: { warn: () => {}, info: () => {} },
      follows: true,
    });
    await store.append(logs.map((log) => log.open()));
    await store.append(logs.map((log, i) => (i % 3 === 0 ? log.take('mem_1') : log.say(`anchor number ${i}`))));
    const entries = logs.map((log, i) =>
      i % 11 === 1 ? log.spam() : i % 5 === 0 ? log.close() : i % 7 === 0 ? log.label('vip') : log.wait('handoff'),
    );
    await store.append(entries);
    await store.settle(entries.map(({ commit }) => commit));
    await store.documents.members.put(memberOf(orgId));
  });
  afterAll(async () => {
    await store?.close();
  });

  test.each(inboxFilter.options)('[S6] the list “%s” is looked up, and a page costs a page', async (filter) => {
    const limit = 10;
    const query = { orgId, filter, memberId: 'mem_1', limit };
    let cursor: string | null = null;
    const plans = await plansOf(async () => {
      const first = await store.inbox(query);
      expect(first.rows).toHaveLength(limit);
      ({ cursor } = first);
    });
    const next = await plansOf(async () => store.inbox({ ...query, cursor: cursor! }));
    expect([...plans, ...next].filter((plan) => !plan.isLookedUp)).toEqual([]);
    expect(plans.length * next.length).toBeGreaterThan(0);
    if (server.isNative)
      for (const { examined = 0 } of [...plans, ...next]) expect(examined).toBeLessThanOrEqual(3 * limit + 3);
  });

  test('[S6] labels, contacts, rows and search are looked up', async () => {
    const { conversationId } = logs[0]!;
    const calls: (() => Promise<unknown>)[] = [
      () => store.inbox({ orgId, filter: 'open', memberId: 'mem_1', label: 'vip', limit: 10 }),
      () => store.inbox({ orgId, filter: 'open', memberId: 'mem_2', agentId: 'mem_1', limit: 10 }),
      () => store.conversationsOf(orgId, contactId, 10),
      () => store.row(orgId, conversationId),
      () => store.search(orgId, 'anchor', 10),
      () => store.unfinished(10),
      () => store.held('', 10),
    ];
    expect(await scannedBy(...calls)).toEqual([]);
  });

  test('[S5] the log is read by conversation and number, the state from its snapshot on', async () => {
    const { conversationId } = logs[1]!;
    const calls: (() => Promise<unknown>)[] = [
      () => store.state(conversationId),
      () => store.factsAfter(conversationId, 1, 10),
      () => store.logAfter(conversationId, 1, 10),
      () => store.factsBefore(conversationId, 3, 10),
      () => store.commitsByKey(logs.slice(0, 20).map((log) => ({ conversationId: log.conversationId, key: 'v:1' }))),
    ];
    expect(await scannedBy(...calls)).toEqual([]);
    if (!server.isNative) return;
    for (const { examined = 0 } of await plansOf(() => store.state(conversationId)))
      expect(examined).toBeLessThanOrEqual(1);
  });

  test('[S8] the feed and what is undone are looked up by their second and their mark', async () => {
    const look = async (): Promise<unknown> => store.feed((await store.feed(null, 5000)).cursor, 10);
    expect(await scannedBy(look, () => store.undone(60_000, 10))).toEqual([]);
  });

  test('[S7] documents are looked up', async () => {
    const { members } = store.documents;
    const calls: (() => Promise<unknown>)[] = [
      () => members.get(orgId, 'mem_1'),
      () => members.find('email:x'),
      () => members.list(orgId),
      () => members.list(orgId, { group: 'x', limit: 5, after: 'a' }),
    ];
    expect(await scannedBy(...calls)).toEqual([]);
  });
});
