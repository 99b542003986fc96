// Whether the shared keeper takes writes: a server whose disk or quota is full answers every question, and is of no use.
import { randomBytes } from 'node:crypto';
import type { Store } from '../../ports/store.ts';
import { isDuplicate } from './mongo-answering.ts';
import type { MetaDocument } from './mongo-schema.ts';
import type { Server } from './mongo-server.ts';

/** More than the rest of a page that was begun: a little room would say that there is room. */
const PROBE_BYTES = 16 * 1024;

/** What a process left that died while it could not write, ms. */
const LEFT_MS = 3_600_000;

export interface Writable {
  /** The same, with its outcomes noted. */
  watched(append: Store['append']): Store['append'];
  /**
   * After a failure only a write can show that writing works again, and a node that is not asked for any has to try one.
   * @throws whatever the server says
   */
  check(): Promise<void>;
  /** Deletes what processes that are gone have left. */
  sweep(): Promise<void>;
}

export const createWritable = (server: Server): Writable => {
  const meta = server.collection<MetaDocument>('meta');
  let isFailing = false;
  let checking: Promise<void> | undefined;

  /** One document for each process, so that probes that fail half-way, as often as they may, leave one behind and no more. */
  const _id = `probe/${randomBytes(8).toString('hex')}`;
  const insert = async (): Promise<unknown> =>
    meta.insertOne({ _id, ballast: randomBytes(PROBE_BYTES).toString('base64'), at: server.now() });
  const probe = async (): Promise<void> => {
    try {
      await insert();
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      // Of a probe that was told to have failed.
      await meta.deleteOne({ _id });
      await insert();
    }
    await meta.deleteOne({ _id });
    isFailing = false;
  };

  return {
    watched: (append) => async (entries) => {
      try {
        const appended = await append(entries);
        if (entries.length > 0) isFailing = false;
        return appended;
      } catch (error) {
        // What cannot be encoded says nothing about the server; nor does an index that refused.
        if (!(error instanceof TypeError) && !isDuplicate(error)) isFailing = true;
        throw error;
      }
    },
    check: async () => {
      if (!isFailing) return;
      checking ??= probe().finally(() => (checking = undefined));
      await checking;
    },
    // Of an older version too, whose probes had no time.
    sweep: async () => {
      const isProbe = { _id: { $gt: 'probe/', $lt: 'probe0' } };
      await meta.deleteMany({ ...isProbe, at: { $lt: server.now() - LEFT_MS } });
      await meta.deleteMany({ ...isProbe, at: { $exists: false } });
    },
  };
};
