// What the conversation is like for the visitor right now: who answers, what is waited for, what is asked of them. Pure.
import { isAvatarPath } from '../../../shared/avatars.ts';
import type { ConversationState } from '../../../shared/conversation.ts';
import type { FactOf, VisibleFact } from '../../../shared/facts.ts';
import type { PublicWidget } from '../../../shared/widget.ts';

export type Availability = PublicWidget['availability'];

/** Who the header shows. `team`: nobody in particular. */
export interface Persona {
  kind: 'ai' | 'agent' | 'team';
  name: string;
  /** Of a person, for the initials. */
  fullName?: string;
  /** Of a person; where nobody in particular is there, the widget's own picture. */
  avatarUrl?: string;
}

type Message = FactOf<'message.created'>;

/** The first word of a name: visitors talk to Maya, not to Maya Lindqvist-Oyelaran. */
export const firstName = (name: string): string => name.trim().split(/\s+/)[0] ?? '';

export const lastMessage = (
  facts: readonly VisibleFact[],
  accept: (message: Message) => boolean = () => true,
): Message | undefined => {
  for (let index = facts.length - 1; index >= 0; index -= 1) {
    const fact = facts[index]!;
    if (fact.type === 'message.created' && accept(fact)) return fact;
  }
  return undefined;
};

/** Where a person's picture lies: on the server at `origin` and nowhere else, whatever a message says. */
export const avatarAt = (origin: string, path: string | undefined): { avatarUrl?: string } =>
  path !== undefined && isAvatarPath(path) ? { avatarUrl: origin + path } : {};

export const personaOf = (
  widget: PublicWidget,
  state: ConversationState | null,
  facts: readonly VisibleFact[],
  origin = '',
): Persona => {
  const control = state?.control;
  if (control?.agentId != null || control?.agentName != null) {
    const name = control.agentName ?? '';
    const last = lastMessage(facts, ({ author }) => author.kind === 'agent' && author.name === name);
    return { kind: 'agent', name: firstName(name), fullName: name, ...avatarAt(origin, last?.author.avatarUrl) };
  }
  const picture = widget.iconUrl === undefined ? {} : { avatarUrl: widget.iconUrl };
  const isAi = control === undefined || state?.status === 'new' ? widget.isAutopilot : control.isAutopilot;
  if (isAi && control?.waiting == null)
    return { kind: 'ai', name: widget.texts.title || widget.assistantName, ...picture };
  return { kind: 'team', name: widget.texts.title, ...picture };
};

/** What stands under the last message while an answer is owed that no dots announce. */
export type Notice = 'person' | 'approval' | 'failed' | 'away' | null;

export const noticeOf = (
  state: ConversationState | null,
  availability: Availability,
  isAnswering: boolean,
  hasQueued: boolean,
): Notice => {
  if (isAnswering || state === null || state.status === 'closed') return null;
  if (availability === 'away') return 'away';
  if (state.status === 'new') return null;
  const { control, unanswered } = state;
  if (control.agentId !== null || control.agentName !== null) return null;
  if (control.waiting === 'failed') return 'failed';
  if (control.waiting !== null) return 'person';
  return !control.isAutopilot && unanswered !== null && !hasQueued ? 'approval' : null;
};

export interface FormFields {
  name: boolean;
  email: boolean;
  /** Why it is asked now. */
  reason: 'before' | 'after-answer' | 'away';
}

/** Which contact fields to ask for now, or null. Never what is known already. */
export const formOf = (
  widget: PublicWidget,
  state: ConversationState | null,
  facts: readonly VisibleFact[],
  availability: Availability,
): FormFields | null => {
  if (state?.status === 'closed' || (state !== null && state.leadId !== null)) return null;
  const { form } = widget;
  const known: Partial<ConversationState['visitor']> = state?.visitor ?? {};
  const name = form.name && known.name === undefined;
  const email = form.email && known.email === undefined;
  if (availability === 'away') {
    return known.email === undefined ? { name, email: true, reason: 'away' } : null;
  }
  if ((!name && !email) || form.when === 'never') return null;
  if (form.when === 'before') {
    return state === null || state.messages === 0 ? { name, email, reason: 'before' } : null;
  }
  const wasAnswered =
    lastMessage(
      facts,
      ({ author, status }) => status === 'complete' && (author.kind === 'ai' || author.kind === 'agent'),
    ) !== undefined && lastMessage(facts, ({ author }) => author.kind === 'visitor') !== undefined;
  return wasAnswered ? { name, email, reason: 'after-answer' } : null;
};

/** Messages of others that came after what the visitor has read. */
export const unreadOf = (facts: readonly VisibleFact[], readSeq: number): number =>
  facts.filter((fact) => fact.type === 'message.created' && fact.author.kind !== 'visitor' && fact.seq > readSeq)
    .length;
