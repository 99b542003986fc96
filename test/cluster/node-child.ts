// A node of a cluster in a process of its own, with faults that the test sets off over IPC.
import { resolve } from 'node:path';
import { createLog } from '../../server/adapters/log/pino.ts';
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import { startNode } from '../../server/compose.ts';
import { readConfig } from '../../server/config.ts';
import type { Bus, Delivery } from '../../server/ports/bus.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { SharedStore } from '../../server/ports/store.ts';
import type { Fact } from '../../shared/facts.ts';
import { measureReaders, measureUsage } from './usage.ts';

/** `drops`: kinds of deliveries that never reach Redis. `memory`: answered with the bytes in use. `usage`: with a `Usage`; `readers`: with `Reader`s. */
export type Order = { drops: Delivery['kind'][] } | { memory: true } | { usage: true } | { readers: true };

const fault = process.argv[2] ?? 'none';
const config = readConfig(process.env);
const log = createLog(config.logLevel);
let drops: Delivery['kind'][] = [];

const isMarked = (facts: readonly Fact[]): boolean =>
  facts.some((fact) => fact.type === 'message.created' && fact.text === 'kill me');
const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
};

const openStore = async (): Promise<SharedStore> => {
  const store = await openMongoStore({ url: config.mongodbUrl ?? '', clock: systemClock, log, follows: true });
  return Object.create(store, {
    append: {
      value: async (entries: Parameters<SharedStore['append']>[0]) => {
        const isFatal = entries.some(({ commit }) => isMarked(commit.facts));
        if (isFatal && fault === 'before-commit') die();
        const appended = await store.append(entries);
        if (isFatal && fault === 'before-publish') die();
        return appended;
      },
    },
  }) as SharedStore;
};

const tapBus = (bus: Bus): Bus => {
  const receivers: ((delivery: Delivery) => void)[] = [];
  return {
    publish(delivery) {
      if (drops.includes(delivery.kind)) for (const receive of receivers) receive(delivery);
      else bus.publish(delivery);
    },
    subscribe(receive) {
      receivers.push(receive);
      bus.subscribe(receive);
    },
    follow: (id) => bus.follow(id),
    close: () => bus.close(),
  };
};

process.on('message', (order: Order) => {
  if ('drops' in order) ({ drops } = order);
  else if ('readers' in order) process.send?.({ readers: measureReaders(config.port) });
  else if ('usage' in order) process.send?.({ usage: measureUsage(config.port) });
  else process.send?.({ memory: process.memoryUsage().rss });
});
// Without its test there is nobody to serve.
process.on('disconnect', () => process.exit(0));

const node = await startNode(config, {
  distDir: resolve('dist'),
  log,
  tapBus,
  ...(fault === 'none' ? {} : { store: await openStore() }),
});
process.stdout.write(`${JSON.stringify(node.facts)}\n`);
process.on('SIGTERM', () => void node.stop().then(() => process.exit(0)));
