// What a message asks of the database: by nodes, with Redis and without, with change streams and without.
import { startMongoSet } from '../../support/mongo-set.ts';
import type { Bench } from '../measure.ts';
import { withServers } from '../nodes.ts';
import type { Servers } from '../nodes.ts';
import { plainLine } from '../result.ts';
import type { ArmResult, Line } from '../result.ts';
import { measure, totalOf } from './cluster.ts';
import type { Figures } from './cluster.ts';

/** What is counted is the same at any pace that the set and its database keep up with. */
const pace = { rooms: 4, perSecond: 4, warmPerSecond: 4 } as const;

interface Case {
  count: number;
  hasRedis: boolean;
  hasStreams: boolean;
}

const cases: readonly Case[] = [1, 2, 3].flatMap((count) =>
  [true, false].flatMap((hasRedis) => [true, false].map((hasStreams) => ({ count, hasRedis, hasStreams }))),
);

const nameOf = ({ count, hasRedis, hasStreams }: Case): string =>
  `${count} node${count > 1 ? 's' : ''}, ${hasRedis ? 'Redis' : 'no Redis'}, ${hasStreams ? 'streams' : 'no streams'}`;

/** The servers as three members: a set pretended before the database, which refuses change streams where it shall have none. */
const throughSet = async <T>(servers: Servers, { hasStreams }: Case, work: (url: string) => Promise<T>): Promise<T> => {
  const behind = servers.mongoUrl.replace(/^([^/]*\/\/[^/?]*)\/?/, '$1/set');
  const set = await startMongoSet({ url: behind });
  const refused = { error: { code: 40_573, errmsg: 'no change streams here' } };
  const isStream = (command: Record<string, unknown>): boolean =>
    (command['pipeline'] as Record<string, unknown>[] | undefined)?.[0]?.['$changeStream'] !== undefined;
  if (!hasStreams) set.failNext({ command: 'aggregate', where: isStream }, refused, Number.POSITIVE_INFINITY);
  try {
    return await work(set.url);
  } finally {
    await set.close();
  }
};

const linesOf = (name: string, figures: readonly Figures[], note: string): Line[] => [
  plainLine(
    { name, unit: 'commands a message', gate: null, note },
    figures.map(({ commands: all }) => totalOf(all)),
  ),
  plainLine(
    { name: `${name}: an idle node`, unit: 'commands/s', gate: null, note },
    figures.map(({ idleCommands }) => totalOf(idleCommands)),
  ),
];

/** On a database without members of its own: FerretDB, or a mongod that is no replica set. */
export const commands = async (bench: Bench): Promise<ArmResult> => {
  const result = await withServers(bench, async (servers): Promise<ArmResult> => {
    const lines: Line[] = [];
    const raw: Record<string, Figures[]> = {};
    for (const one of cases) {
      const name = nameOf(one);
      const figures: Figures[] = [];
      // Counts differ little: one round tells, the others only confirm it.
      for (let round = 0; round < Math.min(2, bench.rounds); round += 1) {
        const redisUrl = one.hasRedis ? servers.redisUrl : undefined;
        figures.push(
          await throughSet(servers, one, async (mongoUrl) =>
            measure(bench, { ...servers, mongoUrl, redisUrl }, one.count, one.count > 1, pace),
          ),
        );
      }
      raw[name] = figures;
      const said = figures.map(
        (of) => `${totalOf(of.commands).toFixed(1)} (idle ${totalOf(of.idleCommands).toFixed(1)}/s)`,
      );
      bench.log(`  ${name}: ${said.join(', ')}`);
      lines.push(...linesOf(name, figures, `a set before ${servers.kind}`));
    }
    return { lines, curves: [], raw };
  });
  return result ?? { lines: [], curves: [], raw: [] };
};
