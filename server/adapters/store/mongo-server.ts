// A server of the MongoDB protocol: what it can do, the time by its clock, and how many documents are asked for and written.
import type {
  AnyBulkWriteOperation,
  Collection,
  CollectionOptions,
  Db,
  Document,
  Filter,
  UpdateFilter,
  WriteConcernSettings,
} from 'mongodb';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';
import { StoreStartError } from './data-lock.ts';
import { unlessAborted } from './mongo-answering.ts';
import { connectClient } from './mongo-client.ts';
import { hostsOf, toMongoStartError } from './mongo-start.ts';

/** Ours have ids of text. */
export interface Kept extends Document {
  _id: string;
}

export interface Server {
  readonly db: Db;
  /** Where it is, without user and password. */
  readonly hosts: string;
  /**
   * False for FerretDB 1, whose reads use no index, which updates a document in two steps, and which cannot take
   * many updates at once. What is written once and never changed is as safe there as anywhere.
   */
  readonly isNative: boolean;
  /** A replica set or a cluster of shards: change streams can be had. */
  readonly hasStreams: boolean;
  collection<T extends Kept>(name: string, options?: CollectionOptions): Collection<T>;
  /** Calls back whenever connections broke: what answers next may be another server, or one that was put back to a backup. */
  onBreak(listener: () => void): void;
  /** Milliseconds since 1970 by the server's clock, which all nodes share, within a round trip. */
  now(): number;
  close(): Promise<void>;
}

/** How often the distance between the two clocks is taken anew, ms. */
const MEASURE_MS = 20_000;
const OLDEST = [4, 4] as const;

interface Hello {
  localTime?: Date;
  setName?: string;
  msg?: string;
}

/**
 * Connects, and looks at what answers. The log is told what of the address was overruled.
 * @throws StoreStartError where a person must act, StoreUnreachableError where waiting may help
 */
export const connectServer = async (
  url: string,
  clock: Clock,
  log: Pick<Log, 'warn'> = { warn: () => {} },
): Promise<Server> => {
  const { client, db } = await connectClient(url, log);
  try {
    let ahead = 0;
    const measure = async (): Promise<Hello> => {
      const [from, before] = [clock.monotonic(), clock.now()];
      const hello = (await db.command({ hello: 1 })) as Hello;
      const passed = clock.monotonic() - from;
      if (hello.localTime instanceof Date) ahead = hello.localTime.getTime() - (before + passed / 2);
      return hello;
    };
    const hello = await measure();
    const build = await db.admin().command({ buildInfo: 1 });
    refuseOld(build, hostsOf(client));
    const measuring = setInterval(() => void measure().catch(() => {}), MEASURE_MS);
    measuring.unref();
    return {
      db,
      hosts: hostsOf(client),
      isNative: !('ferretdbVersion' in build),
      hasStreams: hello.setName !== undefined || hello.msg === 'isdbgrid',
      collection: (name, more) => db.collection(name, more),
      onBreak: (listener) => {
        client.on('connectionPoolCleared', listener);
        client.on('connectionClosed', ({ reason }) => {
          if (reason === 'error' || reason === 'stale') listener();
        });
      },
      now: () => clock.now() + ahead,
      close: async () => {
        clearInterval(measuring);
        await client.close();
      },
    };
  } catch (error) {
    await client.close().catch(() => {});
    throw toMongoStartError(error, hostsOf(client));
  }
};

const refuseOld = (build: Document, hosts: string): void => {
  const [major = 0, minor = 0] = (build['versionArray'] ?? []) as number[];
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new StoreStartError(
    `The server at ${hosts} is MongoDB ${String(build['version'])}, which is too old: 4.4 or newer is needed.`,
  );
};

/** Updates of one command, as FerretDB is given them, and commands side by side. */
const FEW = 8;
const SIDE_BY_SIDE = 2;

/**
 * Updates of one document each, in no order: one command where the server can. FerretDB holds on to a connection of its own for
 * every update of a command until its end, so a long one would wait for itself for ever.
 */
export const updateEach = async <T extends Kept>(
  collection: Collection<T>,
  isNative: boolean,
  updates: readonly { filter: Filter<T>; update: UpdateFilter<T>; upsert?: boolean }[],
  more: { writeConcern?: WriteConcernSettings } = {},
): Promise<void> => {
  if (updates.length === 0) return;
  const operations = updates.map((one) => ({ updateOne: one })) as AnyBulkWriteOperation<T>[];
  const write = async (some: AnyBulkWriteOperation<T>[]): Promise<unknown> =>
    unlessAborted(async () => collection.bulkWrite(some, { ordered: false, ...more }));
  if (isNative) {
    await write(operations);
    return;
  }
  const lane = async (from: number): Promise<void> => {
    for (let i = from; i < operations.length; i += FEW * SIDE_BY_SIDE) await write(operations.slice(i, i + FEW));
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, async (_, i) => lane(i * FEW)));
};

/** Questions that one `$or` may hold; more are asked side by side. */
const AT_ONCE = 64;

/**
 * The documents that match any of the filters, in no order: as few questions as the server answers by its indexes. FerretDB
 * looks only at equality before it reads a whole collection, so there each is asked by itself.
 */
export const findAny = async <T extends Kept>(
  server: Server,
  collection: Collection<T>,
  filters: readonly Filter<T>[],
  projection?: Partial<Record<keyof T, 0 | 1>>,
): Promise<T[]> => {
  const size = server.isNative ? AT_ONCE : 1;
  const asked: Promise<T[]>[] = [];
  for (let i = 0; i < filters.length; i += size) {
    const some = filters.slice(i, i + size);
    const filter = (some.length === 1 ? some[0] : { $or: some }) as Filter<T>;
    asked.push(collection.find(filter, projection === undefined ? {} : { projection }).toArray() as Promise<T[]>);
  }
  return (await Promise.all(asked)).flat();
};

/** As `findAny` for values of one field. */
export const findAmong = async <T extends Kept, F extends keyof T & string>(
  server: Server,
  collection: Collection<T>,
  field: F,
  values: readonly T[F][],
  projection?: Partial<Record<keyof T, 0 | 1>>,
): Promise<T[]> => {
  if (values.length === 0) return [];
  if (!server.isNative || values.length === 1) {
    const filters = values.map((value) => ({ [field]: value }) as Filter<T>);
    return findAny(server, collection, filters, projection);
  }
  const filter = { [field]: { $in: values } } as Filter<T>;
  return collection.find(filter, projection === undefined ? {} : { projection }).toArray() as Promise<T[]>;
};
