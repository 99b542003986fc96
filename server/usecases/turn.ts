// One message and what became of it, for callers without a socket: the same turn as everybody's, waited for.
import type { ConversationState } from '../../shared/conversation.ts';
import { evolve } from '../../shared/conversation.ts';
import type { ChatError } from '../../shared/errors.ts';
import type { Fact } from '../../shared/facts.ts';
import type { Signal } from '../../shared/signals.ts';
import type { Widget } from '../../shared/widget.ts';
import { outcomeOf } from '../domain/turn.ts';
import type { Outcome } from '../domain/turn.ts';
import type { Contact, Session } from '../ports/documents.ts';
import { visitorDoes } from './conversations.ts';
import type { ConversationDeps } from './conversations.ts';
import type { Listening } from './listening.ts';

export interface TurnDeps extends ConversationDeps {
  listening: Listening;
}

/** Who says something in which conversation. */
export interface Speaking {
  session: Session;
  widget: Widget;
  contact: Contact | undefined;
  conversationId: string;
}

/** The answer as it streams; calls are synchronous and must not throw. */
export interface TurnEar {
  started(replyId: string): void;
  delta(offset: number, text: string): void;
  /** What streamed is void: another answer begins. */
  reset(): void;
}

export interface TurnOptions {
  clientId: string;
  /** As in `Committer`: asked once the key was looked up. */
  admit?: () => ChatError | undefined;
  /** How long to wait for an answer, ms. */
  waitMs: number;
  /** Ends the waiting, never the answer. */
  signal?: AbortSignal;
  ear?: TurnEar;
}

export interface Turn {
  messageId: string;
  seq: number;
  /** Undefined: still to come when the time was over. */
  outcome: Outcome | undefined;
  state: ConversationState;
}

/** Facts of a turn read at once for a repeat; a turn with more is not waited for by anybody any more. */
const readAtOnce = 400;

/** Puts what is heard of answers into one stream: nothing of an older turn, nothing twice, a reset where one replaces another. */
class Telling {
  readonly #ear: TurnEar;
  #replyId: string | null = null;
  #attempt = 0;
  #length = 0;

  constructor(ear: TurnEar) {
    this.#ear = ear;
  }

  hear(signal: Signal): void {
    if (signal.type === 'reply.started' && signal.mode === 'answer') this.begin(signal.replyId, signal.attempt);
    else if (signal.type === 'reply.reset') this.begin(signal.replyId, signal.attempt);
    else if (signal.type === 'reply.delta' && signal.replyId === this.#replyId) this.#delta(signal);
  }

  begin(replyId: string, attempt: number): void {
    if (this.#replyId === replyId && this.#attempt === attempt) return;
    if (this.#length > 0) this.#ear.reset();
    if (this.#replyId !== replyId) this.#ear.started(replyId);
    this.#replyId = replyId;
    this.#attempt = attempt;
    this.#length = 0;
  }

  /** The text so far of an answer that had begun before this caller came. */
  catchUp(text: string): void {
    if (this.#length > 0 || text === '') return;
    this.#length = text.length;
    this.#ear.delta(0, text);
  }

  #delta({ attempt, offset, text }: Extract<Signal, { type: 'reply.delta' }>): void {
    if (attempt !== this.#attempt || offset !== this.#length) return;
    this.#length += text.length;
    this.#ear.delta(offset, text);
  }
}

/** What was heard before the message had its place is judged when it has. */
class Hearing {
  readonly facts: Fact[] = [];
  readonly #signals: Signal[] = [];
  #told: ((signal: Signal) => void) | null = null;
  #changed: () => void = () => undefined;

  hearFacts(facts: readonly Fact[]): void {
    this.facts.push(...facts);
    this.#changed();
  }

  hearSignal(signal: Signal): void {
    if (this.#told === null) this.#signals.push(signal);
    else this.#told(signal);
  }

  /** From now on `tell` hears; what came before and is of this turn or a later one at once. */
  tell(turn: number, tell: (signal: Signal) => void): void {
    this.#told = (signal) => {
      if ('turn' in signal && signal.turn >= turn) tell(signal);
    };
    for (const signal of this.#signals.splice(0)) this.#told(signal);
  }

  /** Resolves with what `look` gives after some fact, undefined when `ms` are over or `signal` aborts. */
  until<T>(look: () => T | undefined, ms: number, signal: AbortSignal | undefined): Promise<T | undefined> {
    return new Promise((resolve) => {
      const end = (value: T | undefined): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', give);
        this.#changed = () => undefined;
        resolve(value);
      };
      const give = (): void => end(undefined);
      const timer = setTimeout(give, ms);
      if (signal?.aborted === true) return give();
      signal?.addEventListener('abort', give, { once: true });
      this.#changed = () => {
        const found = look();
        if (found !== undefined) end(found);
      };
      this.#changed();
    });
  }
}

/**
 * Says something and waits for what becomes of it. A dropped caller aborts nothing; a repeat of the same `clientId` waits
 * for the same outcome. @throws ChatError, see `Committer.perform`
 */
export const takeTurn = async (
  deps: TurnDeps,
  { session, widget, contact, conversationId }: Speaking,
  text: string,
  { clientId, admit, waitMs, signal, ear }: TurnOptions,
): Promise<Turn> => {
  const hearing = new Hearing();
  const stop = deps.listening.listen(conversationId, {
    facts: (facts) => hearing.hearFacts(facts),
    ...(ear === undefined ? {} : { signal: (heard: Signal) => hearing.hearSignal(heard) }),
  });
  try {
    const answered = await visitorDoes(
      deps,
      { session, widget, contact },
      conversationId,
      { type: 'visitor.message', text, clientId },
      { clientId, ...(admit === undefined ? {} : { admit }) },
    );
    const { messageId, seq } = answered.result as { messageId: string; seq: number };
    let { state } = answered;
    const facts: Fact[] = [];
    /** Facts in order and each once, whether they came with the ack, from the log or by ear. */
    const take = (more: readonly Fact[]): void => {
      for (const fact of more) {
        if (fact.seq <= seq || fact.seq <= (facts.at(-1)?.seq ?? 0)) continue;
        facts.push(fact);
        if (fact.seq === state.head.seq + 1) state = evolve(state, fact);
      }
    };
    if (answered.isNew) take(answered.facts);
    else {
      // A repeat: what followed the first time is in the log.
      const known = (await deps.store.state(conversationId))?.state;
      if (known !== undefined && known.head.seq > state.head.seq) state = known;
      take(await deps.store.factsAfter(conversationId, seq, readAtOnce));
    }
    if (ear !== undefined) {
      const telling = new Telling(ear);
      hearing.tell(state.control.turn, (heard) => telling.hear(heard));
      const live = deps.listening.reply(conversationId);
      if (live?.mode === 'answer' && live.turn >= state.control.turn) {
        telling.begin(live.replyId, live.attempt);
        telling.catchUp(live.text);
      }
    }
    const look = (): Outcome | undefined => {
      take(hearing.facts.splice(0));
      return outcomeOf(seq, facts, state);
    };
    const outcome = await hearing.until(look, waitMs, signal);
    return { messageId, seq, outcome, state };
  } finally {
    stop();
  }
};
