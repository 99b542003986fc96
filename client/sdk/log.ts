// The part of a conversation's log that this client holds: contiguous, applied once, in order.
import { evolve, initialState, isHidden } from '../../shared/conversation.ts';
import type { ConversationState, Cursor } from '../../shared/conversation.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import type { View } from '../../shared/view.ts';

export interface Log {
  isLoaded: () => boolean;
  /** The fold up to the last fact applied. */
  state: () => ConversationState;
  /** Without hidden ones, oldest first. A new array per change. */
  facts: () => VisibleFact[];
  /** There are facts before the first one held. */
  hasEarlier: () => boolean;
  /** `seq` of the first fact held, hidden ones counted. */
  first: () => number;
  /** Facts are known to exist that are not applied: ask for what follows the cursor. */
  isBehind: () => boolean;
  /** A live fact. Returns what was applied, in order: nothing where it is old, early or before the first view. */
  receive: (fact: VisibleFact) => VisibleFact[];
  /** A view. `isFresh`: it began the log anew. */
  apply: (view: View) => { applied: VisibleFact[]; isFresh: boolean };
  /** A page of facts before the first one; false where it does not end there. */
  prepend: (facts: readonly VisibleFact[], more: boolean) => boolean;
  /** The log is known to reach this far. */
  expect: (seq: number) => void;
}

/** Facts held back while a gap is open. Beyond that they are asked for again. */
const maxAhead = 1000;

export const createLog = (conversationId: string): Log => {
  let state = initialState(conversationId, true);
  let facts: VisibleFact[] = [];
  let first = 1;
  let isLoaded = false;
  /** How far the log is known to reach. */
  let target = 0;
  /** What we hold does not fit what the server says: the cursor must be checked. */
  let isSuspect = false;
  const ahead = new Map<number, VisibleFact>();

  const step = (fact: VisibleFact): void => {
    try {
      state = evolve(state, fact);
    } catch {
      // A type that this build cannot know and must not pass over: the server's fold tells what it means.
      state = { ...state, head: { seq: fact.seq, id: fact.id } };
      isSuspect = true;
    }
  };

  /** Applies what follows the head without a gap. */
  const advance = (): VisibleFact[] => {
    const applied: VisibleFact[] = [];
    for (let next = ahead.get(state.head.seq + 1); next !== undefined; next = ahead.get(state.head.seq + 1)) {
      ahead.delete(next.seq);
      step(next);
      applied.push(next);
    }
    for (const seq of ahead.keys()) if (seq <= state.head.seq) ahead.delete(seq);
    const visible = applied.filter((fact) => !isHidden(fact));
    if (visible.length > 0) facts = [...facts, ...visible];
    return applied;
  };

  const holdBack = (fact: VisibleFact): void => {
    target = Math.max(target, fact.seq);
    if (fact.seq > state.head.seq && ahead.size < maxAhead) ahead.set(fact.seq, fact);
  };

  const cursorAfter = (given: readonly VisibleFact[], otherwise: Cursor): Cursor => {
    const last = given.at(-1);
    return last === undefined ? otherwise : { seq: last.seq, id: last.id };
  };

  return {
    isLoaded: () => isLoaded,
    state: () => state,
    facts: () => facts,
    hasEarlier: () => isLoaded && first > 1,
    first: () => first,
    isBehind: () => isLoaded && (isSuspect || target > state.head.seq),
    expect: (seq) => {
      target = Math.max(target, seq);
    },
    receive: (fact) => {
      if (fact.conversationId !== conversationId) return [];
      if (isLoaded && fact.seq === state.head.seq && fact.id !== state.head.id) isSuspect = true;
      holdBack(fact);
      return isLoaded ? advance() : [];
    },
    apply: (view) => {
      if (view.conversationId !== conversationId) return { applied: [], isFresh: false };
      const isFresh = !isLoaded || view.reset === true;
      isSuspect = false;
      let applied: VisibleFact[] = [];
      if (isFresh) {
        // What was held back may be of the log that is gone.
        if (view.reset === true) ahead.clear();
        target = Math.max(view.head.seq, view.reset === true ? 0 : target);
        state = { ...view.state, head: cursorAfter(view.facts, view.more ? { seq: 0, id: '' } : view.state.head) };
        first = view.facts[0]?.seq ?? state.head.seq + 1;
        facts = view.facts.filter((fact) => !isHidden(fact));
        isLoaded = true;
        applied = [...view.facts];
      } else {
        target = Math.max(target, view.head.seq);
        for (const fact of view.facts) holdBack(fact);
      }
      applied = [...applied, ...advance()];
      // The server's fold of the same log: equal to ours, except where it knows a type of fact that we do not.
      const { head } = view.state;
      if (head.seq === state.head.seq && head.id === state.head.id) state = view.state;
      else target = Math.max(target, head.seq);
      return { applied, isFresh };
    },
    prepend: (page, more) => {
      const [oldest] = page;
      const newest = page.at(-1);
      if (oldest === undefined || newest === undefined) {
        if (!more) first = 1;
        return !more;
      }
      if (newest.seq !== first - 1) return false;
      first = more ? oldest.seq : 1;
      facts = [...page.filter((fact) => !isHidden(fact)), ...facts];
      return true;
    },
  };
};
