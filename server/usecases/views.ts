// Views: what a reader gets on opening a conversation or closing a gap, as the reader may see it.
import { evolve, initialState } from '../../shared/conversation.ts';
import type { ConversationState, Cursor } from '../../shared/conversation.ts';
import type { Fact, VisibleFact } from '../../shared/facts.ts';
import { viewLimits } from '../../shared/view.ts';
import type { LiveReply, View } from '../../shared/view.ts';
import { forVisitor, stateForVisitor } from '../domain/audience.ts';
import type { Store } from '../ports/store.ts';
import type { Committer } from './commit.ts';

export type Audience = 'visitor' | 'staff';

export interface ViewDeps {
  store: Store;
  committer: Committer;
}

export interface ViewAsk {
  conversationId: string;
  audience: Audience;
  since?: Cursor;
  sinceSeq?: number;
  /** The widget's default, for a log that has not begun. */
  isAutopilot: boolean;
  /** The conversation was made by this very call, so there is nothing to read. */
  isNew?: boolean;
}

/** A view before it is projected: `extend` may still add what was published while it was read. */
export interface RawView {
  conversationId: string;
  state: ConversationState;
  facts: Fact[];
  more: boolean;
  reads: View['reads'];
  isReset: boolean;
}

/** Reads a view as of the head at the time of the call. Facts that a cursor asks for are at most 200. */
export const readView = async ({ store, committer }: ViewDeps, ask: ViewAsk): Promise<RawView> => {
  const { conversationId, since } = ask;
  if (ask.isNew === true) {
    const state = initialState(conversationId, ask.isAutopilot);
    const isReset = (since ?? ask.sinceSeq) !== undefined;
    return { conversationId, state, facts: [], more: false, reads: { visitor: 0, staff: 0 }, isReset };
  }
  const from = since?.seq ?? ask.sinceSeq;
  // One fact more below, to hold its id against the cursor's; one more above, to know whether there are others.
  const checks = since !== undefined && since.seq > 0;
  const after = from === undefined ? undefined : checks ? from - 1 : from;
  const atMost = viewLimits.after + 2;
  const read = async (): Promise<{ state: ConversationState; facts?: Fact[] } | undefined> => {
    const state = committer.current(conversationId);
    if (after === undefined) return state === undefined ? store.state(conversationId) : { state };
    if (state === undefined) return store.logAfter(conversationId, after, atMost);
    return { state, facts: await store.factsAfter(conversationId, after, atMost) };
  };
  const [[reads], log] = await Promise.all([store.reads([conversationId]), read()]);
  const state = log?.state ?? initialState(conversationId, ask.isAutopilot);
  const view = { conversationId, state, reads: reads ?? { visitor: 0, staff: 0 } };
  const { head } = state;
  if (from !== undefined && from <= head.seq) {
    const found = log?.facts ?? [];
    const isSame = !checks || found[0]?.id === since.id;
    if (isSame) {
      const missed = (checks ? found.slice(1) : found).filter(({ seq }) => seq <= head.seq);
      return {
        ...view,
        facts: missed.slice(0, viewLimits.after),
        more: missed.length > viewLimits.after,
        isReset: false,
      };
    }
  }
  const facts = head.seq === 0 ? [] : await store.factsBefore(conversationId, head.seq + 1, viewLimits.first);
  return { ...view, facts, more: false, isReset: from !== undefined };
};

/** Adds facts that were published while the view was read, so that nothing lies between it and the live ones. */
export const extend = (view: RawView, published: readonly Fact[]): RawView => {
  let { state } = view;
  const facts = [...view.facts];
  for (const fact of published) {
    if (fact.seq !== state.head.seq + 1) continue;
    state = evolve(state, fact);
    if (!view.more) facts.push(fact);
  }
  return { ...view, state, facts };
};

/** The view as it crosses the wire. `reply` is the answer in flight as this node's edge has it. */
export const present = (view: RawView, audience: Audience, reply: LiveReply | undefined): View => {
  const isVisitor = audience === 'visitor';
  const shown = reply === undefined || (isVisitor && reply.mode === 'draft') ? undefined : reply;
  return {
    conversationId: view.conversationId,
    state: isVisitor ? stateForVisitor(view.state) : view.state,
    facts: isVisitor ? view.facts.map(forVisitor) : view.facts,
    head: view.state.head,
    more: view.more,
    reads: view.reads,
    ...(shown === undefined ? {} : { reply: shown }),
    ...(view.isReset ? { reset: true as const } : {}),
  };
};

/** Pages upward. */
export const readBefore = async (
  { store }: ViewDeps,
  ask: { conversationId: string; seq: number; limit: number; audience: Audience },
): Promise<{ facts: VisibleFact[]; more: boolean }> => {
  const facts = await store.factsBefore(ask.conversationId, ask.seq, ask.limit);
  const more = (facts[0]?.seq ?? 1) > 1;
  return { facts: ask.audience === 'visitor' ? facts.map(forVisitor) : facts, more };
};
