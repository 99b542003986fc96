// Counts within fixed windows of time on this node: for limits that say "5 in 15 minutes" and when the next try is possible.

export interface WindowRate {
  count: number;
  perMs: number;
}

interface Window {
  taken: number;
  endsAt: number;
}

/** More keys than this are never held: of the windows that began first, one that still lets somebody in is forgotten. */
const maxWindows = 20_000;
/** So many of the oldest are looked at for one. */
const lookedAt = 200;

/** The windows of one rate, by key. A window begins with the first try of its key. */
export class Windows {
  readonly #rate: WindowRate;
  readonly #now: () => number;
  readonly #windows = new Map<string, Window>();

  /** `now`: monotonic time, ms. */
  constructor(rate: WindowRate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
  }

  /** How many keys are held. */
  get size(): number {
    return this.#windows.size;
  }

  /** Takes one; 0 where there was one left, else the ms until the window ends. */
  take(key: string): number {
    const now = this.#now();
    this.#dropEnded(now);
    let window = this.#windows.get(key);
    if (window === undefined) {
      window = { taken: 0, endsAt: now + this.#rate.perMs };
      this.#windows.set(key, window);
      if (this.#windows.size > maxWindows) this.#forgetOne();
    }
    if (window.taken >= this.#rate.count) return Math.max(1, Math.ceil(window.endsAt - now));
    window.taken += 1;
    return 0;
  }

  /** Gives one back: that try does not count. */
  giveBack(key: string): void {
    const window = this.#windows.get(key);
    if (window !== undefined && window.taken > 0) window.taken -= 1;
  }

  /** This key starts afresh. */
  forget(key: string): void {
    this.#windows.delete(key);
  }

  /** To forget a window that is used up would let its key begin anew: whoever comes with many keys must not buy that. */
  #forgetOne(): void {
    let looked = 0;
    for (const [key, { taken }] of this.#windows) {
      if (taken < this.#rate.count) return void this.#windows.delete(key);
      looked += 1;
      if (looked >= lookedAt) break;
    }
    this.#windows.delete(this.#windows.keys().next().value!);
  }

  /** All windows are equally long, so those that ended stand first. */
  #dropEnded(now: number): void {
    for (const [key, { endsAt }] of this.#windows) {
      if (endsAt > now) return;
      this.#windows.delete(key);
    }
  }
}
