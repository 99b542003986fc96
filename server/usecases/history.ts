// How much of their history visitors may read: a budget in bytes, because a page of it may hold one line or megabytes.
import { createTurns } from '../../shared/turns.ts';
import type { Turns } from '../../shared/turns.ts';
import type { Limits } from './limits.ts';

/** Who reads, over however many sockets, sessions and surfaces. */
export interface Reader {
  visitorId: string;
  /** As limits count it; undefined where it is not counted. */
  address: string | undefined;
}

/** The turns of each node's readers. */
const turns = new WeakMap<Limits, Turns>();

const turnsOf = (limits: Limits): Turns => {
  let found = turns.get(limits);
  if (found === undefined) turns.set(limits, (found = createTurns()));
  return found;
};

/**
 * Reads facts on behalf of a visitor, and charges what was read. Reads of one visitor follow each other: side by side they would all
 * be let in before any of them is charged.
 * @param factsOf what of it is history
 * @throws ChatError `rate_limited` with the time to wait, before anything is read
 */
export const readHistory = async <T>(
  limits: Limits,
  { visitorId, address }: Reader,
  read: () => Promise<T>,
  factsOf: (given: T) => readonly unknown[],
): Promise<T> => {
  if (limits.isOff) return read();
  return turnsOf(limits)(visitorId, async () => {
    const refusal =
      limits.check('history', visitorId, 0) ??
      (address === undefined ? undefined : limits.checkFrom('historyFrom', address, { cost: 0 }));
    if (refusal !== undefined) throw refusal;
    const given = await read();
    const bytes = Buffer.byteLength(JSON.stringify(factsOf(given)));
    limits.charge('history', visitorId, bytes);
    if (address !== undefined) limits.charge('historyFrom', address, bytes);
    return given;
  });
};
