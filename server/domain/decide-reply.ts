// What the owner of an answer may commit: fenced by (replyId, turn, attempt), so that whoever is late is refused.
import { owes } from '../../shared/conversation.ts';
import type { Claim, ReplyCommand } from './conversation.ts';
import { refuse } from './decision.ts';
import type { Decision, Progress } from './decision.ts';

/** After this many owners died or stalled over one answer, a person is asked instead. */
export const maxAttempts = 3;

type Of<T extends ReplyCommand['type']> = Extract<ReplyCommand, { type: T }>;

const owns = (progress: Progress, claim: Claim): boolean => {
  const { reply, control } = progress.state;
  return (
    reply !== null &&
    reply.replyId === claim.replyId &&
    reply.turn === claim.turn &&
    reply.attempt === claim.attempt &&
    reply.turn === control.turn &&
    reply.owner === progress.circumstances.node
  );
};

const stale = (): Decision => refuse('stale_turn', 'This answer is of an older turn or attempt');

const claim = (progress: Progress, { isOwnerGone, owner }: Of<'reply.claim'>): Decision => {
  const { reply } = progress.state;
  const { node } = progress.circumstances;
  if (reply === null) progress.claimOwed();
  else if (isOwnerGone && node !== null && reply.owner !== node && reply.owner === (owner ?? reply.owner)) {
    progress.push({ ...reply, type: 'reply.claimed', attempt: reply.attempt + 1, owner: node });
  }
  return progress.decided({ seq: progress.state.head.seq });
};

const complete = (progress: Progress, command: Of<'reply.complete'>): Decision => {
  if (!owns(progress, command.claim)) return stale();
  const { mode, answers, turn } = progress.state.reply!;
  const { text, sources, actions, usage, handoff } = command;
  const { replyId } = command.claim;
  const isSaid = text.trim() !== '';
  if (mode === 'draft') {
    if (isSaid) {
      progress.push({
        type: 'draft.created',
        draftId: replyId,
        turn,
        text,
        sources,
        answers,
        ...(actions.length === 0 ? {} : { actions }),
        ...(usage === undefined ? {} : { usage }),
      });
    } else {
      progress.push({ type: 'reply.failed', replyId, why: 'handoff', detail: handoff ?? '' });
      if (progress.state.control.agentId === null)
        progress.control({ waiting: 'handoff' }, 'handoff', { note: handoff ?? '' });
    }
    return progress.decided({ seq: progress.state.head.seq });
  }
  if (isSaid) {
    progress.push({
      type: 'message.created',
      messageId: replyId,
      author: { kind: 'ai', name: progress.circumstances.assistantName },
      text,
      status: 'complete',
      answers,
      ...(sources.length === 0 ? {} : { sources }),
      ...(actions.length === 0 ? {} : { actions }),
      ...(usage === undefined ? {} : { usage }),
    });
  }
  if (handoff !== undefined) progress.control({ waiting: 'handoff' }, 'handoff', { note: handoff });
  return progress.decided({ seq: progress.state.head.seq });
};

const fail = (progress: Progress, command: Of<'reply.fail'>): Decision => {
  if (!owns(progress, command.claim)) return stale();
  const { mode } = progress.state.reply!;
  const { why, detail, sentence } = command;
  progress.cut('failed');
  progress.push({
    type: 'reply.failed',
    replyId: command.claim.replyId,
    why,
    ...(detail === undefined ? {} : { detail }),
  });
  // A draft that a holder asked for simply did not come; otherwise the conversation waits for a person.
  if (progress.state.control.agentId !== null) return progress.decided({ seq: progress.state.head.seq });
  if (mode === 'answer') {
    progress.push({
      type: 'message.created',
      messageId: progress.circumstances.newId('msg'),
      author: { kind: 'system', name: progress.circumstances.assistantName },
      text: sentence,
      status: 'complete',
    });
  }
  progress.control({ waiting: 'failed' }, 'failed');
  return progress.decided({ seq: progress.state.head.seq });
};

const followWidget = (progress: Progress, isAutopilot: boolean): Decision => {
  const { control, status, head } = progress.state;
  if (status !== 'open' || control.agentId !== null || control.isAutopilot === isAutopilot) {
    return progress.decided({ seq: head.seq });
  }
  progress.cut('widget');
  const seq = progress.control({ isAutopilot }, 'widget');
  progress.claimOwed();
  return progress.decided({ seq });
};

const stop = (progress: Progress): Decision => {
  const { reply, head } = progress.state;
  if (reply === null && owes(progress.state) === 'none') return progress.decided({ seq: head.seq });
  progress.cut('stopped');
  return progress.decided({ seq: progress.control({}, 'stopped', { note: 'The visitor is banned' }) });
};

const letGoOf = (progress: Progress, agentId: string): Decision => {
  const { control, status, head } = progress.state;
  if (status !== 'open' || control.agentId !== agentId) return progress.decided({ seq: head.seq });
  const seq = progress.control({ isAutopilot: false, agentId: null, agentName: null, waiting: 'released' }, 'released');
  progress.claimOwed();
  return progress.decided({ seq });
};

export const decideReply = (progress: Progress, command: ReplyCommand): Decision => {
  switch (command.type) {
    case 'reply.claim':
      return claim(progress, command);
    case 'reply.complete':
      return complete(progress, command);
    case 'reply.fail':
      return fail(progress, command);
    case 'holder.absent':
      return letGoOf(progress, command.agentId);
    case 'reply.stop':
      return stop(progress);
    case 'widget.autopilot':
      return followWidget(progress, command.isAutopilot);
  }
};
