// The entries of the outbox in the order in which they go, each with its copy in the storage.
import type { Ack } from '../../shared/wire.ts';
import type { KeyValueStorage, OutboxEntry } from './api.ts';
import { entryStore } from './outbox-storage.ts';

export interface Item {
  entry: OutboxEntry;
  order: number;
  /** Came from the storage: another tab may have dealt with it. */
  isForeign: boolean;
  wasTried: boolean;
  tries: number;
  /** Not to be sent before, ms. */
  due: number;
  answered?: (ack: Ack<unknown>) => void;
}

/** What a status other than `waiting` and `failed` has no use for. */
export const stripped = (entry: OutboxEntry): OutboxEntry => {
  const { retryAt: _retryAt, error: _error, ...rest } = entry;
  return rest;
};

export interface Entries {
  /** In order. */
  all: () => readonly Item[];
  find: (clientId: string) => Item | undefined;
  nextOrder: (createdAt: number) => number;
  insert: (item: Item) => void;
  change: (item: Item, next: OutboxEntry) => void;
  /** Writes the storage's copy. */
  save: (item: Item) => void;
  remove: (item: Item) => void;
  isStored: (clientId: string) => boolean;
  clearStored: () => void;
  /** Whose the storage is changes: the entries come along. */
  carry: (change: () => void) => void;
  /** Lets go of all entries; the storage keeps its copies for whose they are. */
  release: () => readonly Item[];
  /** Takes over what is in the storage and was made before `until` (ms). Returns the conversations that have more now. */
  adopt: (until: number) => Set<string>;
}

interface EntriesOptions {
  storage: KeyValueStorage;
  prefix: string;
  isStored: (command: string) => boolean;
  changed: (conversationId: string) => void;
}

export const createEntries = (options: EntriesOptions): Entries => {
  const stored = entryStore(options.storage, options.prefix);
  let items: Item[] = [];
  let lastOrder = 0;

  const find = (clientId: string): Item | undefined => items.find(({ entry }) => entry.clientId === clientId);

  const save = ({ entry, order, wasTried }: Item): void => {
    if (!options.isStored(entry.command)) return;
    const { clientId, conversationId, command, input, createdAt, status, error } = entry;
    const failed = status === 'failed' && error !== undefined ? { error } : {};
    stored.put({ clientId, conversationId, command, input, createdAt, order, wasTried, ...failed });
  };

  const change = (item: Item, next: OutboxEntry): void => {
    item.entry = next;
    options.changed(next.conversationId);
  };

  const remove = (item: Item): void => {
    items = items.filter((one) => one !== item);
    stored.remove(item.entry.clientId);
    options.changed(item.entry.conversationId);
  };

  const insert = (item: Item): void => {
    items = [...items, item].sort((a, b) => a.order - b.order || (a.entry.clientId < b.entry.clientId ? -1 : 1));
    lastOrder = Math.max(lastOrder, item.order);
  };

  const adopt = (until: number): Set<string> => {
    const touched = new Set<string>();
    for (const { order, wasTried, error, ...rest } of stored.all()) {
      if (rest.createdAt > until || find(rest.clientId) !== undefined) continue;
      const entry: OutboxEntry = {
        ...rest,
        status: error === undefined ? 'queued' : 'failed',
        ...(error && { error }),
      };
      insert({ entry, order, isForeign: true, wasTried, tries: 0, due: 0 });
      touched.add(entry.conversationId);
    }
    return touched;
  };

  return {
    all: () => items,
    find,
    nextOrder: (createdAt) => Math.max(createdAt, lastOrder + 1),
    insert,
    change,
    save,
    remove,
    isStored: stored.has,
    clearStored: () => {
      for (const { clientId } of stored.all()) stored.remove(clientId);
    },
    carry: (enter) => {
      const mine = items.filter(({ entry }) => stored.has(entry.clientId));
      for (const { entry } of mine) stored.remove(entry.clientId);
      enter();
      for (const item of mine) save(item);
    },
    release: () => {
      const released = items;
      items = [];
      return released;
    },
    adopt,
  };
};
