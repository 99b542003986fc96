// Who may see what of a conversation. Staff see every fact; a visitor sees the fields named here and nothing else.
import { isAvatarPath } from '../../shared/avatars.ts';
import type { ConversationState } from '../../shared/conversation.ts';
import type { Author, Fact, FactOf, FactType, HiddenFact, VisibleFact } from '../../shared/facts.ts';

const publicAuthor = ({ kind, name, avatarUrl, reviewedBy }: Author): Author => {
  const shown: Author = { kind };
  if (name !== undefined) shown.name = name;
  // Older logs hold addresses of other hosts, which would learn who reads.
  if (avatarUrl !== undefined && isAvatarPath(avatarUrl)) shown.avatarUrl = avatarUrl;
  if (reviewedBy !== undefined) shown.reviewedBy = reviewedBy;
  return shown;
};

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
  'message.created': (fact) => {
    const { conversationId, seq, id, at, type, messageId, text, status } = fact;
    const author = publicAuthor(fact.author);
    const shown: FactOf<'message.created'> = { conversationId, seq, id, at, type, messageId, author, text, status };
    // One by one: this runs for every message, and spreading what is mostly absent costs more than the rest.
    if (fact.clientId !== undefined) shown.clientId = fact.clientId;
    if (fact.answers !== undefined) shown.answers = fact.answers;
    if (fact.sources !== undefined) shown.sources = fact.sources;
    if (fact.actions !== undefined) shown.actions = fact.actions;
    if (fact.files !== undefined) shown.files = fact.files;
    if (fact.cut !== undefined) shown.cut = fact.cut;
    return shown;
  },
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
  'visitor.identified': (fact) => {
    const { contactId: _staff, ...shown } = fact;
    return shown;
  },
  'lead.captured': (fact) => fact,
  'csat.requested': (fact) => fact,
  'csat.submitted': (fact) => fact,
  'label.changed': hide,
  'spam.changed': hide,
  'conversation.closed': (fact) => fact,
  'conversation.reopened': (fact) => fact,
};

/** A fact as its conversation's visitor may see it. A type this build does not know is hidden. */
export const forVisitor = (fact: Fact): VisibleFact => {
  const project = toVisitor[fact.type] as ((fact: Fact) => VisibleFact) | undefined;
  return project === undefined ? hide(fact) : project(fact);
};

/** What the fold of a visitor's facts is: the same state without what only staff may know. */
export const stateForVisitor = ({
  isSpam: _mark,
  closedAsSpam: _how,
  ...state
}: ConversationState): ConversationState => ({
  ...state,
  assistantId: state.assistantId === null ? null : '',
  contactId: state.contactId === null ? null : '',
  reply: null,
  draft: null,
  approved: null,
  declined: 0,
  labels: [],
});
