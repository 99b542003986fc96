// How the embedded keeper fails in front of callers: always as `unavailable`, whatever SQLite said.
import { ChatError } from '../../../shared/errors.ts';

/** The outcome is unknown: a full disk, a held lock, a closed store. */
export const unavailable = (cause?: unknown): ChatError =>
  new ChatError('unavailable', 'The store did not answer', cause === undefined ? {} : { cause });

/** A statement that failed, or a database that is closed; anything else is a mistake of ours and stays what it is. */
const isOfDatabase = (error: unknown): boolean => {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === 'ERR_SQLITE_ERROR' || code === 'ERR_INVALID_STATE';
};

/** The same functions, whose failures of the database are `unavailable` to callers. */
export const answering = <T extends object>(asks: T): T =>
  Object.fromEntries(
    Object.entries(asks as Record<string, (...values: unknown[]) => Promise<unknown>>).map(([name, ask]) => [
      name,
      async (...values: unknown[]) => {
        try {
          return await ask(...values);
        } catch (error) {
          throw isOfDatabase(error) ? unavailable(error) : error;
        }
      },
    ]),
  ) as T;
