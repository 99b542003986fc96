// What is read often and changes rarely: kept for a moment, and read once however many ask meanwhile. A node that thousands
// come to at once would otherwise ask its store thousands of times for the same widget.
import type { Clock } from '../ports/clock.ts';

export interface KeptTerms {
  clock: Pick<Clock, 'monotonic'>;
  /** For how long a value serves without being read again, ms. */
  freshMs: number;
  /** The least recently read is forgotten first. */
  most: number;
}

interface Held<V> {
  value: V;
  at: number;
}

export class Kept<V> {
  readonly #terms: KeptTerms;
  #held = new Map<string, Held<V>>();
  #reading = new Map<string, Promise<V>>();

  constructor(terms: KeptTerms) {
    this.#terms = terms;
  }

  /**
   * What is kept under this key, or what `load` gives. `isKept` says of what was loaded whether it may serve again; what may
   * not is shared all the same by those who asked meanwhile. @throws what `load` did
   */
  async read(key: string, load: () => Promise<V>, isKept: (value: V) => boolean = () => true): Promise<V> {
    const { clock, freshMs, most } = this.#terms;
    const held = this.#held;
    const reading = this.#reading;
    const found = held.get(key);
    if (found !== undefined && clock.monotonic() - found.at < freshMs) return found.value;
    let value = reading.get(key);
    if (value === undefined) {
      // As old as its asking: what was changed meanwhile may be missing in it.
      const at = clock.monotonic();
      value = load()
        .then((loaded) => {
          held.delete(key);
          if (isKept(loaded)) held.set(key, { value: loaded, at });
          if (held.size > most) held.delete(held.keys().next().value!);
          return loaded;
        })
        .finally(() => reading.delete(key));
      reading.set(key, value);
    }
    return value;
  }

  /** Something was changed: what is kept is old, and so is what is being read right now. */
  forget(): void {
    this.#held = new Map();
    this.#reading = new Map();
  }
}
