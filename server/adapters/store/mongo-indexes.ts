// Makes the indexes, waits until they are whole, and tells a person what stands in their way.
import type { CreateIndexesOptions, IndexDescription } from 'mongodb';
import type { Log } from '../../ports/telemetry.ts';
import { StoreStartError } from './data-lock.ts';
import { isDuplicate } from './mongo-answering.ts';
import type { Server } from './mongo-server.ts';
import { StoreUnreachableError } from './mongo-start.ts';

export type Index = IndexDescription & { name: string };
/** As a server names what it has. */
interface Made {
  name: string;
  key: Record<string, unknown>;
  unique?: boolean;
}

const UNAUTHORIZED = 13;
const NAMESPACE_NOT_FOUND = 26;
const OPTIONS_CONFLICT = 85;
const KEY_SPECS_CONFLICT = 86;
/** FerretDB passes on what PostgreSQL says: version 1 its code, version 2 its message. */
const UNIQUE_VIOLATION = /SQLSTATE 23505|could not create exclusion constraint/;
/** A build that takes longer is told once, ms. */
const SLOW_MS = 2000;
/** A build may take hours, and its answer comes at the end: a socket that is silent that long is no failure. */
const PATIENTLY = { socketTimeoutMS: 0 } as CreateIndexesOptions;

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

/** Of a collection; none where it is not there yet. While an index is built it is among them. */
const madeIn = async (server: Server, name: string): Promise<Made[]> => {
  try {
    return (await server.collection(name).listIndexes().toArray()) as Made[];
  } catch (error) {
    if (codeOf(error) === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
};

/** Names of indexes that are not whole yet, on any shard. */
const unfinishedIn = async (server: Server, name: string): Promise<string[]> => {
  const told = await server
    .collection(name)
    .aggregate<{ storageStats?: { indexBuilds?: string[] } }>([{ $collStats: { storageStats: {} } }])
    .toArray();
  return told.flatMap(({ storageStats }) => storageStats?.indexBuilds ?? []);
};

/** In order: an index of the same fields in another order is another one. */
const keyText = (key: unknown): string => JSON.stringify(Object.entries(key as object).map(([f, d]) => [f, Number(d)]));
const isSame = (made: Made, { key, unique = false }: Index): boolean =>
  keyText(made.key) === keyText(key) && (made.unique ?? false) === unique;

const inShell = (server: Server, name: string): string =>
  `db.getSiblingDB(${JSON.stringify(server.db.databaseName)}).getCollection(${JSON.stringify(name)})`;
const describe = ({ key, unique = false }: Pick<Made, 'key' | 'unique'>): string =>
  `${JSON.stringify(key)}${unique ? ', unique' : ''}`;

/** Indexes that are not ours, of a name or of fields that ours need; a sentence with the line that drops each. */
const conflictsIn = (server: Server, name: string, wanted: readonly Index[], made: readonly Made[]): string[] =>
  wanted.flatMap((index) =>
    made.flatMap((one) => {
      if (one.name === index.name ? isSame(one, index) : keyText(one.key) !== keyText(index.key)) return [];
      return [
        `the collection ${name} has an index ${one.name} (${describe(one)}), where this version needs ` +
          `${index.name} (${describe(index as Made)}): ${inShell(server, name)}.dropIndex(${JSON.stringify(one.name)})`,
      ];
    }),
  );

const inTheWay = (told: string, cause?: unknown): StoreStartError =>
  new StoreStartError(`An index is in the way; drop it and start again: ${told}`, cause);

/** Which documents stand in the way of a unique index; of each that it may be, where the server does not say which. */
const duplicatesIn = (server: Server, name: string, wanted: readonly Index[], error: unknown): string => {
  const { keyPattern, keyValue, message } = error as Error & { keyPattern?: object; keyValue?: object };
  const unique = wanted.filter((one) => one.unique === true);
  const meant = unique.filter(({ name: of, key }) =>
    keyPattern === undefined ? message.includes(`_${of}_`) : keyText(key) === keyText(keyPattern),
  );
  const told = (meant.length > 0 ? meant : unique).map(({ name: of, key }) => {
    const group = JSON.stringify(Object.fromEntries(Object.keys(key).map((field) => [field, `$${field}`])));
    return (
      `${of} (${Object.keys(key).join(' and ')}): ${inShell(server, name)}.aggregate([{$group:{_id:${group},` +
      `ids:{$push:"$_id"}}},{$match:{"ids.1":{$exists:true}}}])`
    );
  });
  return (
    `The collection ${name} holds several documents with the same values` +
    `${keyValue === undefined ? '' : ` (${JSON.stringify(keyValue)})`}, so that a unique index of it cannot be made. Restore a ` +
    `backup of before, or keep one of each. They are found by the index ${told.join('; or ')}`
  );
};

/** A user who may not make indexes is enough where all are there and whole. */
const withoutRight = async (server: Server, name: string, wanted: readonly Index[], error: unknown): Promise<void> => {
  const made = await madeIn(server, name);
  const missing = wanted.filter((index) => !made.some((one) => one.name === index.name && isSame(one, index)));
  if (missing.length > 0) {
    const lines = missing.map(({ key, ...options }) => {
      const given = `${JSON.stringify(key)}, ${JSON.stringify(options)}`;
      return `${inShell(server, name)}.createIndex(${given})`;
    });
    throw new StoreStartError(
      `The user of MONGODB_URL may not make indexes, and some of the collection ${name} are missing. Give it readWrite on ` +
        `the database, or make them as another user: ${lines.join('; ')}`,
      error,
    );
  }
  const unfinished = (await unfinishedIn(server, name)).filter((one) => wanted.some((index) => index.name === one));
  if (unfinished.length === 0) return;
  throw new StoreUnreachableError(
    `MongoDB at ${server.hosts} still builds indexes of the collection ${name}: ${unfinished.join(', ')}`,
    error,
  );
};

/** What a failed index means to a person; anything else as it is. */
const toIndexError = async (
  server: Server,
  name: string,
  wanted: readonly Index[],
  error: unknown,
): Promise<unknown> => {
  if (isDuplicate(error) || UNIQUE_VIOLATION.test((error as Error).message))
    return new StoreStartError(duplicatesIn(server, name, wanted, error), error);
  if (codeOf(error) !== OPTIONS_CONFLICT && codeOf(error) !== KEY_SPECS_CONFLICT) return error;
  const found = conflictsIn(server, name, wanted, await madeIn(server, name).catch(() => []));
  const told = found.length > 0 ? found.join('; ') : `the collection ${name}: ${(error as Error).message}`;
  return inTheWay(told, error);
};

/**
 * FerretDB 1 drops the connection that asks for an index whose name it has, so it is asked only for what it lacks. Its reads use
 * none, and it cannot hold a long list of grams: only what is unique is made.
 */
const makeMissing = async (server: Server, name: string, wanted: readonly Index[]): Promise<void> => {
  const unique = wanted.filter((index) => index.unique === true);
  if (unique.length === 0) return;
  const made = await madeIn(server, name);
  const found = conflictsIn(server, name, unique, made);
  if (found.length > 0) throw inTheWay(found.join('; '));
  for (const index of unique) {
    if (!made.some((one) => one.name === index.name)) await server.collection(name).createIndexes([index]);
  }
};

/**
 * Makes what is missing, any number of times and by several nodes at once, and resolves when all of it is whole: a unique
 * index that is still being built refuses nothing for certain. A server answers at once where all is there, so it is always
 * asked, and never what it lists: that names builds in progress.
 * @throws StoreStartError that names index and collection, and the line that helps
 */
export const makeIndexes = async (
  server: Server,
  indexes: Readonly<Record<string, Index[]>>,
  log: Pick<Log, 'warn'>,
): Promise<void> => {
  let isTold = false;
  for (const [name, wanted] of Object.entries(indexes)) {
    const slow = setTimeout(() => {
      if (isTold) return;
      isTold = true;
      log.warn({ collection: name }, 'MongoDB builds indexes: the start goes on when all members that vote have them');
    }, SLOW_MS);
    try {
      if (server.isNative) await server.collection(name).createIndexes(wanted, PATIENTLY);
      else await makeMissing(server, name, wanted);
    } catch (error) {
      if (codeOf(error) !== UNAUTHORIZED) throw await toIndexError(server, name, wanted, error);
      await withoutRight(server, name, wanted, error);
    } finally {
      clearTimeout(slow);
    }
  }
};
