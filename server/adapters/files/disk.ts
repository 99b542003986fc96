// Files in a folder: the default. A file is written aside and moved into its place, so that a crash leaves none half-written.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ChatError } from '../../../shared/errors.ts';
import { isFileKey } from '../../ports/files.ts';
import type { Files } from '../../ports/files.ts';

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';

/** An outage of the disk is told as such: nobody's input was wrong. */
const tried = async <T>(task: () => Promise<T>): Promise<T> => {
  try {
    return await task();
  } catch (error) {
    if (error instanceof ChatError) throw error;
    throw new ChatError('unavailable', 'Files cannot be kept right now', { cause: error });
  }
};

const synced = async (path: string, how: 'r' | 'w', bytes?: Uint8Array | string): Promise<void> => {
  const file = await open(path, how, 0o600);
  try {
    if (bytes !== undefined) await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
};

const placed = async (path: string, bytes: Uint8Array | string): Promise<void> => {
  const aside = `${path}~${randomUUID()}`;
  try {
    await synced(aside, 'w', bytes);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
};

/** `~` is in no key, so what a file is can lie beside it. */
const typePath = (path: string): string => `${path}~type`;

/**
 * Keeps files below `folder`, which is made when first needed (mode 0700).
 * @throws ChatError in its calls: `invalid` for what is no key, `unavailable` where the disk fails
 */
export const openDiskFiles = (folder: string): Files => {
  const root = resolve(folder);
  const pathOf = (key: string): string => {
    if (!isFileKey(key)) throw new ChatError('invalid', 'This is not the key of a file');
    return join(root, key);
  };
  return {
    put: (key, { bytes, mediaType }) =>
      tried(async () => {
        const path = pathOf(key);
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        // Its type first: bytes that are there always have one.
        await placed(typePath(path), mediaType);
        await placed(path, bytes);
        await synced(dirname(path), 'r');
      }),
    get: (key) =>
      tried(async () => {
        const path = pathOf(key);
        try {
          const [bytes, mediaType] = await Promise.all([readFile(path), readFile(typePath(path), 'utf8')]);
          return { bytes, mediaType };
        } catch (error) {
          // A folder on the way is a part of other keys, not a file.
          if (isMissing(error) || codeOf(error) === 'EISDIR') return undefined;
          throw error;
        }
      }),
    delete: (key) =>
      tried(async () => {
        const path = pathOf(key);
        for (const each of [path, typePath(path)]) {
          await rm(each, { force: true }).catch((error: unknown) => {
            if (!isMissing(error)) throw error;
          });
        }
      }),
  };
};
