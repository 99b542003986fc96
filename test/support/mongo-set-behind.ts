// The server behind a pretended replica set, with what a MongoDB does and FerretDB 1 does not: atomic updates, long lists of
// them, questions with alternatives by their indexes, and indexes on long arrays, which are promised and not made.
import { MongoClient, MongoServerError } from 'mongodb';
import type { Document } from 'mongodb';
import { createTurns } from '../../shared/turns.ts';
import { aboutOf } from './mongo-wire.ts';

/** Updates that FerretDB takes in one command. */
const FEW = 8;
/** Of a replica set, of a session or of a driver: the server behind knows none of it. */
const foreign = [
  'lsid',
  'txnNumber',
  'stmtIds',
  '$clusterTime',
  '$readPreference',
  '$db',
  'readConcern',
  'writeConcern',
];
const foreignToWrites = [...foreign, 'maxTimeMS', 'bypassDocumentValidation', 'comment'];

export const writing = new Set(
  'insert update delete findAndModify findandmodify create createIndexes drop dropDatabase dropIndexes collMod'.split(
    ' ',
  ),
);

const without = (command: Document, names: readonly string[]): Document =>
  Object.fromEntries(Object.entries(command).filter(([name]) => !names.includes(name)));

type Reading = Document & { cursor?: { id: unknown; firstBatch: Document[]; nextBatch: Document[]; ns: string } };

/** A filter whose alternatives can be asked by themselves, each by equality; undefined where it is one question. */
const alternatives = (filter: Document): Document[] | undefined => {
  const { $or: some, ...rest } = filter;
  if (Array.isArray(some)) return (some as Document[]).map((one) => ({ ...rest, ...one }));
  for (const [field, wanted] of Object.entries(filter)) {
    const values = (wanted as Document | null)?.['$in'] as unknown;
    if (!Array.isArray(values) || Object.keys(wanted as Document).length !== 1) continue;
    if (values.some((value) => typeof value === 'object')) continue;
    return [...new Set(values as unknown[])].map((value) => ({ ...filter, [field]: value }));
  }
  return undefined;
};

/** Statements as they are sent, each with its place in what was asked: many documents by their ids are one by one. */
const statementsOf = (updates: readonly Document[]): { place: number; statement: Document }[] =>
  updates.flatMap((statement, place) => {
    const { q, multi, upsert } = statement;
    const split = multi === true && upsert !== true && (q as Document)['_id'] ? alternatives(q as Document) : undefined;
    if (split === undefined) return [{ place, statement }];
    return split.map((one) => ({ place, statement: { ...statement, q: one, multi: false } }));
  });

export interface Behind {
  /** What it says of itself. */
  hello: Document;
  /** As it is; the server's own error is the answer. @throws where it does not answer */
  ask(command: Document): Promise<Document>;
  read(command: Document): Promise<Document>;
  /** Runs alone among what changes documents of a collection. Undefined where `mayBegin` says no when its turn has come. */
  write(command: Document, mayBegin: () => boolean): Promise<Document | undefined>;
  close(): Promise<void>;
}

export const connectBehind = async (url: string): Promise<Behind> => {
  const options = { directConnection: true, retryReads: false, retryWrites: false, maxPoolSize: 64 };
  const client = await new MongoClient(url, options).connect();
  const turns = createTurns();
  /** Indexes that were promised, by collection. */
  const promised = new Map<string, Document[]>();

  const ask: Behind['ask'] = async (command) => {
    try {
      const db = client.db(String(command['$db']));
      return await db.command(without(command, foreign), {
        promoteLongs: false,
        promoteBuffers: false,
        bsonRegExp: true,
      });
    } catch (error) {
      if (error instanceof MongoServerError) return { ok: 0, ...(error.errorResponse as Document) };
      throw error;
    }
  };

  const readAll = async (command: Document): Promise<Reading> => {
    const reply = (await ask({ ...command, batchSize: 100_000 })) as Reading;
    if (reply.cursor === undefined) return reply;
    const all = reply.cursor.firstBatch;
    for (let id = reply.cursor.id; String(id) !== '0';) {
      const more = (await ask({ getMore: id, collection: command['find'], $db: command['$db'] })) as Reading;
      if (more.cursor === undefined) return more;
      all.push(...more.cursor.nextBatch);
      ({ id } = more.cursor);
    }
    return reply;
  };

  const readEach = async (command: Document, filters: Document[]): Promise<Document> => {
    const replies = await Promise.all(filters.map(async (filter) => readAll({ ...command, filter })));
    const failed = replies.find(({ cursor }) => cursor === undefined);
    if (failed !== undefined) return failed;
    const seen = new Set<unknown>();
    const firstBatch = replies
      .flatMap(({ cursor }) => cursor!.firstBatch)
      .filter(({ _id }) => _id === undefined || (!seen.has(_id) && seen.add(_id)));
    return { ...replies[0], cursor: { ...replies[0]!.cursor, id: replies[0]!.cursor!.id, firstBatch } };
  };

  const listIndexes = async (command: Document): Promise<Document> => {
    const reply = (await ask(command)) as Reading;
    const more = promised.get(aboutOf(command).namespace) ?? [];
    if (reply.cursor === undefined || more.length === 0) return reply;
    return { ...reply, cursor: { ...reply.cursor, firstBatch: [...reply.cursor.firstBatch, ...more] } };
  };

  /** FerretDB drops the connection that asks for an index it has, and cannot hold long arrays in one. */
  const createIndexes = async (command: Document): Promise<Document> => {
    const { namespace, collection } = aboutOf(command);
    const listed = await listIndexes({ listIndexes: collection, cursor: {}, $db: command['$db'] });
    const there = (listed as Reading).cursor?.firstBatch ?? [];
    const keys = (one: Document): string => JSON.stringify(one['key']);
    const wanted = command['indexes'] as Document[];
    for (const one of wanted) {
      const same = there.find(({ name }) => name === one['name']);
      if (same !== undefined && (keys(same) !== keys(one) || Boolean(same['unique']) !== Boolean(one['unique']))) {
        return {
          ok: 0,
          code: 86,
          errmsg: `An existing index has the same name as the requested index: ${one['name']}`,
        };
      }
    }
    const fresh = wanted.filter((one) => there.every(({ name }) => name !== one['name']));
    const unique = fresh.filter((one) => one['unique'] === true);
    if (unique.length > 0) {
      const reply = await ask({ ...without(command, foreignToWrites), indexes: unique, $db: command['$db'] });
      if (Number(reply['ok']) !== 1) return reply;
    } else if (there.length === 0) await ask({ create: collection, $db: command['$db'] });
    const rest = fresh.filter((one) => one['unique'] !== true).map((one) => ({ v: 2, ...one }));
    promised.set(namespace, [...(promised.get(namespace) ?? []), ...rest]);
    const before = Math.max(1, there.length);
    return { numIndexesBefore: before, numIndexesAfter: before + fresh.length, ok: 1 };
  };

  const update = async (command: Document): Promise<Document> => {
    const all = statementsOf(command['updates'] as Document[]);
    const total = { n: 0, nModified: 0, upserted: [] as Document[], writeErrors: [] as Document[] };
    for (let from = 0; from < all.length; from += FEW) {
      const some = all.slice(from, from + FEW);
      const reply = await ask({ ...command, updates: some.map(({ statement }) => statement) });
      if (Number(reply['ok']) !== 1) return reply;
      const placed = (list: unknown): Document[] =>
        ((list ?? []) as Document[]).map((one) => ({ ...one, index: some[Number(one['index'])]!.place }));
      total.n += Number(reply['n']);
      total.nModified += Number(reply['nModified']);
      total.upserted.push(...placed(reply['upserted']));
      total.writeErrors.push(...placed(reply['writeErrors']));
      if (total.writeErrors.length > 0 && command['ordered'] !== false) break;
    }
    const { upserted, writeErrors, ...counts } = total;
    return {
      ...counts,
      ...(upserted.length === 0 ? {} : { upserted }),
      ...(writeErrors.length === 0 ? {} : { writeErrors }),
      ok: 1,
    };
  };

  const forget = ({ namespace, name }: ReturnType<typeof aboutOf>, command: Document): void => {
    const isGone = (one: string): boolean =>
      name === 'dropDatabase'
        ? one.startsWith(`${String(command['$db'])}.`)
        : name.startsWith('drop') && one === namespace;
    for (const one of promised.keys()) if (isGone(one)) promised.delete(one);
  };

  return {
    hello: await client.db('admin').command({ hello: 1 }),
    ask,
    read: async (command) => {
      if (aboutOf(command).name === 'listIndexes') return listIndexes(command);
      const isPlain = command['find'] !== undefined && !command['sort'] && !command['limit'] && !command['skip'];
      const filters = isPlain ? alternatives((command['filter'] ?? {}) as Document) : undefined;
      return filters === undefined || filters.length < 2 ? ask(command) : readEach(command, filters);
    },
    write: async (command, mayBegin) => {
      const about = aboutOf(command);
      const sent = { ...without(command, foreignToWrites), $db: command['$db'] as string };
      const begin = async (run: () => Promise<Document>): Promise<Document | undefined> =>
        mayBegin() ? run() : undefined;
      // What is new meets nobody but a unique index.
      if (about.name === 'insert') return begin(async () => ask(sent));
      return turns(about.namespace, async () => {
        forget(about, command);
        if (about.name === 'createIndexes') return begin(async () => createIndexes(command));
        return begin(async () => (about.name === 'update' ? update(sent) : ask(sent)));
      });
    },
    close: async () => client.close(),
  };
};
