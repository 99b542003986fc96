// How the shared keeper fails in front of callers: as `unavailable`, and never later than the deadline.
import { MongoError } from 'mongodb';
import { unavailable } from './answering.ts';

/** After this a caller is told `unavailable`, ms. What was asked may still happen: the outcome is unknown. */
export const DEADLINE_MS = 4500;

/** The driver's own time limits do not hold while a server is frozen, so every call runs against a clock of ours. */
export const withinDeadline = async <T>(work: Promise<T>, ms = DEADLINE_MS): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unavailable(new Error(`no answer of MongoDB within ${ms} ms`))), ms);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw error instanceof MongoError ? unavailable(error) : error;
  } finally {
    clearTimeout(timer);
  }
};

/** The same functions under the deadline; failures of the driver and of the server are `unavailable` to callers. */
export const answeringInTime = <T extends object>(asks: T): T =>
  Object.fromEntries(
    Object.entries(asks as Record<string, (...values: unknown[]) => Promise<unknown>>).map(([name, ask]) => [
      name,
      async (...values: unknown[]) => withinDeadline(ask(...values)),
    ]),
  ) as T;

const DUPLICATE = 11_000;

/** A unique index refused it. */
export const isDuplicate = (error: unknown): boolean =>
  error instanceof MongoError && (error as MongoError & { code?: unknown }).code === DUPLICATE;

/** The places of an unordered `insertMany` that a unique index refused; undefined where anything else went wrong as well. */
export const duplicatesOf = (error: unknown): number[] | undefined => {
  const { writeErrors, result } = (error ?? {}) as {
    writeErrors?: { code?: unknown; index: number }[] | { code?: unknown; index: number };
    result?: { getWriteConcernError?: () => unknown };
  };
  if (!isDuplicate(error) || writeErrors === undefined) return undefined;
  if (result?.getWriteConcernError?.() !== undefined) return undefined;
  const errors = Array.isArray(writeErrors) ? writeErrors : [writeErrors];
  return errors.every(({ code }) => code === DUPLICATE) ? errors.map(({ index }) => index) : undefined;
};
