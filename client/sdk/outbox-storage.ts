// The stored form of the outbox: one storage entry per message, so that two tabs cannot overwrite each other's.
import type { WireError } from '../../shared/errors.ts';
import type { KeyValueStorage, OutboxEntry } from './api.ts';

export interface StoredEntry {
  clientId: string;
  conversationId: string;
  command: OutboxEntry['command'];
  input: Record<string, unknown>;
  createdAt: number;
  /** Rises with every entry of a tab; among tabs it follows the clock. */
  order: number;
  /** It was sent at least once, so it may have arrived. */
  wasTried: boolean;
  /** It was refused for good. */
  error?: WireError;
}

const parse = (text: string | null): StoredEntry | undefined => {
  try {
    const given = JSON.parse(text ?? 'null') as Partial<StoredEntry> | null;
    const isWhole =
      typeof given?.clientId === 'string' &&
      typeof given.conversationId === 'string' &&
      typeof given.command === 'string' &&
      typeof given.input === 'object' &&
      typeof given.createdAt === 'number' &&
      typeof given.order === 'number';
    return isWhole ? ({ wasTried: true, ...given } as StoredEntry) : undefined;
  } catch {
    return undefined;
  }
};

export const entryStore = (storage: KeyValueStorage, prefix: string) => ({
  put: (entry: StoredEntry): void => storage.setItem(prefix + entry.clientId, JSON.stringify(entry)),
  has: (clientId: string): boolean => storage.getItem(prefix + clientId) !== null,
  remove: (clientId: string): void => storage.removeItem(prefix + clientId),
  /** Oldest first; what is not an entry is passed over. */
  all: (): StoredEntry[] =>
    storage
      .keys()
      .filter((key) => key.startsWith(prefix))
      .map((key) => parse(storage.getItem(key)))
      .filter((entry) => entry !== undefined)
      .sort((a, b) => a.order - b.order),
});
