// Counts that all nodes share: for limits that somebody could get round by going to another node.

export interface SharedCounter {
  /**
   * Takes one of `count` per `perMs`: 0 where there was one, else the ms until there is; undefined where nobody could be
   * asked within a moment. Never rejects.
   */
  take(name: string, rate: { count: number; perMs: number }, key: string): Promise<number | undefined>;
  /** Gives one back: that try does not count. */
  giveBack(name: string, key: string): Promise<void>;
  /** This key starts afresh. */
  forget(name: string, key: string): Promise<void>;
}
