// What a member's command does to a conversation: the table "Control, and who acts when", row by row.
import { refuse } from './decision.ts';
import type { Decision, Progress } from './decision.ts';
import type { AgentActor, StaffCommand } from './conversation.ts';

type StaffType = StaffCommand['type'];
type Of<T extends StaffType> = Extract<StaffCommand, { type: T }>;

const person = ({ agentId, name }: AgentActor) => ({ id: agentId, name });

const heldByOther = (progress: Progress, by: AgentActor): boolean => {
  const { agentId } = progress.state.control;
  return agentId !== null && agentId !== by.agentId;
};

const collision = (progress: Progress): Decision => {
  const { control } = progress.state;
  return refuse('conflict', `${control.agentName ?? 'A colleague'} has it`, { control });
};

const closedAlready = (): Decision => refuse('conflict', 'The conversation is closed');

/** Nothing had to change: the ack of what made it so. */
const sameAck = (progress: Progress): Decision => progress.decided({ seq: progress.state.controlSeq });

/** Whoever reopens a conversation says by it that it is no spam. */
const reopen = (progress: Progress, by: AgentActor): number => {
  if (progress.state.isSpam === true) progress.push({ type: 'spam.changed', isSpam: false, by: person(by) });
  return progress.reopen({ kind: 'agent', name: by.name });
};

const take = (progress: Progress, by: AgentActor): Decision => {
  if (heldByOther(progress, by)) return collision(progress);
  if (progress.state.control.agentId === by.agentId) return sameAck(progress);
  if (progress.state.status === 'closed') reopen(progress, by);
  progress.cut('taken');
  const seq = progress.control(
    { isAutopilot: false, agentId: by.agentId, agentName: by.name, waiting: null },
    'taken',
    { by: person(by) },
  );
  return progress.decided({ seq });
};

const letGo = (
  progress: Progress,
  by: AgentActor,
  to: 'autopilot' | 'queue',
  reason: 'released' | 'autopilot',
): Decision => {
  if (progress.state.status === 'closed') return closedAlready();
  if (heldByOther(progress, by)) return collision(progress);
  const { control } = progress.state;
  const isAutopilot = to === 'autopilot';
  const waiting = to === 'queue' ? 'released' : null;
  // Where it lies already: a repeat must not cut the answer that the first release set going.
  if (control.agentId === null && control.isAutopilot === isAutopilot && control.waiting === waiting) {
    return sameAck(progress);
  }
  progress.cut('autopilot');
  const seq = progress.control({ isAutopilot, agentId: null, agentName: null, waiting }, reason, { by: person(by) });
  progress.claimOwed();
  return progress.decided({ seq });
};

const assign = (progress: Progress, { by, to }: Of<'agent.assign'>): Decision => {
  if (progress.state.status === 'closed') return closedAlready();
  if (progress.state.control.agentId === to.id) return sameAck(progress);
  if (heldByOther(progress, by) && !by.mayOverrule) return collision(progress);
  progress.cut('assigned');
  const seq = progress.control({ isAutopilot: false, agentId: to.id, agentName: to.name, waiting: null }, 'assigned', {
    by: person(by),
  });
  return progress.decided({ seq });
};

const close = (progress: Progress, by: AgentActor): Decision => {
  if (progress.state.status === 'closed') return sameAck(progress);
  if (heldByOther(progress, by) && !by.mayOverrule) return collision(progress);
  progress.cut('closed');
  const wasAnswered = progress.state.messages > 1;
  const seq = progress.push({
    type: 'conversation.closed',
    turn: progress.state.control.turn + 1,
    by: { kind: 'agent', name: by.name },
  });
  if (wasAnswered && !progress.state.csat.requested) progress.push({ type: 'csat.requested', after: 'close' });
  return progress.decided({ seq });
};

/** Closes and hides; no rating is asked for. Taking the mark back undoes what the mark did. */
const setSpam = (progress: Progress, { by, isSpam }: Of<'agent.spam'>): Decision => {
  const { state } = progress;
  if ((state.isSpam === true) === isSpam) return progress.decided({ seq: state.head.seq });
  if (!isSpam) {
    if (state.closedAsSpam === true) return progress.decided({ seq: reopen(progress, by) });
    return progress.decided({ seq: progress.push({ type: 'spam.changed', isSpam, by: person(by) }) });
  }
  if (heldByOther(progress, by) && !by.mayOverrule) return collision(progress);
  progress.cut('closed');
  let seq = progress.push({ type: 'spam.changed', isSpam, by: person(by) });
  if (state.status === 'open') {
    const turn = progress.state.control.turn + 1;
    seq = progress.push({ type: 'conversation.closed', turn, by: { kind: 'agent', name: by.name } });
  }
  return progress.decided({ seq });
};

const setAutopilot = (progress: Progress, { by, isAutopilot }: Of<'agent.autopilot'>): Decision => {
  const { control, status } = progress.state;
  if (status === 'closed') return closedAlready();
  if (heldByOther(progress, by)) return collision(progress);
  if (isAutopilot) {
    if (control.isAutopilot && control.waiting === null) return sameAck(progress);
    return letGo(progress, by, 'autopilot', 'autopilot');
  }
  if (!control.isAutopilot) return sameAck(progress);
  progress.cut('autopilot');
  const seq = progress.control({ isAutopilot: false }, 'autopilot', { by: person(by) });
  progress.claimOwed();
  return progress.decided({ seq });
};

const stop = (progress: Progress, by: AgentActor): Decision => {
  if (progress.state.reply === null) return progress.decided({ seq: progress.state.head.seq });
  if (heldByOther(progress, by)) return collision(progress);
  progress.cut('stopped');
  return progress.decided({ seq: progress.control({}, 'stopped', { by: person(by) }) });
};

const say = (progress: Progress, { by, text, clientId }: Of<'agent.message'>): Decision => {
  const { control } = progress.state;
  if (control.agentId !== by.agentId) {
    const why =
      control.agentId === null ? 'Take the conversation over first' : `${control.agentName ?? 'A colleague'} has it`;
    return refuse('forbidden', why, { control });
  }
  const messageId = progress.circumstances.newId('msg');
  const seq = progress.push({
    type: 'message.created',
    messageId,
    author: {
      kind: 'agent',
      name: by.name,
      agentId: by.agentId,
      ...(by.avatarUrl === undefined ? {} : { avatarUrl: by.avatarUrl }),
    },
    text,
    status: 'complete',
    clientId,
  });
  return progress.decided({ messageId, seq, createdAt: progress.circumstances.at });
};

const approve = (progress: Progress, { by, draftId, text }: Of<'draft.approve'>): Decision => {
  const { draft, approved, control } = progress.state;
  if (heldByOther(progress, by))
    return refuse('forbidden', `${control.agentName ?? 'A colleague'} has it`, { control });
  if (approved?.draftId === draftId) {
    return progress.decided({ messageId: approved.messageId, seq: approved.seq, createdAt: approved.at });
  }
  const content = progress.circumstances.draft;
  if (draft?.draftId !== draftId || content?.draftId !== draftId) {
    return refuse('stale_turn', 'The conversation has moved on; this draft no longer fits');
  }
  const isEdited = text !== undefined && text !== content.text;
  progress.push({ type: 'draft.approved', draftId, messageId: draftId, by: person(by) });
  const seq = progress.push({
    type: 'message.created',
    messageId: draftId,
    author: isEdited
      ? {
          kind: 'agent',
          name: by.name,
          agentId: by.agentId,
          ...(by.avatarUrl === undefined ? {} : { avatarUrl: by.avatarUrl }),
        }
      : { kind: 'ai', name: progress.circumstances.assistantName, reviewedBy: by.name, agentId: by.agentId },
    text: isEdited ? text : content.text,
    status: 'complete',
    answers: draft.answers,
    ...(content.sources.length === 0 || isEdited ? {} : { sources: content.sources }),
    ...(content.actions === undefined || isEdited ? {} : { actions: content.actions }),
  });
  if (progress.state.control.waiting !== null) progress.control({ waiting: null }, 'answered', { by: person(by) });
  return progress.decided({ messageId: draftId, seq, createdAt: progress.circumstances.at });
};

const reject = (progress: Progress, { by, draftId }: Of<'draft.reject'>): Decision => {
  const { draft, control } = progress.state;
  if (heldByOther(progress, by))
    return refuse('forbidden', `${control.agentName ?? 'A colleague'} has it`, { control });
  if (draft?.draftId !== draftId) return refuse('stale_turn', 'The conversation has moved on; this draft is gone');
  return progress.decided({ seq: progress.push({ type: 'draft.rejected', draftId, by: person(by) }) });
};

const requestDraft = (progress: Progress, by: AgentActor): Decision => {
  const { control, status, reply, unanswered, head } = progress.state;
  const { node, newId } = progress.circumstances;
  if (status === 'closed') return closedAlready();
  if (heldByOther(progress, by)) return collision(progress);
  if (control.agentId === null && control.isAutopilot && control.waiting === null) {
    return refuse('conflict', 'The AI answers this conversation by itself', { control });
  }
  if (reply !== null) return progress.decided({ seq: head.seq });
  if (node === null) return refuse('unavailable', 'This server is about to restart');
  const seq = progress.push({
    type: 'reply.claimed',
    replyId: newId('msg'),
    turn: control.turn,
    attempt: 1,
    owner: node,
    mode: 'draft',
    answers: unanswered ?? head.seq,
  });
  return progress.decided({ seq });
};

const setLabels = (progress: Progress, by: AgentActor, wanted: string[]): Decision => {
  const labels = [...new Set(wanted.map((label) => label.trim()))];
  const same =
    labels.length === progress.state.labels.length && labels.every((label, i) => label === progress.state.labels[i]);
  if (same) return progress.decided({ seq: progress.state.head.seq });
  return progress.decided({ seq: progress.push({ type: 'label.changed', labels, by: person(by) }) });
};

export const decideStaff = (progress: Progress, command: StaffCommand): Decision => {
  // A log that never began is nobody's to act on.
  if (progress.state.status === 'new') return refuse('not_found', 'No such conversation');
  const { by } = command;
  switch (command.type) {
    case 'agent.message':
      return say(progress, command);
    case 'agent.take':
      return take(progress, by);
    case 'agent.release':
      return letGo(progress, by, command.to, 'released');
    case 'agent.assign':
      return assign(progress, command);
    case 'agent.close':
      return close(progress, by);
    case 'agent.reopen':
      if (progress.state.status !== 'closed') return sameAck(progress);
      return progress.decided({ seq: reopen(progress, by) });
    case 'agent.autopilot':
      return setAutopilot(progress, command);
    case 'agent.stop':
      return stop(progress, by);
    case 'agent.note':
      return progress.decided({
        seq: progress.push({
          type: 'note.created',
          noteId: progress.circumstances.newId('note'),
          author: { kind: 'agent', name: by.name, agentId: by.agentId },
          text: command.text,
        }),
      });
    case 'draft.approve':
      return approve(progress, command);
    case 'draft.reject':
      return reject(progress, command);
    case 'draft.request':
      return requestDraft(progress, by);
    case 'agent.label':
      return setLabels(progress, by, command.labels);
    case 'agent.spam':
      return setSpam(progress, command);
  }
};
