// A shared store that answers questions and takes no writes: a full disk, a quota that is used up.
import { MongoServerError } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareSchema } from '../../server/adapters/store/mongo-schema.ts';
import { connectServer } from '../../server/adapters/store/mongo-server.ts';
import type { Kept, Server } from '../../server/adapters/store/mongo-server.ts';
import { createWritable } from '../../server/adapters/store/mongo-writable.ts';
import { composeMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { SharedStore } from '../../server/ports/store.ts';
import { newId } from '../../shared/ids.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { buildLog } from './log-builder.ts';

describe.skipIf(!hasMongo)('a database that is full (needs mongodb)', { timeout: 30_000 }, () => {
  let store: SharedStore;
  let isFull = false;

  /** The real server, but for inserts while it is full. */
  const filling = (server: Server): Server => ({
    ...server,
    collection: <T extends Kept>(name: string) => {
      const collection = server.collection<T>(name);
      return new Proxy(collection, {
        get(target, property) {
          const value = Reflect.get(target, property) as unknown;
          if (typeof value !== 'function') return value;
          const asIt = value.bind(target) as (...input: unknown[]) => unknown;
          if (!['insertOne', 'insertMany'].includes(String(property))) return asIt;
          return async (...input: unknown[]) => {
            if (isFull) throw new MongoServerError({ message: 'you are over your space quota', code: 8000 });
            return asIt(...input);
          };
        },
      });
    },
  });

  beforeAll(async () => {
    const server = await connectServer(await freshMongoUrl('full'), systemClock);
    await prepareSchema(server);
    store = composeMongoStore(filling(server), {
      clock: systemClock,
      log: { warn: () => {}, info: () => {} },
      follows: false,
    });
  });
  afterAll(() => store?.close());

  it('[S4] refuses as unavailable and is not ready until a write succeeds, though everything can be read', async () => {
    const log = buildLog({ orgId: newId('org') });
    await store.append([log.open()]);
    isFull = true;
    // Nobody has asked for a write yet.
    await expect(store.ping()).resolves.toBeUndefined();
    await expect(store.append([log.fork().say('x')])).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.ping()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.ping()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.factsAfter(log.conversationId, 0, 9)).toHaveLength(1);
    isFull = false;
    // Nobody writes: it finds out by itself.
    await expect(store.ping()).resolves.toBeUndefined();
    expect(await store.append([log.say('x')])).toEqual(['appended']);
  });

  it('[S4] probes whose answers are lost leave one document, which the next sweep takes away', async () => {
    const url = await freshMongoUrl('probes');
    const server = await connectServer(url, systemClock);
    await prepareSchema(server);
    const meta = server.collection('meta');
    const probes = (): Promise<number> => meta.countDocuments({ _id: { $gt: 'probe/', $lt: 'probe0' } });
    let isLossy = true;
    const lossy: Server = {
      ...server,
      collection: (name, options) => {
        const collection = server.collection(name, options);
        const insertOne = collection.insertOne.bind(collection);
        collection.insertOne = async (...args: Parameters<typeof insertOne>) => {
          const inserted = await insertOne(...args);
          if (isLossy) throw new MongoServerError({ message: 'waiting for replication timed out', code: 64 });
          return inserted;
        };
        return collection as never;
      },
    };
    const writable = createWritable(lossy);
    const failing = writable.watched(() => Promise.reject(new MongoServerError({ message: 'x', code: 64 })));
    await expect(failing([{}] as never)).rejects.toThrow('x');
    for (let i = 0; i < 5; i++) await expect(writable.check()).rejects.toThrow('replication');
    expect(await probes()).toBe(1);
    isLossy = false;
    await writable.check();
    expect(await probes()).toBe(0);
    await meta.insertMany([{ _id: 'probe/old' }, { _id: 'probe/new', at: server.now() }] as never);
    await writable.sweep();
    expect(await probes()).toBe(1);
    await server.close();
  });
});
