// Edits and turns over several nodes on one MongoDB: each store here is a node's, with connections and queues of its own.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createMongoDocuments } from '../../server/adapters/store/mongo-documents.ts';
import { createExclusive } from '../../server/adapters/store/mongo-exclusive.ts';
import type { Exclusive } from '../../server/adapters/store/mongo-exclusive.ts';
import type { Terms } from '../../server/adapters/store/mongo-locks.ts';
import type { LockDocument } from '../../server/adapters/store/mongo-schema.ts';
import { connectServer } from '../../server/adapters/store/mongo-server.ts';
import type { Server } from '../../server/adapters/store/mongo-server.ts';
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { SharedStore } from '../../server/ports/store.ts';
import { newHexId, newId } from '../../shared/ids.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { memberOf } from './document-promises.ts';

const brief: Terms = { holdMs: 1000, breakMs: 1500, waitMs: 5000 };
const pause = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(!hasMongo)('edits on several nodes (needs mongodb)', { timeout: 30_000 }, () => {
  let nodes: SharedStore[];
  let server: Server;
  const node = (terms = brief, its = server): Exclusive =>
    createExclusive(its, systemClock, createMongoDocuments(its, systemClock), terms);
  const held = () => server.collection<LockDocument>('locks');

  beforeAll(async () => {
    const url = await freshMongoUrl('locks');
    nodes = [];
    for (let i = 0; i < 3; i++) nodes.push(await openMongoStore({ url, clock: systemClock, follows: true }));
    server = await connectServer(url, systemClock);
  });
  afterAll(async () => {
    for (const node of nodes ?? []) await node.close();
    await server?.close();
  });

  test('[S13] of many edits of one document on all nodes none is lost', async () => {
    const member = memberOf(newId('org'), { name: '' });
    await nodes[0]!.documents.members.put(member);
    const { orgId, id } = member;
    // Few at a time: all that wait must be done within the deadline of a call.
    for (let round = 0; round < 5; round++) {
      const edits = nodes.flatMap((node, n) =>
        Array.from({ length: 4 }, async (_, i) =>
          node.documents.members.update(
            orgId,
            id,
            (before) => before && { ...before, name: `${before.name} ${n}.${round * 4 + i}` },
          ),
        ),
      );
      await Promise.all(edits);
    }
    const words = (await nodes[0]!.documents.members.get(orgId, id))!.name.trim().split(' ');
    expect(words).toHaveLength(60);
    for (const n of [0, 1, 2]) {
      // As each node asked for them.
      const own = Array.from({ length: 20 }, (_, i) => `${n}.${i}`);
      expect(words.filter((word) => word.startsWith(`${n}.`))).toEqual(own);
    }
    expect(await held().countDocuments({})).toBe(0);
  });

  test('[S13] a delete on one node is final for the edits of the others, and told to one', async () => {
    const [a, b, c] = nodes as [SharedStore, SharedStore, SharedStore];
    for (let round = 0; round < 15; round++) {
      const member = memberOf(newId('org'), { name: '0' });
      const { orgId, id } = member;
      await a.documents.members.put(member);
      const [, ...told] = await Promise.all([
        b.documents.members.update(orgId, id, (before) => before && { ...before, name: '1' }),
        a.documents.members.delete(orgId, id),
        c.documents.members.delete(orgId, id),
      ]);
      expect(told.filter(Boolean)).toHaveLength(1);
      expect(await b.documents.members.get(orgId, id)).toBeUndefined();
    }
  });

  test('[S12] tasks of one key never overlap, on whichever node they were asked for, and leave no lock', async () => {
    const key = newHexId();
    let running = 0;
    let most = 0;
    let done = 0;
    const task = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await nodes[0]!.ping();
      running -= 1;
      done += 1;
    };
    await Promise.all(nodes.flatMap((node) => Array.from({ length: 8 }, async () => node.exclusively(key, task))));
    expect({ most, done }).toEqual({ most: 1, done: 24 });
    expect(await held().countDocuments({})).toBe(0);
  });

  test('[S12] what a dead node holds is broken in time, once, however many wait for it', async () => {
    const key = newHexId();
    await held().insertOne({ _id: newHexId(), key: `task/${key}`, at: server.now() });
    const began = performance.now();
    let running = 0;
    const waits = await Promise.all(
      Array.from({ length: 4 }, async () =>
        node().exclusively(key, async () => {
          const waited = performance.now() - began;
          expect((running += 1)).toBe(1);
          await nodes[0]!.ping();
          running -= 1;
          return waited;
        }),
      ),
    );
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(brief.breakMs);
    expect(Math.max(...waits)).toBeLessThan(brief.breakMs + 1500);
  });

  test('[S12] a lock that changes hands is never taken from the living', async () => {
    const key = newHexId();
    // Each waits for longer than it takes to break a lock, and finds other holds while it does.
    const terms: Terms = { holdMs: 800, breakMs: 1000, waitMs: 20_000 };
    let running = 0;
    const waits = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const own = node(terms);
        let longest = 0;
        for (let turns = 0; turns < 6; turns++) {
          const asked = performance.now();
          await own.exclusively(key, async () => {
            longest = Math.max(longest, performance.now() - asked);
            expect((running += 1)).toBe(1);
            await pause(100);
            running -= 1;
          });
        }
        return longest;
      }),
    );
    expect(Math.max(...waits)).toBeGreaterThan(terms.breakMs);
  });

  test('[S12] a task that takes too long writes nothing, and the next one begins', async () => {
    const key = newHexId();
    const member = memberOf(newId('org'));
    let finish = (): void => {};
    const slow = node().exclusively(key, async (batch) => {
      batch.put('members', member);
      await new Promise<void>((resolve) => (finish = resolve));
    });
    await vi.waitFor(async () => expect(await held().countDocuments({ key: `task/${key}` })).toBe(1));
    const next = node().exclusively(key, async () => 'next');
    await expect(slow).rejects.toMatchObject({ code: 'unavailable' });
    finish();
    expect(await next).toBe('next');
    expect(await nodes[0]!.documents.members.list(member.orgId)).toEqual([]);
  });

  test('[S12] whoever waits too long is told `unavailable`, and their task does not run', async () => {
    const key = newHexId();
    let free = (): void => {};
    const patient: Terms = { holdMs: 5000, breakMs: 9000, waitMs: 200 };
    const holding = node(patient).exclusively(key, () => new Promise<void>((resolve) => (free = resolve)));
    await vi.waitFor(async () => expect(await held().countDocuments({ key: `task/${key}` })).toBe(1));
    const task = vi.fn(async () => {});
    await expect(node(patient).exclusively(key, task)).rejects.toMatchObject({ code: 'unavailable' });
    expect(task).not.toHaveBeenCalled();
    free();
    await holding;
    expect(await held().countDocuments({ key: `task/${key}` })).toBe(0);
  });

  test('[S12] a lock that was written although its call failed holds nobody up', async () => {
    const key = newHexId();
    const lossy: Server = {
      ...server,
      collection: (name, options) => {
        const collection = server.collection(name, options);
        const insertOne = collection.insertOne.bind(collection);
        collection.insertOne = async (...args: Parameters<typeof insertOne>) => {
          await insertOne(...args);
          throw new Error('the answer was lost');
        };
        return collection as never;
      },
    };
    const failing = node(brief, lossy).exclusively(key, async () => {});
    await expect(failing).rejects.toThrow('the answer was lost');
    await vi.waitFor(async () => expect(await held().countDocuments({ key: `task/${key}` })).toBe(0));
  });

  test('what a crash left and nobody asked for again is swept', async () => {
    const [old, young] = [newHexId(), newHexId()];
    await held().insertOne({ _id: newHexId(), key: old, at: server.now() - 3_700_000 });
    await held().insertOne({ _id: newHexId(), key: young, at: server.now() });
    await nodes[0]!.purge(0);
    expect(await held().countDocuments({ key: old })).toBe(0);
    expect(await held().countDocuments({ key: young })).toBe(1);
    await held().deleteMany({});
  });
});
