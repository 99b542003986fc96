// Changes that were not saved: kept while the page lives, so that looking elsewhere loses nothing.
import { signal } from '@preact/signals';

const kept = signal<ReadonlyMap<string, object>>(new Map());

export const unsavedOf = <T extends object>(key: string): Partial<T> => kept.value.get(key) ?? {};

export const keepUnsaved = (key: string, changes: object): void => {
  const next = new Map(kept.value);
  if (Object.keys(changes).length === 0) next.delete(key);
  else next.set(key, changes);
  kept.value = next;
};

/** Asks before the page is left with changes. */
export const startUnsaved = (): void =>
  addEventListener('beforeunload', (event) => {
    if (kept.value.size > 0) event.preventDefault();
  });

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The changes with one more field; a field that is as it was stored is no change. */
export const changed = <T extends object>(stored: T, changes: Partial<T>, more: Partial<T>): Partial<T> => {
  const next = { ...changes, ...more };
  for (const field of Object.keys(next) as (keyof T)[]) {
    if (isSame(next[field], stored[field])) delete next[field];
  }
  return next;
};
