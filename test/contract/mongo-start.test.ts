// How the shared keeper starts: what it makes, and what it says where it cannot.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { MongoClient } from 'mongodb';
import { afterAll, describe, expect, test } from 'vitest';
import { StoreStartError } from '../../server/adapters/store/data-lock.ts';
import { indexes, SCHEMA } from '../../server/adapters/store/mongo-schema.ts';
import { connectServer } from '../../server/adapters/store/mongo-server.ts';
import { openMongoStore, StoreUnreachableError } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import { freePort } from '../support/child-server.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { startOldMongo } from '../support/old-mongo.ts';

const cleanUp: (() => unknown)[] = [];
afterAll(async () => {
  for (const undo of cleanUp.splice(0).toReversed()) await undo();
});

/** How a start ends that should not succeed, and how long that took, ms. */
const refusal = async (url: string): Promise<{ error: Error; ms: number }> => {
  const from = performance.now();
  const error = await openMongoStore({ url, clock: systemClock }).then(
    async (store) => {
      await store.close();
      return new Error('it opened');
    },
    (reason: Error) => reason,
  );
  return { error, ms: performance.now() - from };
};

const listen = async (server: NetServer): Promise<string> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(() => server.close());
  return `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe('without a MongoDB', () => {
  test('an address that is none is told apart, and what may be a password in it is not repeated', async () => {
    for (const url of [
      'http://127.0.0.1:27017',
      'nonsense',
      '',
      'mongodb://',
      'mongodb://u:hunter2@127.0.0.1:99999999/',
    ]) {
      const { error } = await refusal(url);
      expect([url, error]).toEqual([url, expect.any(StoreStartError)]);
      expect(error).not.toBeInstanceOf(StoreUnreachableError);
      expect(error.message).toMatch(/^MONGODB_URL is not an address of a MongoDB/);
      expect(error.message).not.toContain('hunter2');
    }
  });

  test.concurrent('where nothing listens, waiting may help: it says so within 5 s and without the password', async () => {
    const port = await freePort();
    const { error, ms } = await refusal(`mongodb://anna:hunter2@127.0.0.1:${port}/x`);
    expect(error).toBeInstanceOf(StoreUnreachableError);
    expect(error.message).toContain(`127.0.0.1:${port}`);
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.message).not.toContain('hunter2');
    expect(ms).toBeLessThan(5000);
  });

  test.concurrent('what listens and says nothing is unreachable within 5 s', async () => {
    const { error, ms } = await refusal(await listen(createServer((socket) => socket.resume())));
    expect(error).toBeInstanceOf(StoreUnreachableError);
    expect(ms).toBeLessThan(5500);
  });

  test.concurrent('another kind of server is not waited for in vain: it says what was expected of it', async () => {
    const url = await listen(createHttpServer((_request, response) => response.end()));
    const garbled = await listen(
      createServer((socket) =>
        socket.on('error', () => {}).write('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
      ),
    );
    for (const { error, ms } of await Promise.all([garbled, url].map(refusal))) {
      expect(error).toBeInstanceOf(StoreUnreachableError);
      expect(error.message).toMatch(/^No MongoDB that takes writes answers at 127\.0\.0\.1:\d+: .{10,}/);
      expect(ms).toBeLessThan(6000);
    }
  });

  test.concurrent('a server that is too old is refused by its version', async () => {
    const old = await startOldMongo({
      ismaster: true,
      isWritablePrimary: true,
      maxWireVersion: 7,
      minWireVersion: 0,
      ok: 1,
    });
    cleanUp.push(old.stop);
    const { error } = await refusal(old.url);
    expect(error).toBeInstanceOf(StoreStartError);
    expect(error).not.toBeInstanceOf(StoreUnreachableError);
    expect(error.message).toMatch(/too old: MongoDB 4\.4 or newer is needed/);
  });

  test('a server whose wire is new and whose version is old is refused as well', async () => {
    const old = await startOldMongo({
      ismaster: true,
      isWritablePrimary: true,
      maxWireVersion: 13,
      minWireVersion: 0,
      version: '4.2.24',
      versionArray: [4, 2, 24, 0],
      ok: 1,
    });
    cleanUp.push(old.stop);
    const { error } = await refusal(old.url);
    expect(error.message).toMatch(/is MongoDB 4\.2\.24, which is too old/);
  });
});

describe.skipIf(!hasMongo)('on a MongoDB (needs mongodb)', () => {
  const clients: MongoClient[] = [];
  const connect = async (url: string): Promise<MongoClient> => {
    const client = await new MongoClient(url).connect();
    clients.push(client);
    return client;
  };
  afterAll(async () => {
    for (const client of clients) await client.close();
  });

  test('several nodes that start at once on an empty database make it once', async () => {
    const url = await freshMongoUrl('start');
    const stores = await Promise.all(
      Array.from({ length: 4 }, async () => openMongoStore({ url, clock: systemClock })),
    );
    for (const store of stores) {
      await store.ping();
      await store.close();
    }
    const db = (await connect(url)).db();
    for (const [name, wanted] of Object.entries(indexes)) {
      const made = (
        await db
          .collection(name)
          .listIndexes()
          .toArray()
          .catch(() => [])
      ).map((index) => String(index['name']));
      for (const index of wanted)
        if (index.unique === true) expect([name, made]).toEqual([name, expect.arrayContaining([index.name])]);
      expect(new Set(made).size).toBe(made.length);
    }
    expect(await db.collection('meta').countDocuments({})).toBe(1);
  });

  test('a database of a newer schema is refused, and left as it is', async () => {
    const url = await freshMongoUrl('newer');
    await (await openMongoStore({ url, clock: systemClock })).close();
    const meta = (await connect(url)).db().collection<{ _id: string; version: number }>('meta');
    await meta.updateOne({ _id: 'schema' }, { $set: { version: SCHEMA + 1 } });
    const { error } = await refusal(url);
    expect(error).toBeInstanceOf(StoreStartError);
    expect(error).not.toBeInstanceOf(StoreUnreachableError);
    expect(error.message).toMatch(/newer version of this server \(schema \d+, this build knows \d+\)/);
    expect(await meta.findOne({ _id: 'schema' })).toMatchObject({ version: SCHEMA + 1 });
  });

  test('[S1] an address cannot make it less durable, or read what may be rolled back', async () => {
    const url = new URL(await freshMongoUrl('concern'));
    for (const [name, value] of Object.entries({ w: '1', journal: 'false', readConcernLevel: 'local' })) {
      url.searchParams.set(name, value);
    }
    url.searchParams.set('readPreference', 'secondaryPreferred');
    const server = await connectServer(url.href, systemClock);
    for (const of of [server.db, server.collection('commits')]) {
      expect(of.writeConcern).toMatchObject({ w: 'majority', journal: true });
      expect(of.readConcern).toEqual({ level: 'majority' });
      expect(of.readPreference?.mode).toBe('primary');
    }
    await server.close();
  });

  test('without a database in the address it is called tiller', async () => {
    const url = new URL(await freshMongoUrl());
    url.pathname = '/';
    const store = await openMongoStore({ url: url.href, clock: systemClock });
    const before = await store.collection('settings').list('');
    await store.close();
    const db = (await connect(url.href)).db('tiller');
    expect(before).toEqual([]);
    expect(await db.collection('meta').findOne({ _id: 'schema' as never })).toMatchObject({ version: SCHEMA });
    await db.dropDatabase();
  });
});
