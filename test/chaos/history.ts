// What is written down of a run: what was asked and how that went, and everything that anybody was told, in its order.
import type { Fact, VisibleFact } from '../../shared/facts.ts';

/**
 * `at` is one clock of the recording process (ms, monotonic). `unknown`: no ack came, or `unavailable`: it may have come
 * about. `client` names one reader over all its connections.
 */
export type Entry =
  | { kind: 'invoke'; at: number; op: number; client: string; conversationId: string; clientId: string }
  | { kind: 'ok'; at: number; op: number; seq: number }
  | { kind: 'fail'; at: number; op: number; code: string }
  | { kind: 'unknown'; at: number; op: number }
  /** A fact as a reader applied it. */
  | { kind: 'fact'; at: number; client: string; fact: VisibleFact }
  /** A view replaced what the reader held: it goes on behind `seq`. */
  | { kind: 'reset'; at: number; client: string; conversationId: string; seq: number }
  | {
      kind: 'delta';
      at: number;
      client: string;
      conversationId: string;
      replyId: string;
      turn: number;
      attempt: number;
      offset: number;
      text: string;
    };

export interface History {
  entries: readonly Entry[];
  /** The logs as the store has them when everything is over. */
  logs: ReadonlyMap<string, readonly Fact[]>;
  /** Readers that were connected to the end must have everything of these conversations. */
  complete: ReadonlyMap<string, readonly string[]>;
}

export interface Verdict {
  acked: number;
  facts: number;
  deltas: number;
  /** One sentence each. */
  lost: string[];
  doubled: string[];
  reordered: string[];
  stale: string[];
  /** Texts that are not what the log says. */
  torn: string[];
}
