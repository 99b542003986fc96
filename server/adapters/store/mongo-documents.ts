// Documents in MongoDB: one collection for every kind, and one of lookups, each of which is taken by inserting it.
import { ChatError } from '../../../shared/errors.ts';
import { newHexId } from '../../../shared/ids.ts';
import { createTurns } from '../../../shared/turns.ts';
import type { Clock } from '../../ports/clock.ts';
import { groups, kinds, lookups } from '../../ports/documents.ts';
import type { Base, Collections, DocumentOf, Kind } from '../../ports/documents.ts';
import type { Collection } from '../../ports/store.ts';
import { unavailable } from './answering.ts';
import { answeringInTime, isDuplicate } from './mongo-answering.ts';
import { Recent } from './mongo-commits.ts';
import { createLocks } from './mongo-locks.ts';
import type { Terms } from './mongo-locks.ts';
import type { ClaimDocument, KeptDocument } from './mongo-schema.ts';
import type { Server } from './mongo-server.ts';

const PURGED_AT_ONCE = 200;
/** Writers that meet at one document try again this often. */
const TRIES = 20;
/** A lookup whose owner does not show it is a crash's leftover after this, ms; before, its owner may be about to be written. */
const CLAIM_MS = 30_000;
/** Lookups whose owners are remembered. */
const OWNERS = 20_000;
/** Of the one write under a lock, where a server needs that; the wait ends within the deadline of a call. */
const writeTerms: Terms = { holdMs: 2000, breakMs: 3500, waitMs: 4200 };

export interface MongoDocuments {
  collections: Collections;
  purge(now: number): Promise<number>;
}

type Held = KeptDocument['lookups'];
/** A lookup as a writer took it; `instead`: the token of another writer of the same document, which was there before. */
type Taken = Held[number] & { instead?: string };
/** What a writer must know of what it writes over. */
type AsRead = Pick<KeptDocument, 'version' | 'lookups'>;

interface Encoded<T> {
  document: T & Base;
  body: string;
}

/** As it is at the time of the call: later changes of the object are not taken. */
const encode = <T>(given: T): Encoded<T> => {
  const body = JSON.stringify(given);
  return { body, document: JSON.parse(body) as T & Base };
};

const shelfOf = (kind: Kind, orgId: string): string => `${kind}/${orgId}`;
const idOf = (kind: Kind, orgId: string, id: string): string => `${kind}/${orgId}/${id}`;

const keptOf = <K extends Kind>(
  kind: K,
  { document, body }: Encoded<DocumentOf<K>>,
  version: number,
  held: Held,
): KeptDocument => ({
  _id: idOf(kind, document.orgId, document.id),
  shelf: shelfOf(kind, document.orgId),
  id: document.id,
  group: groups[kind](document),
  ...(document.expiresAt === undefined ? {} : { expiresAt: document.expiresAt }),
  version,
  lookups: held,
  body,
});

const conflict = (): ChatError => new ChatError('conflict', 'Another one has this key or address already');

export const createMongoDocuments = (server: Server, clock: Clock): MongoDocuments => {
  const documents = server.collection<KeptDocument>('documents');
  const turns = createTurns();
  const writes = createLocks(server, clock, writeTerms);
  const claims = server.collection<ClaimDocument>('lookups');
  /** Whose a lookup was when it was found last. Only a hint: the document itself says whether it still is. */
  const owners = new Recent<string>(OWNERS);

  /** Under whatever token: of two writers of one document the one that lost may have taken the lookup last. */
  const isShown = async (owner: string, lookup: string): Promise<boolean> => {
    const found = await documents.findOne({ _id: owner }, { projection: { lookups: 1 } });
    return found?.lookups.some((one) => one.lookup === lookup) ?? false;
  };

  /** Takes a lookup for a document; undefined where it is another's. */
  const claim = async (kind: Kind, lookup: string, owner: string): Promise<Taken | undefined> => {
    const _id = `${kind}/${lookup}`;
    const token = newHexId();
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        await claims.insertOne({ _id, owner, token, at: server.now() });
        return { lookup, token };
      } catch (error) {
        if (!isDuplicate(error)) throw error;
      }
      const held = await claims.findOne({ _id });
      if (held === null) continue;
      // A token of one's own, so that another writer of the same document who gives the lookup up does not give up this.
      if (held.owner !== owner) {
        if (server.now() - held.at < CLAIM_MS || (await isShown(held.owner, lookup))) return undefined;
      }
      const { modifiedCount } = await claims.updateOne(
        { _id, token: held.token },
        { $set: { owner, token, at: server.now() } },
      );
      if (modifiedCount === 0) continue;
      return { lookup, token, ...(held.owner === owner ? { instead: held.token } : {}) };
    }
    throw unavailable();
  };

  const release = async (kind: Kind, some: Held): Promise<void> => {
    await Promise.all(some.map(async ({ lookup, token }) => claims.deleteOne({ _id: `${kind}/${lookup}`, token })));
  };

  /**
   * Gives up what was taken for a write that did not come about. What another writer of the same document had taken before is
   * its own again: it may have won, and the document shows the lookup then.
   */
  const giveUp = async (kind: Kind, taken: readonly Taken[]): Promise<void> => {
    await Promise.all(
      taken.map(async ({ lookup, token, instead }) =>
        instead === undefined
          ? release(kind, [{ lookup, token }])
          : claims.updateOne({ _id: `${kind}/${lookup}`, token }, { $set: { token: instead } }),
      ),
    );
  };

  /** All of them or none. */
  const claimAll = async (kind: Kind, wanted: readonly string[], owner: string): Promise<Taken[] | undefined> => {
    const all: Taken[] = [];
    for (const lookup of wanted) {
      const taken = await claim(kind, lookup, owner);
      if (taken === undefined) {
        await giveUp(kind, all);
        return undefined;
      }
      all.push(taken);
    }
    return all;
  };

  /**
   * Replaces the version before; false where somebody else wrote or deleted it in between. MongoDB finds and replaces in one
   * step. FerretDB 1 finds, then replaces, and two may find the same version: there this one step has a lock around it.
   */
  const replace = async (document: KeptDocument): Promise<boolean> => {
    const { _id, version } = document;
    const once = async (): Promise<boolean> =>
      (await documents.replaceOne({ _id, version: version - 1 }, document)).matchedCount === 1;
    if (server.isNative) return once();
    return writes.exclusively(`document/${_id}`, async (stillMine) => {
      stillMine();
      return once();
    });
  };

  const write = async (document: KeptDocument): Promise<boolean> => {
    if (document.version > 1) return replace(document);
    try {
      await documents.insertOne(document);
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  };

  /** Writes over what was read; false where that has changed since. */
  const writeOver = async <K extends Kind>(
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
    const taken = await claimAll(kind, added, _id);
    if (taken === undefined) throw conflict();
    const shown = [...kept, ...taken.map(({ lookup, token }) => ({ lookup, token }))];
    const isWritten = await write(keptOf(kind, encoded, (before?.version ?? 0) + 1, shown));
    if (!isWritten) await giveUp(kind, taken);
    else
      await release(
        kind,
        held.filter(({ lookup }) => !wanted.includes(lookup)),
      );
    return isWritten;
  };

  /** Writes what is new, which most is, without looking first; false where something in it is not. */
  const insert = async <K extends Kind>(kind: K, encoded: Encoded<DocumentOf<K>>): Promise<boolean> => {
    const { document } = encoded;
    const owner = idOf(kind, document.orgId, document.id);
    const wanted = [...new Set(lookups[kind](document))];
    const claimed = await Promise.allSettled(
      wanted.map(async (lookup) => {
        const token = newHexId();
        await claims.insertOne({ _id: `${kind}/${lookup}`, owner, token, at: server.now() });
        return { lookup, token };
      }),
    );
    const taken = claimed.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = claimed.find((one) => one.status === 'rejected');
    const isNew = failed === undefined && (await write(keptOf(kind, encoded, 1, taken)));
    if (isNew) return true;
    await release(kind, taken);
    if (failed !== undefined && !isDuplicate(failed.reason)) throw failed.reason;
    return false;
  };

  const put = async <K extends Kind>(kind: K, given: DocumentOf<K>): Promise<void> => {
    const encoded = encode(given);
    if (await insert(kind, encoded)) return;
    const _id = idOf(kind, given.orgId, given.id);
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await documents.findOne({ _id }, { projection: { version: 1, lookups: 1 } });
      if (await writeOver(kind, before, encoded)) return;
    }
    throw unavailable();
  };

  const update = async <K extends Kind>(
    kind: K,
    _id: string,
    change: (before: DocumentOf<K> | undefined) => DocumentOf<K> | undefined | Promise<DocumentOf<K> | undefined>,
  ): Promise<DocumentOf<K> | undefined> => {
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await documents.findOne({ _id }, { projection: { version: 1, lookups: 1, body: 1 } });
      const parsed = (): DocumentOf<K> | undefined =>
        before === null ? undefined : (JSON.parse(before.body) as DocumentOf<K>);
      const changed = await change(parsed());
      if (changed === undefined) return parsed();
      if (await writeOver(kind, before, encode(changed))) return changed;
    }
    throw unavailable();
  };

  /** Deletes it as it was read, and gives its lookups free; false where it has changed since. */
  const remove = async (found: Pick<KeptDocument, '_id' | 'version' | 'lookups'>): Promise<boolean> => {
    const { deletedCount } = await documents.deleteOne({ _id: found._id, version: found.version });
    if (deletedCount === 0) return false;
    await release(found._id.slice(0, found._id.indexOf('/')) as Kind, found.lookups);
    return true;
  };

  const removable = { version: 1, lookups: 1 } as const;

  const deleteOne = async (_id: string): Promise<boolean> => {
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await documents.findOne({ _id }, { projection: removable });
      if (found === null) return false;
      if (await remove(found)) return true;
    }
    throw unavailable();
  };

  const shown = { body: 1 } as const;

  const collection = <K extends Kind>(kind: K): Collection<DocumentOf<K>> => ({
    get: async (orgId, id) => {
      const found = await documents.findOne({ _id: idOf(kind, orgId, id) }, { projection: shown });
      return found === null ? undefined : (JSON.parse(found.body) as DocumentOf<K>);
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
      const claimed = await claims.findOne({ _id: name }, { projection: { owner: 1 } });
      if (claimed === null) return undefined;
      const found = await shownBy(claimed.owner);
      if (found !== undefined) owners.set(name, claimed.owner);
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
          .find({ expiresAt: { $lte: now } }, { projection: removable })
          .limit(PURGED_AT_ONCE)
          .toArray();
        for (const one of expired) if (await remove(one)) purged += 1;
        if (expired.length < PURGED_AT_ONCE) return purged;
      }
    },
  };
};
