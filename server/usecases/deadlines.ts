// Commands without an outcome, where the log may be out of reach: how many there may be, and how long each may wait.
import { ChatError } from '../../shared/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Pending } from './pending.ts';

/** Whoever has waited for so long is told that the outcome is unknown, ms. */
const deadlineMs = 4500;
const lookEveryMs = 250;
/** More than this is refused at once, or an outage would fill the memory. */
const maxOpen = 10_000;

const tooLong = (): ChatError => new ChatError('unavailable', 'The message store does not answer; try again');

export class Deadlines {
  readonly #clock: Clock;
  readonly #onLook: () => void;
  readonly #open = new Set<Pending>();
  #timer: NodeJS.Timeout | undefined;

  /** `onLook` is called after each look at who waits for too long, as long as anybody waits. */
  constructor(clock: Clock, onLook: () => void) {
    this.#clock = clock;
    this.#onLook = onLook;
  }

  /** Gives a command its deadline; false, and settled, where there are too many already. */
  watch(pending: Pending): boolean {
    if (this.#open.size >= maxOpen) {
      pending.settle(tooLong());
      return false;
    }
    const { settle } = pending;
    pending.askedAt = this.#clock.monotonic();
    pending.settle = (outcome) => {
      this.#open.delete(pending);
      settle(outcome);
    };
    this.#open.add(pending);
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs).unref();
    return true;
  }

  /** Whether somebody still waits for its outcome. */
  isOpen(pending: Pending): boolean {
    return this.#open.has(pending);
  }

  /** The write may still come about: that is what `unavailable` says, and the key finds out. */
  #look(): void {
    const before = this.#clock.monotonic() - deadlineMs;
    for (const pending of this.#open) {
      if (pending.askedAt > before) break;
      pending.settle(tooLong());
    }
    this.#onLook();
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
