// Whether what answers is the server that a majority follows. A primary that lost its majority does not know it for ten seconds,
// and gives old answers as if they were those of a majority.
import type { ClientSession } from 'mongodb';
import { withinDeadline } from './mongo-answering.ts';
import type { Server } from './mongo-server.ts';

/** A proof that takes longer is none, ms: an owner that waits for it must not speak meanwhile. */
export const PROOF_MS = 700;

/** A majority has taken a write of this node, made after the proof was asked for. */
export interface Proof {
  /** What is read in it is no older than the write. */
  session: ClientSession | undefined;
  /** Asked after the reading: whether what was read came from where the write was taken, or is no older than it. */
  holds(): boolean;
  end(): void;
}

/**
 * Asks a majority to take a write. What is read after it, at the same server or in the same session, holds every commit that was
 * acknowledged before: a primary that others outvoted gets no majority any more, and the one that was elected instead has those
 * commits below this write. A linearizable read of one document would prove no less at the same price, but DocumentDB has none,
 * and it says nothing of the other shards, which a session does: each waits until it is as far as the write.
 * @param write writes something that changes, and tells whether it did
 * @returns undefined where no majority took it in time
 */
export const prove = async (
  server: Server,
  write: (session: ClientSession | undefined) => Promise<boolean>,
): Promise<Proof | undefined> => {
  const [breaks, primary] = [server.breaks(), server.primary()];
  const session = server.hasSessions ? server.db.client.startSession({ causalConsistency: true }) : undefined;
  const writing = write(session);
  // A session that is in use must not be used by another.
  const end = (): void => void writing.catch(() => {}).finally(() => void session?.endSession().catch(() => {}));
  try {
    if (!(await withinDeadline(writing, PROOF_MS))) throw new Error('nothing was written');
  } catch {
    end();
    return undefined;
  }
  // The time of the write: no commit before it was stamped with less than its cluster says here.
  const { operationTime } = session ?? {};
  if (operationTime !== undefined) server.clock.heard(operationTime.getHighBits() * 1000);
  return {
    session,
    end,
    holds: () => {
      if (!server.isClockSure()) return false;
      if (operationTime !== undefined) return true;
      return primary !== undefined && primary === server.primary() && breaks === server.breaks();
    },
  };
};
