// Two nodes that start on an empty database, one of which freezes in the middle of it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { prepareSchema } from '../../server/adapters/store/mongo-schema.ts';
import { connectServer } from '../../server/adapters/store/mongo-server.ts';
import type { Server } from '../../server/adapters/store/mongo-server.ts';
import { composeMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { SharedStore } from '../../server/ports/store.ts';
import { firstRun } from '../../server/seed/first-run.ts';
import type { FirstRun } from '../../server/seed/first-run.ts';
import { through } from '../contract/slow-line.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';

const cleanUp: (() => unknown)[] = [];
afterAll(async () => {
  for (const undo of cleanUp.splice(0).toReversed()) await undo();
});

const storeOn = (server: Server): SharedStore => {
  const store = composeMongoStore(server, {
    clock: systemClock,
    log: { warn: () => {}, info: () => {} },
    follows: true,
  });
  cleanUp.push(() => store.close());
  return store;
};

const start = (store: SharedStore): { folder: string; started: Promise<FirstRun> } => {
  const folder = mkdtempSync(join(tmpdir(), 'tiller-two-starts-'));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  const bus = { publish: () => {}, subscribe: () => {}, follow: () => () => {}, close: async () => {} };
  const knowledge = { search: async () => [], forget: () => {} };
  const url = 'http://127.0.0.1:3000';
  const deps = { store, clock: systemClock, bus, knowledge, baseUrl: () => url };
  return { folder, started: firstRun(deps, { dataDir: folder, seedsDemo: true }, url) };
};

describe.skipIf(!hasMongo)('two first starts (needs mongodb)', { timeout: 60_000 }, () => {
  test('[S12] one that freezes at any step changes nothing of what the other has made, and tells no keys that open nothing', async () => {
    // From the first question to the last of the articles.
    const play = async (at: number): Promise<boolean> => {
      const url = await freshMongoUrl('first');
      const connect = async (): Promise<Server> => connectServer(url, systemClock);
      const plain = await connect();
      await prepareSchema(plain);
      let resume = (): void => {};
      let reached = (): void => {};
      const standing = new Promise<void>((resolve) => (resume = resolve));
      const stalled = new Promise<void>((resolve) => (reached = resolve));
      const line = through(await connect(), async (n) => {
        if (n < at) return;
        reached();
        await standing;
      });
      const late = start(storeOn(line));
      await Promise.race([stalled, late.started]);
      const store = storeOn(plain);
      const { started } = start(store);
      const first = await started;
      const widget = (await store.documents.widgets.find(`key:${first.facts.widgetKey}`))!;
      const { orgId, createdBy } = widget;
      // The owner has moved in.
      await store.documents.members.update(orgId, createdBy, (before) => ({ ...before!, passwordHash: 'mine' }));
      resume();
      const other = await late.started;
      expect(other.facts.widgetKey).toBe(first.facts.widgetKey);
      expect(await store.documents.members.get(orgId, createdBy)).toMatchObject({ passwordHash: 'mine' });
      expect((await store.documents.widgets.get(orgId, widget.id))?.widgetKey).toBe(first.facts.widgetKey);
      expect(await store.documents.pipelines.list(orgId)).toHaveLength(1);
      if (first.isFirst) expect(other.isFirst).toBe(false);
      if (other.isFirst) {
        const { facts } = JSON.parse(
          `{"facts":${readFileSync(join(late.folder, 'first-run.json'), 'utf8')}}`,
        ) as FirstRun;
        expect(facts).toEqual(other.facts);
      }
      return first.isFirst;
    };
    const outcomes = await Promise.all([2, 4, 10, 40, 90, 140].map(play));
    expect(new Set(outcomes)).toEqual(new Set([true, false]));
  });
});
