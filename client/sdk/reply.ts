// The answer in flight, put together from signals that may be lost, doubled or late. The log has the last word.
import type { ConversationState } from '../../shared/conversation.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import type { Signal, SignalOf } from '../../shared/signals.ts';
import type { LiveReply, View } from '../../shared/view.ts';

export type HeldReply = LiveReply & { startedAt: number };
type Delta = SignalOf<'reply.delta'>;
type ReplySignal = Extract<Signal, { attempt: number }>;

export interface ReplyTrack {
  get: () => HeldReply | null;
  /** Some text is missing: `facts:since` gives it. */
  isGap: () => boolean;
  /** Rises with every signal that was heeded; a view asked for at an older version does not end a reply begun since. */
  version: () => number;
  signal: (signal: Signal, state: ConversationState) => void;
  /** After `state` took the fact in: the final message takes the place of the live reply, a raised turn ends it. */
  fact: (fact: VisibleFact, state: ConversationState) => void;
  view: (view: View, state: ConversationState, askedAt: number) => void;
  /** The reply ended and nothing replaced it in time: ask. */
  doubt: (replyId: string) => void;
}

const maxHeldBack = 500;
/** Ids of replies that ended: late deltas of theirs are dropped. */
const maxDone = 16;

export const createReplyTrack = (audience: 'visitor' | 'staff', now: () => number = Date.now): ReplyTrack => {
  let live: HeldReply | null = null;
  let turn = 0;
  let version = 0;
  let isGap = false;
  let heldBack: Delta[] = [];
  let done: string[] = [];

  const finish = (replyId: string): void => {
    if (!done.includes(replyId)) done = [...done.slice(1 - maxDone), replyId];
    if (live?.replyId !== replyId) return;
    live = null;
    heldBack = [];
    isGap = false;
  };

  const isOld = (signal: { replyId: string; turn: number; attempt?: number }): boolean =>
    signal.turn < turn ||
    done.includes(signal.replyId) ||
    (live !== null && live.turn > signal.turn) ||
    (live?.replyId === signal.replyId && signal.attempt !== undefined && signal.attempt < live.attempt);

  const modeOf = (replyId: string, state: ConversationState): LiveReply['mode'] => {
    if (audience === 'visitor') return 'answer';
    if (state.reply?.replyId === replyId) return state.reply.mode;
    return state.control.isAutopilot ? 'answer' : 'draft';
  };

  const begin = (signal: ReplySignal, mode: LiveReply['mode']): void => {
    const isSame = live?.replyId === signal.replyId;
    const { replyId, turn, attempt } = signal;
    if (live !== null && !isSame) finish(live.replyId);
    live = { replyId, turn, attempt, mode, text: '', startedAt: isSame && live !== null ? live.startedAt : now() };
    heldBack = [];
    isGap = false;
  };

  /** True where the delta is dealt with, false where text before it is missing. */
  const append = (delta: Delta): boolean => {
    if (live === null) return true;
    const held = live.text.length;
    if (delta.offset > held) return false;
    // Text of one attempt never changes, so that of an overlap only the tail is news.
    if (delta.offset + delta.text.length > held)
      live = { ...live, text: live.text + delta.text.slice(held - delta.offset) };
    return true;
  };

  const appendHeldBack = (): void => {
    const waiting = heldBack.sort((a, b) => a.offset - b.offset);
    heldBack = [];
    for (const delta of waiting) if (!append(delta)) heldBack.push(delta);
    isGap = heldBack.length > 0;
  };

  const isCurrent = (signal: ReplySignal): boolean =>
    live !== null && live.replyId === signal.replyId && live.attempt === signal.attempt;

  return {
    get: () => live,
    isGap: () => isGap,
    version: () => version,
    signal: (signal, state) => {
      switch (signal.type) {
        case 'reply.started':
          if (audience === 'visitor' && signal.mode === 'draft') return;
          if (isOld(signal) || isCurrent(signal)) return;
          version += 1;
          begin(signal, signal.mode);
          return;
        case 'reply.reset':
          if (isOld(signal)) return;
          version += 1;
          begin(signal, live?.replyId === signal.replyId ? live.mode : modeOf(signal.replyId, state));
          return;
        case 'reply.delta':
          if (isOld(signal)) return;
          version += 1;
          if (!isCurrent(signal))
            begin(signal, live?.replyId === signal.replyId ? live.mode : modeOf(signal.replyId, state));
          if (append(signal)) {
            if (heldBack.length > 0) appendHeldBack();
          } else {
            isGap = true;
            if (heldBack.length < maxHeldBack) heldBack.push(signal);
          }
          return;
        case 'reply.ended':
          // Where it said something the log's fact takes its place; where it said nothing there will be none.
          if (live?.replyId === signal.replyId && live.text === '' && signal.outcome !== 'complete')
            finish(signal.replyId);
          return;
        default:
      }
    },
    fact: (fact, state) => {
      turn = Math.max(turn, state.control.turn);
      if (fact.type === 'message.created' && fact.author.kind !== 'visitor') finish(fact.messageId);
      else if (fact.type === 'draft.created') finish(fact.draftId);
      else if (fact.type === 'reply.failed') finish(fact.replyId);
      if (live !== null && live.turn < turn) finish(live.replyId);
    },
    view: (view, state, askedAt) => {
      turn = view.reset === true ? state.control.turn : Math.max(turn, state.control.turn);
      if (view.reset === true) {
        done = [];
        live = null;
      }
      isGap = false;
      const given = view.reply;
      if (given === undefined || (audience === 'visitor' && given.mode === 'draft')) {
        if (live !== null && version === askedAt && view.head.seq >= state.head.seq) finish(live.replyId);
      } else if (!isOld(given)) {
        const same = live?.replyId === given.replyId ? live : null;
        if (same === null || given.attempt > same.attempt || given.text.length >= same.text.length) {
          if (live !== null && same === null) finish(live.replyId);
          live = { ...given, startedAt: same?.startedAt ?? now() };
        }
      }
      heldBack = heldBack.filter((delta) => isCurrent(delta));
      appendHeldBack();
      if (live !== null && live.turn < turn) finish(live.replyId);
    },
    doubt: (replyId) => {
      if (live?.replyId === replyId) isGap = true;
    },
  };
};
