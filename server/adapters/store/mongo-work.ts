// What is to be done for the rows and texts of one conversation, and who waits for it.
import type { Entry } from '../../ports/store.ts';

/** Entries are this process's own; without any the log is read. */
export interface Work {
  entries: Entry[];
  /** What this process knows of the row was not what the database has. */
  isLost: boolean;
  tries: number;
  done: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export const createWork = (): Work => {
  let resolve = (): void => {};
  let reject: (error: unknown) => void = () => {};
  const done = new Promise<void>((yes, no) => ([resolve, reject] = [yes, no]));
  // Nobody has to wait for it.
  done.catch(() => {});
  return { entries: [], isLost: false, tries: 0, done, resolve, reject };
};
