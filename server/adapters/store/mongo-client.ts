// The client of a MongoDB: what an address may say and what it may not, and how a connection that cannot be had is told.
import { readFileSync } from 'node:fs';
import { MongoMissingDependencyError, MongoServerSelectionError, ReadConcern } from 'mongodb';
import type { Db, DbOptions, MongoClient, MongoClientOptions } from 'mongodb';
import type { Log } from '../../ports/telemetry.ts';
import { StoreStartError } from './data-lock.ts';
import { DEADLINE_MS } from './mongo-answering.ts';
import { watchBreaks } from './mongo-breaks.ts';
import type { Breaks } from './mongo-breaks.ts';
import { readOnly } from './mongo-errors.ts';
import { createClient, hostsOf, toMongoStartError } from './mongo-start.ts';

/**
 * `default`: ours only where the address says nothing. `at most`: the address may shorten it; what is longer is cut. `always`:
 * another value is overruled. `refused`: the start ends where the address has the option, but for the value `unless`.
 * Whatever is cut or overruled is told in the log. Options without a rule are the address's alone.
 */
export type OptionRule =
  | { rule: 'default'; ours: string | number | boolean }
  | { rule: 'at most'; ours: number; why: string }
  | { rule: 'always'; ours: string; why: string }
  | { rule: 'refused'; unless?: string; why: string };

const ACKNOWLEDGED = 'what was acknowledged survives the loss of a member [S1]';
const LATEST = 'a node must read what another one wrote, and nothing that may be rolled back [S1]';
const ENDS = 'a call answers within its deadline, and no write begins after it [S12]';
const READABLE = 'documents would be read in another form than they were written in';

/** By name, as an address spells it. Aliases of the driver have a line of their own. */
export const optionRules: Readonly<Record<string, OptionRule>> = {
  appName: { rule: 'default', ours: 'tiller' },
  maxPoolSize: { rule: 'default', ours: 32 },
  minPoolSize: { rule: 'default', ours: 2 },
  maxIdleTimeMS: { rule: 'default', ours: 300_000 },
  retryReads: { rule: 'default', ours: true },
  retryWrites: { rule: 'default', ours: true },

  serverSelectionTimeoutMS: { rule: 'at most', ours: DEADLINE_MS - 500, why: ENDS },
  connectTimeoutMS: { rule: 'at most', ours: DEADLINE_MS - 500, why: ENDS },
  waitQueueTimeoutMS: { rule: 'at most', ours: DEADLINE_MS - 500, why: ENDS },
  socketTimeoutMS: { rule: 'at most', ours: DEADLINE_MS + 500, why: ENDS },
  wtimeoutMS: { rule: 'at most', ours: DEADLINE_MS - 500, why: ENDS },
  wtimeout: { rule: 'at most', ours: DEADLINE_MS - 500, why: ENDS },

  w: { rule: 'always', ours: 'majority', why: ACKNOWLEDGED },
  writeConcern: { rule: 'always', ours: 'majority', why: ACKNOWLEDGED },
  journal: { rule: 'always', ours: 'true', why: ACKNOWLEDGED },
  j: { rule: 'always', ours: 'true', why: ACKNOWLEDGED },
  fsync: { rule: 'always', ours: 'true', why: ACKNOWLEDGED },
  readConcernLevel: { rule: 'always', ours: 'majority', why: LATEST },
  readPreference: { rule: 'always', ours: 'primary', why: LATEST },
  readPreferenceTags: { rule: 'always', ours: '', why: LATEST },
  maxStalenessSeconds: { rule: 'always', ours: '-1', why: LATEST },

  timeoutMS: { rule: 'refused', why: `the driver then drops every other limit; ${ENDS}` },
  promoteValues: { rule: 'refused', unless: 'true', why: READABLE },
  promoteLongs: { rule: 'refused', unless: 'true', why: READABLE },
  useBigInt64: { rule: 'refused', unless: 'false', why: READABLE },
  raw: { rule: 'refused', unless: 'false', why: READABLE },
  fieldsAsRaw: { rule: 'refused', why: READABLE },
};

export interface ClientOptions {
  options: MongoClientOptions;
  /** Of the database, where nothing that an address says can overrule them: majority and journal, on the primary. */
  durably: DbOptions;
  /** What the address asked for and does not get, a sentence each. */
  overruled: string[];
}

/** What an address asks for, by option in lower case; the last part of an address has neither a user nor a password. */
const askedBy = (url: string): Map<string, string> => {
  const query = /^[^/]+:\/\/(?:[^@]*@)?[^/?@]*(?:\/[^?]*)?\?(?<query>.*)$/s.exec(url)?.groups?.['query'] ?? '';
  return new Map([...new URLSearchParams(query)].map(([name, value]) => [name.toLowerCase(), value]));
};

/**
 * The address's options and ours, by the table.
 * @throws StoreStartError for an option that is refused
 */
export const clientOptionsFor = (url: string): ClientOptions => {
  const asked = askedBy(url);
  const ours: Record<string, string | number | boolean> = {};
  const overruled: string[] = [];
  for (const [name, rule] of Object.entries(optionRules)) {
    const value = asked.get(name.toLowerCase());
    if (rule.rule === 'refused') {
      if (value === undefined || value === rule.unless) continue;
      throw new StoreStartError(`Take ${name} out of MONGODB_URL: ${rule.why}.`);
    }
    if (value === undefined) {
      if (rule.rule !== 'always') ours[name] = rule.ours;
    } else if (rule.rule === 'always') {
      if (value !== rule.ours) overruled.push(`${name}=${value} is overruled: ${rule.why}`);
    } else if (rule.rule === 'at most' && /^\d+$/.test(value)) {
      // To the driver none is no limit.
      const wanted = Number(value) === 0 ? Number.POSITIVE_INFINITY : Number(value);
      if (wanted > rule.ours) overruled.push(`${name}=${value} is cut to ${rule.ours}: ${rule.why}`);
      ours[name] = Math.min(wanted, rule.ours);
    }
  }
  const most = Number(asked.get('maxpoolsize') ?? ours['maxPoolSize']);
  // A pool may be smaller than what we would keep open in it; 0 is without an end.
  if (most > 0 && typeof ours['minPoolSize'] === 'number') ours['minPoolSize'] = Math.min(ours['minPoolSize'], most);
  const { wtimeoutMS, wtimeout, ...options } = ours;
  return {
    options,
    durably: {
      readPreference: 'primary',
      readConcern: new ReadConcern('majority'),
      writeConcern: { w: 'majority', journal: true, wtimeoutMS: Math.min(Number(wtimeoutMS), Number(wtimeout)) },
    },
    overruled,
  };
};

const files = ['tlsCAFile', 'tlsCRLFile', 'tlsCertificateKeyFile'] as const;

/** The first of the files that an address names which cannot be read; the driver's error of one names neither. */
const toFileError = ({ options }: MongoClient, cause: unknown): StoreStartError | undefined => {
  for (const option of files) {
    const path = options[option];
    if (!options.tls || path === undefined) continue;
    try {
      readFileSync(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why = code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`;
      return new StoreStartError(`The file ${path}, which MONGODB_URL names as ${option}, ${why}.`, cause);
    }
  }
  return undefined;
};

/** What of an address this machine cannot follow; undefined for anything else. */
const toOptionError = (error: unknown, client: MongoClient): StoreStartError | undefined => {
  const told =
    error instanceof MongoServerSelectionError
      ? [...(error.reason?.servers.values() ?? [])].flatMap((server) => server.error ?? [])
      : [];
  const all = [error, ...told].flatMap((one) => [one, (one as Error | undefined)?.cause]);
  const missing = all.find((one) => one instanceof MongoMissingDependencyError);
  if (missing !== undefined) {
    return new StoreStartError(
      `MONGODB_URL asks for what is not installed here; take that option out of it: ${missing.message}`,
      error,
    );
  }
  const unusable = all.find((one) => String((one as NodeJS.ErrnoException | undefined)?.code).startsWith('ERR_OSSL'));
  if (unusable !== undefined) {
    const { options } = client;
    const named = files.flatMap((name) => (options[name] === undefined ? [] : `${name}=${options[name]}`)).join(', ');
    const why = (unusable as Error).message;
    return new StoreStartError(`The TLS files that MONGODB_URL names cannot be used (${named}): ${why}`, error);
  }
  return toFileError(client, error);
};

/** Amazon DocumentDB's, and that of storage engines without them. */
const NO_RETRYABLE_WRITES = 301;
const takesNoRetries = (error: unknown): boolean =>
  (error as { code?: unknown }).code === NO_RETRYABLE_WRITES ||
  /retryable writes|transaction numbers/i.test((error as Error).message);

/** A member that is spoken to by itself and takes no writes: no other will be looked for. */
const isReadOnly = (error: unknown): boolean => [10_107, 13_435].includes((error as { code?: number }).code ?? 0);

export interface Connected {
  client: MongoClient;
  breaks: Breaks;
  /** The address's, with the concerns that are not the address's. */
  db: Db;
}

/** The driver's own default is `test`, which nobody means. */
const databaseOf = (client: MongoClient, url: string): string =>
  client.options.dbName === 'test' && !/\/test(\?|$)/.test(url) ? 'tiller' : client.options.dbName;

const connectOnce = async (url: string, options: MongoClientOptions): Promise<Omit<Connected, 'db'>> => {
  const client = createClient(url, options);
  // An error of the topology has nobody else to tell; whoever asks next is told by the answer.
  client.on('error', () => {});
  const breaks = watchBreaks(client);
  try {
    await client.connect();
    return { client, breaks };
  } catch (error) {
    await client.close().catch(() => {});
    throw toOptionError(error, client) ?? toMongoStartError(error, hostsOf(client));
  }
};

/**
 * A client whose server answers. Where the server refuses retryable writes, a client without them: nothing depends on them,
 * because what has an unknown outcome is asked again under its key [R3].
 * @throws StoreStartError where a person must act, StoreUnreachableError where waiting may help
 */
export const connectClient = async (url: string, log: Pick<Log, 'warn'>): Promise<Connected> => {
  const { options, durably, overruled } = clientOptionsFor(url);
  const { client, breaks } = await connectOnce(url, options);
  for (const sentence of overruled) log.warn({}, `MONGODB_URL: ${sentence}`);
  const db = client.db(databaseOf(client, url), durably);
  if (!client.options.retryWrites) return { client, breaks, db };
  try {
    // A write that finds nothing: a server refuses retryable ones before it looks.
    await db.collection('meta').deleteOne({ _id: 'retryable' as never }, { writeConcern: { w: 1 } });
    return { client, breaks, db };
  } catch (error) {
    await client.close().catch(() => {});
    if (client.options.directConnection && isReadOnly(error)) {
      throw new StoreStartError(`The MongoDB at ${hostsOf(client)} cannot be used. ${readOnly}`, error);
    }
    if (!takesNoRetries(error)) throw toOptionError(error, client) ?? toMongoStartError(error, hostsOf(client));
    log.warn(
      {},
      `MongoDB at ${hostsOf(client)} takes no retryable writes: they are off. With retryWrites=false in MONGODB_URL it is not asked`,
    );
    const without = await connectOnce(url, { ...options, retryWrites: false });
    return { ...without, db: without.client.db(db.databaseName, durably) };
  }
};
