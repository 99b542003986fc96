// Every question that the shared keeper asks of MongoDB, by its shape: which shard answers it, and by which index.
import type { CommandStartedEvent, Document } from 'mongodb';
import { indexes } from '../../server/adapters/store/mongo-schema.ts';
import type { Server } from '../../server/adapters/store/mongo-server.ts';

/**
 * What each collection is sharded by, hashed, where it is sharded at all. Ids begin with their second: a key by ranges would
 * send everything new to one shard. A unique index must begin with the key, or one shard does not see what another refuses;
 * where `_id` is what must be unique, it is the key.
 */
export const shardKeys: Readonly<Record<string, string>> = {
  commits: 'conversationId',
  conversations: '_id',
  texts: '_id',
  documents: '_id',
  lookups: '_id',
  reads: '_id',
  checkpoints: '_id',
};
/** Small, so that they stay whole; `locks` is unique by `key`, while a hold is released by its `_id`. */
export const whole: readonly string[] = ['locks', 'journal', 'nodes', 'meta'];

export interface Known {
  /** Why all shards are asked, where the question names none. */
  asksAll?: string;
  /** Why no index answers it. */
  unindexed?: string;
  /** Why fields, or an order, that the index does not have are looked at in what it gives. */
  beyond?: string;
  /** Where it is asked, if not everywhere: by `isNative`, or where there are change streams. */
  on?: 'native' | 'ferretdb' | 'streams';
}

const FEED = 'what is new is new anywhere';
const BATCH = 'a batch lies on all shards anyway, and each finds its own by `_id`';
const UNDONE = 'what is left undone is left anywhere, and is rare';
const LIST = 'the conversations of an organisation are everywhere; a page is merged from a page of each shard';
const SHELF = 'an organisation’s documents of a kind are everywhere, and few';
const SWEEP = 'what is too old lies anywhere, and is looked for once in a while';
const FEW = 'a few documents in all';
const ONE = 'one document by its `_id`';
const LABELLED = 'of the labelled those of other lists are passed over';
const HELD = 'one member holds few enough';
const WAITING = 'those who wait are few enough';

/**
 * By shape, as `shapesOf` writes it. A question that names the shard key goes to the shards of those values alone; which ones
 * do is worked out, not written here. Whoever adds a question that asks all shards says why.
 */
export const known: Readonly<Record<string, Known>> = {
  'commits insert': {},
  'commits find conversationId,first$gt sort first:1': {},
  'commits find conversationId,first$lt sort first:-1': {},
  'commits find conversationId,first$lte sort first:-1': {},
  'commits find conversationId sort first:-1': {},
  'commits find conversationId,key': {},
  'commits find $or[conversationId,key]': { on: 'native' },
  'commits find conversationId,first': { on: 'ferretdb' },
  'commits find bucket': { asksAll: FEED },
  'commits find bucket$in': { asksAll: FEED, on: 'native' },
  'commits find _id': { asksAll: BATCH },
  'commits find _id$in': { asksAll: BATCH, on: 'native' },
  'commits find bucket$lt,todo sort bucket:1': { asksAll: UNDONE },
  'commits update _id,bucket$lt,conversationId,todo': { beyond: ONE },
  'commits update _id': { asksAll: BATCH, on: 'ferretdb' },
  'commits updateMany _id$in': { asksAll: BATCH, on: 'native' },
  'commits watch': { asksAll: FEED, unindexed: 'a stream reads the log of the replica set', on: 'streams' },

  'conversations insert': {},
  'conversations find _id': {},
  'conversations find _id$in': { on: 'native' },
  'conversations update _id,head$lt': { beyond: ONE },
  'conversations find list,orgId sort lastAt:-1,_id:-1': { asksAll: LIST },
  'conversations find $or[_id$lt|lastAt$lt],lastAt$lte,list,orgId sort lastAt:-1,_id:-1': { asksAll: LIST },
  'conversations find list$in,orgId sort lastAt:-1,_id:-1': { asksAll: LIST },
  'conversations find $or[_id$lt|lastAt$lt],lastAt$lte,list$in,orgId sort lastAt:-1,_id:-1': { asksAll: LIST },
  'conversations find labels,list,orgId sort lastAt:-1,_id:-1': { asksAll: LIST, beyond: LABELLED },
  'conversations find $or[_id$lt|lastAt$lt],labels,lastAt$lte,list,orgId sort lastAt:-1,_id:-1': {
    asksAll: LIST,
    beyond: LABELLED,
  },
  'conversations find labels,list$in,orgId sort lastAt:-1,_id:-1': { asksAll: LIST, beyond: LABELLED },
  'conversations find $or[_id$lt|lastAt$lt],labels,lastAt$lte,list$in,orgId sort lastAt:-1,_id:-1': {
    asksAll: LIST,
    beyond: LABELLED,
  },
  'conversations find holder,orgId sort lastAt:-1,_id:-1': { asksAll: LIST },
  'conversations find $or[_id$lt|lastAt$lt],holder,lastAt$lte,orgId sort lastAt:-1,_id:-1': { asksAll: LIST },
  'conversations find holder,labels,orgId sort lastAt:-1,_id:-1': { asksAll: LIST, beyond: HELD },
  'conversations find $or[_id$lt|lastAt$lt],holder,labels,lastAt$lte,orgId sort lastAt:-1,_id:-1': {
    asksAll: LIST,
    beyond: HELD,
  },
  'conversations find orgId,waits sort waitingSince:1,_id:1': { asksAll: LIST },
  'conversations find $or[_id$gt|waitingSince$gt],orgId,waitingSince$gte,waits sort waitingSince:1,_id:1': {
    asksAll: LIST,
  },
  'conversations find labels,orgId,waits sort waitingSince:1,_id:1': { asksAll: LIST, beyond: WAITING },
  'conversations find $or[_id$gt|waitingSince$gt],labels,orgId,waitingSince$gte,waits sort waitingSince:1,_id:1': {
    asksAll: LIST,
    beyond: WAITING,
  },
  'conversations find contactId,orgId sort lastAt:-1,_id:-1': {
    asksAll: LIST,
    beyond: 'the conversations of one contact are few enough to be sorted',
  },
  'conversations find $and[names],names,orgId sort _id:-1': { asksAll: LIST },
  'conversations find names,orgId sort _id:-1': { asksAll: LIST },
  'conversations aggregate orgId $group': { asksAll: LIST },
  'conversations find unfinished': { asksAll: UNDONE },
  'conversations find _id$gt,list sort _id:1': { asksAll: UNDONE },

  'texts insert': {},
  'texts find $and[grams],grams,orgId sort at:-1,_id:-1': { asksAll: LIST },
  'texts find grams,orgId sort at:-1,_id:-1': { asksAll: LIST },

  'documents insert': {},
  'documents find _id': {},
  'documents update _id,version': { beyond: ONE },
  'documents delete _id,version': { beyond: ONE },
  'documents find shelf sort id:1': { asksAll: SHELF },
  'documents find shelf sort id:-1': { asksAll: SHELF },
  'documents find id$gt,shelf sort id:1': { asksAll: SHELF },
  'documents find id$lt,shelf sort id:-1': { asksAll: SHELF },
  'documents find group,shelf sort id:1': { asksAll: SHELF },
  'documents find group,shelf sort id:-1': { asksAll: SHELF },
  'documents find group,id$gt,shelf sort id:1': { asksAll: SHELF },
  'documents find group,id$lt,shelf sort id:-1': { asksAll: SHELF },
  'documents find expiresAt$lte': { asksAll: SWEEP },

  'lookups insert': {},
  'lookups find _id': {},
  'lookups update _id,token': { beyond: ONE },
  'lookups delete _id,token': { beyond: ONE },

  'reads find _id': {},
  'reads find _id$in': { on: 'native' },
  'reads upsert _id': {},

  'checkpoints find _id': {},
  'checkpoints upsert _id': {},
  'checkpoints deleteMany at$lt': { asksAll: SWEEP },

  'locks insert': {},
  'locks find key': {},
  'locks delete _id': {},
  'locks find at$lt': { unindexed: FEW },

  'journal insert': {},
  'journal find _id': {},
  'journal delete _id': {},
  'journal deleteMany at$lt': { unindexed: FEW },

  'nodes find ': { unindexed: FEW },
  'nodes upsert _id': {},
  'nodes delete _id': {},
  'nodes deleteMany at$lt': { unindexed: FEW },

  'meta insert': {},
  'meta delete _id': {},
  'meta deleteMany _id$gt$lt,at$lt': { beyond: FEW },
  'meta deleteMany _id$gt$lt,at$exists': { beyond: FEW },
};

/** Equality by the name alone, operators behind it, alternatives in brackets; fields in the order of the alphabet. */
const filterText = (filter: Document): string =>
  Object.entries(filter)
    .map(([field, value]) => {
      if (field === '$or' || field === '$and') {
        const parts = new Set((value as Document[]).map(filterText));
        return `${field}[${[...parts].toSorted().join('|')}]`;
      }
      const isOperators = value !== null && typeof value === 'object' && Object.keys(value as object).length > 0;
      return isOperators ? `${field}${Object.keys(value as object).join('')}` : field;
    })
    .toSorted()
    .join(',');

const sortText = (sort: Document | Map<string, number> | undefined): string => {
  const entries = sort instanceof Map ? [...sort] : Object.entries(sort ?? {});
  return entries.length === 0 ? '' : ` sort ${entries.map(([field, way]) => `${field}:${Number(way)}`).join(',')}`;
};

/** A condition of a shape: a field, and the operators behind it; or alternatives. */
interface Condition {
  field: string;
  operators: string;
  branches: Condition[][];
}

const conditionsOf = (filter: string): Condition[] =>
  [...filter.matchAll(/(?<field>\$?[a-zA-Z_]+)(?:\[(?<branches>[^\]]*)\])?(?<operators>(?:\$[a-z]+)*)(?:,|$)/g)].map(
    ({ groups }) => ({
      field: groups!['field']!,
      operators: groups!['operators']!,
      branches: (groups!['branches'] ?? '')
        .split('|')
        .filter((branch) => branch !== '')
        .map(conditionsOf),
    }),
  );

export interface Asked {
  collection: string;
  command: string;
  conditions: Condition[];
  sort: [string, number][];
}

export const parseShape = (shape: string): Asked => {
  const [, collection = '', command = '', filter = '', sort = ''] =
    /^(\w+) (\w+) ?(\S*)(?: sort (\S+))?/.exec(shape) ?? [];
  const order =
    sort === '' ? [] : sort.split(',').map((one): [string, number] => [one.split(':')[0]!, Number(one.split(':')[1])]);
  return { collection, command, conditions: conditionsOf(filter), sort: order };
};

/** Named one by one: what routes to shards, and what an index begins with. */
const isNamed = ({ operators }: Condition): boolean => operators === '' || operators === '$in';

/** Whether the question names the shards that can know the answer. */
export const namesShard = ({ collection, command, conditions }: Asked): boolean => {
  const key = shardKeys[collection];
  if (key === undefined || command === 'insert') return true;
  return conditions.some(({ field, branches, ...rest }) =>
    field === '$or'
      ? branches.every((branch) => namesShard({ collection, command, conditions: branch, sort: [] }))
      : field === key && branches.length === 0 && isNamed({ field, branches, ...rest }),
  );
};

/** How an index answers it: with all that is asked, with more to look at in what it gives, or not at all. */
export const answeredBy = (
  { collection, conditions, sort }: Asked,
  key: readonly [string, number][],
): 'whole' | 'partly' | 'not' => {
  const plain = conditions.filter(({ branches }) => branches.length === 0);
  const named = new Set(plain.filter(isNamed).map(({ field }) => field));
  const ranges = plain.filter((one) => !isNamed(one)).map(({ field }) => field);
  const [either] = conditions.filter(({ field }) => field === '$or');
  if (plain.length === 0 && either !== undefined) {
    const all = either.branches.map((branch) => answeredBy({ collection, command: '', conditions: branch, sort }, key));
    return all.every((one) => one === 'whole') ? 'whole' : 'not';
  }
  let used = 0;
  while (used < key.length && named.has(key[used]![0])) used += 1;
  const next = key[used];
  if (used === 0 && (next === undefined || !ranges.includes(next[0]))) return 'not';
  const rest = key.slice(used);
  const isSorted =
    sort.every(([field], i) => rest[i]?.[0] === field) &&
    new Set(sort.map(([, way], i) => way * (rest[i]?.[1] ?? 0))).size <= 1;
  const isBounded = ranges.every((field) => field === next?.[0]);
  return used === named.size && isSorted && isBounded ? 'whole' : 'partly';
};

/** The best of a collection's indexes, that of `_id` among them. */
export const bestAnswer = (asked: Asked): 'whole' | 'partly' | 'not' => {
  const keys = [{ _id: 1 }, ...(indexes[asked.collection] ?? []).map(({ key }) => key)];
  const all = keys.map((key) => answeredBy(asked, Object.entries(key as Record<string, number>)));
  return all.find((one) => one === 'whole') ?? all.find((one) => one === 'partly') ?? 'not';
};

/** The shapes of one command; none of those that ask no collection. */
export const shapesOf = ({ commandName, command }: Pick<CommandStartedEvent, 'commandName' | 'command'>): string[] => {
  const on = `${String(command[commandName])} `;
  switch (commandName) {
    case 'insert':
      return [`${on}insert`];
    case 'find':
      return [`${on}find ${filterText(command['filter'] as Document)}${sortText(command['sort'] as Document)}`];
    case 'update':
      return (command['updates'] as Document[]).map(
        ({ q, upsert, multi }) =>
          `${on}${upsert === true ? 'upsert' : multi === true ? 'updateMany' : 'update'} ${filterText(q as Document)}`,
      );
    case 'delete':
      return (command['deletes'] as Document[]).map(
        ({ q, limit }) => `${on}${limit === 1 ? 'delete' : 'deleteMany'} ${filterText(q as Document)}`,
      );
    case 'aggregate': {
      const [first = {}, ...rest] = command['pipeline'] as Document[];
      if (first['$changeStream'] !== undefined) return [`${on}watch`];
      const then = rest.flatMap((stage) => Object.keys(stage)).join(',');
      return [`${on}aggregate ${filterText((first['$match'] ?? {}) as Document)} ${then}`];
    }
    default:
      return [];
  }
};

/** Remembers the shapes, each with one of its commands, of all that is asked through a server, which was connected to with `monitorCommands`. */
export const recordShapes = (server: Server, shapes: Map<string, CommandStartedEvent>): void => {
  server.db.client.on('commandStarted', (event) => {
    for (const shape of shapesOf(event)) shapes.set(shape, event);
  });
};

/** The address of a database whose commands are told. */
export const monitored = (address: string): string => {
  const url = new URL(address);
  url.searchParams.set('monitorCommands', 'true');
  return url.href;
};
