// The shared keeper, held to the contract on a real server of the MongoDB protocol.
import type { CommandStartedEvent } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { prepareSchema } from '../../server/adapters/store/mongo-schema.ts';
import { connectServer } from '../../server/adapters/store/mongo-server.ts';
import { composeMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { SharedStore } from '../../server/ports/store.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { known, monitored, recordShapes } from './mongo-shapes.ts';
import { describeStore } from './store-contract.ts';

describe.skipIf(!hasMongo)('on a server of the MongoDB protocol (needs mongodb)', () => {
  const asked = new Map<string, CommandStartedEvent>();
  describeStore(
    'mongodb',
    async () => {
      const url = monitored(await freshMongoUrl('contract'));
      let store: SharedStore;
      const open = async (): Promise<SharedStore> => {
        // As `openMongoStore` does, with an ear on what is asked.
        const server = await connectServer(url, systemClock);
        await prepareSchema(server);
        recordShapes(server, asked);
        return (store = composeMongoStore(server, {
          clock: systemClock,
          log: { warn: () => {}, info: () => {} },
          follows: false,
        }));
      };
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

  test('what the contract asks is in the table of questions', () => {
    expect(asked.size).toBeGreaterThan(30);
    expect([...asked.keys()].filter((shape) => known[shape] === undefined)).toEqual([]);
  });
});
