// When a node has too much to do, and who waits then: newcomers first, then visitors; never staff, and never what ends work. It
// is judged by time and not by length: how long the oldest command waits until it is taken up and until it is answered, how far
// what follows a commit is behind, and how late the event loop is.
// Refusing comes before anything else is done, the looking up of keys included, for that is work too. So the refusal is
// `unavailable`, which says nothing about the outcome: the same key finds it out later.
import { ChatError } from '../../shared/errors.ts';
import type { WireError } from '../../shared/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Pulse } from '../ports/pulse.ts';
import type { Log, Metrics } from '../ports/telemetry.ts';
import { Limiter } from './limits.ts';
import { Openings } from './openings.ts';
import type { Comer } from './openings.ts';
import type { Rate } from './limits.ts';

/**
 * A command that waits for longer is late, and so is an event loop, which a busy machine holds up for everybody. Work that is
 * not answered after so long stands in a line of the store's, wherever that is, ms.
 */
const lateMs = { command: 500, loop: 1000, answer: 2000 } as const;
/**
 * Where rows are written after the ack, a commit that waits for its own for longer than `fromMs` shows that more is acknowledged
 * than the store can follow. From then on there is as much under way as it follows in `aimMs`: one comes in for each that is
 * done, so that it neither runs dry nor falls behind. (Between everything and nothing it would swing.) A few may be under way
 * however slow it is, but nothing comes in while the oldest waits for longer than `untilMs`: then it stands still.
 */
const owed = { fromMs: 1000, aimMs: 2000, untilMs: 6000, few: 50 } as const;
/** Lateness must stand for so long without a break: a slow fsync or a collector at work is no overload, ms. */
const standingMs = 500;
/**
 * While there is too much to do, commands gather for half as long as the last batch took, so that a store whose price is per
 * write is used to the full; after a batch of more than a second for less and less, or nobody would be answered in time, ms.
 */
const gatherMs = { tiny: 50, least: 150, most: 500 } as const;
const longBatchMs = 1000;

/** After a slow batch the next is no larger than what that speed writes in a second; after others it may be twice as large. */
const slowBatchMs = 500;
const mostAtOnce = { slow: 8, fast: 256 } as const;

const gatherAfter = (tookMs: number): number =>
  tookMs > longBatchMs
    ? Math.max(gatherMs.tiny, gatherMs.most * (longBatchMs / tookMs) ** 2)
    : Math.max(gatherMs.least, tookMs / 2);

/** It is over when for so long nobody had to be refused, ms. */
const calmMs = 3000;
/** The event loop is looked at no more often than this, ms. */
const lookMs = 100;
/**
 * Newcomers who are let in all the same, however much there is to do: among them are those whose node has died, and lateness
 * that does not end would shut them out for good.
 */
const newcomers: Rate = { count: 10, perMs: 1000, burst: 10 };
/** Handshakes in progress; staff find as many places again. */
const maxArriving = 100;
/** After so long a handshake waits for its client and not for us, ms. */
const arrivingMs = 500;
/** When to come again, ms: longer the longer it lasts, and for everybody another time within it. */
const retryMs = { first: 1000, longest: 5000 } as const;

/** What whoever is refused is told. Bare, because most are refused on a path on which making an error would be dear. */
export const tooMuchToDo = (retryAfterMs: number): WireError => ({
  code: 'unavailable',
  message: 'There is too much to do right now; please try again in a moment',
  retryAfterMs,
});

/** The same to be thrown. */
export const tooMuch = (retryAfterMs: number): ChatError => {
  const { code, message } = tooMuchToDo(retryAfterMs);
  return new ChatError(code, message, { retryAfterMs });
};

/** CoDel's rule: one late moment says nothing; being late at every look for an interval does. */
class Standing {
  readonly #lateMs: number;
  #since: number | undefined;

  constructor(ms: number) {
    this.#lateMs = ms;
  }

  /** Whether it has been late without a break for `standingMs`. */
  note(waitedMs: number, now: number): boolean {
    if (waitedMs <= this.#lateMs) this.#since = undefined;
    else this.#since ??= now;
    return this.#since !== undefined && now - this.#since >= standingMs;
  }
}

/** What must follow the commits of this node (`FollowUps`). */
export interface Owing {
  /** Commits that nothing has followed yet. */
  owed(): number;
  /** How long the oldest of them waits, ms. */
  owedMs(): number;
  /** Commits that are followed a ms at best; 0 where that is not known yet. */
  speed(): number;
}

export interface AdmissionDeps {
  clock: Clock;
  pulse: Pulse;
  log: Log;
  metrics: Metrics;
  /** Where rows are written after the ack. */
  owing?: Owing;
}

export class Admission {
  readonly #deps: AdmissionDeps;
  /** Since when the oldest command waits that was not taken up yet. */
  #waitingSince: number | undefined;
  readonly #waits = new Standing(lateMs.command);
  readonly #loop = new Standing(lateMs.loop);
  #lookedAt = 0;
  #isLoopLate = false;
  /** Since when there is too much to do, and when somebody was refused last. */
  #overSince: number | undefined;
  #refusedAt = 0;
  #refusals = 0;
  #ending: NodeJS.Timeout | undefined;
  /** Handshakes in progress, oldest first, with when they began. */
  readonly #arriving = new Map<object, number>();
  readonly #newcomers: Limiter;
  /** Work that was taken on and is not answered yet, oldest first. */
  readonly #unanswered = new Set<{ at: number }>();
  readonly #openings: Openings;
  /** Commands have waited for too long since there is too much to do: they gather. */
  #isGathering = false;
  /** Since when newcomers are turned away, and when the last one was. */
  #crowdedSince = 0;
  #crowdedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    this.#newcomers = new Limiter(newcomers, deps.clock);
    this.#openings = new Openings(deps.clock);
  }

  #gatherMs: number = gatherMs.least;
  #takenAt = 0;
  #mostAtOnce: number = mostAtOnce.fast;
  #size = 0;

  /** Does work that was taken on, and remembers since when nobody was told what came of it. */
  async during<T>(task: () => Promise<T>): Promise<T> {
    const begun = { at: this.#deps.clock.monotonic() };
    this.#unanswered.add(begun);
    try {
      return await task();
    } finally {
      this.#unanswered.delete(begun);
    }
  }

  /** A command was queued. */
  queued(): void {
    this.#waitingSince ??= this.#deps.clock.monotonic();
  }

  /** How many of those that are queued, the oldest first, are to be taken up now. */
  take(queued: number): number {
    this.#size = Math.min(queued, this.#mostAtOnce);
    const now = this.#deps.clock.monotonic();
    this.#takenAt = now;
    if (this.#waitingSince === undefined) return this.#size;
    const isLate = this.#waits.note(now - this.#waitingSince, now);
    // Those who are left count from when the oldest was queued: until all are taken up they are late.
    if (this.#size === queued) this.#waitingSince = undefined;
    if (isLate) {
      this.#isGathering = true;
      this.#begin(now, 'commands wait');
    }
    return this.#size;
  }

  /** The batch that was taken up is done. */
  done(): void {
    const tookMs = this.#deps.clock.monotonic() - this.#takenAt;
    this.#gatherMs = gatherAfter(tookMs);
    this.#mostAtOnce =
      tookMs > slowBatchMs
        ? Math.max(mostAtOnce.slow, Math.round((this.#size * longBatchMs) / tookMs))
        : Math.max(mostAtOnce.fast, this.#size * 2);
  }

  /** May new work of a visitor be taken on? 0, or the ms after which to ask again. Costs next to nothing. */
  work(): number {
    const [oldest] = this.#unanswered;
    if (this.#waitingSince === undefined && oldest === undefined && this.#deps.owing === undefined) return 0;
    const now = this.#deps.clock.monotonic();
    const because = this.#whyNot(now, oldest);
    if (because === undefined) {
      this.#mayEnd(now);
      return 0;
    }
    this.#begin(now, because);
    return this.#refuse(now);
  }

  #whyNot(now: number, oldest: { at: number } | undefined): string | undefined {
    const waitedMs = now - (this.#waitingSince ?? now);
    const mayWaitMs = this.#isGathering ? this.#gatherMs : lateMs.command;
    if (waitedMs > mayWaitMs && (this.#isGathering || this.#waits.note(waitedMs, now))) {
      this.#isGathering = true;
      return 'commands wait';
    }
    if (oldest !== undefined && now - oldest.at > lateMs.answer) return 'work is not answered';
    return this.#isFollowed() ? undefined : 'rows lag behind';
  }

  /** Whether what must follow commits keeps up with them. */
  #isFollowed(): boolean {
    const { owing } = this.#deps;
    const ms = owing?.owedMs() ?? 0;
    if (owing === undefined || (ms <= owed.fromMs && this.#overSince === undefined)) return true;
    const speed = owing.speed();
    if (ms > owed.untilMs || speed === 0) return ms <= owed.aimMs;
    return this.#unanswered.size + owing.owed() < Math.max(owed.few, speed * owed.aimMs);
  }

  /**
   * May somebody new connect? 0, and a place is held until `arrived` is called with the same `request`; or the ms after which
   * to ask again.
   */
  arrive(request: object, who: 'visitor' | 'staff'): number {
    const now = this.#deps.clock.monotonic();
    for (const [other, at] of this.#arriving) {
      if (now - at < arrivingMs) break;
      this.#arriving.delete(other);
    }
    this.#mayEnd(now);
    const isVisitor = who === 'visitor';
    if (this.#arriving.size >= (isVisitor ? maxArriving : maxArriving * 2)) return this.#crowded(now);
    if (isVisitor && this.#openings.isFull()) return this.#crowded(now);
    if (isVisitor && this.#isBehind(now) && this.#newcomers.take('') > 0) return this.#crowded(now);
    this.#arriving.set(request, now);
    return 0;
  }

  /** For a visitor who was not let in and is not told why: 0, or the ms after which to ask again. */
  newcomersWait(): number {
    const now = this.#deps.clock.monotonic();
    this.#mayEnd(now);
    const isCrowded = this.#arriving.size >= maxArriving || this.#openings.isFull();
    return isCrowded || this.#isBehind(now) ? this.#crowded(now) : 0;
  }

  #isBehind(now: number): boolean {
    return this.#overSince !== undefined || this.#isLate(now);
  }

  /** The handshake of this request is over, one way or the other. */
  arrived(request: object): void {
    this.#arriving.delete(request);
  }

  /** Opens a session when there is a place for it. @throws ChatError `unavailable` where the line is too slow */
  open<T>(who: Comer, task: () => Promise<T>): Promise<T> {
    return this.#openings.open(who, task, () => tooMuch(this.#crowded(this.#deps.clock.monotonic())));
  }

  #isLate(now: number): boolean {
    if (now - this.#lookedAt >= lookMs) {
      const late = this.#deps.pulse.lateMs();
      // What happened while nobody asked is over.
      const isFresh = now - this.#lookedAt < standingMs;
      this.#lookedAt = now;
      this.#isLoopLate = this.#loop.note(isFresh ? late : 0, now);
    }
    return this.#isLoopLate;
  }

  #refuse(now: number): number {
    this.#refusedAt = now;
    this.#refusals += 1;
    return this.#retryAfter(now, this.#overSince ?? now);
  }

  /** A newcomer is turned away: when to come again, ms. */
  #crowded(now: number): number {
    if (now - this.#crowdedAt > calmMs) this.#crowdedSince = now;
    this.#crowdedAt = now;
    return this.#retryAfter(now, this.#crowdedSince);
  }

  #retryAfter(now: number, since: number): number {
    const stoodMs = now - since;
    const upTo = Math.min(retryMs.longest, retryMs.first * 2 + stoodMs / 4);
    return Math.round(retryMs.first + Math.random() * (upTo - retryMs.first));
  }

  #begin(now: number, because: string): void {
    if (this.#overSince !== undefined) return;
    this.#overSince = now;
    this.#refusedAt = now;
    this.#refusals = 0;
    this.#ending = setInterval(() => this.#mayEnd(this.#deps.clock.monotonic()), calmMs / 3).unref();
    this.#deps.metrics.overloaded(true);
    this.#deps.log.warn({ because }, 'too much to do: newcomers and new work of visitors are refused for a moment');
  }

  #mayEnd(now: number): void {
    if (this.#overSince === undefined || now - this.#refusedAt < calmMs) return;
    const ms = Math.round(now - this.#overSince);
    this.#overSince = undefined;
    this.#isGathering = false;
    clearInterval(this.#ending);
    this.#deps.metrics.overloaded(false);
    this.#deps.log.info({ ms, refused: this.#refusals }, 'no more to do than can be done');
  }
}
