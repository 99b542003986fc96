// What is kept beside the log and never fsynced: texts of answers in flight, and how far each side has read.
import type { Reads } from '../../../shared/view.ts';
import type { Checkpoint, Store } from '../../ports/store.ts';
import { unavailable } from './answering.ts';
import type { Database } from './sqlite-schema.ts';
import type { Writer } from './sqlite-writer.ts';

type Checkpoints = Pick<Store, 'saveCheckpoint' | 'checkpoint'>;

const KEPT = 10_000;

/** A promise with its two ends, for Node 20. */
const settlement = (): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } => {
  let resolve = (): void => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
};

/** A thousand answers at once write one transaction in this time instead of hundreds, ms. */
const GATHER_MS = 100;

/** Checkpoints in their own file (`synchronous=OFF`): of what comes within a tenth of a second the latest is written. */
export const createCheckpoints = (db: Database): Checkpoints & { flush(): void } => {
  const save = db.prepare('INSERT OR REPLACE INTO checkpoints (conversation, body) VALUES (?, ?)');
  const select = db.prepare('SELECT body FROM checkpoints WHERE conversation = ?');
  let waiting = new Map<string, string>();
  let settle: ReturnType<typeof settlement> | undefined;
  let scheduled: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(scheduled);
    scheduled = undefined;
    const [bodies, settled] = [waiting, settle];
    waiting = new Map();
    settle = undefined;
    if (settled === undefined) return;
    try {
      if (db.isTransaction) db.exec('ROLLBACK');
      db.exec('BEGIN IMMEDIATE');
      for (const [conversationId, body] of bodies) save.run(conversationId, body);
      db.exec('COMMIT');
      settled.resolve();
    } catch (error) {
      settled.reject(unavailable(error));
    }
  };

  // An answer that ended leaves its text behind: forget the bulk of them at each start.
  db.exec(
    `DELETE FROM checkpoints WHERE (SELECT count(*) FROM checkpoints) > ${KEPT}
     AND conversation NOT IN (SELECT conversation FROM checkpoints ORDER BY conversation DESC LIMIT ${KEPT})`,
  );

  return {
    saveCheckpoint: async (conversationId, checkpoint) => {
      waiting.set(conversationId, JSON.stringify(checkpoint));
      settle ??= settlement();
      scheduled ??= setTimeout(flush, GATHER_MS);
      return settle.promise;
    },
    checkpoint: async (conversationId) => {
      const kept = waiting.get(conversationId);
      if (kept !== undefined) return JSON.parse(kept) as Checkpoint;
      const found = select.get(conversationId) as { body: string } | undefined;
      return found && (JSON.parse(found.body) as Checkpoint);
    },
    flush,
  };
};

type ReadMarks = Pick<Store, 'advanceRead' | 'reads'>;

/** Read marks in the main file, written with whatever is committed next, or without an fsync. */
export const createReadMarks = (db: Database, writer: Writer): ReadMarks => {
  const select = db.prepare('SELECT visitor, staff FROM reads WHERE conversation = ?');
  const advance = db.prepare(
    `INSERT INTO reads (conversation, visitor, staff) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET visitor = max(visitor, excluded.visitor), staff = max(staff, excluded.staff)
     RETURNING visitor, staff`,
  );
  const readsOf = (conversationId: string): Reads => {
    const found = select.get(conversationId) as Reads | undefined;
    return found === undefined ? { visitor: 0, staff: 0 } : { visitor: found.visitor, staff: found.staff };
  };

  return {
    advanceRead: async (conversationId, who, seq) => {
      const before = readsOf(conversationId);
      if (before[who] >= seq) return before;
      return writer.write(
        () => {
          const after = advance.get(conversationId, who === 'visitor' ? seq : 0, who === 'staff' ? seq : 0) as Reads;
          return { visitor: after.visitor, staff: after.staff };
        },
        { isDurable: false },
      );
    },
    reads: async (conversationIds) => conversationIds.map(readsOf),
  };
};
