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

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const kib = 1024;
const mib = 1024 * kib;

/** The defaults of SECURITY.md. */
export const rates = {
  message: { count: 20, perMs: minute, burst: 5 },
  typing: { count: 2, perMs: second, burst: 6 },
  lead: { count: 5, perMs: hour, burst: 5 },
  action: { count: 30, perMs: minute, burst: 10 },
  session: { count: 60, perMs: minute, burst: 20 },
  /** Of one address at one widget. */
  newSession: { count: 20, perMs: hour, burst: 20 },
  /** Sign-ins of one person: each page view of theirs may be one. */
  signIn: { count: 300, perMs: hour, burst: 60 },
  /** Of one address at all widgets. */
  newSessions: { count: 200, perMs: hour, burst: 200 },
  /** Conversations begun from one address in sessions that are open. */
  newConversation: { count: 120, perMs: hour, burst: 60 },
  /** Calls of one address at contract 003, all routes together. Generous: an office shares an address. */
  page: { count: 600, perMs: minute, burst: 300 },
  /** Bytes of history: of one visitor, however many sockets and sessions they have, and of all at one address. */
  history: { count: mib, perMs: second, burst: 8 * mib },
  historyFrom: { count: 8 * mib, perMs: second, burst: 32 * mib },
  /** Bytes kept for repeats of requests with an `Idempotency-Key`: of one key of staff, one visitor, one address. */
  remembered: { count: 32 * mib, perMs: day, burst: 8 * mib },
  rememberedBy: { count: 4 * mib, perMs: day, burst: 512 * kib },
  rememberedFrom: { count: 32 * mib, perMs: day, burst: 4 * mib },
  /** Staff: generous, a person at work must not meet it. */
  staff: { count: 20, perMs: second, burst: 60 },
  /** Answers of a model to one visitor, in however many conversations. */
  answer: { count: 60, perMs: day, burst: 60 },
  /** Answers of a model to one address, over sockets and REST together. */
  answerFrom: { count: 100, perMs: hour, burst: 100 },
  /** Calls of one key at the contracts' provisioning routes. */
  provisioning: { count: 120, perMs: minute, burst: 120 },
  config: { count: 60, perMs: minute, burst: 60 },
  track: { count: 30, perMs: minute, burst: 30 },
  packet: { count: 20, perMs: second, burst: 40 },
} as const satisfies Record<string, Rate>;

interface Bucket {
  tokens: number;
  at: number;
}

const maxBuckets = 50_000;

/**
 * Keeps a map small: where it has grown beyond `most`, a tenth goes, those that were set longest ago. Many at once, because
 * finding the oldest costs a walk over all that were deleted before it.
 */
export const forgetOldest = (map: Map<string, unknown>, most: number): void => {
  if (map.size <= most) return;
  let left = map.size - Math.floor(most * 0.9);
  for (const key of map.keys()) {
    map.delete(key);
    if ((left -= 1) === 0) return;
  }
};

/**
 * Buckets of one rate, by key. Where there are too many, those that were used longest ago are forgotten, which forgives them. Nobody
 * gains by making others' buckets go: who has so many keys has as many buckets (see `Limits.checkFrom` for addresses).
 */
export class Limiter {
  readonly #rate: Rate;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /**
   * Takes `cost`, where at least one is there: 0 then, else the ms until there is. What costs more than is there leaves a debt, which
   * is paid before anything else passes; a cost of 0 only asks.
   */
  take(key: string, cost = 1): number {
    const bucket = this.#filled(key);
    if (bucket.tokens >= 1) {
      bucket.tokens -= cost;
      return 0;
    }
    const { count, perMs } = this.#rate;
    return Math.ceil(((1 - bucket.tokens) * perMs) / count);
  }

  /** Takes `cost` in any case: for what is known only once it is done. */
  charge(key: string, cost: number): void {
    this.#filled(key).tokens -= cost;
  }

  #filled(key: string): Bucket {
    const { count, perMs, burst } = this.#rate;
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * count) / perMs);
    bucket.at = now;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    forgetOldest(this.#buckets, maxBuckets);
    return bucket;
  }
}

const tooFast = (retryAfterMs: number): ChatError =>
  new ChatError('rate_limited', 'That was a bit fast; please wait a moment', { retryAfterMs });

export type RateName = keyof typeof rates;

/** A site that has an IPv6 /48 has 65,536 of the networks that count as one address; together they may do this much more. */
export const perSite = 50;

/** The /48 around an address as limits count it (`addressKey`); undefined where it is no IPv6 /64. */
export const siteOf = (address: string): string | undefined => {
  const site = /^([0-9a-f]+:[0-9a-f]+:[0-9a-f]+):[0-9a-f]+::\/64$/.exec(address)?.[1];
  return site === undefined ? undefined : `${site}::/48`;
};

const widened = ({ count, perMs, burst }: Rate): Rate => ({ count: count * perSite, perMs, burst: burst * perSite });

const limitersOf = (clock: Clock, change: (rate: Rate) => Rate): Record<RateName, Limiter> =>
  Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, new Limiter(change(rate), clock)])) as Record<
    RateName,
    Limiter
  >;

/** What more a check may say. */
interface From {
  /** Counts apart what one address does here and elsewhere: the id of a widget. */
  at?: string;
  cost?: number;
}

/** All limiters of this node; with `isOff` everything passes (load tests). */
export class Limits {
  readonly #limiters: Record<RateName, Limiter>;
  readonly #sites: Record<RateName, Limiter>;
  readonly isOff: boolean;
  readonly #counter: SharedCounter | undefined;

  /** `counter`: counts over all nodes, where there are several. */
  constructor(clock: Clock, isOff: boolean, counter?: SharedCounter) {
    this.isOff = isOff;
    this.#counter = counter;
    this.#limiters = limitersOf(clock, (rate) => rate);
    this.#sites = limitersOf(clock, widened);
  }

  /** `rate_limited` with the time to wait, or undefined where it passes. A cost of 0 only asks. */
  check(name: RateName, key: string, cost = 1): ChatError | undefined {
    if (this.isOff) return undefined;
    const retryAfterMs = this.#limiters[name].take(key, cost);
    if (retryAfterMs === 0) return undefined;
    return tooFast(retryAfterMs);
  }

  /**
   * As `check`, for an address (`addressKey`). Of IPv6 the /48 is counted too: with it somebody has more addresses than there are
   * buckets, and each would be new.
   */
  checkFrom(name: RateName, address: string, { at, cost = 1 }: From = {}): ChatError | undefined {
    if (this.isOff) return undefined;
    const site = siteOf(address);
    const retryAfterMs =
      this.#limiters[name].take(placed(address, at), cost) ||
      (site === undefined ? 0 : this.#sites[name].take(placed(site, at), cost));
    return retryAfterMs === 0 ? undefined : tooFast(retryAfterMs);
  }

  /** Takes what a call turned out to cost, of an address or of anybody else. */
  charge(name: RateName, key: string, cost: number): void {
    if (this.isOff) return;
    this.#limiters[name].charge(key, cost);
    const site = siteOf(key);
    if (site !== undefined) this.#sites[name].charge(site, cost);
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

  /** As `checkFrom`, over all nodes. */
  async checkSharedFrom(name: RateName, address: string, there: Pick<From, 'at'> = {}): Promise<ChatError | undefined> {
    if (this.isOff) return undefined;
    const here = await this.#counter?.take(name, rates[name], placed(address, there.at));
    if (here === undefined) return this.checkFrom(name, address, there);
    if (here > 0) return tooFast(here);
    const site = siteOf(address);
    if (site === undefined) return undefined;
    const around = await this.#counter?.take(`${name}:site`, widened(rates[name]), placed(site, there.at));
    return around === undefined || around === 0 ? undefined : tooFast(around);
  }
}

const placed = (address: string, at: string | undefined): string => (at === undefined ? address : `${address} ${at}`);
