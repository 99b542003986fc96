// Which seconds of the feed a reader looks at: arithmetic alone, so that a test can run it through every clock there may be.
import type { FeedCursor } from '../../ports/store.ts';

/** When a look is made. */
export interface Moment {
  /** By the reader's monotonic clock, ms. */
  at: number;
  /** The second that it is by the clock all nodes share, which is what they stamp. */
  second: number;
  /** The seconds that others stamp who are behind: builds that know no shared clock. Hardly ever any. */
  behind: readonly number[];
  /** How often the connection broke or led to another server: what was read before may have been a member left behind. */
  breaks: number;
}

/** What a look finds of a commit. */
export interface Found {
  _id: string;
  bucket: number;
}

/**
 * A second is read at every look until it has been over for `YOUNG` s, and then at these ages. An append that takes longer than
 * the deadline resolves with `unavailable`, so what is still to come when a second is closed comes by `undone`; the rest is for
 * nodes whose idea of the time is apart: each hears the others every second and asks the server every 20. With a look every 2 s
 * no two looks at a second are more than 5 s apart.
 */
const YOUNG = 2;
const AGES = [5, 8, 11, 14, 17, 20] as const;
const LAST_AGE = 20;
/** A reader begins this far back, s: what is given twice harms nobody. */
const BACK = 3;
/** Seconds opened at one look after an outage. */
const AT_ONCE = 30;
/** Nobody is given what is older than this, s: a clock that is wrong by years must not cost a look at each second of them. */
const FARTHEST = 3600;
/** A primary that lost its majority gives old answers for this long, s, and more (`electionTimeoutMillis` is 10 s). */
const STALE = 30;
/** Ids of a second are remembered for so long after it was closed, ms. */
const KEEP_MS = 60_000;

interface Open {
  /** When somebody may have stamped it last. */
  currentAt: number;
  /** Age at which it is read next, s. */
  due: number;
}

export class Cursor implements FeedCursor {
  readonly kind = 'feed';
  readonly #open = new Map<number, Open>();
  /** When seconds were closed whose ids are remembered. */
  readonly #closedAt = new Map<number, number>();
  /** Ids given already, with the second in which each was found last. */
  readonly #given = new Map<string, number>();
  /** The first second of the shared clock that is not opened yet. */
  #next: number;
  /** The second of the last look that left nothing behind. */
  #reached: number;
  #breaks: number;

  constructor({ second, breaks }: Moment) {
    this.#next = second - BACK;
    this.#reached = second;
    this.#breaks = breaks;
  }

  /** The seconds to read now; `isBehind`: there are more, and the next look may follow at once. */
  look(moment: Moment): { read: number[]; isBehind: boolean } {
    const { at, second, behind } = moment;
    this.#reread(moment);
    this.#next = Math.max(this.#next, second - FARTHEST);
    const until = Math.min(second + 1, this.#next + AT_ONCE - 1);
    for (; this.#next <= until; this.#next++) this.#add(this.#next, this.#currentAt(this.#next, moment));
    const current = new Set(behind.flatMap((one) => [one, one + 1, one + 2]));
    for (const one of behind) {
      for (let back = 1; back <= BACK; back++) this.#add(one - back, at - back * 1000);
      for (const ahead of [0, 1, 2]) this.#add(one + ahead, at);
    }
    const isBehind = this.#next <= second;
    if (!isBehind) this.#reached = second;

    const read: number[] = [];
    for (const [bucket, one] of this.#open) {
      const isCurrent = bucket >= second || current.has(bucket);
      if (isCurrent) one.currentAt = at;
      if (isCurrent || one.due === 0 || at - one.currentAt >= one.due * 1000) read.push(bucket);
    }
    return { read, isBehind };
  }

  isGiven(id: string): boolean {
    return this.#given.has(id);
  }

  /** These were found, and are given or were. */
  give(found: readonly Found[]): void {
    for (const { _id, bucket } of found) this.#given.set(_id, bucket);
  }

  /** All of these seconds was read and given. */
  advance(read: readonly number[], { at }: Moment): void {
    for (const bucket of read) {
      const one = this.#open.get(bucket)!;
      const age = (at - one.currentAt) / 1000;
      const due = age < YOUNG ? 0 : AGES.find((next) => next > age);
      if (due !== undefined) one.due = due;
      else {
        this.#open.delete(bucket);
        this.#closedAt.set(bucket, at);
      }
    }
    const old = new Set<number>();
    for (const [bucket, closedAt] of this.#closedAt) if (at - closedAt > KEEP_MS) old.add(bucket);
    if (old.size === 0) return;
    for (const bucket of old) this.#closedAt.delete(bucket);
    for (const [id, bucket] of this.#given) if (old.has(bucket)) this.#given.delete(id);
  }

  /** Another server answers now: what the one before gave may have been old. */
  #reread(moment: Moment): void {
    if (moment.breaks === this.#breaks) return;
    this.#breaks = moment.breaks;
    for (const one of this.#open.values()) one.due = 0;
    for (const now of [moment.second, ...moment.behind]) {
      for (let bucket = now - STALE; bucket < Math.min(now, this.#next); bucket++) {
        this.#add(bucket, moment.at - (now - bucket) * 1000);
      }
    }
  }

  /**
   * A second that is opened late is as old as it looks. But where time has jumped, others do not know it yet and go on with the
   * seconds that this reader leaps over.
   */
  #currentAt(bucket: number, { at, second }: Moment): number {
    if (bucket > this.#reached && bucket <= this.#reached + LAST_AGE) return at;
    return at - Math.max(0, second - bucket) * 1000;
  }

  #add(bucket: number, currentAt: number): void {
    if (this.#open.has(bucket)) return;
    this.#closedAt.delete(bucket);
    this.#open.set(bucket, { currentAt, due: 0 });
  }
}
