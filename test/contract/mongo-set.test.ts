// The pretended replica set itself, by the plain driver: what the tests over it rely on.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { MongoClient } from 'mongodb';
import type { Collection, MongoClientOptions } from 'mongodb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startMongoSet } from '../support/mongo-set.ts';
import type { MongoSet } from '../support/mongo-set.ts';
import { hasMongo } from '../support/mongo-server.ts';
import { parseRequest, writeReply } from '../support/mongo-wire.ts';

interface Note {
  _id: string;
  n: number;
}

const majority = { w: 'majority', wtimeoutMS: 800 } as const;

describe.skipIf(!hasMongo)('a pretended replica set (needs mongodb)', { timeout: 30_000 }, () => {
  let set: MongoSet;
  const clients: MongoClient[] = [];

  const connect = async (url = set.url, options: MongoClientOptions = {}): Promise<Collection<Note>> => {
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 8000, writeConcern: majority, ...options });
    clients.push(client);
    await client.connect();
    return client.db().collection<Note>('notes');
  };
  beforeEach(async () => {
    set = await startMongoSet();
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map(async (client) => client.close()));
    await set.close();
  });

  /** Inserts until it is there: a driver repeats a write once, and passes on what befalls it then. */
  const insist = async (insert: () => Promise<unknown>): Promise<void> => {
    await vi.waitFor(
      async () =>
        insert().catch((error: { code?: unknown }) => {
          if (error.code !== 11_000) throw error;
        }),
      { timeout: 10_000, interval: 20 },
    );
  };

  /** `hello` of one member. */
  const askMember = async (index: number): Promise<Record<string, unknown>> => {
    const host = /\/\/(.*)\//.exec(set.url)![1]!.split(',')[index]!;
    const notes = await connect(`mongodb://${host}/x?directConnection=true`);
    return notes.db.command({ hello: 1 });
  };

  test('a driver finds three members, one of them primary, that name each other', async () => {
    const notes = await connect();
    const first = await notes.db.command({ hello: 1 });
    expect(first).toMatchObject({ setName: 'rs0', isWritablePrimary: true, me: first['primary'] });
    expect(first['hosts']).toHaveLength(3);
    expect(await askMember(1)).toMatchObject({ isWritablePrimary: false, secondary: true, primary: first['me'] });
    expect(await notes.db.admin().command({ buildInfo: 1 })).not.toHaveProperty('ferretdbVersion');
  });

  test('secondaries refuse writes, and reads that are meant for a primary', async () => {
    const host = /,([^,/]*)\//.exec(set.url)![1]!;
    const notes = await connect(`mongodb://${host}/x?directConnection=true`, { retryWrites: false });
    await expect(notes.insertOne({ _id: 'a', n: 1 })).rejects.toMatchObject({ code: 10_107 });
    // A driver that is told to talk to one member allows secondaries by itself.
    const [hostname, port] = host.split(':') as [string, string];
    const socket = createConnection(Number(port), hostname);
    socket.write(writeReply({ isQuery: false }, 0, { find: 'notes', $db: 'x' }).message);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(parseRequest(answer).command).toMatchObject({ ok: 0, code: 13_435, codeName: 'NotPrimaryNoSecondaryOk' });
    socket.destroy();
  });

  test('a step-down: writes under way are sent again and done once, and electionId rises', async () => {
    const notes = await connect();
    await notes.insertOne({ _id: 'count', n: 0 });
    const before = await notes.db.command({ hello: 1 });
    const writes = Promise.all(
      Array.from({ length: 40 }, async () => notes.updateOne({ _id: 'count' }, { $inc: { n: 1 } })),
    );
    await Promise.all([set.stepDown(), writes]);
    expect(await notes.findOne({ _id: 'count' })).toEqual({ _id: 'count', n: 40 });
    const after = await notes.db.command({ hello: 1 });
    expect(after['me']).not.toBe(before['me']);
    expect(String(after['electionId']) > String(before['electionId'])).toBe(true);
  });

  test('a crash: nobody is primary until the election, then the dead one is back as a secondary', async () => {
    const notes = await connect();
    await notes.insertOne({ _id: 'a', n: 1 });
    const old = set.primary()!;
    const crashing = set.crash(1500, 100);
    expect(set.primary()).toBeUndefined();
    const from = performance.now();
    await insist(async () => notes.insertOne({ _id: 'b', n: 2 }));
    expect(performance.now() - from).toBeGreaterThan(1000);
    await crashing;
    expect(set.primary()).not.toBe(old);
    await vi.waitFor(() => expect(set.members[old]!.role).toBe('secondary'));
    expect(await notes.countDocuments()).toBe(2);
  });

  test('an answer that is lost: the write is asked again under its number and done once', async () => {
    const notes = await connect();
    await notes.insertOne({ _id: 'a', n: 0 });
    const lost = set.failNext({ command: 'update' }, 'lost');
    expect((await notes.updateOne({ _id: 'a' }, { $inc: { n: 1 } })).modifiedCount).toBe(1);
    expect(lost.applied()).toBe(1);
    expect(set.commands()['update']).toBe(2);
    expect(await notes.findOne()).toEqual({ _id: 'a', n: 1 });
  });

  test('errors by rule come as a server sends them', async () => {
    const notes = await connect();
    const errmsg = 'you are over your space quota, using 513 MB of 512 MB';
    set.failNext({ command: 'insert' }, { error: { code: 8000, errmsg } });
    await expect(notes.insertOne({ _id: 'a', n: 1 })).rejects.toMatchObject({ code: 8000, codeName: 'AtlasError' });
    set.failNext({ command: 'insert', collection: 'notes' }, { error: { code: 11_600, errmsg: 'shutting down' } });
    await notes.insertOne({ _id: 'b', n: 1 });
    const inVain = { code: 64, errmsg: 'waiting for replication timed out', errInfo: { wtimeout: true } };
    set.failNext({ command: 'insert' }, { writeConcernError: inVain });
    await expect(notes.insertOne({ _id: 'c', n: 1 })).rejects.toMatchObject({ code: 64 });
    expect(await notes.countDocuments()).toBe(2);
  });

  test('a stalled request arrives late, also where nobody waits for it any more, and other lines go on', async () => {
    const slow = await connect(await set.line('slow'), { socketTimeoutMS: 300, retryWrites: false });
    const other = await connect();
    await slow.insertOne({ _id: 'a', n: 1 });
    const stall = set.stall({ line: 'slow', command: 'insert' }, 1200);
    await expect(slow.insertOne({ _id: 'late', n: 1 })).rejects.toThrow(/timed out/);
    stall.end();
    await other.insertOne({ _id: 'b', n: 1 });
    expect(await other.findOne({ _id: 'late' })).toBeNull();
    await vi.waitFor(async () => expect(await other.findOne({ _id: 'late' })).not.toBeNull(), { timeout: 3000 });
    expect(set.commands('slow')).toMatchObject({ insert: 2 });
  });

  test('a primary that was cut off: its majority waits in vain, it reads what was, and is told nothing new', async () => {
    const [aside, other] = [await connect(await set.line('aside')), await connect()];
    await other.insertOne({ _id: 'before', n: 1 });
    await aside.findOne();
    await set.partition({ lines: ['aside'], electionMs: 200, believesMs: 5000 });
    await insist(async () => other.insertOne({ _id: 'since', n: 1 }));
    const read = async (): Promise<string[]> => (await aside.find().toArray()).map(({ _id }) => _id);
    expect(await read()).toEqual(['before']);
    expect(await aside.countDocuments()).toBe(1);
    await expect(aside.insertOne({ _id: 'alone', n: 1 })).rejects.toMatchObject({ code: 64 });
    await set.heal();
    await vi.waitFor(async () => expect((await read()).toSorted()).toEqual(['before', 'since']), { timeout: 8000 });
  });

  test('a member’s clock shows in its hello, and in what asks for the time', async () => {
    const notes = await connect();
    set.clockOffset(0, -60_000);
    await notes.insertOne({ _id: 'a', n: 1 });
    await notes.updateOne({ _id: 'a' }, [{ $set: { at: '$$NOW' } }]);
    const [{ localTime }, found] = [await notes.db.command({ hello: 1 }), await notes.findOne<{ at: Date }>()];
    for (const date of [localTime as Date, found!.at]) {
      expect(Math.abs(date.getTime() + 60_000 - Date.now())).toBeLessThan(2000);
    }
  });

  describe('a change stream', () => {
    // As an iterator: as an emitter the driver takes "operation was interrupted" for the end of a stream, and says nothing.
    const watch = (notes: Collection<Note>) => {
      const stream = notes.watch([{ $match: { operationType: 'insert' } }], { maxAwaitTimeMS: 500 });
      const ids: string[] = [];
      const ended = (async () => {
        for await (const change of stream) if (change.operationType === 'insert') ids.push(change.documentKey._id);
      })().catch((error: { code?: number }) => error);
      return { ids, stream, ended };
    };

    test('tells of every insert once and in order, over a step-down and a crash', async () => {
      const notes = await connect();
      await notes.insertOne({ _id: 'before', n: 0 });
      const { ids, stream } = watch(notes);
      await vi.waitFor(() => expect(set.commands()['aggregate']).toBe(1));
      const write = async (from: number): Promise<void> => {
        for (let n = from; n < from + 10; n++) await insist(async () => notes.insertOne({ _id: `id ${n}`, n }));
      };
      await write(0);
      await Promise.all([set.stepDown({ endsConnections: true }), write(10)]);
      await Promise.all([set.crash(500, 100), write(20)]);
      const all = Array.from({ length: 30 }, (_, n) => `id ${n}`);
      await vi.waitFor(() => expect(ids).toEqual(all), { timeout: 8000 });
      await stream.close();
    });

    test('ends where its history is lost', async () => {
      const notes = await connect();
      await notes.insertOne({ _id: 'before', n: 0 });
      const { stream, ended } = watch(notes);
      await vi.waitFor(() => expect(set.commands()['aggregate']).toBe(1));
      set.failNext({ command: 'getMore' }, { error: { code: 286, errmsg: 'the resume point is gone' } });
      expect(await ended).toMatchObject({ code: 286 });
      expect(set.commands()['aggregate']).toBe(1);
      await stream.close();
    });
  });
});
