// A conversation under test: folds decisions as the committer does, with ids and time that a test can predict.
import { initialState } from '../../shared/conversation.ts';
import type { ConversationState } from '../../shared/conversation.ts';
import type { Refusal } from '../../shared/errors.ts';
import type { Fact } from '../../shared/facts.ts';
import { decide } from '../../server/domain/conversation.ts';
import type { AgentActor, Command } from '../../server/domain/conversation.ts';
import { isRefusal } from '../../server/domain/decision.ts';
import type { Circumstances, Decided, Said } from '../../server/domain/decision.ts';

export const maya: AgentActor = { agentId: 'mem_maya', name: 'Maya', mayOverrule: false };
export const theo: AgentActor = { agentId: 'mem_theo', name: 'Theo', mayOverrule: false };
export const boss: AgentActor = { agentId: 'mem_boss', name: 'Bo', mayOverrule: true };

export class World {
  state: ConversationState;
  readonly log: Fact[] = [];
  isAutopilot = true;
  isStaffOnline = true;
  node: string | null = 'node_1';
  said: Said | null = null;
  #ids = 0;
  #at = 1000;

  constructor() {
    this.state = initialState('conv_1', true);
  }

  circumstances(): Circumstances {
    const draft = this.log.findLast((fact) => fact.type === 'draft.created');
    return {
      at: (this.#at += 10),
      commitId: `c${(this.#ids += 1)}`,
      newId: (prefix) => `${prefix}_${(this.#ids += 1)}`,
      node: this.node,
      said: this.said,
      opening: {
        widgetId: 'wid_1',
        assistantId: 'asst_1',
        contactId: 'con_1',
        isAutopilot: this.isAutopilot,
        channel: 'widget',
      },
      assistantName: 'Robin',
      isStaffOnline: this.isStaffOnline,
      draft: draft?.type === 'draft.created' ? draft : null,
    };
  }

  /** Decides and, where the decision stands, appends. */
  try(command: Command): Decided | Refusal {
    const decision = decide(this.state, command, this.circumstances());
    if (isRefusal(decision)) return decision;
    this.log.push(...decision.facts);
    this.state = decision.state;
    return decision;
  }

  /** As `try`; throws where it was refused. Returns the new facts. */
  do(command: Command): Fact[] {
    const decision = this.try(command);
    if (isRefusal(decision)) throw new Error(`${command.type} refused: ${decision.message}`);
    return decision.facts;
  }

  /** The code of the refusal that a command must meet. */
  refused(command: Command): string {
    const decision = this.try(command);
    if (!isRefusal(decision)) throw new Error(`${command.type} was accepted`);
    return decision.refused;
  }

  visitorSays(text = 'Hello?'): Fact[] {
    return this.do({ type: 'visitor.message', text, clientId: `k${(this.#ids += 1)}` });
  }

  /** The answer in flight has published this much. */
  aiSaid(text: string): void {
    const { reply } = this.state;
    if (reply === null) throw new Error('no answer in flight');
    this.said = { replyId: reply.replyId, attempt: reply.attempt, text };
  }

  /** The owner of the answer or draft in flight completes it. */
  aiCompletes(text = 'An answer'): Fact[] {
    const { reply } = this.state;
    if (reply === null) throw new Error('no answer in flight');
    const { replyId, turn, attempt } = reply;
    return this.do({ type: 'reply.complete', claim: { replyId, turn, attempt }, text, sources: [], actions: [] });
  }

  types(facts: readonly Fact[]): string[] {
    return facts.map(({ type }) => type);
  }
}
