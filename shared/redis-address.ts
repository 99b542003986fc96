// How REDIS_URL names a Redis: one server, a master that Sentinels know, or a Redis Cluster.

export interface RedisHost {
  host: string;
  port: number;
}

export interface RedisAddress {
  kind: 'single' | 'sentinel' | 'cluster';
  /** The server; the Sentinels; some members of the cluster, any of which leads to the others. */
  hosts: [RedisHost, ...RedisHost[]];
  isTls: boolean;
  username?: string;
  password?: string;
  db?: number;
  /** Of Sentinels: the name under which they know the master. */
  master?: string;
  sentinelUsername?: string;
  sentinelPassword?: string;
}

const shape =
  /^redis(?<tls>s?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<hosts>[^/?#]+)(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?$/;
const oneHost = /^(?<host>\[[\da-fA-F:.]+\]|[^:[\]\s]+)(?::(?<port>\d{1,5}))?$/;
const usualPort = { single: 6379, sentinel: 26_379, cluster: 6379 } as const;

const decoded = (text: string | undefined): string | undefined => {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const hostsOf = (list: string, port: number): RedisHost[] | undefined => {
  const hosts = list.split(',').map((part): RedisHost | undefined => {
    const { groups } = oneHost.exec(part) ?? {};
    const wanted = Number(groups?.['port'] ?? port);
    if (groups === undefined || wanted < 1 || wanted > 65_535) return undefined;
    return { host: groups['host']!.replace(/^\[|\]$/g, ''), port: wanted };
  });
  return hosts.includes(undefined) ? undefined : (hosts as RedisHost[]);
};

/** @returns the address, or what is wrong with it; that never repeats it, because it may hold a password */
export const parseRedisUrl = (url: string): RedisAddress | { problem: string } => {
  const { groups } = shape.exec(url) ?? {};
  const example = {
    single: 'redis://host:6379',
    sentinel: 'redis+sentinel://host1:26379,host2:26379/mymaster',
    cluster: 'redis+cluster://host1:6379,host2:6379',
  };
  if (groups === undefined) {
    return { problem: `Must be an address such as ${example.single}, ${example.sentinel} or ${example.cluster}` };
  }
  const kind = (groups['kind'] ?? 'single') as RedisAddress['kind'];
  const hosts = hostsOf(groups['hosts']!, usualPort[kind]);
  if (hosts === undefined) return { problem: `Must be an address such as ${example[kind]}` };
  if (kind === 'single' && hosts.length > 1) {
    return { problem: `Names several servers: write ${example.sentinel} or ${example.cluster}` };
  }
  const path = (groups['path'] ?? '').split('/');
  const master = kind === 'sentinel' ? decoded(path.shift()) : undefined;
  if (kind === 'sentinel' && master === undefined) {
    return { problem: `Must end with the name under which the Sentinels know the master: ${example.sentinel}` };
  }
  const [database = '', ...rest] = path;
  if (rest.length > 0 || !/^\d{0,4}$/.test(database))
    return { problem: 'What follows the host must be the number of a database' };
  if (kind === 'cluster' && Number(database) > 0) return { problem: 'A Redis Cluster has the database 0 alone' };
  const asked = new URLSearchParams(groups['query'] ?? '');
  const optional = (name: keyof RedisAddress, value: unknown): object => (value === undefined ? {} : { [name]: value });
  return {
    kind,
    hosts: hosts as RedisAddress['hosts'],
    isTls: groups['tls'] === 's',
    ...optional('username', decoded(groups['user'])),
    ...optional('password', decoded(groups['password'])),
    ...optional('db', database === '' ? undefined : Number(database)),
    ...optional('master', master),
    ...optional('sentinelUsername', asked.get('sentinelUsername') ?? undefined),
    ...optional('sentinelPassword', asked.get('sentinelPassword') ?? undefined),
  };
};
