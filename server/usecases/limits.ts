// Rates, counted on this node in token buckets: cheap enough for every packet, exact about when to try again.
import { ChatError } from '../../shared/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { SharedCounter } from '../ports/counter.ts';

export interface Rate {
  /** How many in the long run per `perMs`. */
  count: number;
  perMs: number;
  /** How many at once after a pause. */
  burst: number;
}

const minute = 60_000;
const hour = 60 * minute;

/** The defaults of SECURITY.md. */
export const rates = {
  message: { count: 20, perMs: minute, burst: 5 },
  typing: { count: 2, perMs: 1000, burst: 6 },
  lead: { count: 5, perMs: hour, burst: 5 },
  action: { count: 30, perMs: minute, burst: 10 },
  session: { count: 60, perMs: minute, burst: 20 },
  newSession: { count: 20, perMs: hour, burst: 20 },
  /** Sign-ins of one person: each page view of theirs may be one. */
  signIn: { count: 300, perMs: hour, burst: 60 },
  /** Staff: generous, a person at work must not meet it. */
  staff: { count: 20, perMs: 1000, burst: 60 },
  /** Answers of a model to one visitor, in however many conversations. */
  answer: { count: 60, perMs: 24 * hour, burst: 60 },
  /** Answers of a model to one address, over sockets and REST together. */
  answerFrom: { count: 100, perMs: hour, burst: 100 },
  /** Calls of one key at the contracts' provisioning routes. */
  provisioning: { count: 120, perMs: minute, burst: 120 },
  config: { count: 60, perMs: minute, burst: 60 },
  track: { count: 30, perMs: minute, burst: 30 },
  packet: { count: 20, perMs: 1000, burst: 40 },
} as const satisfies Record<string, Rate>;

interface Bucket {
  tokens: number;
  at: number;
}

const maxBuckets = 50_000;

/** Buckets of one rate, by key. Full buckets are forgotten first when there are too many. */
export class Limiter {
  readonly #rate: Rate;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** Takes one; 0 where there was one, else the ms until there is. */
  take(key: string): number {
    const { count, perMs, burst } = this.#rate;
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * count) / perMs);
    bucket.at = now;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > maxBuckets) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - bucket.tokens) * perMs) / count);
  }
}

const tooFast = (retryAfterMs: number): ChatError =>
  new ChatError('rate_limited', 'That was a bit fast; please wait a moment', { retryAfterMs });

export type RateName = keyof typeof rates;

/** All limiters of this node; with `isOff` everything passes (load tests). */
export class Limits {
  readonly #limiters: Record<RateName, Limiter>;
  readonly isOff: boolean;
  readonly #counter: SharedCounter | undefined;

  /** `counter`: counts over all nodes, where there are several. */
  constructor(clock: Clock, isOff: boolean, counter?: SharedCounter) {
    this.isOff = isOff;
    this.#counter = counter;
    this.#limiters = Object.fromEntries(
      Object.entries(rates).map(([name, rate]) => [name, new Limiter(rate, clock)]),
    ) as Record<RateName, Limiter>;
  }

  /** `rate_limited` with the time to wait, or undefined where it passes. */
  check(name: RateName, key: string): ChatError | undefined {
    if (this.isOff) return undefined;
    const retryAfterMs = this.#limiters[name].take(key);
    if (retryAfterMs === 0) return undefined;
    return tooFast(retryAfterMs);
  }

  /**
   * As `check`, over all nodes: for limits that somebody would get round by going to another node. Counts on this node
   * alone where the others cannot be asked.
   */
  async checkShared(name: RateName, key: string): Promise<ChatError | undefined> {
    if (this.isOff) return undefined;
    const retryAfterMs = await this.#counter?.take(name, rates[name], key);
    if (retryAfterMs === undefined) return this.check(name, key);
    return retryAfterMs === 0 ? undefined : tooFast(retryAfterMs);
  }
}
