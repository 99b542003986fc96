// A server of the MongoDB protocol: what it can do, the time by its clock, and how many documents are asked for and written.
import type {
  AnyBulkWriteOperation,
  Collection,
  CollectionOptions,
  Db,
  Document,
  Filter,
  FindOptions,
  UpdateFilter,
  WriteConcernSettings,
} from 'mongodb';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';
import { StoreStartError } from './data-lock.ts';
import { unlessAborted } from './mongo-answering.ts';
import { connectClient } from './mongo-client.ts';
import { createSharedClock } from './mongo-clock.ts';
import type { SharedClock } from './mongo-clock.ts';
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
  /** A replica set or a cluster of shards: one that answers may be behind the others, and change streams can be had. */
  readonly hasMembers: boolean;
  readonly hasSessions: boolean;
  collection<T extends Kept>(name: string, options?: CollectionOptions): Collection<T>;
  /**
   * Calls back whenever connections broke or another member became the primary: what answers next may be another server, or one
   * that was put back to a backup.
   */
  onBreak(listener: () => void): void;
  /** How often that was so far. */
  breaks(): number;
  /** Which member in which election takes writes, as far as the driver knows; undefined where none does, or there are none. */
  primary(): string | undefined;
  /** Milliseconds since 1970 by the clock that all nodes share: the server's within a round trip, but it never goes back. */
  now(): number;
  /** Whether the server's clock was asked since the last break. */
  isClockSure(): boolean;
  readonly clock: Pick<SharedClock, 'heard' | 'heardOf' | 'behind'>;
  close(): Promise<void>;
}

/** How often the server's clock is asked anew, ms; and after a question that failed or took too long to tell anything. */
const MEASURE_MS = 20_000;
const MEASURE_AGAIN_MS = 1000;
const OLDEST = [4, 4] as const;

interface Hello {
  localTime?: Date;
  logicalSessionTimeoutMinutes?: number;
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
  const { client, db, breaks } = await connectClient(url, log);
  try {
    const shared = createSharedClock(() => clock.monotonic());
    /** At which break the clock was asked last. */
    let measuredAt = -1;
    const measure = async (): Promise<Hello> => {
      const [from, during] = [clock.monotonic(), breaks.count()];
      const hello = (await db.command({ hello: 1 })) as Hello;
      const passed = clock.monotonic() - from;
      const isFirst = measuredAt < 0;
      if (!isFirst && passed > MEASURE_AGAIN_MS) throw new Error(`the server's clock took ${Math.round(passed)} ms`);
      if (hello.localTime instanceof Date) shared.measured(hello.localTime.getTime() + passed / 2);
      else if (isFirst) shared.measured(clock.now());
      measuredAt = during;
      return hello;
    };
    const hello = await measure();
    const build = await db.admin().command({ buildInfo: 1 });
    refuseOld(build, hostsOf(client));
    let measuring: NodeJS.Timeout | undefined;
    let isClosed = false;
    const measureIn = (ms: number): void => {
      clearTimeout(measuring);
      if (isClosed) return;
      measuring = setTimeout(() => {
        measure().then(
          () => measureIn(measuredAt === breaks.count() ? MEASURE_MS : 0),
          () => measureIn(MEASURE_AGAIN_MS),
        );
      }, ms);
      measuring.unref();
    };
    measureIn(MEASURE_MS);
    breaks.on(() => measureIn(0));
    return {
      db,
      hosts: hostsOf(client),
      isNative: !('ferretdbVersion' in build),
      hasMembers: hello.setName !== undefined || hello.msg === 'isdbgrid',
      hasSessions: hello.logicalSessionTimeoutMinutes !== undefined,
      collection: (name, more) => db.collection(name, more),
      onBreak: (listener) => breaks.on(listener),
      breaks: () => breaks.count(),
      primary: () => breaks.primary(),
      now: () => shared.now(),
      isClockSure: () => measuredAt === breaks.count(),
      clock: shared,
      close: async () => {
        isClosed = true;
        clearTimeout(measuring);
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
  options: FindOptions = {},
): Promise<T[]> => {
  const size = server.isNative ? AT_ONCE : 1;
  const asked: Promise<T[]>[] = [];
  for (let i = 0; i < filters.length; i += size) {
    const some = filters.slice(i, i + size);
    const filter = (some.length === 1 ? some[0] : { $or: some }) as Filter<T>;
    asked.push(collection.find(filter, { ...options, ...(projection && { projection }) }).toArray() as Promise<T[]>);
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
  options: FindOptions = {},
): Promise<T[]> => {
  if (values.length === 0) return [];
  if (!server.isNative || values.length === 1) {
    const filters = values.map((value) => ({ [field]: value }) as Filter<T>);
    return findAny(server, collection, filters, projection, options);
  }
  const filter = { [field]: { $in: values } } as Filter<T>;
  return collection.find(filter, { ...options, ...(projection && { projection }) }).toArray() as Promise<T[]>;
};
