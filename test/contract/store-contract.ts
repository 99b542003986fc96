// The contract of every keeper: what `server/ports/store.ts` promises, asked of a real one.
import { afterAll, beforeAll, describe, vi } from 'vitest';
import type { Appended, Entry, Store } from '../../server/ports/store.ts';
import { describeDocuments } from './document-promises.ts';
import { describeDurability } from './durability-promises.ts';
import { describeEdits } from './edit-promises.ts';
import { describeInbox } from './inbox-promises.ts';
import { describeLog } from './log-promises.ts';
import { describeSearch } from './search-promises.ts';
import { describeSide } from './side-promises.ts';

export interface Opened {
  store: Store;
  /** Closes the store and opens what it kept; absent where nothing is kept. */
  reopen?: () => Promise<Store>;
  /** After the store was closed. */
  dispose?: () => Promise<void>;
}

export interface Traits {
  /** Nothing outlives the process: [S1] is not asked. */
  isVolatile?: boolean;
  /** Rows, counts and search may come a little later ([S6], without multi-document transactions). */
  lags?: boolean;
}

/** What the parts of the suite work with. */
export interface Keeper {
  readonly store: Store;
  /** In as few calls as [S3] allows, in order. */
  append(...entries: Entry[]): Promise<Appended[]>;
  /** Asserts about projections: at once where they share the transaction. */
  settled(assert: () => Promise<void>): Promise<void>;
  reopen(): Promise<void>;
}

export const appendAll = async (store: Store, entries: readonly Entry[]): Promise<Appended[]> => {
  const results: Appended[] = [];
  let batch: Entry[] = [];
  const inBatch = new Map<string, number>();
  for (const entry of entries) {
    const { conversationId } = entry.commit;
    const count = inBatch.get(conversationId) ?? 0;
    if (count >= store.commitsPerConversation) {
      results.push(...(await store.append(batch)));
      batch = [];
      inBatch.clear();
    }
    batch.push(entry);
    inBatch.set(conversationId, (inBatch.get(conversationId) ?? 0) + 1);
  }
  return [...results, ...(await store.append(batch))];
};

/** Holds a keeper to its promises. Every test has its own organisations, so that one store serves the whole suite. */
export const describeStore = (name: string, open: () => Promise<Opened>, traits: Traits = {}): void => {
  describe(`${name} keeper`, () => {
    let opened: Opened | undefined;
    const current = (): Opened => {
      if (opened === undefined) throw new Error('not open yet');
      return opened;
    };
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => {
      await opened?.store.close();
      await opened?.dispose?.();
    });

    const keeper: Keeper = {
      get store() {
        return current().store;
      },
      append: async (...entries) => appendAll(current().store, entries),
      settled: async (assert) => {
        if (traits.lags === true) await vi.waitFor(assert, { timeout: 15_000, interval: 50 });
        else await assert();
      },
      reopen: async () => {
        const before = current();
        if (before.reopen === undefined) throw new Error(`${name} cannot be reopened`);
        opened = { ...before, store: await before.reopen() };
      },
    };

    const parts = [
      ['log', describeLog],
      ['documents', describeDocuments],
      ['edits', describeEdits],
      ['inbox', describeInbox],
      ['search', describeSearch],
      ['beside the log', describeSide],
      ...(traits.isVolatile === true ? [] : [['durability', describeDurability] as const]),
    ] as const;
    describe.each(parts)('%s', (_title, describePart) => {
      describePart(keeper);
    });
  });
};
