// The visitor's current conversation: which one it is, and what screens are shown before there is one.
import { initialState } from '../../shared/conversation.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import type { ConversationSnapshot, Observable, OutboxEntry } from './api.ts';
import { createConversation } from './conversation.ts';
import type { Conversation, Surroundings } from './conversation.ts';
import { value } from './observable.ts';

export interface Current {
  readonly shown: Observable<ConversationSnapshot | null>;
  get: () => Conversation | null;
  /** The id of the current conversation; `''` before there is one. */
  id: () => string;
  /** Makes a conversation the current one; its view must follow at once. */
  show: (conversationId: string) => Conversation;
  /** A live fact. True where it belongs here; others are kept for a view that is on the way. */
  fact: (fact: VisibleFact) => boolean;
  /** What waits to be sent changed. */
  outboxChanged: (conversationId: string) => void;
  /** No conversation is current. The screens keep what they show, unless `isBlank`. */
  leave: (isBlank?: boolean) => void;
  /** The facts kept for a view that will not come. */
  forgetEarly: () => void;
}

const maxEarlyFacts = 500;

/** `lastId`: where this visitor was when the page was left; what still waits to go there is shown at once. */
export const createCurrent = (
  around: Surroundings,
  outboxOf: (conversationId: string) => OutboxEntry[],
  lastId: () => string | null,
): Current => {
  const shown = value<ConversationSnapshot | null>(null);
  let current: Conversation | null = null;
  let unshow: () => void = () => undefined;
  let early: VisibleFact[] = [];

  /** What waits must be seen, also while there is no connection to learn the conversation from. */
  const showWaiting = (): void => {
    const outbox = [...outboxOf(lastId() ?? ''), ...(lastId() === null ? [] : outboxOf(''))];
    if (shown.get() === null ? outbox.length === 0 : shown.get()?.conversationId !== '') return;
    shown.set({
      conversationId: '',
      isLoaded: false,
      state: initialState('', true),
      facts: [],
      hasEarlier: false,
      isLoadingEarlier: false,
      reply: null,
      reads: { visitor: 0, staff: 0 },
      typing: { agents: [], visitor: false },
      viewers: [],
      outbox,
    });
  };

  const leave = (isBlank = false): void => {
    unshow();
    unshow = () => undefined;
    current?.dispose();
    current = null;
    if (isBlank) shown.set(null);
  };

  return {
    shown,
    get: () => current,
    id: () => current?.conversationId ?? '',
    show: (conversationId) => {
      if (current?.conversationId === conversationId) return current;
      leave();
      const next = createConversation(conversationId, around);
      current = next;
      next.setOutbox(outboxOf(conversationId));
      // Its view is about to be applied: no screen need see the moment before.
      unshow = next.snapshot.subscribe((snapshot) => {
        if (snapshot.isLoaded) shown.set(snapshot);
      });
      for (const fact of early) next.fact(fact);
      early = [];
      return next;
    },
    fact: (fact) => {
      const isHere = fact.conversationId === current?.conversationId;
      if (isHere) current?.fact(fact);
      else if (early.length < maxEarlyFacts) early.push(fact);
      return isHere;
    },
    outboxChanged: (conversationId) => {
      if (current === null) showWaiting();
      else if (conversationId === current.conversationId) current.setOutbox(outboxOf(conversationId));
    },
    leave,
    forgetEarly: () => {
      early = [];
    },
  };
};
