// Commands that must wait for what an answer of another node has said: a decision may cut it, and then freezes its text (R12).
import type { ConversationState } from '../../shared/conversation.ts';
import type { Command } from '../domain/conversation.ts';
import type { Circumstances } from '../domain/decision.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Pending } from './pending.ts';

type Reply = NonNullable<ConversationState['reply']>;

/** What the answer of another node has said, and no more of it until the log decides; null where nothing was. */
export type AskOwner = (conversationId: string, reply: Reply) => Promise<Circumstances['said']>;

/** Commands that may end the answer that is being spoken. */
const mayCut = (command: Command): boolean => {
  switch (command.type) {
    case 'reply.claim':
    case 'reply.complete':
    case 'reply.fail':
    case 'agent.message':
    case 'agent.note':
    case 'agent.label':
    case 'visitor.csat':
    case 'visitor.lead':
    case 'visitor.identify':
      return false;
    default:
      return true;
  }
};

const replyKey = ({ replyId, attempt }: Reply): string => `${replyId} ${attempt}`;

export interface ParkingDeps {
  /** This process, as owner of answers. */
  node: string;
  askOwner: AskOwner;
  /** Takes back commands that waited, in their order. */
  goOn(waited: readonly Pending[]): void;
  log: Log;
}

export class Parking {
  readonly #deps: ParkingDeps;
  readonly #parked = new Map<string, Pending[]>();

  constructor(deps: ParkingDeps) {
    this.#deps = deps;
  }

  get isEmpty(): boolean {
    return this.#parked.size === 0;
  }

  /** Whether the command waits here now; `reply` is the answer in flight as this node knows it. */
  takes(pending: Pending, reply: Reply | null): boolean {
    const { conversationId } = pending;
    const waiting = this.#parked.get(conversationId);
    if (waiting !== undefined) {
      waiting.push(pending);
      return true;
    }
    if (reply === null || reply.mode !== 'answer' || reply.owner === this.#deps.node) return false;
    if (!mayCut(pending.command) || pending.saidBy === replyKey(reply)) return false;
    this.#parked.set(conversationId, [pending]);
    this.#deps.askOwner(conversationId, reply).then(
      (said) => this.#release(conversationId, reply, said),
      (error: unknown) => {
        this.#deps.log.warn({ err: error, conversationId }, 'what was said is not known');
        this.#release(conversationId, reply, null);
      },
    );
    return true;
  }

  #release(conversationId: string, reply: Reply, said: Circumstances['said']): void {
    const parked = this.#parked.get(conversationId) ?? [];
    this.#parked.delete(conversationId);
    for (const pending of parked) {
      pending.said = said;
      pending.saidBy = replyKey(reply);
    }
    this.#deps.goOn(parked);
  }
}
