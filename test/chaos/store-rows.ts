// The store cannot write: its disk is full, or somebody else holds its database. Nothing false is acked, reads go on, and no
// restart is needed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { canMount, startSmallDisk } from '../support/small-disk.ts';
import type { Played } from './rows.ts';
import { soloUnderLoad } from './solo.ts';
import type { Solo } from './solo.ts';
import { pause } from './stage.ts';
import { refusedIn, startWitness } from './witness.ts';

/** The limits on everything that must go on or come back at once, ms: a node on a busy machine gets a second. */
const promptMs = 1000;
const recoveryMs = 2000;

/** Refuses a row on a machine that cannot play it: a row that is passed over in silence would read as one that passed. */
const needsMount = (): void => {
  if (!canMount()) throw new Error('a small disk must be mounted for this row: run it as root on Linux');
};

/**
 * Plays an outage of writing before a witness: `begin` makes it, `hold` is called every 20 ms while it lasts, `end` ends it.
 * The fault counts from twenty refusals in a row on: before, the write-ahead log may hold room of its own.
 */
const outage = async (
  { node, widgetKey, token, store }: Solo,
  forMs: number,
  fault: { begin: () => void; hold: () => void; end: () => void },
): Promise<{ injected: number; recoveryMs: number | null; note: string; wrong: string[] }> => {
  const wrong: string[] = [];
  const witness = await startWitness({ url: node.url, widgetKey, token, senders: 4, everyMs: 20 });
  try {
    const before = witness.take();
    if (before.unready > 0) wrong.push('unready before the fault');
    fault.begin();
    const holding = setInterval(fault.hold, 20);
    let held = false;
    try {
      held = (await witness.until(60_000, ({ inARow }) => inARow >= 20)) !== null;
      const room = witness.take().acked;
      if (!held) wrong.push('nothing was refused');
      // A look at /readyz may be under way since before.
      await witness.until(5000, ({ unready }) => unready > 0);
      witness.take();
      await pause(forMs);
      const during = witness.take();
      clearInterval(holding);
      fault.end();
      const backMs = await witness.until(10_000, ({ acked }) => acked > 0);
      const readyMs = await witness.until(10_000, ({ ready }) => ready > 0);
      await pause(500);
      const after = witness.take();
      await witness.stop();
      const judged = await witness.judge(store);
      const refused = refusedIn(during);
      const codes = [...during.refused.keys()].filter((code) => code !== 'unavailable');
      wrong.push(
        ...judged.wrong,
        ...(during.acked > 0 ? [`${during.acked} acked though nothing could be written`] : []),
        ...(refused === 0 ? ['nothing was refused'] : []),
        ...(codes.length > 0 ? [`refused with ${codes.join(', ')}`] : []),
        ...(during.ready > 0 ? [`/readyz said ready ${during.ready} times`] : []),
        ...(during.unhealthy > 0 ? [`/healthz failed ${during.unhealthy} times`] : []),
        ...during.failedReads.slice(0, 3),
        ...(during.reads === 0 ? ['nothing was read'] : []),
        ...(during.slowestReadMs > promptMs ? [`a read took ${Math.round(during.slowestReadMs)} ms`] : []),
        ...(during.slowestSendMs > promptMs ? [`a refusal took ${Math.round(during.slowestSendMs)} ms`] : []),
        ...(backMs === null || backMs > recoveryMs ? [`acked again after ${backMs ?? 'more than 10,000'} ms`] : []),
        ...(readyMs === null ? ['never ready again'] : []),
        ...after.failedReads.slice(0, 3),
      );
      return {
        injected: refused,
        recoveryMs: backMs,
        note:
          `injected: refusals (all unavailable) in ${(forMs / 1000).toFixed(0)} s; 0 of them acked, ${judged.unknown} in the log; ` +
          `${during.reads} reads, slowest ${during.slowestReadMs.toFixed(0)} ms; slowest refusal ${during.slowestSendMs.toFixed(0)} ms; ` +
          `/readyz 503 ${during.unready} times; ${room} acked before there was no room at all`,
        wrong,
      };
    } finally {
      clearInterval(holding);
      fault.end();
    }
  } finally {
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
          outage(solo, isQuick ? 3000 : 12_000, {
            begin: () => void disk.fill(),
            hold: () => void disk.fill(),
            end: () => disk.free(),
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
            return await outage(solo, isQuick ? 3000 : 12_000, {
              begin: () => db.exec('BEGIN EXCLUSIVE'),
              hold: () => undefined,
              end: () => db.isTransaction && db.exec('ROLLBACK'),
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

export const storeRows: Played[] = [diskFull, busy];
