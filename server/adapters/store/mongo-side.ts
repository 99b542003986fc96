// What is kept beside the log: texts of answers in flight, how far each side has read, and the nodes' signs of life.
import type { ClientSession } from 'mongodb';
import type { Reads } from '../../../shared/view.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Checkpoint, SharedStore, Store } from '../../ports/store.ts';
import { unavailable } from './answering.ts';
import { isDuplicate } from './mongo-answering.ts';
import { createGatherer } from './mongo-gatherer.ts';
import type { CheckpointDocument, NodeDocument, ReadsDocument } from './mongo-schema.ts';
import { PROOF_MS } from './mongo-proof.ts';
import { findAmong, updateEach } from './mongo-server.ts';
import type { Server } from './mongo-server.ts';

/** Need not survive what a majority survives: the answer in flight is claimed again, a mark is moved again. */
const LIGHTLY = { writeConcern: { w: 1, journal: false } } as const;
/** Read as it was written. */
const LATEST = { readConcern: { level: 'local' } } as const;

/** A thousand answers at once write one batch in this time instead of hundreds, ms. */
const CHECKPOINT_MS = 100;
const READS_MS = 5;
/** Texts of answers that ended are of no use for longer. */
const CHECKPOINT_LIFE_MS = 86_400_000;
const NODE_LIFE_MS = 3_600_000;

export interface MongoSide
  extends
    Pick<Store, 'saveCheckpoint' | 'checkpoint' | 'advanceRead' | 'reads'>,
    Pick<SharedStore, 'beat' | 'beats' | 'leave'> {
  /** Deletes what is of no use any more. */
  sweep: () => Promise<void>;
  /**
   * Writes to this node's sign of life and waits for a majority, whatever that takes of `PROOF_MS`; false where the node has
   * given none yet, so that nothing was written.
   */
  sign: (session: ClientSession | undefined) => Promise<boolean>;
  flush: () => Promise<void>;
}

export const createMongoSide = (server: Server, clock: Pick<Clock, 'monotonic'>): MongoSide => {
  const checkpoints = server.collection<CheckpointDocument>('checkpoints');
  const marks = server.collection<ReadsDocument>('reads');
  const nodes = server.collection<NodeDocument>('nodes');
  /** Whose sign of life is given here. */
  let me: string | undefined;

  const saving = createGatherer<string>(
    clock,
    CHECKPOINT_MS,
    (_, value) => value,
    async (values) => {
      const at = server.now();
      const updates = [...values].map(([_id, body]) => ({
        filter: { _id },
        update: { $set: { body, at } },
        upsert: true,
      }));
      await updateEach(checkpoints, server.isNative, updates, LIGHTLY);
    },
  );

  const advanceOne = async (_id: string, reads: Reads): Promise<void> => {
    for (let tries = 0; ; tries++) {
      try {
        await marks.updateOne({ _id }, { $max: { ...reads } }, { upsert: true, ...LIGHTLY });
        return;
      } catch (error) {
        // Made by two at once.
        if (tries === 2 || !isDuplicate(error)) throw error;
      }
    }
  };

  const advancing = createGatherer<Reads>(
    clock,
    READS_MS,
    (before = { visitor: 0, staff: 0 }, value) => ({
      visitor: Math.max(before.visitor, value.visitor),
      staff: Math.max(before.staff, value.staff),
    }),
    async (values) => {
      await Promise.all([...values].map(async ([id, reads]) => advanceOne(id, reads)));
    },
  );

  const latestMarks = server.collection<ReadsDocument>('reads', LATEST);
  const readsOf = async (ids: readonly string[]): Promise<Reads[]> => {
    const found = await findAmong(server, latestMarks, '_id', [...new Set(ids)]);
    const byId = new Map(found.map(({ _id, visitor, staff }) => [_id, { visitor, staff }]));
    return ids.map((id) => byId.get(id) ?? { visitor: 0, staff: 0 });
  };

  return {
    saveCheckpoint: async (conversationId, checkpoint) => saving.add(conversationId, JSON.stringify(checkpoint)),

    checkpoint: async (conversationId) => {
      const kept = saving.get(conversationId);
      if (kept !== undefined) return JSON.parse(kept) as Checkpoint;
      const found = await checkpoints.findOne({ _id: conversationId }, LATEST);
      return found === null ? undefined : (JSON.parse(found.body) as Checkpoint);
    },

    advanceRead: async (conversationId, who, seq) => {
      // Nothing was read: a mark would stay for a conversation that may never begin.
      if (seq <= 0) return (await readsOf([conversationId]))[0] ?? { visitor: 0, staff: 0 };
      await advancing.add(conversationId, {
        visitor: who === 'visitor' ? seq : 0,
        staff: who === 'staff' ? seq : 0,
      });
      const [after] = await readsOf([conversationId]);
      if (after === undefined) throw unavailable();
      return after;
    },

    reads: readsOf,

    beat: async (node, counter, about) => {
      me = node;
      await nodes.replaceOne({ _id: node }, { counter, about, at: server.now() }, { upsert: true, ...LIGHTLY });
    },

    beats: async () => {
      const found = await nodes.find({}, LATEST).toArray();
      // Each says how late it is by its clock: nobody stamps less than what others have stamped.
      for (const { _id, at } of found) server.clock.heardOf(_id, at);
      const oldest = server.now() - NODE_LIFE_MS;
      return found.filter(({ at }) => at >= oldest).map(({ _id, counter, about }) => ({ node: _id, counter, about }));
    },

    sign: async (session) => {
      if (me === undefined) return false;
      const writeConcern = { w: 'majority', wtimeoutMS: PROOF_MS } as const;
      // A write that changes nothing waits for nobody.
      const options = { writeConcern, ...(session && { session }) };
      const { modifiedCount } = await nodes.updateOne({ _id: me }, { $inc: { proofs: 1 } }, options);
      return modifiedCount === 1;
    },

    leave: async (node) => {
      me = undefined;
      await nodes.deleteOne({ _id: node }, LIGHTLY);
    },

    sweep: async () => {
      const now = server.now();
      await checkpoints.deleteMany({ at: { $lt: now - CHECKPOINT_LIFE_MS } });
      await nodes.deleteMany({ at: { $lt: now - NODE_LIFE_MS } });
    },

    flush: async () => {
      await Promise.all([saving.flush(), advancing.flush()]);
    },
  };
};
