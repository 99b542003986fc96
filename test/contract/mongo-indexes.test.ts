// Indexes at the start: whole before anything is written, and what is said where one cannot be had.
import { MongoClient } from 'mongodb';
import type { Document } from 'mongodb';
import { afterAll, describe, expect, test } from 'vitest';
import { StoreStartError } from '../../server/adapters/store/data-lock.ts';
import { indexes, prepareSchema } from '../../server/adapters/store/mongo-schema.ts';
import { connectServer } from '../../server/adapters/store/mongo-server.ts';
import { openMongoStore, StoreUnreachableError } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { primaryHello, startOldMongo } from '../support/old-mongo.ts';

const cleanUp: (() => unknown)[] = [];
afterAll(async () => {
  for (const undo of cleanUp.splice(0).toReversed()) await undo();
});

interface Start {
  asked: Document[];
  told: string[];
  error: Error | undefined;
}

const cursorOf = (collection: unknown, firstBatch: object[]): object => ({
  ok: 1,
  cursor: { id: 0n, ns: `chat.${String(collection)}`, firstBatch },
});

/** How a start ends on a MongoDB 8 that answers so; what is not answered is fine with it. */
const start = async (
  answer: (command: Document) => object | undefined | Promise<object | undefined>,
): Promise<Start> => {
  const asked: Document[] = [];
  const told: string[] = [];
  const fake = await startOldMongo(async (command) => {
    asked.push(command);
    const fine = { ...primaryHello, version: '8.0.4', versionArray: [8, 0, 4, 0], n: 1 };
    const found = command['find'] === undefined ? undefined : cursorOf(command['find'], []);
    return (await answer(command)) ?? found ?? fine;
  });
  const log = { warn: (_fields: object, message: string) => void told.push(message) };
  const error = await (async () => {
    try {
      const server = await connectServer(`${fake.url}/chat?directConnection=true`, systemClock, log);
      await prepareSchema(server, log).finally(() => void server.close());
      return undefined;
    } catch (reason) {
      return reason as Error;
    }
  })();
  fake.stop();
  return { asked, told, error };
};

const failure = (code: number, errmsg: string, more: object = {}): object => ({ ok: 0, code, errmsg, ...more });

const expectFinal = (error: Error | undefined): void => {
  expect(error).toBeInstanceOf(StoreStartError);
  expect(error).not.toBeInstanceOf(StoreUnreachableError);
};

describe('indexes at the start', () => {
  test('[S2] all are asked for, whatever the server lists: that names builds in progress', async () => {
    const listed = async (command: Document): Promise<object | undefined> =>
      command['listIndexes'] === undefined
        ? undefined
        : cursorOf(command['listIndexes'], indexes[command['listIndexes'] as string] ?? []);
    const { asked, told, error } = await start(listed);
    expect(error).toBeUndefined();
    const made = asked.filter((command) => command['createIndexes'] !== undefined);
    expect(Object.fromEntries(made.map((command) => [command['createIndexes'], command['indexes']]))).toEqual(indexes);
    expect(asked.findIndex((command) => command['insert'] === 'meta')).toBeGreaterThan(asked.indexOf(made.at(-1)!));
    expect(told).toEqual([]);
  });

  test('[S2] the start waits for a build, longer than for any other answer, and says so once', async () => {
    const { told, error, asked } = await start(async (command) => {
      // Beyond the time limit of a socket: the build's answer comes at its end.
      if (command['createIndexes'] === 'commits') await new Promise((resolve) => setTimeout(resolve, 6000));
      if (command['createIndexes'] === 'texts') await new Promise((resolve) => setTimeout(resolve, 2500));
      return undefined;
    });
    expect(error).toBeUndefined();
    expect(asked.filter((command) => command['createIndexes'] === 'commits')).toHaveLength(1);
    expect(told).toEqual([expect.stringMatching(/builds indexes: the start goes on when/)]);
  });

  test('an index of the same name, or of the same fields, that is another one: the line that drops it', async () => {
    const key = { conversationId: 1, key: 1 };
    const others = [
      { code: 86, made: { name: 'key', key } },
      { code: 86, made: { name: 'key', key: { key: 1 }, unique: true } },
      { code: 85, made: { name: 'conversationId_1_key_1', key, unique: true } },
    ];
    for (const { code, made } of others) {
      const { error, asked } = await start((command) => {
        if (command['createIndexes'] === 'commits') return failure(code, 'An existing index has the same name');
        if (command['listIndexes'] === 'commits') return cursorOf('commits', [{ name: '_id_', key: { _id: 1 } }, made]);
        return undefined;
      });
      expectFinal(error);
      expect(error!.message).toContain(`the collection commits has an index ${made.name} (`);
      expect(error!.message).toContain('needs key ({"conversationId":1,"key":1}, unique)');
      expect(error!.message).toContain(`db.getSiblingDB("chat").getCollection("commits").dropIndex("${made.name}")`);
      expect(asked.filter((command) => command['createIndexes'] === 'commits')).toHaveLength(1);
    }
  });

  test('a conflict that cannot be told apart says what the server says', async () => {
    const { error } = await start((command) =>
      command['createIndexes'] === 'texts' ? failure(85, 'Index grams has another collation') : undefined,
    );
    expectFinal(error);
    expect(error!.message).toMatch(/An index is in the way.*the collection texts: Index grams has another collation/);
  });

  test('[S2] duplicates in the way of a unique index are named, with the question that finds them', async () => {
    const { error } = await start((command) =>
      command['createIndexes'] === 'commits'
        ? failure(11_000, 'E11000 duplicate key error collection: chat.commits index: first dup key', {
            keyPattern: { conversationId: 1, first: 1 },
            keyValue: { conversationId: 'conv_a', first: 3 },
          })
        : undefined,
    );
    expectFinal(error);
    expect(error!.message).toContain('commits holds several documents with the same values');
    expect(error!.message).toContain('{"conversationId":"conv_a","first":3}');
    expect(error!.message).toContain('found by the index first (conversationId and first): db.getSiblingDB("chat")');
    expect(error!.message).toContain('{"conversationId":"$conversationId","first":"$first"}');
    expect(error!.message).not.toContain('$key');
  });

  describe('a user who may not make indexes', () => {
    const may = (command: Document): object | undefined =>
      command['createIndexes'] === undefined
        ? undefined
        : failure(13, 'not authorized on chat to execute createIndexes');
    const listing =
      (without?: string) =>
      (command: Document): object | undefined => {
        const of = command['listIndexes'] as string | undefined;
        if (of === undefined) return may(command);
        return cursorOf(
          of,
          indexes[of]!.filter(({ name }) => `${of}.${name}` !== without),
        );
      };
    const building =
      (names: readonly string[]) =>
      (command: Document): object | undefined =>
        command['aggregate'] === undefined
          ? undefined
          : cursorOf(command['aggregate'], [{ storageStats: { indexBuilds: names } }]);

    test('starts where all are there and whole', async () => {
      const { error, told } = await start((command) => building([])(command) ?? listing()(command));
      expect([error, told]).toEqual([undefined, []]);
    });

    test('waits where one is still being built', async () => {
      const { error } = await start((command) => building(['key'])(command) ?? listing()(command));
      expect(error).toBeInstanceOf(StoreUnreachableError);
      expect(error!.message).toMatch(/still builds indexes of the collection commits: key/);
    });

    test('is told which are missing, and how another user makes them', async () => {
      const { error } = await start((command) => building([])(command) ?? listing('locks.key')(command));
      expectFinal(error);
      expect(error!.message).toMatch(/may not make indexes, and some of the collection locks are missing/);
      expect(error!.message).toContain('getCollection("locks").createIndex({"key":1}, {"name":"key","unique":true})');
    });
  });
});

describe.skipIf(!hasMongo)('indexes on a MongoDB (needs mongodb)', () => {
  test('[S2] duplicates in the way of a unique index end the start, and it succeeds once they are gone', async () => {
    const url = await freshMongoUrl('duplicates');
    const client = await new MongoClient(url).connect();
    cleanUp.push(() => client.close());
    const commits = client.db().collection<{ _id: string }>('commits');
    const twice = { conversationId: 'conv_a', first: 1 };
    await commits.insertMany([
      { _id: 'a', ...twice, key: 'v:1' },
      { _id: 'b', ...twice, key: 'v:2' },
    ] as never);
    const error = await openMongoStore({ url, clock: systemClock }).then(
      async (store) => store.close(),
      (reason: Error) => reason,
    );
    expectFinal(error as Error);
    expect((error as Error).message).toContain('commits holds several documents with the same values');
    await commits.deleteOne({ _id: 'b' });
    await (await openMongoStore({ url, clock: systemClock })).close();
  });

  test('an index of one of our names that is not unique ends the start, and it succeeds once that is dropped', async () => {
    const url = await freshMongoUrl('conflict');
    const client = await new MongoClient(url).connect();
    cleanUp.push(() => client.close());
    await client.db().collection('locks').createIndex({ key: 1 }, { name: 'key' });
    const error = await openMongoStore({ url, clock: systemClock }).then(
      async (store) => store.close(),
      (reason: Error) => reason,
    );
    expectFinal(error as Error);
    expect((error as Error).message).toContain('getCollection("locks").dropIndex("key")');
    await client.db().collection('locks').dropIndex('key');
    await (await openMongoStore({ url, clock: systemClock })).close();
  });
});
