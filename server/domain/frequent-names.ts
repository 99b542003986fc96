// Which of a stream of names come most often, in bounded memory: whoever sends ever new ones cannot push out those in use.

/**
 * Counts names one after the other and keeps at most `kept` of them (Misra and Gries): where one more would be too many, all
 * counts go down by one and names at zero are dropped. A name that is more than a `kept`th of all names seen is never dropped.
 */
export class FrequentNames {
  readonly #kept: number;
  readonly #counts = new Map<string, number>();
  /** Whether a name was dropped. */
  isFull = false;

  constructor(kept: number) {
    this.#kept = kept;
  }

  add(name: string): void {
    const count = this.#counts.get(name);
    if (count !== undefined || this.#counts.size < this.#kept) {
      this.#counts.set(name, (count ?? 0) + 1);
      return;
    }
    this.isFull = true;
    for (const [each, times] of this.#counts) {
      if (times === 1) this.#counts.delete(each);
      else this.#counts.set(each, times - 1);
    }
  }

  /** At most `most` of them, the most frequent, in the order of the alphabet; and whether there are others. */
  top(most: number): { names: string[]; isCut: boolean } {
    const byCount = [...this.#counts].sort(([, a], [, b]) => b - a);
    const names = byCount.slice(0, most).map(([name]) => name);
    return { names: names.sort(), isCut: this.isFull || byCount.length > most };
  }
}
