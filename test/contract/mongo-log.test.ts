// A gap in the shared keeper's log, which is closed by two reads side by side: whatever lies between them.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createKnown, toDocument } from '../../server/adapters/store/mongo-commits.ts';
import { createMongoLog } from '../../server/adapters/store/mongo-log.ts';
import type { CommitDocument, RowDocument } from '../../server/adapters/store/mongo-schema.ts';
import { connectServer } from '../../server/adapters/store/mongo-server.ts';
import type { Server } from '../../server/adapters/store/mongo-server.ts';
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Entry, SharedStore } from '../../server/ports/store.ts';
import { newId } from '../../shared/ids.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { buildLog } from './log-builder.ts';

describe.skipIf(!hasMongo)('the log after a fact (needs mongodb)', { timeout: 40_000 }, () => {
  let server: Server;
  let store: SharedStore;
  const rows = () => server.collection<RowDocument>('conversations');
  /** A commit whose node died before anything that follows it. */
  const orphan = async (entry: Entry): Promise<void> => {
    await server.collection<CommitDocument>('commits').insertOne(toDocument(entry, Math.floor(server.now() / 1000)));
  };

  beforeAll(async () => {
    const url = await freshMongoUrl('log');
    store = await openMongoStore({ url, clock: systemClock });
    server = await connectServer(url, systemClock);
  });
  afterAll(async () => {
    await store?.close();
    await server?.close();
  });

  test('[S5] is whole however far its row is behind', async () => {
    const log = buildLog({ orgId: newId('org') });
    await store.append([log.open()]);
    for (let i = 0; i < 9; i++) await store.append([log.say(`${i}`)]);
    await vi.waitFor(async () => expect(await rows().findOne({ _id: log.conversationId })).toMatchObject({ head: 10 }));
    // Another node's, which dies before it has written the row.
    for (let i = 0; i < 25; i++) await orphan(log.say(`late ${i}`));
    const none = buildLog({ orgId: log.orgId });
    for (const entry of [none.open(), ...Array.from({ length: 30 }, (_, i) => none.say(`${i}`))]) {
      await orphan(entry);
    }
    for (const one of [log, none]) {
      const head = { orgId: one.orgId, state: one.state() };
      for (const after of [0, 3, 9, 12, 25, one.facts.length, one.facts.length + 20]) {
        for (const limit of [2, 100]) {
          const facts = one.facts.slice(after, after + limit);
          expect(await store.logAfter(one.conversationId, after, limit)).toEqual({ ...head, facts });
        }
      }
    }
  });

  test('[S5] lacks nothing where its row was read a moment later', async () => {
    const log = buildLog({ orgId: newId('org') });
    await store.append([log.open()]);
    for (let i = 0; i < 4; i++) await store.append([log.say(`${i}`)]);
    let isRead = (): void => undefined;
    const read = new Promise<void>((resolve) => (isRead = resolve));
    const goesOn = async (): Promise<void> => {
      await read;
      for (let i = 0; i < 3; i++) await store.append([log.say(`meanwhile ${i}`)]);
      await vi.waitFor(async () =>
        expect(await rows().findOne({ _id: log.conversationId })).toMatchObject({ head: 8 }),
      );
    };
    const between: Server = {
      ...server,
      collection: (name, options) => {
        const collection = server.collection(name, options);
        const find = collection.find.bind(collection);
        collection.find = ((...args: Parameters<typeof find>) => {
          const cursor = find(...args);
          const toArray = cursor.toArray.bind(cursor);
          cursor.toArray = async () => toArray().finally(isRead);
          return cursor;
        }) as typeof collection.find;
        const findOne = collection.findOne.bind(collection) as (...args: unknown[]) => Promise<unknown>;
        collection.findOne = (async (...args: unknown[]) => {
          await goesOn();
          return findOne(...args);
        }) as never;
        return collection as never;
      },
    };
    const reader = createMongoLog(between, createKnown(), systemClock, () => undefined);
    const { state, facts } = (await reader.logAfter(log.conversationId, 2, 100))!;
    expect(state).toEqual(log.state());
    expect(facts).toEqual(log.facts.slice(2));
  });
});
