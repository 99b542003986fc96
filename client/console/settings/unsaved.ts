// Changes that were not saved: kept while the page lives, so that looking elsewhere loses nothing.
import { signal } from '@preact/signals';

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const kept = signal<ReadonlyMap<string, object>>(new Map());

const nothing = {};

export const unsavedOf = <T extends object>(key: string): Partial<T> => kept.value.get(key) ?? nothing;

/** Takes away what was saved; what was typed since stays. */
export const dropSaved = (key: string, saved: object): void => {
  const left = Object.entries(unsavedOf<Record<string, unknown>>(key)).filter(
    ([name, value]) => !(name in saved) || !isSame(value, saved[name as keyof typeof saved]),
  );
  keepUnsaved(key, Object.fromEntries(left));
};

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

/** The changes with one more field; a field that is as it was stored is no change. */
export const changed = <T extends object>(stored: T, changes: Partial<T>, more: Partial<T>): Partial<T> => {
  const next = { ...changes, ...more };
  for (const field of Object.keys(next) as (keyof T)[]) {
    if (isSame(next[field], stored[field])) delete next[field];
  }
  return next;
};
