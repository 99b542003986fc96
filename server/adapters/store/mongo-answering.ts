// How the shared keeper fails in front of callers: as `unavailable`, and never later than the deadline.
import { MongoError } from 'mongodb';
import { ChatError } from '../../../shared/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { unavailable } from './answering.ts';
import { classify } from './mongo-errors.ts';

/** After this a caller is told `unavailable`, ms. What was asked may still happen: the outcome is unknown. */
export const DEADLINE_MS = 4500;

/** What a caller is told: never the driver's or the server's own error. Errors of ours are passed on. */
export const toldTo = (error: unknown): unknown => {
  if (error instanceof ChatError) return error;
  const fault = classify(error);
  switch (fault?.kind) {
    case undefined:
      return error;
    case 'misconfigured':
      // The log is read by who can change it.
      return unavailable(new Error(fault.remedy, { cause: error }));
    case 'too_large':
      return new ChatError('too_large', 'This is too large to be stored', { cause: error });
    case 'defect':
      return new ChatError('internal', 'Something went wrong on our side', { cause: error });
    default:
      return unavailable(error);
  }
};

/** The driver's own time limits do not hold while a server is frozen, so every call runs against a clock of ours. */
export const withinDeadline = async <T>(work: Promise<T>, ms = DEADLINE_MS): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unavailable(new Error(`no answer of MongoDB within ${ms} ms`))), ms);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw toldTo(error);
  } finally {
    clearTimeout(timer);
  }
};

/** The end of a call that takes several steps. Its caller has been told `unavailable` then, so that nothing more may begin. */
export interface Deadline {
  /** Asked right before each write. @throws ChatError `unavailable` once it has passed */
  check(): void;
}

export const createDeadline = (clock: Pick<Clock, 'monotonic'>, ms = DEADLINE_MS): Deadline => {
  const end = clock.monotonic() + ms;
  return {
    check: () => {
      if (clock.monotonic() >= end) throw unavailable(new Error(`the call was over after ${ms} ms`));
    },
  };
};

/** The same functions under the deadline; failures of the driver and of the server are told as the table of errors says. */
export const answeringInTime = <T extends object>(asks: T): T =>
  Object.fromEntries(
    Object.entries(asks as Record<string, (...values: unknown[]) => Promise<unknown>>).map(([name, ask]) => [
      name,
      async (...values: unknown[]) => withinDeadline(ask(...values)),
    ]),
  ) as T;

/** Writes that met another one are tried again this often. */
const TRIES = 6;
const MEET_AGAIN_MS = 20;

/**
 * Tries a write again that the server has undone because it met another one, after a moment that differs from the other's.
 * @throws whatever `write` did otherwise, or in the end
 */
export const unlessAborted = async <T>(write: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (tries === TRIES || classify(error)?.kind !== 'aborted') throw error;
      await new Promise((resolve) => setTimeout(resolve, tries * MEET_AGAIN_MS * Math.random()));
    }
  }
};

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
