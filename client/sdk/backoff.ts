// Waits that grow, with full jitter: a thousand clients of a server that restarts must not come back in step.

export interface Backoff {
  /** ms */
  min: number;
  /** ms */
  max: number;
}

export const defaultBackoff: Backoff = { min: 500, max: 8000 };

/** A wait in ms before try number `attempt` (0 is the first repeat): anything from 0 to the grown bound. */
export const jitter = (attempt: number, { min, max }: Backoff): number =>
  Math.round(Math.random() * Math.min(max, min * 2 ** Math.min(attempt, 20)));

export const delay = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
