// What a visitor's command does to a conversation.
import type { ConversationState } from '../../shared/conversation.ts';
import { signedFieldsOf } from '../../shared/identity.ts';
import type { VisitorCommand } from './conversation.ts';
import { refuse } from './decision.ts';
import type { Decision, Progress } from './decision.ts';

type IdentifyCommand = Extract<VisitorCommand, { type: 'visitor.identify' }>;

/** What the widget said first comes before the words that answer it, once, and only where nobody has spoken since. */
const recall = (progress: Progress): void => {
  const { saidFirst, assistantName } = progress.circumstances;
  const { control, lastAt } = progress.state;
  if (saidFirst === undefined || control.agentId !== null || control.waiting !== null) return;
  if (lastAt !== null && lastAt >= saidFirst.at) return;
  const { messageId, text, actions } = saidFirst;
  const author = { kind: 'ai', name: assistantName } as const;
  progress.push({ type: 'message.created', messageId, author, text, status: 'complete', actions });
};

const say = (progress: Progress, text: string, clientId: string): Decision => {
  const { newId, at, isStaffOnline } = progress.circumstances;
  progress.open();
  if (progress.state.status === 'closed') progress.reopen({ kind: 'visitor' });
  progress.cut('message');
  recall(progress);
  const messageId = newId('msg');
  const { name } = progress.state.visitor;
  const seq = progress.push({
    type: 'message.created',
    messageId,
    author: { kind: 'visitor', ...(name === undefined ? {} : { name }) },
    text,
    status: 'complete',
    clientId,
  });
  const { isAutopilot, agentId, waiting } = progress.state.control;
  // Approval mode with nobody there to approve: the draft is made all the same, and the visitor is told the truth.
  if (!isAutopilot && agentId === null && waiting === null && !isStaffOnline) {
    progress.control({ waiting: 'handoff' }, 'offline');
  }
  progress.claimOwed();
  return progress.decided({ messageId, seq, createdAt: at });
};

const stop = (progress: Progress): Decision => {
  const { reply, head } = progress.state;
  if (reply === null || reply.mode !== 'answer') return progress.decided({ seq: head.seq });
  progress.cut('stopped');
  return progress.decided({ seq: progress.control({}, 'stopped') });
};

const askForPerson = (progress: Progress, reason: string | undefined): Decision => {
  progress.open();
  if (progress.state.status === 'closed') progress.reopen({ kind: 'visitor' });
  const { agentId, waiting } = progress.state.control;
  if (agentId !== null || waiting !== null) return progress.decided({ seq: progress.state.head.seq });
  progress.cut('handoff');
  const seq = progress.control({ waiting: 'handoff' }, 'handoff', reason === undefined ? {} : { note: reason });
  progress.claimOwed();
  return progress.decided({ seq });
};

const defined = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;

/** Whoever signs in again says the same again: the log tells it once. */
const isNews = ({ visitor, contactId }: ConversationState, command: IdentifyCommand): boolean => {
  if (!command.verified || !visitor.verified || command.contactId !== contactId) return true;
  const signed = signedFieldsOf(visitor);
  return command.signed.some((name) => !signed.includes(name) || command[name] !== visitor[name]);
};

/** Nothing is added to what was marked as spam, and nobody is woken by it. The visitor may begin another conversation. */
const inSpam = (progress: Progress, command: VisitorCommand): Decision | undefined => {
  switch (command.type) {
    case 'visitor.message':
    case 'visitor.handoff':
    case 'visitor.lead':
    case 'visitor.csat':
      return refuse('conflict', 'This conversation has ended. Please start a new one.');
    case 'visitor.identify':
      // Whose it is, a signed identity says here too. What is merely said is kept with the contact.
      return command.verified ? undefined : progress.decided({});
    case 'visitor.stop':
    case 'visitor.leave':
      return undefined;
  }
};

export const decideVisitor = (progress: Progress, command: VisitorCommand): Decision => {
  const { newId } = progress.circumstances;
  const refusal = progress.state.isSpam === true ? inSpam(progress, command) : undefined;
  if (refusal !== undefined) return refusal;
  switch (command.type) {
    case 'visitor.message':
      return say(progress, command.text, command.clientId);
    case 'visitor.stop':
      return stop(progress);
    case 'visitor.handoff':
      return askForPerson(progress, command.reason);
    case 'visitor.lead': {
      progress.open();
      const leadId = progress.state.leadId ?? newId('lead');
      const { name, email, phone, company, customFields } = command;
      progress.push({
        type: 'lead.captured',
        leadId,
        ...defined({ name, email, phone, company, customFields }),
      });
      return progress.decided({ leadId });
    }
    case 'visitor.identify': {
      // Before the first word there is no log: who they are is kept with the contact and opens the log later.
      if (progress.state.status === 'new') return progress.decided({});
      const { type: _, ...said } = command;
      if (!isNews(progress.state, command)) return progress.decided({});
      progress.push({ type: 'visitor.identified', ...said });
      return progress.decided({});
    }
    case 'visitor.csat': {
      progress.open();
      const { rating, comment } = command;
      const seq = progress.push({
        type: 'csat.submitted',
        rating,
        ...(comment === undefined ? {} : { comment }),
      });
      return progress.decided({ seq });
    }
    case 'visitor.leave': {
      if (progress.state.status !== 'open') return progress.decided({ seq: progress.state.head.seq });
      progress.cut('closed');
      const seq = progress.push({
        type: 'conversation.closed',
        turn: progress.state.control.turn + 1,
        next: command.next,
        by: { kind: 'visitor' },
      });
      return progress.decided({ seq });
    }
  }
};
