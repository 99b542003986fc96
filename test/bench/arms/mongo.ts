// The MongoDB keeper against the least that a durable log can cost there: a loop that inserts the same documents.
import { toDocument } from '../../../server/adapters/store/mongo-commits.ts';
import { connectServer } from '../../../server/adapters/store/mongo-server.ts';
import type { Kept, Server } from '../../../server/adapters/store/mongo-server.ts';
import { openMongoStore } from '../../../server/adapters/store/mongo.ts';
import { systemClock } from '../../../server/ports/clock.ts';
import type { SharedStore } from '../../../server/ports/store.ts';
import { newId } from '../../../shared/ids.ts';
import { buildLog } from '../../contract/log-builder.ts';
import type { LogBuilder } from '../../contract/log-builder.ts';
import { localMongo, startMongoProcess } from '../../support/mongo-process.ts';
import type { Bench } from '../measure.ts';
import { ratioLine } from '../result.ts';
import type { ArmResult } from '../result.ts';

/** Conversations that write at once: what a tick of a busy node brings. */
const width = 64;
const text = 'Can I hire a kayak on Sunday, and what does it cost for two people?';

interface Round {
  /** Commits a second until the last is acked. */
  acked: number;
  /** The same until rows, texts and marks are written too. */
  settled: number;
  bare: number;
}

const perSecond = (count: number, from: number): number => (count / (performance.now() - from)) * 1000;

const opened = async (orgId: string, store?: SharedStore): Promise<LogBuilder[]> => {
  const logs = Array.from({ length: width }, () => buildLog({ orgId }));
  const entries = logs.map((log) => log.open());
  await store?.append(entries);
  return logs;
};

/** Until nothing is left to be done, so that one arm does not pay for the other. */
const settle = async (server: Server): Promise<void> => {
  const commits = server.collection('commits');
  while ((await commits.findOne({ todo: 1 }, { projection: { _id: 1 } })) !== null) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const measure = async (url: string, bench: Bench): Promise<Round[]> => {
  const store = await openMongoStore({ url, clock: systemClock });
  const server = await connectServer(url, systemClock);
  try {
    const bare = server.collection<Kept>('bare');
    await bare.createIndexes([{ name: 'first', key: { conversationId: 1, first: 1 }, unique: true }]);
    await bare.createIndexes([{ name: 'key', key: { conversationId: 1, key: 1 }, unique: true }]);
    const ticks = bench.isQuick ? 5 : 20;
    const rounds: Round[] = [];
    for (let round = 0; round <= bench.rounds; round += 1) {
      const [ours, theirs] = [await opened(newId('org'), store), await opened(newId('org'))];
      await settle(server);
      const from = performance.now();
      for (let tick = 0; tick < ticks; tick += 1) await store.append(ours.map((log) => log.say(text)));
      const acked = perSecond(width * ticks, from);
      await settle(server);
      const settled = perSecond(width * ticks, from);
      const began = performance.now();
      for (let tick = 0; tick < ticks; tick += 1) {
        await bare.insertMany(
          theirs.map((log) => toDocument(log.say(text), 0)),
          { ordered: false },
        );
      }
      const result = { acked, settled, bare: perSecond(width * ticks, began) };
      // The first one warms up.
      if (round === 0) continue;
      rounds.push(result);
      bench.log(
        `  round ${round}: ${acked.toFixed(0)} acked/s, ${settled.toFixed(0)} settled/s, bare ${result.bare.toFixed(0)}/s`,
      );
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
    const rounds = await measure(url.href, bench);
    const about = { unit: 'commits/s', referenceName: 'bare insert loop', gate: null, note: `on ${kind}` };
    const lines = [
      ratioLine(
        { ...about, name: `MongoDB keeper, ${width} conversations: acked` },
        rounds.map(({ acked, bare }) => ({ ours: acked, reference: bare })),
      ),
      ratioLine(
        { ...about, name: `MongoDB keeper, ${width} conversations: with rows, search and marks` },
        rounds.map(({ settled, bare }) => ({ ours: settled, reference: bare })),
      ),
    ];
    return { lines, curves: [], raw: rounds };
  } finally {
    await own?.stop();
  }
};
