// The visitor's client: one session, one current conversation, and an outbox that nothing can make forget.
import type { SessionView } from '../../shared/commands.ts';
import { initialState } from '../../shared/conversation.ts';
import { isRetryable } from '../../shared/errors.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import { newUuid } from '../../shared/ids.ts';
import type { Signal } from '../../shared/signals.ts';
import type { PublicWidget } from '../../shared/widget.ts';
import { namespaces } from '../../shared/wire.ts';
import type { ConversationSnapshot, Done, VisitorClient, VisitorClientOptions } from './api.ts';
import { defaultBackoff, delay, jitter } from './backoff.ts';
import { createLink } from './connection.ts';
import type { Ask } from './connection.ts';
import { createConversation } from './conversation.ts';
import type { Conversation } from './conversation.ts';
import { emitter, value } from './observable.ts';
import { createOutbox } from './outbox.ts';
import { askWidget } from './probe.ts';
import { createSession } from './session.ts';
import { forgiving, memoryStorage } from './storage.ts';
import { createTypingTeller } from './typing.ts';
import { onOtherTab } from './wake.ts';

const maxEarlyFacts = 500;

/** A client for one visitor of one widget. Idle until `connect()`; `send` works at once. */
export const createVisitorClient = (options: VisitorClientOptions): VisitorClient => {
  const storage = forgiving(options.storage ?? memoryStorage());
  const session = createSession(storage, options);
  const conversationKey = `tiller:${options.widgetKey}:conversation`;
  const widget = value<PublicWidget | null>(null);
  const earlier = value<SessionView['earlier']>([]);
  const shown = value<ConversationSnapshot | null>(null);
  const facts = emitter<[VisibleFact, 'live' | 'loaded']>();
  const signals = emitter<[Signal]>();

  let current: Conversation | null = null;
  let unshow: () => void = () => undefined;
  /** Facts of a conversation that is not known yet: its view is on the way. */
  let early: VisibleFact[] = [];
  /** A session that is being created: repeated with the same id and body until it is acked. */
  let creation: { clientId: string; page?: unknown } | null = null;
  /** The conversation that the next `session:open` asks for, if not the session's own. */
  let wanted: string | null = null;
  let isStartingNew = false;
  let readTold = 0;
  let unwatch: (() => void) | undefined;

  const pageInput = (): { page?: unknown } => {
    const page = options.page?.();
    return page === undefined ? {} : { page };
  };

  const showWaiting = (): void => {
    if (current !== null) return;
    const waiting = outbox.of('');
    if (waiting.length === 0 && shown.get() === null) return;
    shown.set({
      conversationId: '',
      isLoaded: false,
      state: initialState('', widget.get()?.isAutopilot ?? true),
      facts: [],
      hasEarlier: false,
      isLoadingEarlier: false,
      reply: null,
      reads: { visitor: 0, staff: 0 },
      typing: { agents: [], visitor: false },
      viewers: [],
      outbox: waiting,
    });
  };

  const link = createLink(options, {
    namespace: namespaces.visitor,
    query: { widgetKey: options.widgetKey },
    auth: session.auth,
    greet: (ask) => openSession(ask),
    forgive: (error) => {
      creation = null;
      return session.forgive(error);
    },
    probe: () => askWidget(options),
    fact: (fact) => receive(fact),
    signal: (signal) => hear(signal),
    verify: async () => current === null || (await current.heal({ timeoutMs: 4000 })),
  });

  const outbox = createOutbox({
    storage,
    prefix: `tiller:${options.widgetKey}:out:`,
    backoff: options.backoff ?? defaultBackoff,
    ask: link.ask,
    isOnline: link.isOnline,
    isSendable: (conversationId) => conversationId !== '',
    isStored: (command) => command !== 'reply:stop',
    isKept: (command) => command === 'message:send',
    acked: (entry, data) => {
      const { seq, ...tokens } = (data ?? {}) as { seq?: number; sessionToken?: string; visitorToken?: string };
      if (entry.command === 'visitor:identify') identified(tokens);
      if (entry.command === 'message:send' && seq !== undefined && entry.conversationId === current?.conversationId) {
        current.land(entry, seq);
      }
    },
    changed: (conversationId) => {
      if (conversationId === current?.conversationId) current.setOutbox(outbox.of(conversationId));
      else if (conversationId === '') showWaiting();
    },
  });

  const typing = createTypingTeller((isTyping, preview) => {
    if (current === null || !link.isOnline()) return;
    const mayShow = preview !== undefined && widget.get()?.typingPreview === true;
    const input = {
      conversationId: current.conversationId,
      isTyping,
      ...(mayShow ? { preview: preview.slice(0, 1000) } : {}),
    };
    void link.ask('typing:set', input);
  });

  /** A verified visitor gets fresh tokens, and may have earlier conversations: the session's view tells. */
  const identified = (tokens: { sessionToken?: string; visitorToken?: string }): void => {
    session.keep(tokens);
    if (tokens.sessionToken !== undefined && link.isOnline()) void openSession(link.ask);
  };

  const applying = (fact: VisibleFact): void => {
    if (fact.type === 'message.created' && fact.clientId !== undefined) {
      outbox.settle(fact.clientId, { messageId: fact.messageId, seq: fact.seq, createdAt: fact.at });
    }
  };

  const applied = (fact: VisibleFact, how: 'live' | 'loaded'): void => {
    facts.emit(fact, how);
    // Another tab began a new conversation. One that was opened to be read again has moved on long ago: it stays.
    const isMoved = fact.type === 'conversation.closed' && fact.next !== undefined && how === 'live';
    const next = isMoved ? fact.next : undefined;
    if (next !== undefined && !isStartingNew && fact.conversationId === current?.conversationId) void goTo(next);
  };

  const show = (conversationId: string): Conversation => {
    if (current?.conversationId === conversationId) return current;
    unshow();
    current?.dispose();
    typing.stop();
    const next = createConversation(conversationId, {
      audience: 'visitor',
      ask: link.ask,
      isOnline: link.isOnline,
      applying,
      applied,
    });
    current = next;
    next.setOutbox(outbox.of(conversationId));
    // Its view is here and about to be applied: no screen need see the moment before.
    unshow = next.snapshot.subscribe((snapshot) => {
      if (snapshot.isLoaded) shown.set(snapshot);
    });
    for (const fact of early) next.fact(fact);
    early = [];
    return next;
  };

  /** Takes in the answer of `session:open` or `conversation:new`. */
  const adopt = (view: SessionView, finish?: ReturnType<Conversation['opening']>): void => {
    session.keep(view);
    session.accepted();
    widget.set(view.widget);
    earlier.set(view.earlier);
    wanted = null;
    const conversation = show(view.conversationId);
    outbox.pin(view.conversationId);
    readTold = view.reads.visitor;
    (finish ?? conversation.opening())(view);
    if (storage.getItem(conversationKey) !== view.conversationId) storage.setItem(conversationKey, view.conversationId);
  };

  const openSession = async (ask: Ask, isRepeat = false): Promise<Done> => {
    const target = wanted ?? current?.conversationId;
    const known = current !== null && current.conversationId === target ? current : null;
    if (!session.hasSession()) creation ??= { clientId: newUuid(), ...pageInput() };
    const since = known?.cursor();
    const isCreation = !session.hasSession() && creation !== null;
    const input = isCreation
      ? creation
      : {
          ...pageInput(),
          ...(target === undefined ? {} : { conversationId: target }),
          ...(since === undefined ? {} : { since }),
        };
    const finish = known?.opening();
    const answer = await ask('session:open', input);
    if (answer.ok) {
      const view = answer.data as SessionView;
      creation = null;
      const left = current?.conversationId;
      const isLost = isCreation && left !== undefined && left !== view.conversationId;
      if (isLost) outbox.move(left, view.conversationId);
      const fits = finish !== undefined && view.conversationId === known?.conversationId;
      if (!fits) finish?.({ code: 'unavailable', message: 'Another conversation came' });
      adopt(view, fits ? finish : undefined);
      return { ok: true };
    }
    finish?.(answer.error);
    const { code } = answer.error;
    if (code === 'conflict' && isCreation && !isRepeat) {
      creation = null;
      return await openSession(ask, true);
    }
    if ((code === 'not_found' || code === 'forbidden') && target !== undefined && !isCreation) {
      // The conversation is not ours any more (erased, another visitor's): the session has one of its own.
      wanted = null;
      leave();
      return await openSession(ask);
    }
    return answer;
  };

  const leave = (): void => {
    unshow();
    unshow = () => undefined;
    current?.dispose();
    current = null;
  };

  const goTo = async (conversationId: string): Promise<Done> => {
    if (current?.conversationId === conversationId) return { ok: true };
    wanted = conversationId;
    if (!link.isOnline()) return { ok: true };
    const answer = await openSession(link.ask);
    if (!answer.ok && !isRetryable(answer.error.code)) wanted = null;
    return answer;
  };

  const receive = (fact: VisibleFact): void => {
    if (fact.conversationId === current?.conversationId) {
      current.fact(fact);
      return;
    }
    applying(fact);
    if (early.length < maxEarlyFacts) early.push(fact);
  };

  const hear = (signal: Signal): void => {
    if (signal.type === 'presence.changed' && signal.availability !== undefined) {
      const now = widget.get();
      if (now !== null) widget.set({ ...now, availability: signal.availability });
    }
    if (signal.conversationId === current?.conversationId) current.signal(signal);
    signals.emit(signal);
  };

  const tellRead = (): void => {
    if (current === null || !link.isOnline()) return;
    const seq = current.snapshot.get().reads.visitor;
    if (seq <= readTold) return;
    readTold = seq;
    void link.ask('message:read', { conversationId: current.conversationId, seq }).then((answer) => {
      if (!answer.ok && readTold === seq) readTold = seq - 1;
    });
  };

  link.connection.subscribe(({ status }) => {
    if (status === 'online') {
      outbox.pump();
      tellRead();
      void current?.heal();
    } else {
      typing.stop();
      early = [];
    }
  });
  showWaiting();

  const perform = (command: Parameters<VisitorClient['perform']>[0], input: Record<string, unknown>) =>
    outbox.add(command, current?.conversationId ?? '', input);

  const client: VisitorClient = {
    connection: link.connection,
    widget,
    conversation: shown,
    earlier,
    connect: () => {
      outbox.start();
      unwatch ??= onOtherTab((key) => {
        const theirs = key === conversationKey ? storage.getItem(conversationKey) : null;
        // Two tabs began at once: the one that has said nothing joins the other.
        const isEmpty =
          current !== null && current.cursor()?.seq === 0 && outbox.of(current.conversationId).length === 0;
        if (theirs !== null && isEmpty && theirs !== current?.conversationId) {
          leave();
          link.restart();
        }
      });
      link.connect();
    },
    disconnect: () => {
      unwatch?.();
      unwatch = undefined;
      outbox.stop();
      link.disconnect();
    },
    ask: async (command, input, asked) => {
      const answer = await link.ask(command, input, asked?.timeoutMs);
      if (answer.ok && command === 'visitor:identify') identified(answer.data as { sessionToken?: string });
      return answer as never;
    },
    onFact: facts.on,
    onSignal: signals.on,
    retry: outbox.retry,
    discard: outbox.discard,
    send: (text) => {
      const page = pageInput();
      return perform('message:send', { text, ...(page.page === undefined ? {} : { context: page }) }).clientId;
    },
    perform: (command, input) => perform(command, input).answer as never,
    loadEarlier: async () => current?.loadEarlier(),
    markRead: () => {
      if (current?.cursor() === undefined) return;
      current.read();
      tellRead();
    },
    setTyping: typing.set,
    newConversation: async () => {
      if (isStartingNew) return { ok: true };
      isStartingNew = true;
      const input = { clientId: newUuid(), ...pageInput() };
      try {
        for (let tries = 0; ; tries += 1) {
          const answer = await link.ask('conversation:new', input);
          if (answer.ok) {
            adopt(answer.data as SessionView);
            return { ok: true };
          }
          const { status } = link.connection.get();
          if (!isRetryable(answer.error.code) || status === 'idle' || status === 'refused' || tries >= 10)
            return answer;
          await delay(answer.error.retryAfterMs ?? jitter(tries, options.backoff ?? defaultBackoff));
        }
      } finally {
        isStartingNew = false;
        // Where its ack was lost for good the log tells where it went.
        const next = current?.snapshot.get().state.next;
        if (next !== undefined && next !== null) void goTo(next);
      }
    },
    openConversation: goTo,
    reset: () => {
      client.disconnect();
      outbox.clear();
      session.forget();
      storage.removeItem(conversationKey);
      leave();
      early = [];
      creation = null;
      wanted = null;
      widget.set(null);
      earlier.set([]);
      shown.set(null);
    },
  };
  return client;
};
