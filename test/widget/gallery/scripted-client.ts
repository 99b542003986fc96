// A VisitorClient without a server: the gallery and the unit tests say what it holds.
import { initialState } from '../../../shared/conversation.ts';
import type { ConversationState } from '../../../shared/conversation.ts';
import type { Author, FactBody, VisibleFact } from '../../../shared/facts.ts';
import { newUuid } from '../../../shared/ids.ts';
import type { Signal } from '../../../shared/signals.ts';
import type { PublicWidget } from '../../../shared/widget.ts';
import type {
  Connection,
  ConversationSnapshot,
  Observable,
  OutboxEntry,
  VisitorClient,
} from '../../../client/sdk/api.ts';

interface Settable<T> extends Observable<T> {
  set(value: T): void;
}

const settable = <T>(first: T): Settable<T> => {
  const listeners = new Set<(value: T) => void>();
  let held = first;
  return {
    get: () => held,
    set(value) {
      held = value;
      for (const listener of listeners) listener(value);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};

export interface Script {
  client: VisitorClient;
  connection: Settable<Connection>;
  earlier: Settable<ReturnType<VisitorClient['earlier']['get']>>;
  /** What was asked of the client, in order. */
  asked: { verb: string; input: unknown }[];
  now(): ConversationSnapshot;
  patch(change: Partial<ConversationSnapshot>): void;
  control(change: Partial<ConversationState['control']>): void;
  state(change: Partial<ConversationState>): void;
  /** Appends a fact and returns it. `how` is `live` unless said otherwise. */
  fact(body: FactBody, options?: { at?: number; how?: 'live' | 'loaded' }): VisibleFact;
  say(kind: Author['kind'], text: string, more?: Record<string, unknown>, at?: number): VisibleFact;
  /** An answer begins; further calls let it grow to `text`. */
  stream(replyId: string, text: string): void;
  signal(signal: Signal): void;
  queue(text: string, status: OutboxEntry['status'], more?: Partial<OutboxEntry>): void;
}

export const MINUTE = 60_000;

export const scriptedClient = (widget: PublicWidget, start: number): Script => {
  const id = 'conv_gallery';
  const asked: Script['asked'] = [];
  const connection = settable<Connection>({ status: 'online' });
  const earlier = settable<ReturnType<VisitorClient['earlier']['get']>>([]);
  const onFacts = new Set<(fact: VisibleFact, how: 'live' | 'loaded') => void>();
  const onSignals = new Set<(signal: Signal) => void>();
  let clock = start;
  const conversation = settable<ConversationSnapshot | null>({
    conversationId: id,
    isLoaded: true,
    state: initialState(id, widget.isAutopilot),
    facts: [],
    hasEarlier: false,
    isLoadingEarlier: false,
    reply: null,
    reads: { visitor: 0, staff: 0 },
    typing: { agents: [], visitor: false },
    viewers: [],
    outbox: [],
  });
  const now = (): ConversationSnapshot => conversation.get()!;
  const patch = (change: Partial<ConversationSnapshot>): void => conversation.set({ ...now(), ...change });
  const state = (change: Partial<ConversationState>): void => patch({ state: { ...now().state, ...change } });
  const ok = (data: unknown): Promise<never> => Promise.resolve({ ok: true, data } as never);

  const script: Script = {
    connection,
    earlier,
    asked,
    now,
    patch,
    state,
    control: (change) => state({ control: { ...now().state.control, ...change } }),
    fact(body, { at, how = 'live' } = {}) {
      const seq = (now().facts.at(-1)?.seq ?? 0) + 1;
      clock = at ?? clock + 15_000;
      const fact = { ...body, conversationId: id, seq, id: `fact_${seq}`, at: clock } as VisibleFact;
      const isMessage = fact.type === 'message.created';
      const isAnswer = isMessage && fact.messageId === now().reply?.replyId;
      const entry = isMessage ? fact.clientId : undefined;
      patch({
        facts: [...now().facts, fact],
        reply: isAnswer ? null : now().reply,
        outbox: now().outbox.filter(({ clientId }) => clientId !== entry),
        state: { ...now().state, status: 'open', messages: now().state.messages + (isMessage ? 1 : 0) },
      });
      for (const listener of onFacts) listener(fact, how);
      return fact;
    },
    say(kind, text, more = {}, at) {
      const messageId = (more['messageId'] as string | undefined) ?? newUuid();
      const author = { kind, ...(more['author'] as object | undefined) };
      const place = at === undefined ? {} : { at };
      return script.fact({ type: 'message.created', status: 'complete', ...more, messageId, author, text }, place);
    },
    stream: (replyId, text) =>
      patch({
        reply: {
          replyId,
          turn: 1,
          attempt: 1,
          mode: 'answer',
          text,
          startedAt: now().reply?.startedAt ?? clock + 2000,
        },
      }),
    signal: (told) => {
      for (const listener of onSignals) listener(told);
    },
    queue(text, status, more = {}) {
      const entry: OutboxEntry = {
        clientId: newUuid(),
        conversationId: id,
        command: 'message:send',
        input: { text },
        createdAt: (clock += 1000),
        status,
        ...more,
      };
      patch({ outbox: [...now().outbox, entry] });
    },
    client: {
      connection,
      widget: settable<PublicWidget | null>(widget),
      conversation,
      earlier,
      connect: () => void asked.push({ verb: 'connect', input: null }),
      disconnect: () => void asked.push({ verb: 'disconnect', input: null }),
      ask: (command, input) => {
        asked.push({ verb: command, input });
        return ok({});
      },
      onFact: (listener) => {
        onFacts.add(listener);
        return () => void onFacts.delete(listener);
      },
      onSignal: (listener) => {
        onSignals.add(listener);
        return () => void onSignals.delete(listener);
      },
      retry: (clientId) => void asked.push({ verb: 'retry', input: clientId }),
      discard: (clientId) => patch({ outbox: now().outbox.filter((entry) => entry.clientId !== clientId) }),
      send(text) {
        script.queue(text, 'sending');
        return now().outbox.at(-1)!.clientId;
      },
      perform: (command, input) => {
        asked.push({ verb: command, input });
        return ok({});
      },
      loadEarlier: () => Promise.resolve(),
      markRead: () => patch({ reads: { ...now().reads, visitor: now().facts.at(-1)?.seq ?? 0 } }),
      setTyping: () => undefined,
      newConversation: () => Promise.resolve({ ok: true }),
      openConversation: () => Promise.resolve({ ok: true }),
      identify: (token) => {
        asked.push({ verb: 'visitor:identify', input: { token } });
        return Promise.resolve({ ok: true });
      },
      onRefused: () => () => undefined,
      onSignedOut: () => () => undefined,
      logout: () => conversation.set(null),
    },
  };
  return script;
};
