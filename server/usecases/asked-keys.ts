// Keys of commands that this node was asked for lately, so that most repeats are told from what is new without the store.

const maxKept = 20_000;

export class AskedKeys {
  readonly #kept = new Set<string>();

  /** Whether it was asked for before, as far as this node remembers; from now on it was. */
  remember(conversationId: string, key: string): boolean {
    const name = `${conversationId} ${key}`;
    const isKnown = this.#kept.delete(name);
    this.#kept.add(name);
    if (this.#kept.size > maxKept) this.#kept.delete(this.#kept.values().next().value!);
    return isKnown;
  }
}
