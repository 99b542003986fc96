// The shared keeper, held to the contract on a replica set: while nothing happens, and while its primaries come and go.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMongoStore, StoreUnreachableError } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { SharedStore } from '../../server/ports/store.ts';
import { startMongoSet } from '../support/mongo-set.ts';
import type { MongoSet } from '../support/mongo-set.ts';
import { hasMongo } from '../support/mongo-server.ts';
import { insistent } from './insistent.ts';
import { describeStore } from './store-contract.ts';
import type { Opened } from './store-contract.ts';

/** As a node does that starts: where nobody takes writes, in a moment somebody may. */
const openSoon = async (url: string): Promise<SharedStore> => {
  const end = performance.now() + 15_000;
  for (;;) {
    try {
      return await openMongoStore({ url, clock: systemClock });
    } catch (error) {
      if (!(error instanceof StoreUnreachableError) || performance.now() > end) throw error;
    }
  }
};

const openAt = async (url: string, seen = (store: SharedStore) => store): Promise<Opened> => {
  let store: SharedStore;
  const open = async (): Promise<SharedStore> => (store = seen(await openSoon(url)));
  return {
    store: await open(),
    reopen: async () => {
      await store.close();
      return open();
    },
  };
};

// What FerretDB 1 needs done for it is not done here: updates in one step, many at once, alternatives in one question.
describe.skipIf(!hasMongo)('on a replica set (needs mongodb)', () => {
  let set: MongoSet;
  beforeAll(async () => {
    set = await startMongoSet();
  });
  afterAll(async () => set?.close());
  describeStore('mongodb', async () => openAt(set.url), { lags: true });
});

/** Between two elections, ms. */
const CALM_MS = 1500;
/** Of so many elections one comes of a crash, after which there is nobody for so long, ms. */
const CRASHES = 3;
const ELECTION_MS = 2000;

describe.skipIf(!hasMongo)('on a replica set whose primaries come and go (needs mongodb)', { timeout: 40_000 }, () => {
  let set: MongoSet;
  let changing: Promise<void>;
  const asked = { isOver: false };
  const seen = { stepDowns: 0, crashes: 0 };
  const change = async (): Promise<void> => {
    for (let elections = 1; !asked.isOver; elections++) {
      await new Promise((resolve) => setTimeout(resolve, CALM_MS));
      const isCrash = elections % CRASHES === 0;
      if (isCrash) await set.crash(ELECTION_MS);
      else await set.stepDown({ endsConnections: elections % 2 === 0 });
      seen[isCrash ? 'crashes' : 'stepDowns'] += 1;
    }
  };
  beforeAll(async () => {
    set = await startMongoSet();
    changing = change();
  });
  afterAll(async () => {
    asked.isOver = true;
    await changing;
    await set?.close();
  });
  describeStore('mongodb', async () => openAt(set.url, insistent), { lags: true });

  test('they did', () => {
    expect(seen.stepDowns).toBeGreaterThanOrEqual(2);
    expect(seen.crashes).toBeGreaterThanOrEqual(1);
  });
});
