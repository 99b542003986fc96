// Makes commits as a use case would: facts in order, folded by the product's own `evolve`.
import { evolve, initialState } from '../../shared/conversation.ts';
import type { ConversationState } from '../../shared/conversation.ts';
import type { Author, ControlReason, Fact, FactBody, Waiting } from '../../shared/facts.ts';
import { newHexId, newId } from '../../shared/ids.ts';
import type { Entry } from '../../server/ports/store.ts';

export interface CommitOptions {
  key?: string;
  hash?: string;
  result?: unknown;
  /** The `first` of the commit, where it is not to follow the head. */
  first?: number;
}

/** One conversation that is being written; every call makes the next commit and moves the head, whether it is appended or not. */
export interface LogBuilder {
  readonly orgId: string;
  readonly conversationId: string;
  readonly contactId: string;
  readonly facts: Fact[];
  state(): ConversationState;
  commit(bodies: FactBody[], options?: CommitOptions): Entry;
  open(options?: { isAutopilot?: boolean; page?: string }): Entry;
  say(text: string, options?: CommitOptions): Entry;
  answer(text: string): Entry;
  claim(): Entry;
  note(text: string): Entry;
  draft(text: string): Entry;
  take(agentId: string, agentName?: string): Entry;
  wait(waiting: Exclude<Waiting, null>): Entry;
  release(): Entry;
  label(...labels: string[]): Entry;
  identify(visitor: { name?: string; email?: string }): Entry;
  close(): Entry;
  /** As the domain does: closes what is open. */
  spam(isSpam?: boolean): Entry;
  /** A second writer that has seen what this one has. */
  fork(): LogBuilder;
}

const START = 1_780_000_000_000;
let ticks = 0;

export const by = { id: 'mem_1', name: 'Maya' };

export const buildLog = (options: {
  orgId: string;
  conversationId?: string;
  contactId?: string;
  isAutopilot?: boolean;
  from?: { state: ConversationState; facts: Fact[] };
}): LogBuilder => {
  const { orgId, conversationId = newId('conv'), contactId = newId('con') } = options;
  let state = options.from?.state ?? initialState(conversationId, options.isAutopilot ?? true);
  const facts: Fact[] = [...(options.from?.facts ?? [])];

  const commit = (bodies: FactBody[], { key, hash, result, first }: CommitOptions = {}): Entry => {
    const at = START + ++ticks;
    const start = first ?? state.head.seq + 1;
    if (start !== state.head.seq + 1) state = { ...state, head: { seq: start - 1, id: '' } };
    const made = bodies.map((body, i): Fact => ({ conversationId, seq: start + i, id: newHexId(), at, ...body }));
    for (const fact of made) state = evolve(state, fact);
    facts.push(...made);
    return {
      commit: {
        id: newHexId(),
        orgId,
        conversationId,
        first: start,
        key: key ?? `k:${newHexId()}`,
        hash: hash ?? 'h',
        at,
        facts: made,
        result: result ?? null,
      },
      state,
    };
  };

  const message = (author: Author, text: string, messageId = newId('msg')): FactBody => ({
    type: 'message.created',
    messageId,
    author,
    text,
    status: 'complete',
  });

  /** As the domain does: nothing is said or taken in a closed conversation. */
  const reopening = (): FactBody[] =>
    state.status === 'closed'
      ? [{ type: 'conversation.reopened', turn: state.control.turn + 1, isAutopilot: true, by: { kind: 'visitor' } }]
      : [];

  const control = (
    reason: ControlReason,
    change: Partial<Pick<ConversationState['control'], 'agentId' | 'agentName' | 'isAutopilot' | 'waiting'>>,
  ): Entry => {
    const { isAutopilot, agentId, agentName, waiting, turn } = { ...state.control, ...change };
    const reopened = reopening();
    return commit([
      ...reopened,
      {
        type: 'control.changed',
        isAutopilot,
        agentId,
        agentName,
        waiting,
        reason,
        turn: turn + 1 + reopened.length,
      },
    ]);
  };

  return {
    orgId,
    conversationId,
    contactId,
    facts,
    state: () => state,
    commit,
    open: ({ isAutopilot = true, page } = {}) =>
      commit([
        {
          type: 'conversation.opened',
          widgetId: 'wid_1',
          assistantId: 'asst_1',
          contactId,
          isAutopilot,
          channel: 'widget',
          ...(page === undefined ? {} : { page: { url: page } }),
        },
      ]),
    say: (text, more) => commit([...reopening(), message({ kind: 'visitor' }, text)], more),
    answer: (text) => commit([message({ kind: 'ai', name: 'Ada' }, text, state.reply?.replyId)]),
    claim: () =>
      commit([
        {
          type: 'reply.claimed',
          replyId: newId('msg'),
          turn: state.control.turn,
          attempt: 1,
          owner: 'node_1',
          mode: 'answer',
          answers: state.unanswered ?? 0,
        },
      ]),
    note: (text) =>
      commit([{ type: 'note.created', noteId: newId('note'), author: { kind: 'agent', name: 'Maya' }, text }]),
    draft: (text) =>
      commit([
        {
          type: 'draft.created',
          draftId: newId('msg'),
          turn: state.control.turn,
          text,
          sources: [],
          answers: state.unanswered ?? 0,
        },
      ]),
    take: (agentId, agentName = 'Maya') => control('taken', { agentId, agentName, isAutopilot: false, waiting: null }),
    wait: (waiting) => control('handoff', { waiting }),
    release: () => control('released', { agentId: null, agentName: null, isAutopilot: true, waiting: null }),
    label: (...labels) => commit([{ type: 'label.changed', labels, by }]),
    identify: (visitor) => commit([{ type: 'visitor.identified', ...visitor, verified: false }]),
    close: () =>
      commit([{ type: 'conversation.closed', turn: state.control.turn + 1, by: { kind: 'agent', name: 'Maya' } }]),
    spam: (isSpam = true) =>
      commit([
        { type: 'spam.changed', isSpam, by },
        ...(isSpam && state.status === 'open'
          ? [
              {
                type: 'conversation.closed' as const,
                turn: state.control.turn + 1,
                by: { kind: 'agent' as const, name: 'Maya' },
              },
            ]
          : []),
      ]),
    fork: () => buildLog({ orgId, conversationId, contactId, from: { state, facts } }),
  };
};
