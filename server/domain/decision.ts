// What a decision is made of: the state, the circumstances handed in, and the facts gathered so far.
import { evolve, owes } from '../../shared/conversation.ts';
import type { ConversationState, Control } from '../../shared/conversation.ts';
import type { Refusal } from '../../shared/errors.ts';
import type { Action, ControlReason, Fact, FactBody, FactOf, Page, Source } from '../../shared/facts.ts';
import type { IdPrefix } from '../../shared/ids.ts';
import type { Signable } from '../../shared/identity.ts';

/** What was published of the answer in flight, to the character. */
export interface Said {
  replyId: string;
  attempt: number;
  text: string;
}

/** What the widget said first, unasked; it enters the log with the visitor's next words, which answer it. */
export interface SaidFirst {
  messageId: string;
  text: string;
  actions: Action[];
  /** ms since 1970. */
  at: number;
}

/** What a conversation is opened with; copied into its first fact. */
export interface Opening {
  widgetId: string;
  assistantId: string;
  contactId: string;
  isAutopilot: boolean;
  channel: 'widget' | 'test';
  page?: Page;
  visitor?: Signable;
}

/** Everything `decide` may know beside the state: no clock, no I/O, ids from the generator handed in. */
export interface Circumstances {
  at: number;
  commitId: string;
  newId: (prefix: IdPrefix) => string;
  /** Who claims an answer that this command makes owed; null while this node drains and claims nothing. */
  node: string | null;
  /** The text of the answer in flight as far as it was published; null where nothing was. */
  said: Said | null;
  /** How the log begins, and the widget's default when it reopens. */
  opening: Opening;
  assistantName: string;
  isStaffOnline: boolean;
  /** Absent where there was nothing to answer. */
  saidFirst?: SaidFirst;
  /** The waiting draft's text, read from the log at `state.draft.seq`. */
  draft: { draftId: string; text: string; sources: Source[]; actions?: Action[] | undefined } | null;
}

/** A decision that stands: its facts have their places, `state` is the fold after them, `result` goes into the ack. */
export interface Decided {
  facts: Fact[];
  state: ConversationState;
  result: Record<string, unknown>;
}

export type Decision = Decided | Refusal;

export const isRefusal = (decision: Decision): decision is Refusal => 'refused' in decision;

export const refuse = (refused: Refusal['refused'], message: string, details?: unknown): Refusal =>
  details === undefined ? { refused, message } : { refused, message, details };

export type CutReason = NonNullable<FactOf<'message.created'>['cut']>;

/** Gathers the facts of one commit, folding each at once, so that what follows sees it. */
export class Progress {
  state: ConversationState;
  readonly facts: Fact[] = [];
  readonly circumstances: Circumstances;

  constructor(state: ConversationState, circumstances: Circumstances) {
    this.state = state;
    this.circumstances = circumstances;
  }

  /** Places a fact at the end of the log and folds it; returns its `seq`. */
  push(body: FactBody): number {
    const { conversationId, head } = this.state;
    const seq = head.seq + 1;
    const id = `${this.circumstances.commitId}.${this.facts.length}`;
    const fact = { conversationId, seq, id, at: this.circumstances.at, ...body };
    this.facts.push(fact);
    this.state = evolve(this.state, fact);
    return seq;
  }

  /** The log begins with the first thing said or done. */
  open(): void {
    if (this.state.status !== 'new') return;
    const { visitor, ...opening } = this.circumstances.opening;
    this.push({ type: 'conversation.opened', ...opening });
    const { name, email, verified = false } = visitor ?? {};
    if (visitor !== undefined && (verified || name !== undefined || email !== undefined)) {
      this.push({ type: 'visitor.identified', ...visitor });
    }
  }

  /** Freezes what was said of the answer in flight; a draft that streams is dropped, nothing of it was said. */
  cut(reason: CutReason): void {
    const { reply } = this.state;
    const { said, assistantName } = this.circumstances;
    if (reply === null || reply.mode !== 'answer' || said === null) return;
    if (said.replyId !== reply.replyId || said.attempt !== reply.attempt || said.text.trim() === '') return;
    this.push({
      type: 'message.created',
      messageId: reply.replyId,
      author: { kind: 'ai', name: assistantName },
      text: said.text,
      status: 'interrupted',
      answers: reply.answers,
      cut: reason,
    });
  }

  /** Changes who steers; the turn rises by one. */
  control(
    change: Partial<Pick<Control, 'isAutopilot' | 'agentId' | 'agentName' | 'waiting'>>,
    reason: ControlReason,
    more: { by?: { id: string; name: string }; note?: string } = {},
  ): number {
    const { isAutopilot, agentId, agentName, waiting, turn } = this.state.control;
    return this.push({
      type: 'control.changed',
      isAutopilot,
      agentId,
      agentName,
      waiting,
      ...change,
      turn: turn + 1,
      reason,
      ...more,
    });
  }

  reopen(by: { kind: 'visitor' | 'agent' | 'system'; name?: string }): number {
    return this.push({
      type: 'conversation.reopened',
      turn: this.state.control.turn + 1,
      isAutopilot: this.circumstances.opening.isAutopilot,
      by,
    });
  }

  /** Claims what is owed now, so that an answer cannot be forgotten between two commits. */
  claimOwed(): void {
    const owed = owes(this.state);
    const { node, newId } = this.circumstances;
    if (owed === 'none' || node === null || this.state.unanswered === null) return;
    this.push({
      type: 'reply.claimed',
      replyId: newId('msg'),
      turn: this.state.control.turn,
      attempt: 1,
      owner: node,
      mode: owed,
      answers: this.state.unanswered,
    });
  }

  decided(result: Record<string, unknown>): Decided {
    return { facts: this.facts, state: this.state, result };
  }
}
