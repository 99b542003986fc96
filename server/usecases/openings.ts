// Sessions that are being opened: each reads and writes more than a message does, so a crowd of newcomers would take the store
// from those who are here. As many are opened at once as the store can without becoming slow, found out by trying: one more
// after each that was quick, a third fewer after one that was not (additive increase, multiplicative decrease).
import type { ChatError } from '../../shared/errors.ts';
import type { Clock } from '../ports/clock.ts';

const places = { least: 2, most: 20 } as const;
/**
 * An opening that takes longer is slow; how long others wait for a place, ms. To be sent away costs a client a second at least,
 * so a little waiting is better.
 */
const slowMs = 1000;
const waitMs = 1500;
const fewer = 2 / 3;

interface Waiting {
  askedAt: number;
  enter: () => void;
  refuse: (error: ChatError) => void;
}

export class Openings {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #places: number = places.most;
  #opening = 0;
  /** How long one takes, as the last ones say, ms. */
  #tookMs = 0;
  #cutAt = Number.NEGATIVE_INFINITY;
  readonly #line: Waiting[] = [];

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Who comes now would wait in vain, or nearly so. */
  isFull(): boolean {
    const [first] = this.#line;
    if (first === undefined) return false;
    const waitedMs = this.#clock.monotonic() - first.askedAt;
    return waitedMs > waitMs / 2 || (this.#line.length / this.#places) * this.#tookMs > waitMs;
  }

  /** Does it when there is a place for it. @throws what `refusal` gives where the line is too slow */
  async open<T>(task: () => Promise<T>, refusal: () => ChatError): Promise<T> {
    if (this.#opening < Math.floor(this.#places)) this.#opening += 1;
    else await this.#place(refusal);
    const begunAt = this.#clock.monotonic();
    try {
      return await task();
    } finally {
      this.#learn(begunAt);
      this.#opening -= 1;
      this.#letIn(refusal);
    }
  }

  #place(refusal: () => ChatError): Promise<void> {
    const askedAt = this.#clock.monotonic();
    const first = this.#line[0];
    if (first !== undefined && askedAt - first.askedAt > waitMs) throw refusal();
    return new Promise((enter, refuse) => {
      this.#line.push({ askedAt, enter, refuse });
    });
  }

  #learn(begunAt: number): void {
    const now = this.#clock.monotonic();
    this.#tookMs += (now - begunAt - this.#tookMs) / 8;
    if (now - begunAt <= slowMs) {
      this.#places = Math.min(places.most, this.#places + 1 / this.#places);
    } else if (begunAt > this.#cutAt) {
      // Those that were begun before the last cut tell nothing about it.
      this.#places = Math.max(places.least, this.#places * fewer);
      this.#cutAt = now;
    }
  }

  /** Free places go to the next in line who has not waited too long already; who has is told so, place or not. */
  #letIn(refusal: () => ChatError): void {
    const now = this.#clock.monotonic();
    for (let next = this.#line[0]; next !== undefined; next = this.#line[0]) {
      const isTooLate = now - next.askedAt > waitMs;
      if (!isTooLate && this.#opening >= Math.floor(this.#places)) return;
      this.#line.shift();
      if (isTooLate) next.refuse(refusal());
      else {
        this.#opening += 1;
        next.enter();
      }
    }
  }
}
