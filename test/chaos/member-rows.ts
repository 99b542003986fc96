// The members of a replica set come and go under load: elections, a primary that was cut off, a clock that is behind, a quota.
import { startMongoSet } from '../support/mongo-set.ts';
import type { MongoSet } from '../support/mongo-set.ts';
import type { Load } from './load.ts';
import type { Played, RowOptions } from './rows.ts';
import { pause, underLoad } from './stage.ts';
import type { Row, Scale, Stage } from './stage.ts';
import { outage } from './store-rows.ts';

type Outcome = Awaited<ReturnType<Parameters<typeof underLoad>[3]>>;

/** How long nothing was acked, at most, while people were writing, ms. */
export const watchGaps = (load: Load): { end: () => number } => {
  let acked = load.acked();
  let since = performance.now();
  let longest = 0;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - since);
    if (load.acked() === acked) return;
    acked = load.acked();
    since = now;
  };
  const timer = setInterval(look, 10);
  return {
    end: () => {
      clearInterval(timer);
      look();
      return Math.round(longest);
    },
  };
};

const onSet = async (
  fault: string,
  { seed, isQuick }: RowOptions,
  play: (stage: Stage, set: MongoSet) => Promise<Outcome>,
  scale: Partial<Scale> = {},
): Promise<Row> => {
  const set = await startMongoSet();
  try {
    const size = isQuick ? { visitors: 6, messages: 30 } : { visitors: 20, messages: 60 };
    return await underLoad(fault, { ...size, nodes: 2, thinkMs: 1000, ...scale, set }, seed, async (stage) =>
      play(stage, set),
    );
  } finally {
    await set.close();
  }
};

/** Plays a fault `times` with a pause after each, and judges the longest gap. */
const elections = (name: string, fault: string, mostMs: number, elect: (set: MongoSet) => Promise<void>): Played => ({
  name,
  play: (options) =>
    onSet(fault, options, async ({ load, probe }, set) => {
      const times = options.isQuick ? 2 : 4;
      const gaps: number[] = [];
      const recoveries: number[] = [];
      for (let i = 0; i < times; i += 1) {
        const watching = watchGaps(load);
        await elect(set);
        recoveries.push(await probe());
        gaps.push(watching.end());
        await pause(2000);
      }
      const gap = Math.max(...gaps);
      return {
        injected: times,
        recoveryMs: Math.max(...recoveries),
        note: `longest gap without an ack ${gap} ms`,
        wrong: gap > mostMs ? [`nothing was acked for ${gap} ms`] : [],
      };
    }),
});

const stepDown = elections('member-step-down', 'the primary steps down', 5000, async (set) => set.stepDown());

/** A planned one ends its connections as well. */
const shutDown = elections('member-shut-down', 'the primary steps down and hangs up', 5000, async (set) =>
  set.stepDown({ endsConnections: true }),
);

const crash = elections(
  'member-crash',
  'the primary crashes, its successor is elected after 11 s',
  20_000,
  async (set) => set.crash(),
);

const partitioned: Played = {
  name: 'member-partitioned',
  play: (options) =>
    onSet('the primary and a node are cut off from the rest', options, async ({ load, probe }, set) => {
      const watching = watchGaps(load);
      await set.partition({ lines: ['node 1'] });
      // As long as it believes to be the primary, and a while with none.
      await pause(options.isQuick ? 6000 : 12_000);
      await set.heal();
      const recoveryMs = await probe();
      return { injected: 1, recoveryMs, note: `longest gap without an ack ${watching.end()} ms` };
    }),
};

const clockBehind: Played = {
  name: 'member-clock-behind',
  play: (options) =>
    onSet('a member whose clock is 60 s behind becomes primary, without Redis', options, async (stage, set) => {
      const watching = watchGaps(stage.load);
      const old = set.primary();
      for (const { index } of set.members) if (index !== old) set.clockOffset(index, -60_000);
      await set.stepDown();
      // What other nodes have written comes by the feed alone.
      await stage.cluster.redis.kill();
      const recoveries = [await stage.probe()];
      await pause(options.isQuick ? 3000 : 10_000);
      recoveries.push(await stage.probe());
      await stage.cluster.redis.restart();
      const recoveryMs = Math.max(...recoveries);
      return {
        injected: 1,
        recoveryMs,
        note: `longest gap without an ack ${watching.end()} ms`,
        wrong: recoveryMs > 30_000 ? [`seen on the other node after ${Math.round(recoveryMs)} ms`] : [],
      };
    }),
};

const quotaFull: Played = {
  name: 'member-quota-full',
  play: (options) =>
    onSet('the quota of a hosted database is full', options, async ({ cluster, up, load, probe }, set) => {
      const watching = watchGaps(load);
      let rule: { end: () => void } | undefined;
      const full = { code: 8000, errmsg: 'you are over your space quota, using 513 MB of 512 MB' };
      const outcome = await outage(
        { node: up[0]!, widgetKey: cluster.widgetKey, token: cluster.token, store: cluster.store },
        options.isQuick ? 5000 : 12_000,
        { senders: 3, everyMs: 100, reads: false, refusedMs: 5500, backMs: 5000 },
        {
          begin: () => {
            const command = ['insert', 'update', 'findAndModify'];
            rule = set.failNext({ command }, { error: full }, Number.POSITIVE_INFINITY);
          },
          hold: () => undefined,
          end: () => {
            rule?.end();
            return '';
          },
        },
      );
      await probe();
      return { ...outcome, note: `${outcome.note}; longest gap without an ack ${watching.end()} ms` };
    }),
};

export const memberRows: Played[] = [stepDown, shutDown, crash, partitioned, clockBehind, quotaFull];
