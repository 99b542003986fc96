// Which shards each question of the shared keeper asks, and by which index it is answered: a new question is a decision.
import type { CommandStartedEvent } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { indexes, prepareSchema } from '../../server/adapters/store/mongo-schema.ts';
import type { ClaimDocument, JournalDocument, LockDocument } from '../../server/adapters/store/mongo-schema.ts';
import { connectServer } from '../../server/adapters/store/mongo-server.ts';
import type { Server } from '../../server/adapters/store/mongo-server.ts';
import { composeMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { SharedStore } from '../../server/ports/store.ts';
import { inboxFilter } from '../../shared/inbox.ts';
import { newHexId, newId } from '../../shared/ids.ts';
import { readPlan } from '../support/mongo-plan.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { memberOf } from './document-promises.ts';
import { buildLog } from './log-builder.ts';
import {
  bestAnswer,
  known,
  monitored,
  namesShard,
  parseShape,
  recordShapes,
  shardKeys,
  whole,
} from './mongo-shapes.ts';

const NOT_IMPLEMENTED = 238;

/** The plan of a command that was sent; undefined where the server has none for it. */
const explain = async (
  { db }: Server,
  { commandName, command }: CommandStartedEvent,
): Promise<Record<string, unknown> | undefined> => {
  if (commandName === 'insert' || commandName === 'getMore') return undefined;
  const { $db: _db, lsid: _lsid, txnNumber: _number, $clusterTime: _time, writeConcern: _write, ...asked } = command;
  const isStream = 'pipeline' in asked && '$changeStream' in ((asked['pipeline'] as object[])[0] ?? {});
  if (isStream) return undefined;
  // A plan is of one write.
  for (const writes of ['updates', 'deletes']) {
    if (writes in asked) asked[writes] = (asked[writes] as object[]).slice(0, 1);
  }
  try {
    return await db.command({ explain: asked, verbosity: 'queryPlanner' });
  } catch (error) {
    if ((error as { code?: unknown }).code === NOT_IMPLEMENTED) return undefined;
    throw error;
  }
};

/** Calls every function of the store, and comes by every way that leads to another question. */
/** `lose` leaves a lookup behind, and `crash` a lock, as a process does that dies. */
const drive = async (
  store: SharedStore,
  left: SharedStore,
  lose: (lookup: string) => Promise<void>,
  crash: () => Promise<void>,
): Promise<void> => {
  const orgId = newId('org');
  const logs = Array.from({ length: 3 }, () => buildLog({ orgId }));
  const [one, two] = logs as [(typeof logs)[number], (typeof logs)[number]];
  const stop = store.onChange(() => {});
  let { cursor } = await store.feed(null, 100);
  await store.append(logs.map((log) => log.open()));
  const said = logs.map((log) => log.say('the anchor is here', { key: 'v:1' }));
  await store.append(said);
  await store.append(said.map((entry) => ({ ...entry, commit: { ...entry.commit, id: newHexId() } })));
  await store.append([logs[2]!.take('mem_1'), one.identify({ name: 'Maya Lind' })]);
  const [held, waiting, labelled] = ['held', 'waiting', 'labelled'].map(() =>
    Array.from({ length: 2 }, () => buildLog({ orgId })),
  ) as [(typeof logs)[number][], (typeof logs)[number][], (typeof logs)[number][]];
  const lists = [...held, ...waiting, ...labelled];
  await store.append(lists.map((log) => log.open()));
  await store.append(lists.map((log) => log.label('vip')));
  await store.append([...held.map((log) => log.take('mem_1')), ...waiting.map((log) => log.wait('handoff'))]);
  for (let i = 0; i < 12; i++) await store.append([two.say(`number ${i}`)]);
  await store.settle(said.map(({ commit }) => commit));
  // Of another process, which left them undone: nothing of them is known here.
  await left.append([one, two].map((log) => log.say('left')));
  ({ cursor } = await store.feed(cursor, 100));
  await store.settle(await store.undone(-5000, 100));
  await store.commitsByKey(logs.map(({ conversationId }) => ({ conversationId, key: 'v:1' })));
  await store.commitsByKey([{ conversationId: one.conversationId, key: 'v:1' }]);
  for (const { conversationId } of logs) {
    await store.state(conversationId);
    await store.logAfter(conversationId, 12, 1);
    await store.factsAfter(conversationId, 12, 2);
    await store.factsBefore(conversationId, 3, 2);
    await store.factsBefore(conversationId, Number.POSITIVE_INFINITY, 2);
  }
  for (const filter of inboxFilter.options) {
    for (const more of [{}, { label: 'vip' }, { agentId: 'mem_1' }, { agentId: 'mem_1', label: 'vip' }]) {
      const page = { orgId, filter, memberId: 'mem_1', ...more, limit: 1 };
      const first = await store.inbox(page);
      if (first.cursor !== null) await store.inbox({ ...page, cursor: first.cursor });
    }
  }
  await Promise.all(logs.map(async ({ conversationId }) => store.row(orgId, conversationId)));
  await store.row(orgId, one.conversationId);
  await store.counts(orgId);
  await store.conversationsOf(orgId, one.contactId, 5);
  await store.labels(orgId, 5);
  await store.search(orgId, 'anchor here', 5);
  await store.search(orgId, 'lind', 5);
  await store.search(orgId, 'anc', 5);
  await store.unfinished(5);
  await store.held('', 5);
  await store.saveCheckpoint(one.conversationId, { replyId: 'msg_1', attempt: 1, text: 'The' });
  await left.checkpoint(one.conversationId);
  await store.checkpoint(two.conversationId);
  await store.advanceRead(one.conversationId, 'visitor', 2);
  await store.reads([one.conversationId, two.conversationId]);
  await store.beat('node_1', 1, '');
  await store.beats();
  await store.leave('node_1');
  const { members } = store.documents;
  const member = memberOf(orgId);
  await store.collection('members').put(member);
  await members.put({ ...member, name: 'Mia', email: `${newHexId()}@example.com` });
  await members.put(memberOf(orgId, { id: member.id, email: member.email }));
  await members.put(memberOf(orgId, { email: member.email })).catch(() => {});
  // A lookup that was taken and never shown, as a crash leaves it: it is taken over.
  const email = `${newHexId()}@example.com`;
  await lose(`members/email:${email}`);
  await members.put(memberOf(orgId, { id: member.id, email }));
  await members.update(orgId, member.id, (before) => before && { ...before, name: 'Mo' });
  await members.get(orgId, member.id);
  await members.find(`email:${member.email}`);
  for (const reverse of [false, true]) {
    await members.list(orgId, { reverse });
    await members.list(orgId, { group: '', after: 'a', limit: 2, reverse });
    await members.list(orgId, { after: 'a', reverse });
    await members.list(orgId, { group: '', reverse });
  }
  await members.delete(orgId, member.id);
  let next: Promise<unknown> = Promise.resolve();
  await store.exclusively('a', async () => {
    next = left.exclusively('a', async () => {});
    // Long enough for the other one to find it held.
    await left.reads([one.conversationId]);
    await left.reads([two.conversationId]);
  });
  await next;
  await store.exclusively('b', async (batch) => batch.put('members', memberOf(orgId)));
  await members.put(memberOf(orgId, { expiresAt: 1 }));
  await crash();
  await store.purge(Date.now());
  // More than a document may hold: after a failure `ping` tries whether writing works.
  await store.append([two.say('x'.repeat(17 * 2 ** 20))]).catch(() => {});
  await store.ping();
  store.takeBatchSizes();
  stop();
};

describe('shard keys', () => {
  test('every collection is sharded by a key, or stays whole; what is unique begins with the key', () => {
    for (const [name, made] of Object.entries(indexes)) {
      expect([name, (shardKeys[name] === undefined) === whole.includes(name)]).toEqual([name, true]);
      for (const { key, unique } of made) {
        const isSound = unique !== true || whole.includes(name) || Object.keys(key)[0] === shardKeys[name];
        expect([name, key, isSound]).toEqual([name, key, true]);
      }
    }
  });

  test('a question that names no shard says why it asks all, and no other does', () => {
    const wrong = Object.entries(known).filter(
      ([shape, { asksAll }]) => namesShard(parseShape(shape)) !== (asksAll === undefined),
    );
    expect(wrong.map(([shape]) => shape)).toEqual([]);
  });

  test('every question has an index that begins with what it names and goes on in its order, or says why not', () => {
    for (const [shape, { unindexed, beyond }] of Object.entries(known)) {
      const asked = parseShape(shape);
      if (asked.command === 'insert' || asked.command === 'watch') continue;
      const wanted = unindexed !== undefined ? 'not' : beyond !== undefined ? 'partly' : 'whole';
      expect([shape, bestAnswer(asked)]).toEqual([shape, wanted]);
    }
  });

  test('the reader of shapes tells what is named from what is not', () => {
    const asks = (shape: string): boolean => namesShard(parseShape(shape));
    expect(asks('commits find conversationId,key')).toBe(true);
    expect(asks('commits find $or[conversationId,key]')).toBe(true);
    expect(asks('commits find $or[conversationId,key|bucket]')).toBe(false);
    expect(asks('commits find conversationId$gt')).toBe(false);
    expect(asks('commits find $and[conversationId]')).toBe(false);
    expect(asks('locks find key')).toBe(true);
    expect(bestAnswer(parseShape('commits find key'))).toBe('not');
    expect(bestAnswer(parseShape('commits find conversationId sort at:1'))).toBe('partly');
    expect(bestAnswer(parseShape('conversations find orgId,list sort lastAt:1,_id:-1'))).toBe('partly');
    expect(bestAnswer(parseShape('conversations find orgId,list sort lastAt:1,_id:1'))).toBe('whole');
  });
});

describe.skipIf(!hasMongo)('questions (needs mongodb)', () => {
  const called = new Set<string>();
  const seen = { native: new Map<string, CommandStartedEvent>(), ferretdb: new Map<string, CommandStartedEvent>() };
  let all: string[] = [];
  let server: Server;

  /** The same calls on two keepers of one database; `isNative` may be pretended, for what is asked, not for how fast. */
  const record = async (kind: keyof typeof seen): Promise<Server> => {
    const url = monitored(await freshMongoUrl('shapes'));
    const stores: SharedStore[] = [];
    let first: Server | undefined;
    for (const follows of [true, false]) {
      const real = await connectServer(url, systemClock);
      if (first === undefined) await prepareSchema(real);
      recordShapes(real, seen[kind]);
      const pretended: Server = { ...real, isNative: kind === 'native', close: async () => {} };
      stores.push(
        composeMongoStore(pretended, { clock: systemClock, log: { warn: () => {}, info: () => {} }, follows }),
      );
      cleanUp.push(() => real.close());
      first ??= real;
    }
    const [store, left] = stores as [SharedStore, SharedStore];
    all = Object.keys(store);
    const watched = new Proxy(store, {
      get: (of, name: keyof SharedStore) => {
        called.add(name);
        return of[name];
      },
    });
    const lookups = first!.collection<ClaimDocument>('lookups');
    const [locks, journal] = [first!.collection<LockDocument>('locks'), first!.collection<JournalDocument>('journal')];
    const lose = async (_id: string): Promise<void> => {
      await lookups.insertOne({ _id, owner: 'members/nobody', token: newHexId(), at: 0 });
    };
    await drive(watched, left, lose, async () => {
      const _id = newHexId();
      await journal.insertOne({ _id, outcome: 'written', writes: '[]', at: Date.now() });
      await locks.insertOne({ _id, key: 'task/crashed', at: 0 });
    });
    await Promise.all(stores.map(async (one) => one.close()));
    return first!;
  };
  const cleanUp: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    await record('ferretdb');
    server = await record('native');
  });
  afterAll(async () => {
    for (const undo of cleanUp) await undo();
  });

  test('every function of the store was called', () => {
    expect(all.filter((name) => !called.has(name))).toEqual(['commitsPerConversation', 'close']);
  });

  test('every question is known: its shard, and its index', () => {
    for (const [kind, shapes] of Object.entries(seen)) {
      const unknown = [...shapes.keys()].filter((shape) => {
        const on = known[shape]?.on;
        return known[shape] === undefined || (on !== undefined && on !== 'streams' && on !== kind);
      });
      expect([kind, unknown]).toEqual([kind, []]);
    }
  });

  test('no question is known that nobody asks', () => {
    const never = Object.entries(known).filter(([shape, { on }]) =>
      on === 'streams'
        ? server.hasMembers && !seen.native.has(shape)
        : !seen.native.has(shape) && !seen.ferretdb.has(shape),
    );
    expect(never.map(([shape]) => shape)).toEqual([]);
  });

  test('a server whose reads use indexes answers every question by one', async () => {
    if (!server.isNative) return;
    for (const [shape, event] of seen.native) {
      const { unindexed } = known[shape] ?? {};
      const explained = await explain(server, event);
      if (explained === undefined || unindexed !== undefined) continue;
      // PostgreSQL reads a small table whole, whatever indexes it has: the tests of plans ask it about larger ones.
      const { Plan: ofPostgres } = (explained['queryPlanner'] ?? {}) as { Plan?: object };
      if (ofPostgres !== undefined) continue;
      expect([shape, readPlan(explained).isLookedUp, explained]).toEqual([shape, true, explained]);
    }
  });
});
