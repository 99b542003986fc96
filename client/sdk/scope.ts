// Whose a browser's stored entries are: each person who signs in has a part of the storage that no other page state reads.
import type { KeyValueStorage } from './api.ts';
import { onOtherTab } from './wake.ts';

/** 53 bits (cyrb53): tells people of one browser apart, and is not meant to keep their ids secret. */
const digest = (text: string): string => {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
};

/** The person that a token names. Not checked here, because only the server can: a forged one opens an empty part. */
const subjectOf = (token: string): string => {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    return String((JSON.parse(atob(payload)) as { sub?: unknown }).sub);
  } catch {
    return token;
  }
};

/** What the storage keys of a token's person begin with. */
export const scopeOfToken = (token: string): string => `~${digest(subjectOf(token))}:`;

export interface ScopedStorage extends KeyValueStorage {
  /** Changes that other tabs make to entries of the present scope: `text` is null where one was removed. Returns the undo. */
  onOtherTab: (changed: (key: string, text: string | null) => void) => () => void;
}

/** The storage as the present person sees it: keys that begin with `base` are kept under the scope. */
export const scoped = (storage: KeyValueStorage, base: string, scope: () => string): ScopedStorage => {
  const stored = (key: string): string => base + scope() + key.slice(base.length);
  const shown = (key: string): string | undefined => {
    const prefix = base + scope();
    return key.startsWith(prefix) ? base + key.slice(prefix.length) : undefined;
  };
  return {
    getItem: (key) => storage.getItem(stored(key)),
    setItem: (key, text) => storage.setItem(stored(key), text),
    removeItem: (key) => storage.removeItem(stored(key)),
    keys: () =>
      storage
        .keys()
        .map(shown)
        .filter((key) => key !== undefined),
    onOtherTab: (changed) =>
      onOtherTab((key, text) => {
        const known = shown(key);
        if (known !== undefined) changed(known, text);
      }),
  };
};
