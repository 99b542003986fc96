// Many small writes made few: what comes while one is under way, or too soon after it, goes together.
import type { Clock } from '../../ports/clock.ts';

export interface Gatherer<V> {
  /** Resolves once this value, or what it was merged into, is written. @throws what `write` did */
  add(key: string, value: V): Promise<void>;
  /** What is not written yet. */
  get(key: string): V | undefined;
  /** Writes at once what waits. Never rejects. */
  flush(): Promise<void>;
}

interface Gathered<V> {
  values: Map<string, V>;
  done: Promise<void>;
}

/**
 * Gathers by key, and writes one batch after the other, every `everyMs` at most: of what comes meanwhile only the last (as
 * `merge` says) is written. After a while of silence the first one is written in the next turn of the loop.
 */
export const createGatherer = <V>(
  clock: Pick<Clock, 'monotonic'>,
  everyMs: number,
  merge: (before: V | undefined, value: V) => V,
  write: (values: Map<string, V>) => Promise<void>,
): Gatherer<V> => {
  let waiting: Gathered<V> | undefined;
  let writing: Gathered<V> | undefined;
  let beganAt = Number.NEGATIVE_INFINITY;
  let hurry = (): void => {};

  const begin = (): Gathered<V> => {
    const before = writing?.done;
    const gathered: Gathered<V> = { values: new Map(), done: Promise.resolve() };
    gathered.done = (async () => {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(everyMs, Math.max(0, beganAt + everyMs - clock.monotonic())));
        hurry = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      await before?.catch(() => {});
      waiting = undefined;
      writing = gathered;
      beganAt = clock.monotonic();
      try {
        await write(gathered.values);
      } finally {
        if (writing === gathered) writing = undefined;
      }
    })();
    return gathered;
  };

  return {
    add: async (key, value) => {
      waiting ??= begin();
      waiting.values.set(key, merge(waiting.values.get(key), value));
      return waiting.done;
    },
    get: (key) => waiting?.values.get(key) ?? writing?.values.get(key),
    flush: async () => {
      const all = [writing, waiting];
      hurry();
      await Promise.allSettled(all.map(async (one) => one?.done));
    },
  };
};
