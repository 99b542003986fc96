// An outage is told when it begins and once a minute, not once for each who meets it.
import { ChatError } from '../../../shared/errors.ts';
import type { Log } from '../../ports/telemetry.ts';

/** The same line about something that does not answer is written this often at most, ms. */
const EVERY_MS = 60_000;
/** Different lines that are remembered. */
const LINES = 500;

interface Told {
  at: number;
  /** How often it was left out since. */
  repeats: number;
}

const isOutage = ({ err }: Record<string, unknown>): boolean => err instanceof ChatError && err.code === 'unavailable';

/**
 * The same log, in which warnings and errors that come from something that does not answer (`err` is a ChatError `unavailable`)
 * are written once a minute for each message; the next one that is written says how many were left out (`repeats`).
 */
export const withoutRepeats = (log: Log, now: () => number = () => performance.now()): Log => {
  const told = new Map<string, Told>();
  const once =
    (write: Log['warn']): Log['warn'] =>
    (fields, message) => {
      if (!isOutage(fields)) {
        write(fields, message);
        return;
      }
      const last = told.get(message);
      if (last !== undefined && now() - last.at < EVERY_MS) {
        last.repeats += 1;
        return;
      }
      if (told.size >= LINES) told.clear();
      told.set(message, { at: now(), repeats: 0 });
      const repeats = last?.repeats ?? 0;
      write(repeats === 0 ? fields : { ...fields, repeats }, message);
    };
  return {
    ...log,
    warn: once((fields, message) => log.warn(fields, message)),
    error: once((fields, message) => log.error(fields, message)),
  };
};
