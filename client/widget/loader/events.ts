// The page's listeners. One that throws does not keep the others, or the widget, from going on.

export type Listener = (detail: unknown) => void;

export interface Emitter {
  on(event: unknown, listener: unknown): () => void;
  off(event: unknown, listener?: unknown): void;
  emit: (event: string, detail: unknown) => void;
}

export const createEmitter = (): Emitter => {
  const listeners = new Map<unknown, Set<Listener>>();
  const off = (event: unknown, listener?: unknown): void => {
    if (listener) listeners.get(event)?.delete(listener as Listener);
    else listeners.delete(event);
  };
  return {
    off,
    on(event, listener) {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(listener as Listener));
      return () => off(event, listener);
    },
    emit(event, detail) {
      for (const listener of listeners.get(event) ?? []) {
        try {
          listener(detail);
        } catch (error) {
          console.error(error);
        }
      }
    },
  };
};
