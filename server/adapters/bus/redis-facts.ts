// What a Redis says of itself, and what of that a person should change.
import type { Redis } from 'ioredis';

/** How Redis was found. What it does not tell (a user without the right, a service that hides it) is ''. */
export interface RedisFacts {
  version: string;
  /** Channels of their own per conversation travel by `SPUBLISH`: Redis 7 and newer, outside of Redis Cluster. */
  isSharded: boolean;
  evictionPolicy: string;
  /** `master` or `slave`, in Redis's own words. */
  role: string;
}

const field = (info: string, name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';

/** `INFO` is a convenience: a user may lack the right. @throws whatever ends the connection */
const infoOf = async (redis: Redis): Promise<string> => {
  try {
    return await redis.info();
  } catch (error) {
    if (/NOPERM|unknown command/i.test(String(error))) return '';
    throw error;
  }
};

export const readFacts = async (redis: Redis): Promise<RedisFacts> => {
  const info = await infoOf(redis);
  const version = field(info, 'redis_version');
  return {
    version,
    isSharded: Number.parseInt(version, 10) >= 7 && field(info, 'redis_mode') !== 'cluster',
    evictionPolicy: field(info, 'maxmemory_policy'),
    role: field(info, 'role'),
  };
};

/** The line to change, by the code that begins an answer of Redis. */
const remedies: Record<string, string> = {
  READONLY: 'it is a replica and takes no writes: let REDIS_URL name the master, or Sentinels (redis+sentinel://…)',
  OOM: 'its memory is full: raise maxmemory, and give this installation a Redis of its own',
  MISCONF: 'it cannot write its snapshots and takes no writes: mend its disk, or set stop-writes-on-bgsave-error no',
  NOREPLICAS: 'it has fewer replicas than min-replicas-to-write: start them, or lower that number',
  LOADING: 'it still loads its data: this passes by itself',
  MASTERDOWN: 'it is a replica that has lost its master',
  NOPERM: 'its user lacks a right: see the ACL line in docs/operations.md',
  MOVED: 'it is a member of a Redis Cluster: limits that count over all nodes are counted by each node there',
};

/** What a refusal of Redis means to an operator, with its code; undefined for what is no refusal. */
export const refusalOf = (error: unknown): { code: string; remedy: string } | undefined => {
  const text = error instanceof Error ? error.message : String(error);
  // A command inside a script that the user may not run has a wording of its own.
  const isScripted = text.includes("executing the script can't run");
  const code = isScripted ? 'NOPERM' : (/^(?:ReplyError: )?([A-Z]{3,})\b/.exec(text)?.[1] ?? '');
  const remedy = remedies[code];
  return remedy === undefined ? undefined : { code, remedy };
};
