// What only a keeper on a server can suffer: races of nodes, a server that is killed or frozen, a node that is killed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Entry, SharedStore, Store } from '../../server/ports/store.ts';
import { evolve, initialState } from '../../shared/conversation.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Fact } from '../../shared/facts.ts';
import { newId } from '../../shared/ids.ts';
import { startMongoProcess } from '../support/mongo-process.ts';
import type { MongoProcess } from '../support/mongo-process.ts';
import { freshMongoUrl, hasMongo, hasMongoProcess } from '../support/mongo-server.ts';
import { memberOf } from './document-promises.ts';
import { buildLog } from './log-builder.ts';
import type { LogBuilder } from './log-builder.ts';

const opened: SharedStore[] = [];
const open = async (url: string, follows = false): Promise<SharedStore> => {
  const store = await openMongoStore({ url, clock: systemClock, follows });
  opened.push(store);
  return store;
};
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

const logOf = async (store: Store, conversationId: string): Promise<Fact[]> => {
  const facts: Fact[] = [];
  for (;;) {
    const page = await store.factsAfter(conversationId, facts.length, 500);
    facts.push(...page);
    if (page.length < 500) return facts;
  }
};

const expectDense = (facts: readonly Fact[]): void => {
  expect(facts.map(({ seq }) => seq)).toEqual(facts.map((_, i) => i + 1));
};

/** A writer that has seen what the log holds. */
const catchUp = async (store: Store, log: LogBuilder): Promise<LogBuilder> => {
  const found = await store.state(log.conversationId);
  if (found === undefined) throw new Error('no such log');
  return buildLog({ ...log, from: { state: found.state, facts: [] } });
};

describe.skipIf(!hasMongo)('many nodes at once (needs mongodb)', { timeout: 60_000 }, () => {
  test('[S2] 48 writers on three nodes race for 16 logs: each log is dense, nothing is lost or doubled', async () => {
    const url = await freshMongoUrl('races');
    const stores = [await open(url), await open(url), await open(url)];
    const orgId = newId('org');
    const logs = Array.from({ length: 16 }, () => buildLog({ orgId }));
    await stores[0]!.append(logs.map((log) => log.open()));
    const acked = new Map<string, string[]>(logs.map((log) => [log.conversationId, []]));
    let outrun = 0;
    const write = async (writer: number): Promise<void> => {
      const store = stores[writer % stores.length]!;
      const log = logs[writer % logs.length]!;
      for (let message = 0; message < 3; message++) {
        const key = `w${writer}:${message}`;
        for (let isDone = false; !isDone;) {
          const mine = await catchUp(store, log);
          const [result] = await store.append([mine.say(key, { key })]);
          isDone = result === 'appended';
          if (isDone) acked.get(log.conversationId)!.push(key);
          else outrun += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: 48 }, async (_, writer) => write(writer)));
    expect(outrun).toBeGreaterThan(0);
    for (const log of logs) {
      const facts = await logOf(stores[0]!, log.conversationId);
      expectDense(facts);
      const texts = facts.flatMap((fact) => (fact.type === 'message.created' ? [fact.text] : []));
      expect(texts.toSorted()).toEqual(acked.get(log.conversationId)!.toSorted());
      const state = facts.reduce(evolve, initialState(log.conversationId, true));
      expect((await stores[1]!.state(log.conversationId))?.state).toEqual(state);
      await vi.waitFor(
        async () => expect(await stores[2]!.row(orgId, log.conversationId)).toMatchObject({ head: state.head }),
        { timeout: 15_000 },
      );
    }
  });

  test('[S2] two who take one conversation at once, on two nodes, 50 times: one wins each time', async () => {
    const url = await freshMongoUrl('takes');
    const [a, b] = [await open(url), await open(url)];
    const logs = Array.from({ length: 50 }, () => buildLog({ orgId: newId('org') }));
    await a.append(logs.map((log) => log.open()));
    const [left, right] = await Promise.all(
      [a, b].map(async (store, i) => store.append(logs.map((log) => log.fork().take(`mem_${i}`)))),
    );
    for (const i of logs.keys()) expect(new Set([left![i], right![i]])).toEqual(new Set(['appended', 'outrun']));
    for (const log of logs) expect(await logOf(a, log.conversationId)).toHaveLength(2);
  });

  test('[S7] [S13] an address that two nodes give one document at once is found, moves with it and is nobody else’s', async () => {
    const url = await freshMongoUrl('same-lookup');
    const [a, b] = [await open(url), await open(url)];
    for (let round = 0; round < 10; round++) {
      const member = memberOf(newId('org'));
      const { orgId, id } = member;
      await a.documents.members.put(member);
      const email = `${newId('mem')}@example.com`;
      const results = await Promise.allSettled(
        [a, b].map((store, i) =>
          store.documents.members.update(orgId, id, (before) => {
            // As with a one-time link: the second one to come is refused.
            if (before!.email === email) throw new ChatError('not_found', 'Used already');
            return { ...before!, email, name: `by ${i}` };
          }),
        ),
      );
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      for (const store of [a, b]) expect(await store.documents.members.find(`email:${email}`)).toMatchObject({ id });
      const thief = memberOf(newId('org'), { email });
      await expect(b.documents.members.put(thief)).rejects.toMatchObject({ code: 'conflict' });
      await b.documents.members.update(orgId, id, (before) => ({ ...before!, email: member.email }));
      expect(await a.documents.members.find(`email:${email}`)).toBeUndefined();
      await a.documents.members.put(thief);
    }
  });

  test('[S7] one address put by two nodes at once belongs to one of them', async () => {
    const url = await freshMongoUrl('lookups');
    const [a, b] = [await open(url), await open(url)];
    for (let round = 0; round < 10; round++) {
      const email = `${newId('mem')}@example.com`;
      const members = [memberOf(newId('org'), { email }), memberOf(newId('org'), { email })];
      const results = await Promise.allSettled([
        a.documents.members.put(members[0]!),
        b.documents.members.put(members[1]!),
      ]);
      const winner = results.findIndex(({ status }) => status === 'fulfilled');
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(await b.documents.members.find(`email:${email}`)).toEqual(members[winner]);
      expect(await a.documents.members.list(members[1 - winner]!.orgId)).toEqual([]);
    }
  });
});

describe.skipIf(!hasMongoProcess)('a node that is killed (needs mongodb-process)', { timeout: 60_000 }, () => {
  test('[S1] [S9] what it acked is in the log, and another node makes good what it left', async () => {
    const url = await freshMongoUrl('killed');
    const orgId = newId('org');
    const script = fileURLToPath(new URL('mongo-child.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, url, orgId], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(80), { timeout: 15_000, interval: 5 });
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;

    const store = await open(url, true);
    const acked = lines.slice(1).map((line) => line.split(' ') as [string, string, string]);
    const found = await store.commitsByKey(acked.map(([conversationId, key]) => ({ conversationId, key })));
    expect(found.map((commit) => String(commit?.first))).toEqual(acked.map(([, , first]) => first));
    const ids = [...new Set(acked.map(([conversationId]) => conversationId))];
    await vi.waitFor(
      async () => {
        await store.settle(await store.undone(1000, 500));
        for (const id of ids) {
          const facts = await logOf(store, id);
          expectDense(facts);
          expect(await store.row(orgId, id)).toMatchObject({ head: { seq: facts.length } });
        }
      },
      { timeout: 15_000, interval: 500 },
    );
    expect((await store.search(orgId, 'message 1', 50)).length).toBeGreaterThan(0);
  });
});

describe.skipIf(!hasMongoProcess)('a server that fails (needs mongodb-process)', () => {
  let server: MongoProcess;
  beforeAll(async () => {
    server = await startMongoProcess();
  });
  afterAll(async () => server?.stop());
  let databases = 0;
  const freshUrl = (): string => {
    const url = new URL(server.url);
    url.pathname = `/fault_${(databases += 1)}`;
    return url.href;
  };

  /** Writes to its own log until told to stop; remembers what was acked and what was left unknown. */
  const keepWriting = (store: Store, log: LogBuilder) => {
    const acked: string[] = [];
    let unknown: Entry | undefined;
    const asked = { isOver: false };
    const done = (async () => {
      let next = log.open();
      while (!asked.isOver) {
        try {
          const [result] = await store.append([next]);
          if (result === 'outrun') throw new Error('outrun by nobody');
          acked.push(next.commit.key);
          unknown = undefined;
          next = log.say(`message ${acked.length}`);
        } catch (error) {
          expect(error).toMatchObject({ code: 'unavailable' });
          unknown = next;
        }
      }
    })();
    return {
      acked,
      unknown: () => unknown,
      stop: async () => {
        asked.isOver = true;
        await done;
      },
    };
  };

  test('[S1] [S4] killed and started again under load: all that was acked is there, the keeper goes on by itself', async () => {
    const store = await open(freshUrl());
    const orgId = newId('org');
    const logs = Array.from({ length: 8 }, () => buildLog({ orgId }));
    const writers = logs.map((log) => keepWriting(store, log));
    const total = (): number => writers.reduce((sum, { acked }) => sum + acked.length, 0);
    await vi.waitFor(() => expect(total()).toBeGreaterThan(100), { timeout: 15_000, interval: 5 });
    await server.kill();
    const before = total();
    await server.start();
    await vi.waitFor(() => expect(total()).toBeGreaterThan(before + 50), { timeout: 15_000, interval: 20 });
    await Promise.all(writers.map(async (writer) => writer.stop()));
    for (const [i, log] of logs.entries()) {
      const { acked, unknown } = writers[i]!;
      const facts = await logOf(store, log.conversationId);
      expectDense(facts);
      const keys = acked.map((key) => ({ conversationId: log.conversationId, key }));
      const found = await store.commitsByKey(keys);
      expect(found.map((commit) => commit?.key)).toEqual(acked);
      expect(facts.length - acked.length).toBeLessThanOrEqual(unknown() === undefined ? 0 : 1);
      await vi.waitFor(
        async () => expect(await store.row(orgId, log.conversationId)).toMatchObject({ head: { seq: facts.length } }),
        { timeout: 15_000, interval: 200 },
      );
    }
  }, 45_000);

  test('[S4] frozen: every call is told `unavailable` within 5 s; thawed, the outcome is found by the key', async () => {
    const store = await open(freshUrl(), true);
    const log = buildLog({ orgId: newId('org') });
    const { orgId, conversationId } = log;
    await store.append([log.open()]);
    const lost = log.say('into the ice', { key: 'v:lost' });
    server.freeze();
    const from = performance.now();
    const asked: Record<string, Promise<unknown>> = {
      append: store.append([lost]),
      commitsByKey: store.commitsByKey([{ conversationId, key: 'k' }]),
      state: store.state(conversationId),
      factsAfter: store.factsAfter(conversationId, 0, 10),
      factsBefore: store.factsBefore(conversationId, 9, 10),
      inbox: store.inbox({ orgId, filter: 'open', memberId: 'mem_1', limit: 10 }),
      row: store.row(orgId, conversationId),
      counts: store.counts(orgId),
      conversationsOf: store.conversationsOf(orgId, 'con_1', 5),
      search: store.search(orgId, 'ice', 5),
      labels: store.labels(orgId, 5),
      unfinished: store.unfinished(5),
      held: store.held('', 5),
      saveCheckpoint: store.saveCheckpoint(conversationId, { replyId: 'msg_1', attempt: 1, text: '' }),
      advanceRead: store.advanceRead(conversationId, 'staff', 1),
      reads: store.reads([conversationId]),
      put: store.documents.members.put(memberOf(orgId)),
      find: store.documents.members.find('email:x'),
      ping: store.ping(),
      feed: store.feed(null, 10),
      undone: store.undone(1000, 10),
      beat: store.beat('node_1', 1, ''),
      beats: store.beats(),
    };
    const answers = await Promise.all(
      Object.entries(asked).map(async ([name, answer]) => {
        const code = await answer.then(
          () => 'answered',
          (error: { code?: string }) => error.code,
        );
        return { name, code, isInTime: performance.now() - from < 5000 };
      }),
    );
    server.thaw();
    expect(answers).toEqual(Object.keys(asked).map((name) => ({ name, code: 'unavailable', isInTime: true })));

    await vi.waitFor(async () => store.ping(), { timeout: 10_000 });
    // Whether it came through or not: asked again with its key, it is there once.
    const [again] = await store.append([lost]);
    expect(['appended', 'repeated']).toContain(again);
    expect((await store.commitsByKey([{ conversationId, key: 'v:lost' }]))[0]).toEqual(lost.commit);
    expect(await logOf(store, conversationId)).toEqual(log.facts);
  }, 30_000);

  test('[S2] put back to an older backup under a running node: no gap, the log goes on from where it is now', async () => {
    const url = freshUrl();
    const store = await open(url);
    const log = buildLog({ orgId: newId('org') });
    const { orgId, conversationId } = log;
    await store.append([log.open()]);
    const early = log.fork();
    for (let i = 0; i < 4; i++) await store.append([log.say(`${i}`)]);
    await vi.waitFor(async () => expect(await store.row(orgId, conversationId)).toMatchObject({ head: { seq: 5 } }));
    await server.kill();
    await server.start();
    const client = await new MongoClient(url).connect();
    await client
      .db()
      .collection('commits')
      .deleteMany({ conversationId, first: { $gt: 1 } });
    await client.db().collection('conversations').deleteMany({});
    await client.close();
    await vi.waitFor(async () => store.ping(), { timeout: 10_000 });

    expect(await store.append([log.say('from before')])).toEqual(['outrun']);
    expect((await store.state(conversationId))?.state.head.seq).toBe(1);
    expect(await store.append([early.say('from now')])).toEqual(['appended']);
    expectDense(await logOf(store, conversationId));
    await vi.waitFor(async () => expect(await store.row(orgId, conversationId)).toMatchObject({ head: { seq: 2 } }));
  }, 30_000);

  test('[S4] unreachable: a thousand calls end in time, and nothing of them stays behind', async () => {
    const store = await open(freshUrl(), true);
    const logs = Array.from({ length: 200 }, () => buildLog({ orgId: newId('org') }));
    await store.append(logs.map((log) => log.open()));
    await server.kill();
    const from = performance.now();
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => logs.map(async (log) => store.append([log.fork().say('lost')]))).flat(),
    );
    expect(performance.now() - from).toBeLessThan(5500);
    expect(results.every((result) => result.status === 'rejected')).toBe(true);
    await server.start();
    await vi.waitFor(async () => store.ping(), { timeout: 10_000 });
    for (const log of logs.slice(0, 20)) {
      // One whose outcome was unknown may have come through.
      const mine = await catchUp(store, log);
      expect(mine.state().head.seq).toBeLessThanOrEqual(2);
      expect(await store.append([mine.say('found')])).toEqual(['appended']);
      const facts = await logOf(store, log.conversationId);
      expectDense(facts);
      expect(facts.at(-1)).toMatchObject({ text: 'found' });
    }
  }, 30_000);
});
