// Medians and percentiles over what a run measured.

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** NaN where there are no values. */
export const median = (values: readonly number[]): number => {
  const order = sorted(values);
  const middle = Math.floor(order.length / 2);
  if (order.length % 2 === 1) return order[middle]!;
  return order.length === 0 ? Number.NaN : (order[middle - 1]! + order[middle]!) / 2;
};

/** The smallest value that at least `share` (0 to 1) of all values do not exceed. */
export const percentile = (values: readonly number[], share: number): number => {
  const order = sorted(values);
  return order[Math.max(0, Math.ceil(order.length * share) - 1)] ?? Number.NaN;
};

const perBucket = 10;
const maxMs = 5000;

/** Counts of times in steps of 0.1 ms: millions of them cost no memory. Above 5 s they share the last bucket. */
export class Histogram {
  readonly #counts = new Uint32Array(maxMs * perBucket + 1);
  #total = 0;

  add(ms: number): void {
    const bucket = Math.min(maxMs * perBucket, Math.max(0, Math.round(ms * perBucket)));
    this.#counts[bucket]! += 1;
    this.#total += 1;
  }

  get total(): number {
    return this.#total;
  }

  percentile(share: number): number {
    let left = Math.ceil(this.#total * share);
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0 && this.#total > 0) return bucket / perBucket;
    }
    return Number.NaN;
  }
}

/** Milliseconds of the machine's monotonic clock, the same in every process on it. */
export const machineMs = (): number => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
};
