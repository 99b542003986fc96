// One process per data folder: the folder is made, tried and locked before a database in it is touched.
import { closeSync, existsSync, mkdirSync, openSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';

/** Why the store cannot start. The message is for the person who started the server. */
export class StoreStartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreStartError';
  }
}

export const sqliteCode = (error: unknown): number => {
  const code = (error as { sqliteCode?: unknown } | null)?.sqliteCode;
  return typeof code === 'number' ? code & 0xff : 0;
};

const BUSY = 5;
const LOCKED = 6;

const reasonOf = (error: unknown): string => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not write there';
  if (code === 'EROFS') return 'the file system is read-only';
  if (code === 'ENOSPC') return 'the disk is full';
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'a part of the path is a file';
  return (error as Error).message;
};

/** `mkdirSync`'s own recursion never ends where the system answers ENOENT for a child of a folder that is there (/proc). */
const makeFolder = (folder: string): void => {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
};

const prepareFolder = (folder: string): void => {
  try {
    makeFolder(folder);
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
    const probe = join(folder, `.probe-${process.pid}`);
    const file = openSync(probe, 'w', 0o600);
    try {
      writeSync(file, 'x');
    } finally {
      closeSync(file);
      unlinkSync(probe);
    }
  } catch (error) {
    throw new StoreStartError(`Cannot write to the data folder ${folder}: ${reasonOf(error)}. Set DATA_DIR.`, error);
  }
};

/**
 * Makes the folder (mode 0700) and holds it until the returned function is called. The lock is the operating system's, on
 * `lock.db`, so that a killed process leaves none behind.
 * @throws StoreStartError where the folder cannot be written to or another process holds it
 */
export const lockDataDir = (dataDir: string): (() => void) => {
  const folder = resolve(dataDir);
  prepareFolder(folder);
  const path = join(folder, 'lock.db');
  closeSync(openSync(path, 'a', 0o600));
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    const code = sqliteCode(error);
    if (code === BUSY || code === LOCKED) {
      throw new StoreStartError(
        `The data folder ${folder} is in use by another running server. Stop that one, or set DATA_DIR to another folder.`,
        error,
      );
    }
    throw new StoreStartError(`The data folder ${folder} cannot be locked: ${(error as Error).message}`, error);
  }
  return () => db.close();
};
