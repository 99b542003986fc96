// The real server with one fault: it kills itself between two steps of a commit that holds a message saying `kill me`.
import { resolve } from 'node:path';
import { createLocalBus } from '../../server/adapters/bus/local.ts';
import { createLog } from '../../server/adapters/log/pino.ts';
import { openSqliteStore } from '../../server/adapters/store/sqlite.ts';
import { startNode } from '../../server/compose.ts';
import { readConfig } from '../../server/config.ts';
import type { Bus } from '../../server/ports/bus.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Store } from '../../server/ports/store.ts';
import type { Fact } from '../../shared/facts.ts';

const fault = process.argv[2] ?? 'none';
const config = readConfig(process.env);
const log = createLog(config.logLevel);

const isMarked = (facts: readonly Fact[]): boolean =>
  facts.some((fact) => fact.type === 'message.created' && fact.text === 'kill me');
const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
};

const store = await openSqliteStore({ dataDir: config.dataDir, clock: systemClock });
const { requests } = store.documents;
const documents: Store['documents'] = {
  ...store.documents,
  requests: {
    ...requests,
    // After what the request asked for was done, before its answer is kept.
    update: async (orgId, id, change) =>
      requests.update(orgId, id, async (before) => {
        const after = await change(before);
        return fault === 'before-answer' && after?.state === 'done' ? die() : after;
      }),
  },
};
const faultyStore: Store = Object.create(store, {
  documents: { value: documents },
  append: {
    value: async (entries: Parameters<Store['append']>[0]) => {
      const isFatal = entries.some(({ commit }) => isMarked(commit.facts));
      if (isFatal && fault === 'before-commit') die();
      const appended = await store.append(entries);
      if (isFatal && fault === 'before-delivery') die();
      return appended;
    },
  },
}) as Store;

const bus = createLocalBus({ log });
const faultyBus: Bus = {
  ...bus,
  publish(delivery) {
    bus.publish(delivery);
    if (fault !== 'before-ack' || delivery.kind !== 'facts' || !isMarked(delivery.facts)) return;
    die();
  },
};

const node = await startNode(config, {
  distDir: resolve('dist'),
  log,
  store: faultyStore,
  bus: faultyBus,
});
process.stdout.write(`${JSON.stringify(node.facts)}\n`);
process.on('SIGTERM', () => void node.stop().then(() => process.exit(0)));
