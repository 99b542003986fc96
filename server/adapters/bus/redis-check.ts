// What `doctor` asks of Redis, through the very connection that a node uses: an entry of its own in the build.
import { createSharedCounter } from './redis-cluster.ts';
import { openRedis } from './redis-link.ts';

/** The oldest that has what is used. */
const OLDEST = 6.2;
/** A look ends, ms. */
const PATIENCE_MS = 5000;

/**
 * Looks at a Redis as a node would find it.
 * @returns what a person should change, a sentence each; none where all is well
 * @throws RedisStartError where no node would start with it
 */
export const checkRedis = async (url: string): Promise<string[]> => {
  const told: string[] = [];
  const note = (_fields: object, message: string): void => void told.push(message);
  const link = await openRedis({ url, log: { debug: () => {}, info: () => {}, warn: note, error: note } });
  try {
    const { version, evictionPolicy, role } = link.facts;
    if (version !== '' && Number.parseFloat(version) < OLDEST) {
      told.push(`its version is ${version}: 7 is recommended, ${OLDEST} the least`);
    }
    if (evictionPolicy !== '' && evictionPolicy !== 'noeviction') {
      told.push(
        `maxmemory-policy is ${evictionPolicy}: set noeviction, or limits that count over all nodes are forgotten early`,
      );
    }
    if (role === 'slave') link.refused(new Error('READONLY'));
    // A write shows what else it refuses; where it does not say why, nodes count for themselves.
    const late = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_MS).unref());
    await Promise.race([createSharedCounter(link, 'tiller:doctor').take('look', { count: 9, perMs: 1000 }, 'x'), late]);
    return told;
  } finally {
    await link.close();
  }
};
