// What carries deliveries between nodes. It may lose, delay or double without harm: the log is the truth.
import type { Fact } from '../../shared/facts.ts';
import type { Signal, ViewingAgent } from '../../shared/signals.ts';
import type { LiveReply } from '../../shared/view.ts';

/** A member who is there: once per member and node, however many tabs. */
export interface StaffSeat {
  orgId: string;
  memberId: string;
  isAway: boolean;
}

/** `visitor` and `staff` say who may get a signal; facts are projected per audience at each edge. */
export type Delivery =
  | { kind: 'facts'; orgId: string; conversationId: string; facts: Fact[] }
  | { kind: 'signal'; orgId: string; to: 'visitor' | 'staff' | 'both'; signal: Signal }
  /** `at` (ms): not before then, because it may still be used until its grace is over; absent: now. */
  | { kind: 'revoked'; what: 'widget' | 'member' | 'credential' | 'session'; id: string; at?: number }
  /** These conversations' rows have changed; their facts travel to whoever follows the conversations. */
  | { kind: 'touched'; orgId: string; heads: { conversationId: string; seq: number }[] }
  /** Who looks at a conversation on one node. `asks`: the others tell theirs in turn. */
  | { kind: 'viewers'; orgId: string; conversationId: string; node: string; agents: ViewingAgent[]; asks: boolean }
  /** What does the owner's answer say so far? `holds`: it says no more until the log decides, for a second at most. */
  | { kind: 'ask'; conversationId: string; id: string; from: string; holds: boolean }
  | { kind: 'told'; to: string; id: string; reply: LiveReply }
  /**
   * Who of the staff is at a node now; its heartbeat says the same within a second. `isBack`: what it told before of who
   * looks at what may be wrong, and it says so anew.
   */
  | { kind: 'seats'; node: string; seats: StaffSeat[]; isBack?: true }
  /** This assistant or its articles have changed: what is kept of them is old. */
  | { kind: 'stale'; what: 'articles'; assistantId: string }
  /** A widget was changed or removed: what is kept of widgets is old, and nobody is let in by it. */
  | { kind: 'stale'; what: 'widgets' }
  /** The bans of an organisation were changed: what is kept of them is old, and whoever is banned now is cut off. */
  | { kind: 'stale'; what: 'bans'; orgId: string }
  /** This node has let go of its answers: they may be claimed at once. */
  | { kind: 'leaving'; node: string };

/**
 * [B1] Publishing never throws and never waits. [B2] On one node deliveries of a conversation arrive in the order published.
 * [B3] What other nodes publish about a conversation (`conv_…`) or an organisation (`org_…`) arrives while somebody here
 * follows it, and perhaps a little after; the rest arrives always. [B4] The bus never grows without bound: what cannot be
 * carried now is dropped.
 */
export interface Bus {
  publish(delivery: Delivery): void;
  /** Called synchronously for what this node published itself. */
  subscribe(receive: (delivery: Delivery) => void): void;
  /** From now until the returned function is called; counted, so that each follower may end for itself. */
  follow(id: string): () => void;
  close(): Promise<void>;
}
