// The store cannot write: its disk is full, or somebody else holds its database. Nothing false is acked, reads go on, and no
// restart is needed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { hasMongoProcess } from '../support/mongo-server.ts';
import { startMongoProcess } from '../support/mongo-process.ts';
import { canMount, startSmallDisk } from '../support/small-disk.ts';
import type { Played } from './rows.ts';
import { soloUnderLoad } from './solo.ts';
import type { Solo } from './solo.ts';
import { pause, underLoad } from './stage.ts';
import { refusedIn, startWitness } from './witness.ts';
import type { Tally } from './witness.ts';

/** Refuses a row on a machine that cannot play it: a row that is passed over in silence would read as one that passed. */
const needsMount = (): void => {
  if (!canMount()) throw new Error('a small disk must be mounted for this row: run it as root on Linux');
};

interface Fault {
  begin: () => void;
  /** Called every 20 ms while it lasts. */
  hold: () => void;
  /** What it says goes into the note. */
  end: () => string | Promise<string>;
}

interface Limits {
  senders: number;
  /** Between two sends of a sender, ms. */
  everyMs: number;
  /** Whether everything can be read meanwhile. */
  reads: boolean;
  /** The slowest refusal, and the longest wait for an ack when the fault is over, ms. */
  refusedMs: number;
  backMs: number;
}

/** The longest that a read may take, ms: a node on a busy machine gets a second. */
const readMs = 1000;
const embedded: Limits = { senders: 4, everyMs: 20, reads: true, refusedMs: 1000, backMs: 2000 };

type Outcome = { injected: number; recoveryMs: number | null; note: string; wrong: string[] };

/** What of an outage is not as it should be. */
const judge = (limits: Limits, during: Tally, backMs: number | null): string[] => {
  const codes = [...during.refused.keys()].filter((code) => code !== 'unavailable');
  return [
    ...(during.acked > 0 ? [`${during.acked} acked though nothing could be written`] : []),
    ...(refusedIn(during) === 0 ? ['nothing was refused'] : []),
    ...(codes.length > 0 ? [`refused with ${codes.join(', ')}`] : []),
    ...(during.ready > 0 ? [`/readyz said ready ${during.ready} times`] : []),
    ...(during.unready === 0 ? ['/readyz was not heard'] : []),
    ...(during.unhealthy > 0 ? [`/healthz failed ${during.unhealthy} times`] : []),
    ...during.failedReads.slice(0, 3),
    ...(limits.reads && during.reads === 0 ? ['nothing was read'] : []),
    ...(during.slowestReadMs > readMs ? [`a read took ${Math.round(during.slowestReadMs)} ms`] : []),
    ...(during.slowestSendMs > limits.refusedMs ? [`a refusal took ${Math.round(during.slowestSendMs)} ms`] : []),
    ...(backMs === null || backMs > limits.backMs ? [`acked again after ${backMs ?? 'more than 30,000'} ms`] : []),
  ];
};

/**
 * Plays an outage of writing before a witness. It counts from twenty refusals in a row on: before, files that were written
 * already may hold room of their own.
 */
export const outage = async (
  { node, widgetKey, token, store }: Pick<Solo, 'node' | 'widgetKey' | 'token' | 'store'>,
  forMs: number,
  limits: Limits,
  fault: Fault,
): Promise<Outcome> => {
  const { senders, everyMs, reads } = limits;
  const witness = await startWitness({ url: node.url, widgetKey, token, senders, everyMs, reads });
  let holding: NodeJS.Timeout | undefined;
  try {
    const wrong: string[] = [];
    await pause(300);
    if (witness.take().unready > 0) wrong.push('unready before the fault');
    fault.begin();
    holding = setInterval(fault.hold, 20);
    await witness.until(60_000, ({ inARow }) => inARow >= 20);
    // A look at /readyz may be under way since before.
    await witness.until(5000, ({ unready }) => unready > 0);
    const room = witness.take().acked;
    await pause(forMs);
    const during = witness.take();
    clearInterval(holding);
    const ended = await fault.end();
    const backMs = await witness.until(30_000, ({ acked }) => acked > 0);
    if ((await witness.until(10_000, ({ ready }) => ready > 0)) === null) wrong.push('never ready again');
    witness.take();
    await pause(500);
    wrong.push(...witness.take().failedReads.slice(0, 3));
    await witness.stop();
    const kept = await witness.judge(store);
    wrong.push(...kept.wrong, ...judge(limits, during, backMs));
    const read = reads ? `${during.reads} reads, slowest ${during.slowestReadMs.toFixed(0)} ms; ` : '';
    return {
      injected: refusedIn(during),
      recoveryMs: backMs,
      note:
        `injected: sends in ${(forMs / 1000).toFixed(0)} s, all refused as unavailable, slowest ${during.slowestSendMs.toFixed(0)} ms; ` +
        `${kept.unknown} of all refused are in the log; ${read}/readyz 503 ${during.unready} times; ` +
        `${room} acked before there was no room at all${ended}`,
      wrong,
    };
  } finally {
    clearInterval(holding);
    await fault.end();
    await witness.stop();
  }
};

const diskFull: Played = {
  name: 'disk-full',
  async play({ seed, isQuick }) {
    needsMount();
    const disk = startSmallDisk(isQuick ? 24 : 96);
    try {
      return await soloUnderLoad(
        `disk full for ${isQuick ? 3 : 12} s, one process`,
        { folder: disk.path, visitors: isQuick ? 8 : 40, messages: isQuick ? 30 : 60, thinkMs: 500 },
        seed,
        (solo) =>
          outage(solo, isQuick ? 3000 : 12_000, embedded, {
            begin: () => void disk.fill(),
            hold: () => void disk.fill(),
            end: () => {
              disk.free();
              return '';
            },
          }),
      );
    } finally {
      disk.close();
    }
  },
};

const busy: Played = {
  name: 'database-busy',
  async play({ seed, isQuick }) {
    const folder = await mkdtemp(join(tmpdir(), 'tiller-busy-'));
    try {
      return await soloUnderLoad(
        `database held by another process for ${isQuick ? 3 : 12} s`,
        { folder, visitors: isQuick ? 8 : 40, messages: isQuick ? 30 : 60, thinkMs: 500 },
        seed,
        async (solo) => {
          const db = new DatabaseSync(join(folder, 'data', 'tiller.db'), { timeout: 5000 });
          try {
            return await outage(solo, isQuick ? 3000 : 12_000, embedded, {
              begin: () => db.exec('BEGIN EXCLUSIVE'),
              hold: () => undefined,
              end: () => {
                if (db.isTransaction) db.exec('ROLLBACK');
                return '';
              },
            });
          } finally {
            db.close();
          }
        },
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const mongoFull: Played = {
  name: 'mongo-disk-full',
  async play({ seed, isQuick }) {
    needsMount();
    if (!hasMongoProcess) throw new Error('this row needs a MongoDB server of its own: see docs/operations.md');
    const disk = startSmallDisk(400);
    const mongo = await startMongoProcess(disk.path);
    try {
      const address = new URL(mongo.url);
      address.pathname = '/full';
      return await underLoad(
        `disk of the database's server full for ${isQuick ? 5 : 12} s`,
        { mongoUrl: address.href, visitors: isQuick ? 6 : 20, messages: isQuick ? 15 : 40, thinkMs: 1000 },
        seed,
        async ({ cluster, up, probe }) => {
          let isOver = false;
          const outcome = await outage(
            { node: up[0]!, widgetKey: cluster.widgetKey, token: cluster.token, store: cluster.store },
            isQuick ? 5000 : 12_000,
            { senders: 3, everyMs: 100, reads: false, refusedMs: 5500, backMs: 10_000 },
            {
              begin: () => void disk.fill(),
              hold: () => void disk.fill(),
              async end() {
                if (isOver) return '';
                isOver = true;
                disk.free();
                if (mongo.isUp()) return '';
                // PostgreSQL gives up where it cannot write its log; whoever keeps it starts it again. No node is restarted.
                await mongo.kill();
                await mongo.start();
                return '; the database had ended and was started again';
              },
            },
          );
          await probe();
          return outcome;
        },
      );
    } finally {
      await mongo.stop();
      disk.close();
    }
  },
};

export const storeRows: Played[] = [diskFull, busy, mongoFull];
