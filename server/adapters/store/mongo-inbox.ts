// Inbox pages in MongoDB: every list is a walk along one index from the cursor on. Counts are those of a moment ago.
import type { Filter } from 'mongodb';
import type { InboxRow } from '../../../shared/inbox.ts';
import type { Clock } from '../../ports/clock.ts';
import type { InboxQuery, Store } from '../../ports/store.ts';
import { readCursor, writeCursor } from './inbox-cursor.ts';
import type { InboxCursor } from './inbox-cursor.ts';
import type { ListName, RowDocument } from './mongo-schema.ts';
import { findAmong } from './mongo-server.ts';
import type { Server } from './mongo-server.ts';
import { toCounts } from './row-shape.ts';

const MAX_PAGE = 200;
const listed: Record<'ai' | 'open' | 'closed', readonly ListName[]> = {
  ai: ['ai'],
  open: ['ai', 'idle', 'held'],
  closed: ['closed'],
};

export interface MongoInbox extends Pick<Store, 'inbox' | 'row' | 'counts' | 'conversationsOf' | 'labels'> {
  /** Rows of these organisations have changed. */
  changed: (orgIds: Iterable<string>) => void;
}

/** The equalities of a list; undefined where it is empty by its meaning. */
const filterOf = ({ orgId, filter, memberId, agentId, label }: InboxQuery): Filter<RowDocument> | undefined => {
  const labelled = label === undefined ? {} : { labels: label };
  switch (filter) {
    case 'needs-person':
      // Who waits is held by nobody.
      return agentId === undefined ? { orgId, waits: 1, ...labelled } : undefined;
    case 'mine':
      return agentId === undefined || agentId === memberId ? { orgId, holder: memberId, ...labelled } : undefined;
    case 'open':
      if (agentId !== undefined) return { orgId, holder: agentId, ...labelled };
      return { orgId, list: { $in: [...listed.open] }, ...labelled };
    case 'ai':
    case 'closed':
    case 'spam':
      return agentId === undefined ? { orgId, list: filter, ...labelled } : undefined;
  }
};

/** Behind the cursor. The first bound is the index's, the other tells rows of one millisecond apart. */
const behind = (field: 'lastAt' | 'waitingSince', { at, tie }: InboxCursor): Filter<RowDocument> =>
  field === 'lastAt'
    ? { lastAt: { $lte: at }, $or: [{ lastAt: { $lt: at } }, { _id: { $lt: tie } }] }
    : { waitingSince: { $gte: at }, $or: [{ waitingSince: { $gt: at } }, { _id: { $gt: tie } }] };

const toRow = ({ row }: { row: string }): InboxRow => JSON.parse(row) as InboxRow;

/** Totals of an organisation's counters, as they were when they were last counted. */
interface Totals {
  at: number;
  /** How long counting took, ms. */
  took: number;
  isOld: boolean;
  counters: Map<string, number>;
}

/** Counting takes at most this part of the time: an organisation that takes 100 ms is counted every 2 s at most. */
const SHARE = 20;
const LONGEST_MS = 30_000;
/** Counting that takes no longer is done whenever something changed, ms. */
const SHORT_MS = 30;
/** What other nodes changed is counted after this at the latest. */
const FRESH_MS = 1000;
const ORGANISATIONS = 1000;

const createTotals = (
  server: Server,
  clock: Clock,
): { of(orgId: string): Promise<Map<string, number>>; changed: (orgIds: Iterable<string>) => void } => {
  const rows = server.collection<RowDocument>('conversations');
  const known = new Map<string, Totals>();
  const counting = new Map<string, Promise<Totals>>();

  const count = async (orgId: string): Promise<Totals> => {
    const from = clock.monotonic();
    const shapes = await rows
      .aggregate<{ _id: string; total: number }>([
        { $match: { orgId } },
        { $group: { _id: '$shape', total: { $sum: 1 } } },
      ])
      .toArray();
    const counters = new Map<string, number>();
    for (const { _id, total } of shapes) {
      for (const name of JSON.parse(_id) as string[]) counters.set(name, (counters.get(name) ?? 0) + total);
    }
    const at = clock.monotonic();
    return { at, took: at - from, isOld: false, counters };
  };

  const recount = async (orgId: string): Promise<Totals> => {
    let running = counting.get(orgId);
    if (running === undefined) {
      running = count(orgId);
      counting.set(orgId, running);
      const done = (): boolean => counting.delete(orgId);
      running.then((totals) => {
        done();
        known.delete(orgId);
        known.set(orgId, totals);
        if (known.size <= ORGANISATIONS) return;
        for (const oldest of known.keys()) {
          known.delete(oldest);
          break;
        }
      }, done);
    }
    return running;
  };

  return {
    of: async (orgId) => {
      const totals = known.get(orgId);
      if (totals === undefined) return (await recount(orgId)).counters;
      const age = clock.monotonic() - totals.at;
      const rest = totals.took < SHORT_MS ? 0 : Math.min(LONGEST_MS, totals.took * SHARE);
      if (age < rest || (!totals.isOld && age < FRESH_MS)) return totals.counters;
      // Small ones are waited for; of large ones the caller gets what is known, and the next one what is new.
      const recounted = recount(orgId);
      if (totals.took < SHORT_MS) return (await recounted).counters;
      recounted.catch(() => {});
      return totals.counters;
    },
    changed: (orgIds) => {
      for (const orgId of orgIds) {
        const totals = known.get(orgId);
        if (totals !== undefined) totals.isOld = true;
      }
    },
  };
};

export const createMongoInbox = (server: Server, clock: Clock): MongoInbox => {
  const rows = server.collection<RowDocument>('conversations');
  const totals = createTotals(server, clock);
  const shown = { row: 1 } as const;

  /** Rows that are asked for in one turn of the loop are one question. */
  let asking: { ids: string[]; found: Promise<Map<string, RowDocument>> } | undefined;
  const askTogether = (): NonNullable<typeof asking> => {
    const ids: string[] = [];
    const found = (async () => {
      await new Promise((resolve) => setImmediate(resolve));
      asking = undefined;
      const some = await findAmong(server, rows, '_id', [...new Set(ids)], { row: 1, orgId: 1 });
      return new Map(some.map((row) => [row._id, row]));
    })();
    return { ids, found };
  };

  return {
    changed: totals.changed,

    inbox: async (query) => {
      const field = query.filter === 'needs-person' ? 'waitingSince' : 'lastAt';
      const direction = field === 'lastAt' ? -1 : 1;
      const from = query.cursor === undefined ? undefined : readCursor(query.cursor);
      const filter = filterOf(query);
      if (filter === undefined) return { rows: [], cursor: null };
      const limit = Math.max(1, Math.min(query.limit, MAX_PAGE));
      const found = await rows
        .find({ ...filter, ...(from === undefined ? {} : behind(field, from)) }, { projection: { row: 1, [field]: 1 } })
        .sort({ [field]: direction, _id: direction })
        .limit(limit + 1)
        .toArray();
      const last = found[limit - 1];
      return {
        rows: found.slice(0, limit).map(toRow),
        cursor: found.length > limit && last !== undefined ? writeCursor({ at: last[field], tie: last._id }) : null,
      };
    },

    row: async (orgId, conversationId) => {
      asking ??= askTogether();
      asking.ids.push(conversationId);
      const found = (await asking.found).get(conversationId);
      return found?.orgId === orgId ? toRow(found) : undefined;
    },

    counts: async (orgId) => toCounts([...(await totals.of(orgId))].filter(([name]) => !name.startsWith('label:'))),

    conversationsOf: async (orgId, contactId, limit) => {
      const found = await rows
        .find({ orgId, contactId }, { projection: shown })
        .sort({ lastAt: -1, _id: -1 })
        .limit(limit)
        .toArray();
      return found.map(toRow);
    },

    labels: async (orgId, limit) =>
      [...(await totals.of(orgId))]
        .filter(([name, total]) => name.startsWith('label:') && total > 0)
        .sort(([a, some], [b, others]) => others - some || (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([name]) => name.slice('label:'.length)),
  };
};
