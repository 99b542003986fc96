// What visitors and staff do in a conversation: their commands on the way to `decide`, with keys that name the actor.
import { avatarOf } from '../../shared/avatars.ts';
import type { ConversationState } from '../../shared/conversation.ts';
import { ChatError } from '../../shared/errors.ts';
import { newUuid } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import type { StaffCommand, VisitorCommand } from '../domain/conversation.ts';
import { may } from '../domain/permit.ts';
import type { Contact, Member, Session } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Committer } from './commit.ts';
import type { Answered, Surroundings } from './pending.ts';
import type { Directory } from './directory.ts';
import { pendingOffer } from './offers.ts';

export interface ConversationDeps {
  store: Store;
  committer: Committer;
  directory: Directory;
  log: Log;
}

type WithoutActor<T> = T extends unknown ? Omit<T, 'by'> : never;
/** A staff command before the acting member is added. */
export type StaffAsk = WithoutActor<StaffCommand>;

/** A visitor's command in one of their conversations. @throws ChatError, see `Committer.perform` */
export const visitorDoes = async (
  deps: ConversationDeps,
  actor: { session: Session; widget: Widget; contact: Contact | undefined },
  conversationId: string,
  command: VisitorCommand,
  options: { clientId?: string | undefined; admit?: () => ChatError | undefined } = {},
): Promise<Answered> => {
  const { session, widget, contact } = actor;
  const { name, email, signed, verified } = contact ?? { verified: false };
  const surroundings = await deps.directory.forVisitor(widget, {
    contactId: session.contactId,
    channel: session.channel,
    ...(session.page === undefined ? {} : { page: session.page }),
    visitor: {
      ...(name === undefined ? {} : { name }),
      ...(email === undefined ? {} : { email }),
      ...(signed === undefined ? {} : { signed }),
      verified: verified ?? false,
    },
  });
  const saidFirst =
    command.type === 'visitor.message' && widget.proactive.isEnabled && conversationId === session.conversationId
      ? await pendingOffer(deps, session)
      : undefined;
  return deps.committer.perform({
    orgId: session.orgId,
    conversationId,
    key: `v:${options.clientId ?? newUuid()}`,
    body: command,
    command,
    surroundings: saidFirst === undefined ? surroundings : { ...surroundings, saidFirst },
    ...(options.admit === undefined ? {} : { admit: options.admit }),
  });
};

/**
 * The state of a conversation of this organisation, as this node knows it; with `reaching`, no older than that fact (another
 * node may have written it). @throws ChatError `not_found`
 */
export const stateFor = async (
  { store, committer }: Pick<ConversationDeps, 'store' | 'committer'>,
  orgId: string,
  conversationId: string,
  reaching = 0,
): Promise<ConversationState> => {
  const known = committer.known(conversationId);
  const isEnough = known !== undefined && known.state.head.seq >= reaching;
  const found = isEnough ? known : (committer.latest(conversationId) ?? (await store.state(conversationId)));
  if (found === undefined || found.orgId !== orgId) throw new ChatError('not_found', 'No such conversation');
  return found.state;
};

const draftOf = async (
  deps: ConversationDeps,
  state: ConversationState,
): Promise<NonNullable<Surroundings['draft']> | null> => {
  if (state.draft === null) return null;
  const [fact] = await deps.store.factsAfter(state.conversationId, state.draft.seq - 1, 1);
  if (fact?.type !== 'draft.created') return null;
  const { draftId, text, sources, actions } = fact;
  return { draftId, text, sources, ...(actions === undefined ? {} : { actions }) };
};

/** A member's command. @throws ChatError, see `Committer.perform`; `not_found` for another organisation's conversation */
export const staffDoes = async (
  deps: ConversationDeps,
  member: Member,
  conversationId: string,
  ask: StaffAsk,
  options: { clientId?: string | undefined; admit?: () => ChatError | undefined } = {},
): Promise<Answered> => {
  const { orgId, id: agentId, name } = member;
  // A draft's text is looked up by what the state says of it, so that must not be old.
  const reaching = ask.type === 'draft.approve' ? Number.POSITIVE_INFINITY : 0;
  const state = await stateFor(deps, orgId, conversationId, reaching);
  const surroundings = await deps.directory.forState(orgId, state);
  const draft = ask.type === 'draft.approve' ? await draftOf(deps, state) : null;
  const by = {
    agentId,
    name,
    ...avatarOf(member.avatarUrl),
    mayOverrule: may(member, 'conversation.assign-from-another'),
  };
  return deps.committer.perform({
    orgId,
    conversationId,
    key: `m:${agentId}:${options.clientId ?? newUuid()}`,
    // A colleague's name is no part of what was asked: a repeat after they changed it is still a repeat.
    body: ask.type === 'agent.assign' ? { type: ask.type, to: ask.to.id } : ask,
    command: { ...ask, by },
    surroundings: { ...surroundings, draft },
    ...(options.admit === undefined ? {} : { admit: options.admit }),
  });
};

/**
 * The member that a conversation is to be given to. Whether they may still get it is asked after the key was looked up (R3).
 * @throws ChatError `not_found`
 */
export const assignee = async (
  deps: ConversationDeps,
  orgId: string,
  memberId: string,
): Promise<{ id: string; name: string; isDisabled: boolean }> => {
  const member = await deps.store.documents.members.get(orgId, memberId);
  if (member === undefined) throw new ChatError('not_found', 'No such member');
  return { id: member.id, name: member.name, isDisabled: member.isDisabled };
};

const pageSize = 200;

/** Open conversations that nobody holds follow their widget's switch. */
export const followWidget = async (deps: ConversationDeps, widget: Widget): Promise<void> => {
  let cursor: string | undefined;
  do {
    const page = await deps.store.inbox({
      orgId: widget.orgId,
      filter: 'open',
      memberId: '',
      limit: pageSize,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const concerned = page.rows.filter(
      (row) =>
        row.widgetId === widget.id && row.control.agentId === null && row.control.isAutopilot !== widget.isAutopilot,
    );
    const outcomes = await Promise.allSettled(concerned.map((row) => switchOne(deps, widget, row.conversationId)));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        deps.log.warn({ err: outcome.reason, widgetId: widget.id }, 'switch not followed');
    }
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
};

const switchOne = async (deps: ConversationDeps, widget: Widget, conversationId: string): Promise<void> => {
  const state = await stateFor(deps, widget.orgId, conversationId);
  await deps.committer.perform({
    orgId: widget.orgId,
    conversationId,
    key: `w:${widget.updatedAt}:${widget.isAutopilot}`,
    body: { isAutopilot: widget.isAutopilot },
    command: { type: 'widget.autopilot', isAutopilot: widget.isAutopilot },
    surroundings: await deps.directory.forState(widget.orgId, state),
  });
};
