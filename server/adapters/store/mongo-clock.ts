// The clock that all nodes of a database share: the server's, but it never goes back, however the clocks of members differ.

export interface SharedClock {
  /** Milliseconds since 1970; never less than before, and never less than what was heard. */
  now(): number;
  /** The server's clock says this right now. */
  measured(ms: number): void;
  /** Somebody stamped something with this: whoever stamps after hearing it stamps no less. */
  heard(ms: number): void;
  /** A node says again and again what it stamps: `heard`, and remembered for as long as it goes on saying so. */
  heardOf(node: string, ms: number): void;
  /** What the nodes stamp now that are behind, ms; none where all know this clock. */
  behind(): number[];
}

/**
 * Where the server's clock is behind what was said already (a new primary, a corrected clock), time goes on at this rate until
 * the server has caught up: no moment comes twice, and none holds the work of minutes.
 */
const HELD_RATE = 0.5;
/** A node that has said nothing new for so long is not there, ms. */
const SILENT_MS = 5000;
/** What is this much behind is on time, ms. */
const ON_TIME_MS = 2000;

/** @param monotonic milliseconds that never go back; no wall clock of this machine is asked */
export const createSharedClock = (monotonic: () => number): SharedClock => {
  /** The server's clock less `monotonic`. */
  let offset = Number.NEGATIVE_INFINITY;
  /** Time is at least this, counted from `at`. */
  let least = Number.NEGATIVE_INFINITY;
  let at = 0;
  /** What each node said last, and when that was news. */
  const said = new Map<string, { ms: number; at: number }>();

  const now = (): number => Math.max(monotonic() + offset, least + (monotonic() - at) * HELD_RATE);
  const hold = (ms: number): void => {
    least = ms;
    at = monotonic();
  };
  const heard = (ms: number): void => {
    if (ms > now()) hold(ms);
  };

  return {
    now,
    heard,
    measured: (ms) => {
      hold(now());
      offset = ms - monotonic();
    },
    heardOf: (node, ms) => {
      heard(ms);
      if (said.get(node)?.ms !== ms) said.set(node, { ms, at: monotonic() });
    },
    behind: () => {
      const [latest, since] = [now() - ON_TIME_MS, monotonic()];
      const found: number[] = [];
      for (const [node, one] of said) {
        if (since - one.at > SILENT_MS) said.delete(node);
        else if (one.ms + since - one.at < latest) found.push(one.ms + since - one.at);
      }
      return found;
    },
  };
};
