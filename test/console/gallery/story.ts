// Writes a conversation as a log: facts in order, folded by the real `evolve`.
import { evolve, initialState } from '../../../shared/conversation.ts';
import type { ConversationState } from '../../../shared/conversation.ts';
import type { Author, Fact, FactBody, FactOf } from '../../../shared/facts.ts';

export const me = { id: 'mem_maya', name: 'Maya Lind' };
export const theo = { id: 'mem_theo', name: 'Theo' };

const minute = 60_000;

export class Story {
  readonly id: string;
  state: ConversationState;
  facts: Fact[] = [];
  #at: number;

  constructor(id: string, options: { at: number; isAutopilot?: boolean; title?: string; contactId?: string }) {
    this.id = id;
    this.#at = options.at;
    const { isAutopilot = true } = options;
    this.state = initialState(id, isAutopilot);
    this.add({
      type: 'conversation.opened',
      widgetId: 'wid_1',
      assistantId: 'asst_1',
      contactId: options.contactId ?? `con_${id}`,
      isAutopilot,
      channel: 'widget',
      page: { url: 'https://selwick.example/hire', title: options.title ?? 'Hire a kayak' },
    });
  }

  wait(minutes: number): this {
    this.#at += minutes * minute;
    return this;
  }

  /** What follows happens at this time, ms. */
  until(at: number): this {
    this.#at = at;
    return this;
  }

  add(body: FactBody): Fact {
    const seq = this.facts.length + 1;
    this.#at += 900;
    const fact: Fact = { conversationId: this.id, seq, id: `${this.id}-${seq}`, at: this.#at, ...body };
    this.facts.push(fact);
    this.state = evolve(this.state, fact);
    return fact;
  }

  says(author: Author, text: string, more: Partial<FactOf<'message.created'>> = {}): this {
    const messageId = more.messageId ?? `msg-${this.id}-${this.facts.length}`;
    this.add({ type: 'message.created', messageId, author, text, status: 'complete', ...more });
    return this;
  }

  visitor(text: string): this {
    return this.says({ kind: 'visitor' }, text);
  }

  ai(text: string, more: Partial<FactOf<'message.created'>> = {}): this {
    return this.says({ kind: 'ai', name: 'Robin' }, text, {
      usage: { model: 'builtin', inputTokens: 812, outputTokens: 96, firstTokenMs: 180, totalMs: 4210 },
      ...more,
    });
  }

  agent(text: string, who = me): this {
    return this.says({ kind: 'agent', name: who.name, agentId: who.id }, text);
  }

  named(name: string, email?: string): this {
    this.add({ type: 'visitor.identified', name, ...(email === undefined ? {} : { email }), verified: false });
    return this;
  }

  control(change: Partial<Omit<FactOf<'control.changed'>, 'type'>> & Pick<FactOf<'control.changed'>, 'reason'>): this {
    const { isAutopilot, agentId, agentName, waiting, turn } = this.state.control;
    this.add({ type: 'control.changed', isAutopilot, agentId, agentName, waiting, turn: turn + 1, ...change });
    return this;
  }

  takenBy(who = me): this {
    return this.control({
      reason: 'taken',
      isAutopilot: false,
      agentId: who.id,
      agentName: who.name,
      waiting: null,
      by: who,
    });
  }

  claim(replyId: string, mode: 'answer' | 'draft'): this {
    const answers = this.state.unanswered ?? 0;
    this.add({
      type: 'reply.claimed',
      replyId,
      turn: this.state.control.turn,
      attempt: 1,
      owner: 'node_1',
      mode,
      answers,
    });
    return this;
  }

  draft(draftId: string, text: string): this {
    this.add({
      type: 'draft.created',
      draftId,
      turn: this.state.control.turn,
      text,
      sources: [{ title: 'Prices' }, { title: 'What to bring', url: 'https://selwick.example/bring' }],
      answers: this.state.unanswered ?? 0,
    });
    return this;
  }
}
