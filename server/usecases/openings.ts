// Sessions that are being opened: each reads and writes more than a message does, so a crowd of newcomers would take the store
// from those who are here. As many are opened at once as the store can without becoming slow, found out by trying: one more
// after each that was quick, a third fewer after one that was not (additive increase, multiplicative decrease). Whoever had a
// session, and lost only the line, comes before those who are new.
import type { ChatError } from '../../shared/errors.ts';
import type { Clock } from '../ports/clock.ts';

const places = { least: 2, most: 20 } as const;
/** An opening that takes longer is slow, ms. */
const slowMs = 1000;
/**
 * How long others wait for a place, ms. To be sent away costs a client a second at least, so a little waiting is better; and
 * those who come back are no more than were here before, so their line ends.
 */
const waitMs = { back: 4000, new: 1500 } as const;
const fewer = 2 / 3;

/** Who comes back with a session, or is new. */
export type Comer = keyof typeof waitMs;

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
  /** Who is let in first stands first. */
  readonly #lines: Record<Comer, Waiting[]> = { back: [], new: [] };

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Who is new and comes now would wait in vain, or nearly so. */
  isFull(): boolean {
    const { back, new: line } = this.#lines;
    const [first] = line;
    const waitedMs = first === undefined ? 0 : this.#clock.monotonic() - first.askedAt;
    const waiting = back.length + line.length;
    return waitedMs > waitMs.new / 2 || (waiting / this.#places) * this.#tookMs > waitMs.new;
  }

  /** Does it when there is a place for it. @throws what `refusal` gives where the line is too slow */
  async open<T>(who: Comer, task: () => Promise<T>, refusal: () => ChatError): Promise<T> {
    if (this.#opening < Math.floor(this.#places)) this.#opening += 1;
    else await this.#place(who, refusal);
    const begunAt = this.#clock.monotonic();
    try {
      return await task();
    } finally {
      this.#learn(begunAt);
      this.#opening -= 1;
      this.#letIn(refusal);
    }
  }

  #place(who: Comer, refusal: () => ChatError): Promise<void> {
    const askedAt = this.#clock.monotonic();
    const line = this.#lines[who];
    if (line[0] !== undefined && askedAt - line[0].askedAt > waitMs[who]) throw refusal();
    return new Promise((enter, refuse) => {
      line.push({ askedAt, enter, refuse });
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
    for (const who of ['back', 'new'] as const) {
      const line = this.#lines[who];
      for (let next = line[0]; next !== undefined; next = line[0]) {
        const isTooLate = now - next.askedAt > waitMs[who];
        if (!isTooLate && this.#opening >= Math.floor(this.#places)) break;
        line.shift();
        if (isTooLate) next.refuse(refusal());
        else {
          this.#opening += 1;
          next.enter();
        }
      }
    }
  }
}
