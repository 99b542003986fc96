// Lookups in MongoDB: each belongs to one document of its kind, which takes it by inserting it before it is written itself.
import { newHexId } from '../../../shared/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Kind } from '../../ports/documents.ts';
import { unavailable } from './answering.ts';
import { isDuplicate, unlessAborted } from './mongo-answering.ts';
import type { Deadline } from './mongo-answering.ts';
import type { ClaimDocument, KeptDocument } from './mongo-schema.ts';
import type { Server } from './mongo-server.ts';

export type Held = KeptDocument['lookups'];
/** A lookup as a writer took it; `instead`: the token of another writer of the same document, which was there before. */
export type Taken = Held[number] & { instead?: string };

/** Writers that meet at one lookup try again this often. */
const TRIES = 40;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 100;
/**
 * A lookup whose owner does not show it is given so long, ms, by the clock of whoever wants it: its owner may be about to be
 * written. After that its owner is fenced, so that a write of it that is still on its way is refused, and the lookup is free.
 */
const PATIENCE_MS = 1000;
/** A lookup that was taken so long ago, ms, by the server's clock, is not waited for: nobody takes so long to write a document. */
const OLD_MS = 15_000;

const pause = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What the lookups must know of the documents that own them. */
export interface Owners {
  isShown(owner: string, lookup: string): Promise<boolean>;
  /** False where the owner shows the lookup after all; else no write of it that began before can succeed any more. */
  fence(deadline: Deadline, owner: string, lookup: string): Promise<boolean>;
  /** Runs a compare-and-write of one document as one step. */
  asOneStep(name: string, write: () => Promise<boolean>): Promise<boolean>;
}

export interface Lookups {
  /** All of them for a document, or undefined and none where one is another's. */
  claimAll(deadline: Deadline, kind: Kind, wanted: readonly string[], owner: string): Promise<Taken[] | undefined>;
  /** As they are where the document is new; undefined and none where one is there already, whoever has it. */
  insertAll(deadline: Deadline, kind: Kind, wanted: readonly string[], owner: string): Promise<Taken[] | undefined>;
  /** Exactly those of these tokens. */
  release(kind: Kind, some: Held): Promise<void>;
  /**
   * Gives up what was taken for a write that did not come about. What another writer of the same document had taken before is
   * its own again: it may have won, and the document shows the lookup then.
   */
  giveUp(kind: Kind, taken: readonly Taken[]): Promise<void>;
  /** The document that has, or had, a lookup. */
  ownerOf(kind: Kind, lookup: string): Promise<string | undefined>;
}

export const createLookups = (server: Server, clock: Pick<Clock, 'monotonic'>, owners: Owners): Lookups => {
  const claims = server.collection<ClaimDocument>('lookups');

  const insert = async (deadline: Deadline, _id: string, owner: string): Promise<string | undefined> => {
    const token = newHexId();
    deadline.check();
    try {
      await unlessAborted(async () => claims.insertOne({ _id, owner, token, at: server.now() }));
      return token;
    } catch (error) {
      if (isDuplicate(error)) return undefined;
      throw error;
    }
  };

  /** Takes it from whoever was found to have it; false where that has changed. */
  const replace = async (deadline: Deadline, held: ClaimDocument, owner: string, token: string): Promise<boolean> => {
    const { _id } = held;
    return owners.asOneStep(`lookup/${_id}`, async () => {
      deadline.check();
      const { matchedCount } = await claims.updateOne(
        { _id, token: held.token },
        { $set: { owner, token, at: server.now() } },
      );
      return matchedCount === 1;
    });
  };

  /** Undefined where it is another's. */
  const claim = async (deadline: Deadline, kind: Kind, lookup: string, owner: string): Promise<Taken | undefined> => {
    const _id = `${kind}/${lookup}`;
    let watched = { token: '', since: 0 };
    let pauseMs = FIRST_PAUSE_MS;
    for (let tries = 0; tries < TRIES; tries++) {
      const inserted = await insert(deadline, _id, owner);
      if (inserted !== undefined) return { lookup, token: inserted };
      const held = await claims.findOne({ _id });
      if (held === null) continue;
      if (held.owner !== owner) {
        if (await owners.isShown(held.owner, lookup)) return undefined;
        if (held.token !== watched.token) watched = { token: held.token, since: clock.monotonic() };
        const isYoung = server.now() - held.at < OLD_MS;
        if (isYoung && clock.monotonic() - watched.since < PATIENCE_MS) {
          await pause(pauseMs);
          pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5);
          continue;
        }
        if (!(await owners.fence(deadline, held.owner, lookup))) return undefined;
      }
      // A token of one's own, so that another writer of the same document who gives the lookup up does not give up this.
      const token = newHexId();
      if (!(await replace(deadline, held, owner, token))) continue;
      return { lookup, token, ...(held.owner === owner ? { instead: held.token } : {}) };
    }
    throw unavailable(new Error('too many want one lookup'));
  };

  const release: Lookups['release'] = async (kind, some) => {
    await Promise.all(some.map(async ({ lookup, token }) => claims.deleteOne({ _id: `${kind}/${lookup}`, token })));
  };

  const giveUp: Lookups['giveUp'] = async (kind, taken) => {
    await Promise.all(
      taken.map(async ({ lookup, token, instead }) =>
        instead === undefined
          ? release(kind, [{ lookup, token }])
          : claims.updateOne({ _id: `${kind}/${lookup}`, token }, { $set: { token: instead } }),
      ),
    );
  };

  return {
    claimAll: async (deadline, kind, wanted, owner) => {
      const all: Taken[] = [];
      for (const lookup of wanted) {
        const taken = await claim(deadline, kind, lookup, owner);
        if (taken === undefined) {
          await giveUp(kind, all);
          return undefined;
        }
        all.push(taken);
      }
      return all;
    },

    insertAll: async (deadline, kind, wanted, owner) => {
      const claimed = await Promise.allSettled(
        wanted.map(async (lookup) => ({ lookup, token: await insert(deadline, `${kind}/${lookup}`, owner) })),
      );
      const taken = claimed.flatMap((one): Taken[] => {
        if (one.status === 'rejected' || one.value.token === undefined) return [];
        return [{ lookup: one.value.lookup, token: one.value.token }];
      });
      if (taken.length === wanted.length) return taken;
      await release(kind, taken);
      const failed = claimed.find((one) => one.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return undefined;
    },

    release,
    giveUp,
    ownerOf: async (kind, lookup) =>
      (await claims.findOne({ _id: `${kind}/${lookup}` }, { projection: { owner: 1 } }))?.owner,
  };
};
