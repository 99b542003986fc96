// What carries deliveries between nodes. It may lose, delay or double without harm: the log is the truth.
import type { Fact } from '../../shared/facts.ts';
import type { Signal } from '../../shared/signals.ts';

/** `visitor` and `staff` say who may get a signal; facts are projected per audience at each edge. */
export type Delivery =
  | { kind: 'facts'; orgId: string; conversationId: string; facts: Fact[] }
  | { kind: 'signal'; orgId: string; to: 'visitor' | 'staff' | 'both'; signal: Signal }
  | { kind: 'revoked'; what: 'widget' | 'member' | 'credential' | 'session'; id: string };

/** [B1] Publishing never throws and never waits. [B2] On one node deliveries of a conversation arrive in the order published. */
export interface Bus {
  publish(delivery: Delivery): void;
  /** Called synchronously for what this node published itself. */
  subscribe(receive: (delivery: Delivery) => void): void;
  close(): Promise<void>;
}
