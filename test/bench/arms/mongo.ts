// The MongoDB keeper against the least that a durable log can cost there: a loop that inserts the same documents.
import { toDocument } from '../../../server/adapters/store/mongo-commits.ts';
import { indexes } from '../../../server/adapters/store/mongo-schema.ts';
import { connectServer } from '../../../server/adapters/store/mongo-server.ts';
import type { Kept, Server } from '../../../server/adapters/store/mongo-server.ts';
import { openMongoStore } from '../../../server/adapters/store/mongo.ts';
import { systemClock } from '../../../server/ports/clock.ts';
import type { Entry, SharedStore } from '../../../server/ports/store.ts';
import { newId } from '../../../shared/ids.ts';
import { buildLog } from '../../contract/log-builder.ts';
import type { LogBuilder } from '../../contract/log-builder.ts';
import { localMongo, startMongoProcess } from '../../support/mongo-process.ts';
import type { Bench } from '../measure.ts';
import { cpuUsOf } from '../processes.ts';
import { ratioLine } from '../result.ts';
import type { ArmResult, Line } from '../result.ts';

/** Conversations that write at once: what a tick of a busy node brings. */
const width = 64;
const text = 'Can I hire a kayak on Sunday, and what does it cost for two people?';

/** What a stretch came to. */
interface Stretch {
  /** Commits a second until the last is acked. */
  acked: number;
  /** The same until rows, texts and marks are written too; as `acked` where there are none. */
  settled: number;
  /** Of this process and of the database, µs a commit until then; NaN where nobody can look into the database. */
  processUs: number;
  databaseUs: number;
}

interface Round {
  ours: Stretch;
  bare: Stretch;
}

const measured = async (
  count: number,
  databaseUs: () => number,
  append: () => Promise<void>,
  settle: () => Promise<unknown>,
): Promise<Stretch> => {
  const cpu = process.cpuUsage();
  const database = databaseUs();
  const from = performance.now();
  const perSecond = (): number => (count / (performance.now() - from)) * 1000;
  await append();
  const acked = perSecond();
  await settle();
  const settled = perSecond();
  const { user, system } = process.cpuUsage(cpu);
  return { acked, settled, processUs: (user + system) / count, databaseUs: (databaseUs() - database) / count };
};

const show = ({ ours, bare }: Round): string =>
  `${ours.acked.toFixed(0)} acked/s, ${ours.settled.toFixed(0)} settled/s, bare ${bare.acked.toFixed(0)}/s; CPU of a commit: ` +
  `keeper ${ours.processUs.toFixed(0)} µs and database ${ours.databaseUs.toFixed(0)} µs, ` +
  `bare ${bare.processUs.toFixed(0)} and ${bare.databaseUs.toFixed(0)} µs`;

const begin = (): LogBuilder[] => {
  const orgId = newId('org');
  return Array.from({ length: width }, () => buildLog({ orgId }));
};

/** The keeper as a node uses it: each tick is settled as soon as it is acked. */
const throughKeeper = async (store: SharedStore, ticks: number, databaseUs: () => number): Promise<Stretch> => {
  const logs = begin();
  const opened = logs.map((log) => log.open());
  await store.append(opened);
  await store.settle(opened.map(({ commit }) => commit));
  const settling: Promise<void>[] = [];
  const append = async (): Promise<void> => {
    for (let tick = 0; tick < ticks; tick += 1) {
      const entries = logs.map((log) => log.say(text));
      await store.append(entries);
      settling.push(store.settle(entries.map(({ commit }) => commit)));
    }
  };
  return measured(width * ticks, databaseUs, append, () => Promise.all(settling));
};

/** The same documents, into a collection with the same unique indexes. */
const bareLoop = async (server: Server, ticks: number, databaseUs: () => number): Promise<Stretch> => {
  const collection = server.collection<Kept>('bare');
  const logs = begin();
  const insert = async (entries: Entry[]): Promise<void> => {
    await collection.insertMany(
      entries.map((entry) => toDocument(entry, 0)),
      { ordered: false },
    );
  };
  await insert(logs.map((log) => log.open()));
  const append = async (): Promise<void> => {
    for (let tick = 0; tick < ticks; tick += 1) await insert(logs.map((log) => log.say(text)));
  };
  return measured(width * ticks, databaseUs, append, async () => {});
};

const measure = async (url: string, bench: Bench, databaseUs: () => number): Promise<Round[]> => {
  const store = await openMongoStore({ url, clock: systemClock, follows: true });
  const server = await connectServer(url, systemClock);
  try {
    for (const index of indexes['commits']!) {
      if (index.unique === true) await server.collection('bare').createIndexes([index]);
    }
    const ticks = bench.isQuick ? 10 : 40;
    const rounds: Round[] = [];
    for (let round = 0; round <= bench.rounds; round += 1) {
      // The order turns with every round.
      const first = round % 2 === 0 ? await throughKeeper(store, ticks, databaseUs) : undefined;
      const bare = await bareLoop(server, ticks, databaseUs);
      const ours = first ?? (await throughKeeper(store, ticks, databaseUs));
      // The first one warms up.
      if (round === 0) continue;
      rounds.push({ ours, bare });
      bench.log(`  round ${round}: ${show({ ours, bare })}`);
    }
    return rounds;
  } finally {
    await store.close();
    await server.db.dropDatabase().catch(() => {});
    await server.close();
  }
};

export const mongo = async (bench: Bench): Promise<ArmResult> => {
  const configured = process.env['MONGODB_URL'] ?? '';
  const kind = configured === '' ? localMongo() : 'MONGODB_URL';
  if (kind === undefined) {
    bench.log('  no MongoDB here: set MONGODB_URL, put mongod on PATH or run test/support/ferretdb/build.sh');
    return { lines: [], curves: [], raw: [] };
  }
  const own = configured === '' ? await startMongoProcess() : undefined;
  try {
    const url = new URL(own?.url ?? configured);
    url.pathname = `/bench_${process.pid}`;
    const rounds = await measure(url.href, bench, () => (own === undefined ? Number.NaN : cpuUsOf(own.pids())));
    const against = (name: string, unit: string, of: (stretch: Stretch) => number): Line[] => {
      const pairs = rounds.map(({ ours, bare }) => ({ ours: of(ours), reference: of(bare) }));
      if (pairs.some((pair) => Number.isNaN(pair.ours))) return [];
      const about = { name: `MongoDB keeper, ${width} conversations: ${name}`, unit, gate: null, note: `on ${kind}` };
      return [ratioLine({ ...about, referenceName: 'bare insert loop' }, pairs)];
    };
    const lines = [
      ...against('acked', 'commits/s', ({ acked }) => acked),
      ...against('with rows, search and marks', 'commits/s', ({ settled }) => settled),
      ...against('all of it, CPU of its process', 'µs', ({ processUs }) => processUs),
      ...against('all of it, CPU of the database', 'µs', ({ databaseUs }) => databaseUs),
    ];
    return { lines, curves: [], raw: rounds };
  } finally {
    await own?.stop();
  }
};
