// Where tokens and unsent messages live: the browser's localStorage, or memory where that is absent or forbidden.
import type { KeyValueStorage } from './api.ts';

/** Lives as long as the page or the process. */
export const memoryStorage = (): KeyValueStorage => {
  const entries = new Map<string, string>();
  return {
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, text) => void entries.set(key, text),
    removeItem: (key) => void entries.delete(key),
    keys: () => [...entries.keys()],
  };
};

/** `localStorage`, shared by the tabs of an origin; memory where the browser denies it. */
export const browserStorage = (): KeyValueStorage => {
  try {
    const local = globalThis.localStorage;
    const probe = 'tiller:probe';
    local.setItem(probe, '1');
    local.removeItem(probe);
    return {
      getItem: (key) => local.getItem(key),
      setItem: (key, text) => local.setItem(key, text),
      removeItem: (key) => local.removeItem(key),
      keys: () => Array.from({ length: local.length }, (_, index) => local.key(index) ?? ''),
    };
  } catch {
    return memoryStorage();
  }
};

/** The same storage with every failure swallowed: a full or locked storage costs the memory of a reload, never a message. */
export const forgiving = (storage: KeyValueStorage): KeyValueStorage => {
  const attempt = <T>(work: () => T, otherwise: T): T => {
    try {
      return work();
    } catch {
      return otherwise;
    }
  };
  return {
    getItem: (key) => attempt(() => storage.getItem(key), null),
    setItem: (key, text) => attempt(() => storage.setItem(key, text), undefined),
    removeItem: (key) => attempt(() => storage.removeItem(key), undefined),
    keys: () => attempt(() => storage.keys(), []),
  };
};
