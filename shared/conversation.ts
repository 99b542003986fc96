// What a log of facts means. Every reader folds with the same `evolve`; no zod here, because browsers load this file.
import { signableFields, signedFieldsOf } from './identity.ts';
import type { Signable } from './identity.ts';
import type { Fact, HiddenFact, ReplyMode, VisibleFact, Waiting } from './facts.ts';

/** Who steers. An agent id implies `isAutopilot: false`; `turn` rises with every change of what may be said next. */
export interface Control {
  isAutopilot: boolean;
  agentId: string | null;
  agentName: string | null;
  waiting: Waiting;
  /** Since when, in ms; set while `waiting` is. */
  waitingSince?: number;
  turn: number;
}

/** A cursor: the last fact applied. An `id` that is not the log's at that `seq` means another log (a restored backup). */
export interface Cursor {
  seq: number;
  id: string;
}

/** The fold of a whole log: bounded, without texts. */
export interface ConversationState {
  conversationId: string;
  head: Cursor;
  /** `new` until the first fact: an opened panel leaves no empty conversation behind. */
  status: 'new' | 'open' | 'closed';
  widgetId: string | null;
  /** Staff only. */
  assistantId: string | null;
  /** Staff only. */
  contactId: string | null;
  channel: 'widget' | 'test';
  openedAt: number | null;
  /** When the last message was written. */
  lastAt: number | null;
  control: Control;
  /** `seq` of the fact that last changed control: what a repeated take or release acks. */
  controlSeq: number;
  /** `seq` of the latest visitor's message that nobody answered. */
  unanswered: number | null;
  /** Staff only: the claim on the answer in flight. Void as soon as the turn rises. */
  reply: { replyId: string; turn: number; attempt: number; owner: string; mode: ReplyMode; answers: number } | null;
  /** Staff only: the draft that waits for a person. Dead as soon as the turn rises. */
  draft: { draftId: string; turn: number; seq: number; answers: number } | null;
  /** Staff only: the draft approved last, so that approving it again gives the same ack. */
  approved: { draftId: string; messageId: string; seq: number; at: number } | null;
  /** Staff only: `seq` of the visitor's message whose draft was rejected; it is not drafted again by itself. */
  declined: number;
  /** Staff only. */
  labels: string[];
  visitor: Signable & { phone?: string; company?: string };
  leadId: string | null;
  csat: { requested: boolean; rating: number | null };
  /** Messages that a visitor can see. */
  messages: number;
  next: string | null;
  /** Staff only: marked as spam. Such a conversation is closed; absent where it is none. */
  isSpam?: true;
  /** Staff only: it was open until it was marked, so it opens again when the mark is taken back. */
  closedAsSpam?: true;
}

export const initialState = (conversationId: string, isAutopilot: boolean): ConversationState => ({
  conversationId,
  head: { seq: 0, id: '' },
  status: 'new',
  widgetId: null,
  assistantId: null,
  contactId: null,
  channel: 'widget',
  openedAt: null,
  lastAt: null,
  control: { isAutopilot, agentId: null, agentName: null, waiting: null, turn: 0 },
  controlSeq: 0,
  unanswered: null,
  reply: null,
  draft: null,
  approved: null,
  declined: 0,
  labels: [],
  visitor: { verified: false },
  leadId: null,
  csat: { requested: false, rating: null },
  messages: 0,
  next: null,
});

/** Thrown for a fact of an unknown type that is marked `critical`: this build cannot know what the log means. */
export class UnknownCriticalFact extends Error {}

/** Thrown where a fact does not follow the head: whoever folds must ask for the gap first. */
export class OutOfOrder extends Error {}

const withoutSpam = ({ isSpam: _mark, closedAsSpam: _how, ...state }: ConversationState): ConversationState => state;

/** A raised turn voids the claim and the draft of the older one. */
const raise = (state: ConversationState, control: Control): ConversationState => ({
  ...state,
  control,
  reply: null,
  draft: null,
});

const withTurn = (control: Control, turn: number): Control => ({ ...control, turn });

const withWaiting = (control: Omit<Control, 'waitingSince'>, before: Control, at: number): Control =>
  control.waiting === null
    ? control
    : { ...control, waitingSince: before.waiting === null ? at : (before.waitingSince ?? at) };

const applyMessage = (
  state: ConversationState,
  fact: Extract<Fact, { type: 'message.created' }>,
): ConversationState => {
  // One copy per message: this runs for every message at every reader.
  const next = { ...state, messages: state.messages + 1, lastAt: fact.at };
  switch (fact.author.kind) {
    case 'visitor':
      next.control = withTurn(state.control, state.control.turn + 1);
      next.reply = null;
      next.draft = null;
      next.unanswered = fact.seq;
      return next;
    case 'ai':
      if (state.reply?.replyId === fact.messageId) next.reply = null;
      if (fact.status === 'complete') next.unanswered = null;
      return next;
    case 'agent':
      next.unanswered = null;
      return next;
    case 'system':
      return next;
  }
};

const applyBody = (state: ConversationState, fact: Fact): ConversationState => {
  switch (fact.type) {
    case 'conversation.opened':
      return {
        ...state,
        status: 'open',
        widgetId: fact.widgetId,
        assistantId: fact.assistantId ?? null,
        contactId: fact.contactId ?? null,
        channel: fact.channel,
        openedAt: fact.at,
        control: { ...state.control, isAutopilot: fact.isAutopilot },
      };
    case 'message.created':
      return applyMessage(state, fact);
    case 'control.changed': {
      const { isAutopilot, agentId, agentName, waiting, turn } = fact;
      const control = withWaiting({ isAutopilot, agentId, agentName, waiting, turn }, state.control, fact.at);
      const next = { ...raise(state, control), controlSeq: fact.seq };
      return fact.reason === 'stopped' ? { ...next, unanswered: null } : next;
    }
    case 'reply.claimed': {
      const { replyId, turn, attempt, owner, mode, answers } = fact;
      return { ...state, draft: null, reply: { replyId, turn, attempt, owner, mode, answers } };
    }
    case 'reply.failed':
      return { ...state, reply: null };
    case 'draft.created':
      return {
        ...state,
        reply: null,
        draft: { draftId: fact.draftId, turn: fact.turn, seq: fact.seq, answers: fact.answers },
      };
    case 'draft.approved':
      // Its message is the next fact of the same commit.
      return {
        ...state,
        draft: null,
        approved: { draftId: fact.draftId, messageId: fact.messageId, seq: fact.seq + 1, at: fact.at },
      };
    case 'draft.rejected':
      return { ...state, draft: null, declined: state.draft?.answers ?? state.declined };
    case 'note.created':
      return state;
    case 'visitor.identified':
    case 'lead.captured': {
      const visitor = { ...state.visitor };
      const isVerified = fact.type === 'visitor.identified' && fact.verified;
      const before = signedFieldsOf(visitor);
      const signed = isVerified ? signedFieldsOf(fact) : [];
      for (const name of signableFields) {
        // What the site's owner signed is not overwritten by what anybody typed.
        if (fact[name] !== undefined && (signed.includes(name) || !before.includes(name))) visitor[name] = fact[name];
      }
      if (fact.phone !== undefined) visitor.phone = fact.phone;
      if (fact.company !== undefined) visitor.company = fact.company;
      if (fact.type === 'lead.captured') return { ...state, visitor, leadId: fact.leadId };
      if (isVerified) {
        visitor.verified = true;
        const isKept = fact.signed !== undefined || visitor.signed !== undefined;
        if (isKept) visitor.signed = signableFields.filter((name) => signed.includes(name) || before.includes(name));
      }
      return { ...state, visitor, contactId: fact.contactId ?? state.contactId };
    }
    case 'csat.requested':
      return { ...state, csat: { ...state.csat, requested: true } };
    case 'csat.submitted':
      return { ...state, csat: { ...state.csat, rating: fact.rating } };
    case 'label.changed':
      return { ...state, labels: fact.labels };
    case 'spam.changed': {
      const clean = withoutSpam(state);
      if (!fact.isSpam) return clean;
      return { ...clean, isSpam: true, ...(state.status === 'open' ? { closedAsSpam: true } : {}) };
    }
    case 'conversation.closed':
      return {
        ...raise(state, {
          isAutopilot: state.control.isAutopilot,
          agentId: null,
          agentName: null,
          waiting: null,
          turn: fact.turn,
        }),
        status: 'closed',
        controlSeq: fact.seq,
        unanswered: null,
        next: fact.next ?? null,
      };
    case 'conversation.reopened':
      return {
        ...raise(withoutSpam(state), {
          isAutopilot: fact.isAutopilot,
          agentId: null,
          agentName: null,
          waiting: null,
          turn: fact.turn,
        }),
        status: 'open',
        controlSeq: fact.seq,
        next: null,
      };
  }
  // A newer node wrote a type that this build does not know.
  const unknown = fact as { type: string; critical?: boolean };
  if (unknown.critical === true) throw new UnknownCriticalFact(unknown.type);
  return state;
};

/** Raised with every change of what the same facts fold to: what another version has folded is then made afresh from the log. */
export const foldVersion = 1;

/**
 * The state after one more fact. The fact must be the next one: `seq` is `state.head.seq + 1`.
 * @throws OutOfOrder, UnknownCriticalFact
 */
export const evolve = (state: ConversationState, fact: VisibleFact): ConversationState => {
  if (fact.seq !== state.head.seq + 1) throw new OutOfOrder(`${fact.seq} after ${state.head.seq}`);
  const head = { seq: fact.seq, id: fact.id };
  const next = fact.type === 'hidden' ? state : applyBody(state, fact);
  // What `applyBody` copied is nobody else's yet.
  if (next === state) return { ...state, head };
  next.head = head;
  return next;
};

export const isHidden = (fact: VisibleFact): fact is HiddenFact => fact.type === 'hidden';

/** What the AI owes: nothing while a claim or a draft of the current turn stands, a person holds it or it is closed. */
export const owes = (state: ConversationState): 'answer' | 'draft' | 'none' => {
  if (state.status !== 'open' || state.unanswered === null) return 'none';
  if (state.reply !== null || state.draft !== null) return 'none';
  const { agentId, isAutopilot, waiting } = state.control;
  if (agentId !== null || waiting === 'failed' || state.declined >= state.unanswered) return 'none';
  if (!isAutopilot) return 'draft';
  return waiting === null ? 'answer' : 'none';
};
