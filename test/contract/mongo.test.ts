// The shared keeper, held to the contract on a real server of the MongoDB protocol: as it is, and as a replica set.
import { afterAll, beforeAll, describe } from 'vitest';
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { SharedStore } from '../../server/ports/store.ts';
import { startMongoSet } from '../support/mongo-set.ts';
import type { MongoSet } from '../support/mongo-set.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { describeStore } from './store-contract.ts';
import type { Opened } from './store-contract.ts';

const openAt = async (url: string): Promise<Opened> => {
  let store: SharedStore;
  const open = async (): Promise<SharedStore> => (store = await openMongoStore({ url, clock: systemClock }));
  return {
    store: await open(),
    reopen: async () => {
      await store.close();
      return open();
    },
  };
};

describe.skipIf(!hasMongo)('on a server of the MongoDB protocol (needs mongodb)', () => {
  describeStore('mongodb', async () => openAt(await freshMongoUrl('contract')), { lags: true });
});

// What FerretDB 1 needs done for it is not done here: updates in one step, many at once, alternatives in one question.
describe.skipIf(!hasMongo)('on a replica set (needs mongodb)', () => {
  let set: MongoSet;
  beforeAll(async () => {
    set = await startMongoSet();
  });
  afterAll(async () => set?.close());
  describeStore('mongodb', async () => openAt(set.url), { lags: true });
});
