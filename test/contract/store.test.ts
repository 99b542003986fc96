// The embedded keeper and the one in memory, held to the contract.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import { openSqliteStore } from '../../server/adapters/store/sqlite.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Store } from '../../server/ports/store.ts';
import { describeStore } from './store-contract.ts';

describeStore('memory', async () => ({ store: await openMemoryStore({ clock: systemClock }) }), { isVolatile: true });

describeStore('sqlite', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tiller-store-'));
  let store: Store;
  const open = async (): Promise<Store> => (store = await openSqliteStore({ dataDir, clock: systemClock }));
  return {
    store: await open(),
    reopen: async () => {
      await store.close();
      return open();
    },
    dispose: async () => rm(dataDir, { recursive: true, force: true }),
  };
});
