// A value that changes, and a list of listeners: all the reactivity that the SDK needs.
import type { Observable } from './api.ts';

export interface Value<T> extends Observable<T> {
  set: (next: T) => void;
}

/** A listener that throws must not tear the protocol down with it: its error is reported as an uncaught one. */
const callSafely = (work: () => void): void => {
  try {
    work();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
};

export interface Emitter<A extends unknown[]> {
  emit: (...args: A) => void;
  /** Returns the undo. */
  on: (listener: (...args: A) => void) => () => void;
}

export const emitter = <A extends unknown[]>(): Emitter<A> => {
  const listeners = new Set<{ call: (...args: A) => void }>();
  return {
    emit: (...args) => {
      // Those who join during the round wait for the next one.
      for (const listener of Array.from(listeners)) {
        if (listeners.has(listener)) callSafely(() => listener.call(...args));
      }
    },
    on: (call) => {
      const listener = { call };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};

/** `set` with the same value (by `Object.is`) tells nobody. */
export const value = <T>(initial: T): Value<T> => {
  let current = initial;
  const changes = emitter<[T]>();
  return {
    get: () => current,
    set: (next) => {
      if (Object.is(next, current)) return;
      current = next;
      changes.emit(next);
    },
    subscribe: changes.on,
  };
};
