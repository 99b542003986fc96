// What a keeper promises to several nodes that share it: the feed, what is undone, and signs of life.
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLog } from '../../server/adapters/log/pino.ts';
import { createKnown, toDocument } from '../../server/adapters/store/mongo-commits.ts';
import { createFeed } from '../../server/adapters/store/mongo-feed.ts';
import type { CommitDocument, RowDocument } from '../../server/adapters/store/mongo-schema.ts';
import { connectServer } from '../../server/adapters/store/mongo-server.ts';
import type { Server } from '../../server/adapters/store/mongo-server.ts';
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Clock } from '../../server/ports/clock.ts';
import type { Commit, Entry, FeedCursor, SharedStore } from '../../server/ports/store.ts';
import { newId, publicIdsOf } from '../../shared/ids.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { buildLog } from './log-builder.ts';

describe.skipIf(!hasMongo)('a keeper that nodes share (needs mongodb)', { timeout: 40_000 }, () => {
  let url = '';
  let server: Server;
  const opened: SharedStore[] = [];

  const open = async (follows = true, clock: Clock = systemClock): Promise<SharedStore> => {
    const store = await openMongoStore({ url, clock, follows });
    opened.push(store);
    return store;
  };
  const commits = () => server.collection<CommitDocument>('commits');
  const rows = () => server.collection<RowDocument>('conversations');
  /** A commit whose node died before anything that follows it. */
  const orphan = async (entry: Entry, ageMs: number): Promise<void> => {
    await commits().insertOne(toDocument(entry, Math.floor((server.now() - ageMs) / 1000)));
  };
  /** A clock that is wrong by so much. */
  const clockOff = (byMs: number): Clock => ({ ...systemClock, now: () => systemClock.now() + byMs });

  beforeAll(async () => {
    url = await freshMongoUrl('shared');
    await (await openMongoStore({ url, clock: systemClock })).close();
    server = await connectServer(url, systemClock);
  });
  beforeEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await commits().deleteMany({});
  });
  afterAll(async () => {
    for (const store of opened.splice(0)) await store.close();
    await server?.close();
  });

  /** Everything that a reader gets until it has this many, by id. */
  const readUntil = async (
    store: Pick<SharedStore, 'feed'>,
    cursor: FeedCursor | null,
    count: number,
    limit = 500,
  ): Promise<{ given: Commit[]; cursor: FeedCursor }> => {
    const given: Commit[] = [];
    let at = cursor;
    await vi.waitFor(
      async () => {
        const page = await store.feed(at, limit);
        at = page.cursor;
        given.push(...page.commits);
        expect(given.length).toBeGreaterThanOrEqual(count);
      },
      { timeout: 10_000, interval: 20 },
    );
    return { given, cursor: at! };
  };

  const parts = { log: createLog('silent'), sign: async () => false };
  /** A feed whose every clock says this. */
  const heldFeed = (now: () => number, of: Server = server) =>
    createFeed({ ...of, now }, createKnown(), {
      ...parts,
      clock: { monotonic: now },
    });

  describe('a lookup', () => {
    test('[S7] that another node gave away, moved or deleted opens nothing that this node remembers', async () => {
      const [a, b] = [await open(), await open()];
      const orgId = newId('org');
      const member = (email: string, name: string, memberId = newId('mem')) => ({
        id: memberId,
        ...publicIdsOf(memberId),
        orgId,
        createdAt: 1,
        name,
        email,
        role: 'agent' as const,
        isDisabled: false,
      });
      const [anna, bert] = [member('anna@shop.example', 'Anna'), member('anna@shop.example', 'Bert')];
      await a.documents.members.put(anna);
      const byMail = (email: string) => b.documents.members.find(`email:${email}`);
      expect(await byMail('anna@shop.example')).toMatchObject({ id: anna.id });
      expect(await byMail('anna@shop.example')).toMatchObject({ id: anna.id });
      await a.documents.members.update(orgId, anna.id, (stored) => ({ ...stored!, email: 'ann@shop.example' }));
      expect(await byMail('anna@shop.example')).toBeUndefined();
      expect(await byMail('ann@shop.example')).toMatchObject({ id: anna.id });
      await a.documents.members.put(bert);
      expect(await byMail('anna@shop.example')).toMatchObject({ id: bert.id });
      await a.documents.members.delete(orgId, bert.id);
      expect(await byMail('anna@shop.example')).toBeUndefined();
    });
  });

  describe('the feed', () => {
    test('[S8] gives every node the commits of all, once, with facts and result', async () => {
      const [a, b] = [await open(), await open()];
      const begin = await b.feed(null, 10);
      expect(begin.commits).toEqual([]);
      const logs = Array.from({ length: 5 }, () => buildLog({ orgId: newId('org') }));
      const entries = logs.map((log) => log.open());
      await a.append(entries);
      const own = logs[0]!.say('hello', { result: { ok: true } });
      await b.append([own]);
      const { given, cursor } = await readUntil(b, begin.cursor, 6);
      const byId = (list: readonly Commit[]): Commit[] => list.toSorted((x, y) => (x.id < y.id ? -1 : 1));
      expect(byId(given)).toEqual(byId([...entries, own].map(({ commit }) => commit)));
      for (let looks = 0; looks < 3; looks++) expect((await b.feed(cursor, 10)).commits).toEqual([]);
    });

    test('[S8] of one conversation a page is in the order of the log', async () => {
      const store = await open();
      const { cursor } = await store.feed(null, 10);
      const log = buildLog({ orgId: newId('org') });
      await store.append([log.open()]);
      for (let i = 0; i < 9; i++) await store.append([log.say(`${i}`)]);
      const reader = await open();
      const { given } = await readUntil(reader, null, 10);
      expect(given.map(({ first }) => first)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect((await store.feed(cursor, 100)).commits).toHaveLength(10);
    });

    test('[S8] a page holds no more than asked for, says that there is more, and nothing is left out', async () => {
      const [writer, reader] = [await open(), await open()];
      const begin = await reader.feed(null, 10);
      const entries = Array.from({ length: 23 }, () => buildLog({ orgId: newId('org') }).open());
      await writer.append(entries);
      const pages: number[] = [];
      const seen = new Set<string>();
      let { cursor } = begin;
      await vi.waitFor(async () => {
        for (let more = true; more;) {
          const page = await reader.feed(cursor, 10);
          ({ cursor, more } = page);
          if (page.commits.length > 0) pages.push(page.commits.length);
          for (const { id } of page.commits) seen.add(id);
        }
        expect(seen.size).toBe(23);
      });
      expect(Math.max(...pages)).toBeLessThanOrEqual(10);
      expect(pages.reduce((sum, size) => sum + size)).toBe(23);
    });

    test('[S8] holds whatever the clocks of the nodes say', async () => {
      const [reader, early, late] = [
        await open(),
        await open(true, clockOff(-3_600_000)),
        await open(true, clockOff(3_600_000)),
      ];
      const begin = await reader.feed(null, 10);
      const lateBegin = await late.feed(null, 10);
      await early.append([buildLog({ orgId: newId('org') }).open()]);
      await late.append([buildLog({ orgId: newId('org') }).open()]);
      expect((await readUntil(reader, begin.cursor, 2)).given).toHaveLength(2);
      expect((await readUntil(late, lateBegin.cursor, 2)).given).toHaveLength(2);
    });

    test('[S8] a commit that becomes visible seconds after its stamp is given all the same', async () => {
      const [store] = [await open()];
      let now = Date.now();
      const feed = heldFeed(() => now);
      let { cursor } = await feed.feed(null, 100);
      const given: string[] = [];
      const look = async (): Promise<void> => {
        const page = await feed.feed(cursor, 100);
        ({ cursor } = page);
        given.push(...page.commits.map(({ id }) => id));
      };
      const stamp = Math.floor(now / 1000);
      const ids: string[] = [];
      for (let second = 0; second <= 16; second++) {
        // One that took ever longer from its stamp until it could be seen.
        const entry = buildLog({ orgId: newId('org') }).open();
        ids.push(entry.commit.id);
        await commits().insertOne(toDocument(entry, stamp));
        await look();
        now += 1000;
      }
      for (let more = 0; more < 4; more++) {
        await look();
        now += 1000;
      }
      expect(given.toSorted()).toEqual(ids.toSorted());
      expect(await store.undone(0, 100)).toBeDefined();
    });

    test('[S8] a reader that was away goes on where it was', async () => {
      let now = Date.now() - 300_000;
      const feed = heldFeed(() => now);
      const begin = await feed.feed(null, 100);
      const entries = Array.from({ length: 5 }, () => buildLog({ orgId: newId('org') }).open());
      for (const [i, entry] of entries.entries()) {
        await commits().insertOne(toDocument(entry, Math.floor(now / 1000) + i * 60));
      }
      now += 300_000;
      const given: string[] = [];
      let cursor = begin.cursor;
      for (let more = true; more;) {
        const page = await feed.feed(cursor, 100);
        ({ cursor, more } = page);
        given.push(...page.commits.map(({ id }) => id));
      }
      expect(given.toSorted()).toEqual(entries.map(({ commit }) => commit.id).toSorted());
    });

    test('[S14] of a node that lives a page is current where it is asked for so, and then nothing acknowledged is missing', async () => {
      const [reader, writer] = [await open(), await open()];
      await reader.beat(newId('node'), 1, '{}');
      let { cursor } = await reader.feed(null, 100);
      for (let i = 0; i < 5; i++) {
        const entry = buildLog({ orgId: newId('org') }).open();
        const { commit } = entry;
        await writer.append([entry]);
        const page = await reader.feed(cursor, 100, true);
        ({ cursor } = page);
        expect(page).toMatchObject({ isCurrent: true, commits: [commit] });
      }
      const entries = Array.from({ length: 5 }, () => buildLog({ orgId: newId('org') }).open());
      await writer.append(entries);
      expect(await reader.feed(cursor, 3, true)).toMatchObject({ isCurrent: false, more: true });
      expect(await reader.feed(cursor, 3, true)).toMatchObject({ isCurrent: true, more: false });
    });

    test('[S8] a look costs what was written of late, not what there is', async () => {
      const old = Array.from({ length: 300 }, () =>
        toDocument(buildLog({ orgId: newId('org') }).open(), 1_700_000_000),
      );
      await commits().insertMany(old);
      const asked: string[] = [];
      const counted: Server = {
        ...server,
        collection: (name, options) => {
          const collection = server.collection(name, options);
          const find = collection.find.bind(collection);
          collection.find = ((...args: Parameters<typeof find>) => {
            asked.push(JSON.stringify(args[0]));
            return find(...args);
          }) as typeof collection.find;
          return collection as never;
        },
      };
      let now = Date.now();
      const feed = heldFeed(() => now, counted);
      let { cursor } = await feed.feed(null, 100);
      const most: number[] = [];
      for (let look = 0; look < 60; look++) {
        asked.length = 0;
        const page = await feed.feed(cursor, 100);
        ({ cursor } = page);
        expect(page.commits).toEqual([]);
        most.push(asked.length);
        now += 400;
      }
      // Seconds of this moment, and once a second some of the last twenty: never a question about what is old.
      expect(Math.max(...most)).toBeLessThanOrEqual(12);
      expect(most.reduce((sum, one) => sum + one) / most.length).toBeLessThan(8);
    });
  });

  describe('what is undone', () => {
    test('[S9] a commit whose node died is given to one caller, and by every feed again', async () => {
      const [a, b, reader] = [await open(), await open(), await open()];
      const { cursor } = await reader.feed(null, 100);
      const entry = buildLog({ orgId: newId('org') }).open();
      await orphan(entry, 60_000);
      expect((await reader.feed(cursor, 100)).commits).toEqual([]);
      const given = [await a.undone(10_000, 10), await b.undone(10_000, 10)];
      expect(given).toEqual([[entry.commit], []]);
      expect((await readUntil(reader, cursor, 1)).given).toEqual([entry.commit]);
    });

    test('[S9] whoever is given it and dies as well leaves it to the next', async () => {
      const store = await open();
      const entry = buildLog({ orgId: newId('org') }).open();
      await orphan(entry, 60_000);
      expect(await store.undone(1000, 10)).toHaveLength(1);
      expect(await store.undone(1000, 10)).toHaveLength(0);
      await vi.waitFor(async () => expect(await store.undone(1000, 10)).toHaveLength(1), { timeout: 6000 });
    });

    test('[S9] what was appended is undone until it is settled, and what is young is left alone', async () => {
      const store = await open();
      const entry = buildLog({ orgId: newId('org') }).open();
      await store.append([entry]);
      expect(await store.undone(10_000, 10)).toEqual([]);
      await vi.waitFor(async () => expect(await store.undone(1000, 10)).toEqual([entry.commit]), { timeout: 6000 });
      await store.settle([entry.commit]);
      await store.settle([entry.commit]);
      expect(await commits().findOne({ _id: entry.commit.id })).toMatchObject({ todo: 0 });
    });

    test('[S10] settling makes good what a crash between commit and row left: row, lists, counts, search', async () => {
      const store = await open();
      const orgId = newId('org');
      const log = buildLog({ orgId });
      const entries = [log.open(), log.say('the barnacle'), log.identify({ name: 'Anna' }), log.label('vip')];
      for (const entry of entries) await orphan(entry, 60_000);
      expect(await store.row(orgId, log.conversationId)).toBeUndefined();
      expect((await store.state(log.conversationId))?.state).toEqual(log.state());
      const given = await store.undone(10_000, 10);
      expect(given).toHaveLength(4);
      await store.settle(given);
      expect(await store.row(orgId, log.conversationId)).toMatchObject({ head: log.state().head, labels: ['vip'] });
      expect(await store.search(orgId, 'barnacle', 5)).toHaveLength(1);
      expect(await store.search(orgId, 'anna', 5)).toHaveLength(1);
      expect(await store.counts(orgId)).toMatchObject({ open: 1 });
      expect(await store.labels(orgId, 5)).toEqual(['vip']);
      expect(await store.unfinished(1000)).toContainEqual({ orgId, conversationId: log.conversationId });
      expect(await commits().countDocuments({ todo: 1 })).toBe(0);
    });

    test('[S10] a row that lags behind its log is brought to the head, never back', async () => {
      const store = await open();
      const log = buildLog({ orgId: newId('org') });
      await store.append([log.open()]);
      for (let i = 0; i < 5; i++) await store.append([log.say(`${i}`)]);
      await vi.waitFor(async () =>
        expect(await rows().findOne({ _id: log.conversationId })).toMatchObject({ head: 6 }),
      );
      const other = await open();
      const [third] = await other.commitsByKey([{ conversationId: log.conversationId, key: log.facts[2]!.id }]);
      expect(third).toBeUndefined();
      const all = await commits().find({ conversationId: log.conversationId }).sort({ first: 1 }).toArray();
      await rows().updateOne({ _id: log.conversationId }, { $set: { head: 1 } });
      await other.settle([{ id: all[2]!._id, conversationId: log.conversationId }]);
      expect(await rows().findOne({ _id: log.conversationId })).toMatchObject({ head: 6 });
    });

    test('[S10] two nodes that write one conversation by turns leave its newest row', async () => {
      const [a, b] = [await open(), await open()];
      const log = buildLog({ orgId: newId('org') });
      await a.append([log.open()]);
      for (let i = 0; i < 20; i++) expect(await (i % 2 === 0 ? b : a).append([log.say(`${i}`)])).toEqual(['appended']);
      await vi.waitFor(async () => {
        expect(await a.row(log.orgId, log.conversationId)).toMatchObject({ head: log.state().head });
      });
      expect((await b.state(log.conversationId))?.state).toEqual(log.state());
    });

    test('[S6] a keeper on its own makes good by itself what another left', async () => {
      const orgId = newId('org');
      const log = buildLog({ orgId });
      await orphan(log.open(), 60_000);
      await orphan(log.say('the lighthouse'), 60_000);
      const store = await open(false);
      await vi.waitFor(
        async () => {
          expect(await store.row(orgId, log.conversationId)).toMatchObject({ head: log.state().head });
          expect(await store.search(orgId, 'lighthouse', 5)).toHaveLength(1);
          expect(await commits().countDocuments({ todo: 1 })).toBe(0);
        },
        { timeout: 10_000 },
      );
    });
  });

  describe('signs of life', () => {
    test('[S11] each node’s latest beat is seen by the others until it leaves', async () => {
      const [a, b] = [await open(), await open()];
      const [one, two] = [newId('node'), newId('node')];
      await a.beat(one, 1, '{"version":"1"}');
      await b.beat(two, 7, '{}');
      await a.beat(one, 2, '{"version":"2"}');
      const mine = async (store: SharedStore) =>
        (await store.beats())
          .filter(({ node }) => node === one || node === two)
          .toSorted((x, y) => x.counter - y.counter);
      const all = [
        { node: one, counter: 2, about: '{"version":"2"}' },
        { node: two, counter: 7, about: '{}' },
      ];
      expect(await mine(a)).toEqual(all);
      expect(await mine(b)).toEqual(all);
      await b.leave(two);
      expect(await mine(a)).toEqual(all.slice(0, 1));
    });

    test('[S11] a node silent for an hour is dropped', async () => {
      const store = await open();
      const node = newId('node');
      await store.beat(node, 1, '');
      await server.collection('nodes').updateOne({ _id: node }, { $set: { at: server.now() - 3_700_000 } });
      expect((await store.beats()).map((beat) => beat.node)).not.toContain(node);
      await store.purge(0);
      expect(await server.collection('nodes').findOne({ _id: node })).toBeNull();
    });
  });
});
