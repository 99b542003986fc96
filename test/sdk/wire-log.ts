// A log in memory that answers as a server would: commits, views and pages. It outlives the servers that serve it.
import { evolve, initialState } from '../../shared/conversation.ts';
import type { ConversationState, Cursor } from '../../shared/conversation.ts';
import type { Fact, FactBody, VisibleFact } from '../../shared/facts.ts';
import { newHexId } from '../../shared/ids.ts';
import type { LiveReply, Reads, View } from '../../shared/view.ts';
import { viewLimits } from '../../shared/view.ts';

const staffOnly = new Set([
  'reply.claimed',
  'reply.failed',
  'draft.created',
  'draft.approved',
  'draft.rejected',
  'note.created',
  'label.changed',
]);

export interface WireLog {
  readonly conversationId: string;
  readonly facts: Fact[];
  readonly reads: Reads;
  reply: LiveReply | undefined;
  state: () => ConversationState;
  append: (...bodies: FactBody[]) => Fact[];
  /** The result that a command with this key had. */
  readonly results: Map<string, { body: string; result: unknown }>;
  visible: (fact: Fact, audience: 'visitor' | 'staff') => VisibleFact;
  view: (audience: 'visitor' | 'staff', since?: Cursor) => View;
  before: (audience: 'visitor' | 'staff', seq: number, limit: number) => { facts: VisibleFact[]; more: boolean };
}

export const createWireLog = (conversationId: string): WireLog => {
  const facts: Fact[] = [];
  let state = initialState(conversationId, true);
  const visible = (fact: Fact, audience: 'visitor' | 'staff'): VisibleFact =>
    audience === 'visitor' && staffOnly.has(fact.type)
      ? { conversationId, seq: fact.seq, id: fact.id, type: 'hidden' }
      : fact;
  const forAudience = (audience: 'visitor' | 'staff'): ConversationState =>
    audience === 'staff'
      ? state
      : { ...state, assistantId: null, contactId: null, reply: null, draft: null, labels: [], declined: 0 };
  const log: WireLog = {
    conversationId,
    facts,
    reads: { visitor: 0, staff: 0 },
    reply: undefined,
    results: new Map(),
    state: () => state,
    append: (...bodies) =>
      bodies.map((body) => {
        const fact = { conversationId, seq: facts.length + 1, id: newHexId(), at: Date.now(), ...body };
        facts.push(fact);
        state = evolve(state, fact);
        if (fact.type === 'message.created' && fact.messageId === log.reply?.replyId) log.reply = undefined;
        if (log.reply !== undefined && log.reply.turn < state.control.turn) log.reply = undefined;
        return fact;
      }),
    visible,
    view: (audience, since) => {
      const isKnown = since === undefined || since.seq === 0 || facts[since.seq - 1]?.id === since.id;
      const from = since !== undefined && isKnown ? since.seq : Math.max(0, facts.length - viewLimits.first);
      const given = facts.slice(from, from + viewLimits.after).map((fact) => visible(fact, audience));
      const reply = audience === 'visitor' && log.reply?.mode === 'draft' ? undefined : log.reply;
      return structuredClone({
        conversationId,
        state: forAudience(audience),
        facts: given,
        head: state.head,
        more: from + given.length < facts.length,
        ...(reply === undefined ? {} : { reply }),
        reads: log.reads,
        ...(isKnown ? {} : { reset: true as const }),
      });
    },
    before: (audience, seq, limit) => {
      const end = Math.max(0, seq - 1);
      const start = Math.max(0, end - limit);
      return structuredClone({
        facts: facts.slice(start, end).map((fact) => visible(fact, audience)),
        more: start > 0,
      });
    },
  };
  return log;
};

export const said = (kind: 'visitor' | 'ai' | 'agent', text: string, more: object = {}): FactBody => ({
  type: 'message.created',
  messageId: `msg_${newHexId()}`,
  author: { kind },
  text,
  status: 'complete',
  ...more,
});

export const opened = (): FactBody => ({
  type: 'conversation.opened',
  widgetId: 'wid_1',
  assistantId: 'asst_1',
  contactId: 'con_1',
  isAutopilot: true,
  channel: 'widget',
});

export const controlled = (turn: number, agentName: string | null, more: object = {}): FactBody => ({
  type: 'control.changed',
  isAutopilot: agentName === null,
  agentId: agentName === null ? null : `mem_${agentName}`,
  agentName,
  waiting: null,
  turn,
  reason: agentName === null ? 'released' : 'taken',
  ...more,
});
