// Tasks that must not overlap in this process.

/** Runs the tasks of one key one after the other, in the order of asking; those of different keys side by side. */
export type Turns = <T>(key: string, task: () => Promise<T>) => Promise<T>;

export const createTurns = (): Turns => {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, task) => {
    const before = tails.get(key);
    const mine = before === undefined ? task() : before.then(task, task);
    tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === mine) tails.delete(key);
    }
  };
};
