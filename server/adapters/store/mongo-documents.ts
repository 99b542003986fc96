// Documents in MongoDB: one collection for every kind. Each write names the version that it replaces, so that whatever comes
// late, or was sent by a node that has lost its turn, changes nothing.
import { ChatError } from '../../../shared/errors.ts';
import { newHexId } from '../../../shared/ids.ts';
import { createTurns } from '../../../shared/turns.ts';
import type { Clock } from '../../ports/clock.ts';
import { kinds, lookups } from '../../ports/documents.ts';
import type { Collections, DocumentOf, Kind } from '../../ports/documents.ts';
import type { Collection } from '../../ports/store.ts';
import { unavailable } from './answering.ts';
import { answeringInTime, createDeadline, isDuplicate, unlessAborted } from './mongo-answering.ts';
import type { Deadline } from './mongo-answering.ts';
import { Recent } from './mongo-commits.ts';
import { encode, idOf, keptOf, kindOf, NO_SHELF, parse, shelfOf, tombstoneOf } from './mongo-document-shape.ts';
import type { AsRead, Encoded } from './mongo-document-shape.ts';
import { createLocks } from './mongo-locks.ts';
import type { Terms } from './mongo-locks.ts';
import { createLookups } from './mongo-lookups.ts';
import type { KeptDocument } from './mongo-schema.ts';
import type { Server } from './mongo-server.ts';
import type { Write } from './write-batch.ts';

const PURGED_AT_ONCE = 200;
/** New documents of a batch that are written at once. */
const SIDE_BY_SIDE = 8;
/** Writers that meet at one document try again this often. */
const TRIES = 20;
/** Lookups whose owners are remembered. */
const OWNERS = 20_000;
/** Of the one write under a lock, where a server needs that; the wait ends within the deadline of a call. */
const writeTerms: Terms = { holdMs: 2000, breakMs: 3500, waitMs: 4200 };
/** A write of a batch, with what it writes over as it was read in its turn. */
export type PreparedWrite = Write & { before: AsRead | null };

export interface MongoDocuments {
  collections: Collections;
  purge(now: number): Promise<number>;
  /** Reads what a batch is about to write over. @throws ChatError `conflict` where a lookup belongs to another document */
  prepare(writes: readonly Write[]): Promise<PreparedWrite[]>;
  /**
   * Does what was prepared. Any number of times, by several nodes at once: a write whose document has moved on has been done.
   * @throws ChatError `conflict` after all of them, where a lookup of one belongs to another document
   */
  apply(writes: readonly PreparedWrite[]): Promise<void>;
}

const conflict = (): ChatError => new ChatError('conflict', 'Another one has this key or address already');

export const createMongoDocuments = (server: Server, clock: Pick<Clock, 'monotonic'>): MongoDocuments => {
  const documents = server.collection<KeptDocument>('documents');
  const turns = createTurns();
  const writes = createLocks(server, clock, writeTerms);
  /** Whose a lookup was when it was found last. Only a hint: the document itself says whether it still is. */
  const owners = new Recent<string>(OWNERS);

  /**
   * MongoDB finds and writes in one step. FerretDB 1 finds, then writes, and two may find the same version: there this one step
   * has a lock around it.
   */
  const asOneStep = async (name: string, write: () => Promise<boolean>): Promise<boolean> =>
    server.isNative ? write() : writes.hold(name, write);

  const insert = async (deadline: Deadline, document: KeptDocument): Promise<boolean> => {
    deadline.check();
    try {
      await unlessAborted(async () => documents.insertOne(document));
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  };

  /** Replaces the version before; false where somebody else wrote or deleted it in between. */
  const replace = async (deadline: Deadline, document: KeptDocument): Promise<boolean> => {
    const { _id, version, writer } = document;
    return asOneStep(`document/${_id}`, async () => {
      deadline.check();
      const { matchedCount } = await unlessAborted(async () =>
        documents.replaceOne({ _id, version: version - 1 }, document),
      );
      if (matchedCount === 0 || server.isNative) return matchedCount === 1;
      // A write that was on its way since an earlier hold of the lock may have met this one in the middle.
      return (await documents.findOne({ _id }, { projection: { writer: 1 } }))?.writer === writer;
    });
  };

  const write = async (deadline: Deadline, document: KeptDocument): Promise<boolean> =>
    document.version === 1 ? insert(deadline, document) : replace(deadline, document);

  const isShown = async (owner: string, lookup: string): Promise<boolean> => {
    const found = await documents.findOne({ _id: owner }, { projection: { lookups: 1 } });
    return found?.lookups.some((one) => one.lookup === lookup) ?? false;
  };

  /** One version more with the same content, or a tombstone where there is nothing: a write that saw less is refused. */
  const fence = async (deadline: Deadline, owner: string, lookup: string): Promise<boolean> => {
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await documents.findOne({ _id: owner });
      if (found?.lookups.some((one) => one.lookup === lookup) === true) return false;
      const fenced =
        found === null
          ? tombstoneOf(owner, 1, server.now())
          : { ...found, version: found.version + 1, writer: newHexId() };
      if (await write(deadline, fenced)) return true;
    }
    throw unavailable(new Error('others keep writing a document'));
  };

  const claims = createLookups(server, clock, { isShown, fence, asOneStep });

  /** Writes over what was read; false where that has changed since. */
  const writeOver = async <K extends Kind>(
    deadline: Deadline,
    kind: K,
    before: AsRead | null,
    encoded: Encoded<DocumentOf<K>>,
  ): Promise<boolean> => {
    const { document } = encoded;
    const wanted = [...new Set(lookups[kind](document))];
    const _id = idOf(kind, document.orgId, document.id);
    // As they were written: a later build may make other lookups of the same body.
    const held = before?.lookups ?? [];
    const kept = held.filter(({ lookup }) => wanted.includes(lookup));
    const added = wanted.filter((lookup) => !held.some((one) => one.lookup === lookup));
    const taken = await claims.claimAll(deadline, kind, added, _id);
    if (taken === undefined) throw conflict();
    const shown = [...kept, ...taken.map(({ lookup, token }) => ({ lookup, token }))];
    const isWritten = await write(deadline, keptOf(kind, encoded, (before?.version ?? 0) + 1, shown));
    if (!isWritten) await claims.giveUp(kind, taken);
    else
      await claims.release(
        kind,
        held.filter(({ lookup }) => !wanted.includes(lookup)),
      );
    return isWritten;
  };

  /** Writes what is new, which most is, without looking first; false where something in it is not. */
  const insertNew = async <K extends Kind>(
    deadline: Deadline,
    kind: K,
    encoded: Encoded<DocumentOf<K>>,
  ): Promise<boolean> => {
    const { document } = encoded;
    const owner = idOf(kind, document.orgId, document.id);
    const taken = await claims.insertAll(deadline, kind, [...new Set(lookups[kind](document))], owner);
    if (taken === undefined) return false;
    if (await insert(deadline, keptOf(kind, encoded, 1, taken))) return true;
    await claims.release(kind, taken);
    return false;
  };

  const asRead = { version: 1, lookups: 1 } as const;

  const put = async <K extends Kind>(kind: K, given: DocumentOf<K>): Promise<void> => {
    const deadline = createDeadline(clock);
    const encoded = encode(given);
    if (await insertNew(deadline, kind, encoded)) return;
    const _id = idOf(kind, given.orgId, given.id);
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await documents.findOne({ _id }, { projection: asRead });
      if (await writeOver(deadline, kind, before, encoded)) return;
    }
    throw unavailable();
  };

  const update = async <K extends Kind>(
    kind: K,
    _id: string,
    change: (before: DocumentOf<K> | undefined) => DocumentOf<K> | undefined | Promise<DocumentOf<K> | undefined>,
  ): Promise<DocumentOf<K> | undefined> => {
    const deadline = createDeadline(clock);
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await documents.findOne({ _id }, { projection: { ...asRead, body: 1 } });
      const changed = await change(parse<K>(before));
      if (changed === undefined) return parse<K>(before);
      if (await writeOver(deadline, kind, before, encode(changed))) return changed;
    }
    throw unavailable();
  };

  /** Deletes a version, and gives its lookups free; false where it has changed since. */
  const remove = async (deadline: Deadline, _id: string, before: AsRead): Promise<boolean> => {
    if (!(await replace(deadline, tombstoneOf(_id, before.version + 1, server.now())))) return false;
    await claims.release(kindOf(_id), before.lookups);
    return true;
  };

  const deleteOne = async (_id: string): Promise<boolean> => {
    const deadline = createDeadline(clock);
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await documents.findOne({ _id }, { projection: { ...asRead, shelf: 1 } });
      if (found === null || found.shelf === NO_SHELF) return false;
      if (await remove(deadline, _id, found)) return true;
    }
    throw unavailable();
  };

  const prepareOne = async (one: Write): Promise<PreparedWrite> => {
    const _id = idOf(one.kind, one.orgId, one.id);
    const before = await documents.findOne({ _id }, { projection: asRead });
    const wanted = one.document === undefined ? [] : lookups[one.kind](one.document as never);
    for (const lookup of wanted.filter((name) => before?.lookups.every((held) => held.lookup !== name) !== false)) {
      const owner = await claims.ownerOf(one.kind, lookup);
      if (owner !== undefined && owner !== _id && (await isShown(owner, lookup))) throw conflict();
    }
    return { ...one, before };
  };

  const shown = { body: 1 } as const;

  const collection = <K extends Kind>(kind: K): Collection<DocumentOf<K>> => ({
    get: async (orgId, id) => {
      return parse<K>(await documents.findOne({ _id: idOf(kind, orgId, id) }, { projection: shown }));
    },
    find: async (lookup) => {
      const name = `${kind}/${lookup}`;
      const shownBy = async (owner: string): Promise<DocumentOf<K> | undefined> => {
        const found = await documents.findOne({ _id: owner }, { projection: { body: 1, lookups: 1 } });
        // Taken, but not written yet; left over; or given up since it was remembered.
        const isShown = found?.lookups.some((one) => one.lookup === lookup) ?? false;
        return isShown ? (JSON.parse(found!.body) as DocumentOf<K>) : undefined;
      };
      const last = owners.get(name);
      const still = last === undefined ? undefined : await shownBy(last);
      if (still !== undefined) return still;
      owners.delete(name);
      const owner = await claims.ownerOf(kind, lookup);
      if (owner === undefined) return undefined;
      const found = await shownBy(owner);
      if (found !== undefined) owners.set(name, owner);
      return found;
    },
    list: async (orgId, { group, limit, after, reverse = false } = {}) => {
      const found = documents
        .find(
          {
            shelf: shelfOf(kind, orgId),
            ...(group === undefined ? {} : { group }),
            ...(after === undefined ? {} : { id: reverse ? { $lt: after } : { $gt: after } }),
          },
          { projection: shown },
        )
        .sort({ id: reverse ? -1 : 1 });
      const some = await (limit === undefined ? found : found.limit(limit)).toArray();
      return some.map(({ body }) => JSON.parse(body) as DocumentOf<K>);
    },
    put: async (document) => put(kind, document),
    update: async (orgId, id, change) => {
      const _id = idOf(kind, orgId, id);
      return turns(_id, async () => update(kind, _id, change));
    },
    delete: async (orgId, id) => deleteOne(idOf(kind, orgId, id)),
  });

  return {
    collections: Object.fromEntries(
      kinds.map((kind) => [kind, answeringInTime(collection(kind))]),
    ) as unknown as Collections,
    purge: async (now) => {
      let purged = 0;
      for (;;) {
        const expired = await documents
          .find({ expiresAt: { $lte: now } }, { projection: { ...asRead, shelf: 1 } })
          .limit(PURGED_AT_ONCE)
          .toArray();
        for (const { _id, version, lookups: held, shelf } of expired) {
          // For good: nobody writes what expired long ago.
          const { deletedCount } = await documents.deleteOne({ _id, version });
          if (deletedCount === 0 || shelf === NO_SHELF) continue;
          await claims.release(kindOf(_id), held);
          purged += 1;
        }
        if (expired.length < PURGED_AT_ONCE) return purged;
      }
    },

    prepare: async (some) => Promise.all(some.map(prepareOne)),

    apply: async (prepared) => {
      const deadline = createDeadline(clock);
      let refused: unknown;
      const applyOne = async (one: PreparedWrite): Promise<void> => {
        try {
          if (one.document !== undefined) await writeOver(deadline, one.kind, one.before, encode(one.document));
          else if (one.before !== null) await remove(deadline, idOf(one.kind, one.orgId, one.id), one.before);
        } catch (error) {
          if (!(error instanceof ChatError) || error.code !== 'conflict') throw error;
          refused = error;
        }
      };
      // First what may give lookups free, one after the other; what is new is in nobody's way.
      for (const one of prepared) if (one.before !== null) await applyOne(one);
      const fresh = prepared.filter(({ before }) => before === null);
      for (let i = 0; i < fresh.length; i += SIDE_BY_SIDE) {
        await Promise.all(fresh.slice(i, i + SIDE_BY_SIDE).map(applyOne));
      }
      if (refused !== undefined) throw refused;
    },
  };
};
