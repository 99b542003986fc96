// Who may see what of a conversation. Staff see every fact; a visitor sees the fields named here and nothing else.
import type { ConversationState } from '../../shared/conversation.ts';
import type { Author, Fact, FactOf, FactType, HiddenFact, VisibleFact } from '../../shared/facts.ts';

const publicAuthor = ({ kind, name, avatarUrl, reviewedBy }: Author): Author => ({
  kind,
  ...(name === undefined ? {} : { name }),
  ...(avatarUrl === undefined ? {} : { avatarUrl }),
  ...(reviewedBy === undefined ? {} : { reviewedBy }),
});

const hide = ({ conversationId, seq, id }: Fact): HiddenFact => ({ conversationId, seq, id, type: 'hidden' });

const place = ({ conversationId, seq, id, at }: Fact) => ({ conversationId, seq, id, at });

/** One row per type, so that a new fact does not compile before somebody decided who may see it. */
const toVisitor: { [T in FactType]: (fact: FactOf<T>) => VisibleFact } = {
  'conversation.opened': (fact) => ({
    ...place(fact),
    type: fact.type,
    widgetId: fact.widgetId,
    assistantId: '',
    contactId: '',
    isAutopilot: fact.isAutopilot,
    channel: fact.channel,
    ...(fact.page === undefined ? {} : { page: fact.page }),
  }),
  'message.created': (fact) => ({
    ...place(fact),
    type: fact.type,
    messageId: fact.messageId,
    author: publicAuthor(fact.author),
    text: fact.text,
    status: fact.status,
    ...(fact.clientId === undefined ? {} : { clientId: fact.clientId }),
    ...(fact.answers === undefined ? {} : { answers: fact.answers }),
    ...(fact.sources === undefined ? {} : { sources: fact.sources }),
    ...(fact.actions === undefined ? {} : { actions: fact.actions }),
    ...(fact.files === undefined ? {} : { files: fact.files }),
    ...(fact.cut === undefined ? {} : { cut: fact.cut }),
  }),
  'control.changed': (fact) => ({
    ...place(fact),
    type: fact.type,
    isAutopilot: fact.isAutopilot,
    agentId: fact.agentId,
    agentName: fact.agentName,
    waiting: fact.waiting,
    turn: fact.turn,
    reason: fact.reason,
    ...(fact.by === undefined ? {} : { by: fact.by }),
  }),
  'reply.claimed': hide,
  'reply.failed': hide,
  'draft.created': hide,
  'draft.approved': hide,
  'draft.rejected': hide,
  'note.created': hide,
  'visitor.identified': (fact) => fact,
  'lead.captured': (fact) => fact,
  'csat.requested': (fact) => fact,
  'csat.submitted': (fact) => fact,
  'label.changed': hide,
  'conversation.closed': (fact) => fact,
  'conversation.reopened': (fact) => fact,
};

/** A fact as its conversation's visitor may see it. A type this build does not know is hidden. */
export const forVisitor = (fact: Fact): VisibleFact => {
  const project = toVisitor[fact.type] as ((fact: Fact) => VisibleFact) | undefined;
  return project === undefined ? hide(fact) : project(fact);
};

/** What the fold of a visitor's facts is: the same state without what only staff may know. */
export const stateForVisitor = (state: ConversationState): ConversationState => ({
  ...state,
  assistantId: state.assistantId === null ? null : '',
  contactId: state.contactId === null ? null : '',
  reply: null,
  draft: null,
  approved: null,
  declined: 0,
  labels: [],
});
