// Whether the shared keeper takes writes: a server whose disk or quota is full answers every question, and is of no use.
import { randomBytes } from 'node:crypto';
import type { Store } from '../../ports/store.ts';
import { isDuplicate } from './mongo-answering.ts';
import type { MetaDocument } from './mongo-schema.ts';
import type { Server } from './mongo-server.ts';

/** More than the rest of a page that was begun: a little room would say that there is room. */
const PROBE_BYTES = 16 * 1024;

export interface Writable {
  /** The same, with its outcomes noted. */
  watched(append: Store['append']): Store['append'];
  /**
   * After a failure only a write can show that writing works again, and a node that is not asked for any has to try one.
   * @throws whatever the server says
   */
  check(): Promise<void>;
}

export const createWritable = (server: Server): Writable => {
  const meta = server.collection<MetaDocument>('meta');
  let isFailing = false;
  let checking: Promise<void> | undefined;

  const probe = async (): Promise<void> => {
    const _id = `probe/${randomBytes(8).toString('hex')}`;
    await meta.insertOne({ _id, ballast: randomBytes(PROBE_BYTES).toString('base64') });
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
  };
};
