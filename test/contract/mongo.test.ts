// The shared keeper, held to the contract on a real server of the MongoDB protocol.
import { describe } from 'vitest';
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { SharedStore } from '../../server/ports/store.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { describeStore } from './store-contract.ts';

describe.skipIf(!hasMongo)('on a server of the MongoDB protocol (needs mongodb)', () => {
  describeStore(
    'mongodb',
    async () => {
      const url = await freshMongoUrl('contract');
      let store: SharedStore;
      const open = async (): Promise<SharedStore> => (store = await openMongoStore({ url, clock: systemClock }));
      return {
        store: await open(),
        reopen: async () => {
          await store.close();
          return open();
        },
      };
    },
    { lags: true },
  );
});
