// The visitor's client: one session, one current conversation, and an outbox that nothing can make forget.
import type { SessionView } from '../../shared/commands.ts';
import { isRetryable } from '../../shared/errors.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import { newUuid } from '../../shared/ids.ts';
import type { Signal } from '../../shared/signals.ts';
import type { PublicWidget } from '../../shared/widget.ts';
import { namespaces } from '../../shared/wire.ts';
import type { Done, VisitorClient, VisitorClientOptions } from './api.ts';
import type { Ask } from './ask.ts';
import { defaultBackoff, delay, jitter } from './backoff.ts';
import { createLink } from './connection.ts';
import { createCurrent } from './current.ts';
import { emitter, value } from './observable.ts';
import { createOutbox, isWritten, receiptOf } from './outbox.ts';
import { askWidget } from './probe.ts';
import { createSession } from './session.ts';
import { forgiving, memoryStorage } from './storage.ts';
import { createTypingTeller } from './typing.ts';
import { onOtherTab } from './wake.ts';

interface Tokens {
  sessionToken?: string;
  visitorToken?: string;
}

const maxNewTries = 10;
const maxOpenTries = 2;

/** A client for one visitor of one widget. Idle until `connect()`; `send` works at once. */
export const createVisitorClient = (options: VisitorClientOptions): VisitorClient => {
  const storage = forgiving(options.storage ?? memoryStorage());
  const backoff = options.backoff ?? defaultBackoff;
  const session = createSession(storage, options);
  const prefix = `tiller:${options.widgetKey}:`;
  /** Tells other tabs where this visitor is. */
  const conversationKey = `${prefix}conversation`;
  const widget = value<PublicWidget | null>(null);
  const earlier = value<SessionView['earlier']>([]);
  const facts = emitter<[VisibleFact, 'live' | 'loaded']>();
  const signals = emitter<[Signal]>();

  /** Kept until `session:open` is acked, so that a repeat after a lost ack makes no second session. */
  let openingId: string | null = null;
  /** The conversation that the next `session:open` asks for, if not the session's own. */
  let wanted: string | null = null;
  let isStartingNew = false;
  let readTold = 0;
  let unwatch: (() => void) | undefined;

  const pageInput = (): { page?: unknown } => {
    const page = options.page?.();
    return page === undefined ? {} : { page };
  };

  const link = createLink(options, {
    namespace: namespaces.visitor,
    query: { widgetKey: options.widgetKey },
    auth: session.auth,
    greet: (ask) => openSession(ask),
    forgive: (error) => {
      openingId = null;
      return session.forgive(error);
    },
    probe: () => askWidget(options),
    fact: (fact) => {
      if (!current.fact(fact)) settle(fact);
    },
    signal: (signal) => hear(signal),
    verify: async () => (await current.get()?.heal({ timeoutMs: 4000 })) ?? true,
  });

  const outbox = createOutbox({
    storage,
    prefix: `${prefix}out:`,
    backoff,
    ask: link.ask,
    isOnline: link.isOnline,
    isSendable: (conversationId) => conversationId !== '',
    isStored: (command) => command !== 'reply:stop',
    acked: (entry, data) => {
      if (entry.command === 'visitor:identify') identified(data as Tokens | undefined);
      const { seq } = receiptOf(data);
      if (isWritten(entry.command) && entry.conversationId === current.id()) current.get()?.land(entry, seq);
    },
    changed: (conversationId) => current.outboxChanged(conversationId),
  });

  const settle = (fact: VisibleFact): void => {
    if (fact.type !== 'message.created' || fact.clientId === undefined) return;
    outbox.settle(fact.clientId, { messageId: fact.messageId, seq: fact.seq, createdAt: fact.at });
  };

  const current = createCurrent(
    {
      audience: 'visitor',
      ask: link.ask,
      isOnline: link.isOnline,
      applying: settle,
      applied: (fact, how) => {
        facts.emit(fact, how);
        // Another tab began a new conversation. One that was opened to be read again has moved on long ago: it stays.
        if (fact.type !== 'conversation.closed' || fact.next === undefined || how === 'loaded') return;
        if (!isStartingNew && fact.conversationId === current.id()) void goTo(fact.next);
      },
    },
    outbox.of,
  );
  current.outboxChanged('');

  const typing = createTypingTeller((isTyping, preview) => {
    if (current.id() === '' || !link.isOnline()) return;
    const mayShow = preview !== undefined && widget.get()?.typingPreview === true;
    const more = mayShow ? { preview: preview.slice(0, 1000) } : {};
    void link.ask('typing:set', { conversationId: current.id(), isTyping, ...more });
  });

  /** A verified visitor gets fresh tokens, and may have earlier conversations: the session's view tells. */
  const identified = (tokens: Tokens | undefined): void => {
    if (tokens?.sessionToken === undefined) return;
    session.keep(tokens);
    if (link.isOnline()) void openSession(link.ask);
  };

  /** Takes in the answer of `session:open` or `conversation:new`. */
  const adopt = (view: SessionView, finish = current.show(view.conversationId).opening()): void => {
    session.keep(view);
    session.accepted();
    widget.set(view.widget);
    earlier.set(view.earlier);
    wanted = null;
    outbox.pin(view.conversationId);
    readTold = view.reads.visitor;
    finish(view);
    if (storage.getItem(conversationKey) !== view.conversationId) storage.setItem(conversationKey, view.conversationId);
  };

  const openSession = async (ask: Ask, tries = 0, left = current.id()): Promise<Done> => {
    openingId ??= newUuid();
    const target = wanted ?? current.id();
    const known = target === current.id() ? current.get() : null;
    const since = known?.cursor();
    const finish = known?.opening();
    const answer = await ask('session:open', {
      clientId: openingId,
      ...pageInput(),
      ...(target === '' ? {} : { conversationId: target }),
      ...(since === undefined ? {} : { since }),
    });
    if (answer.ok) {
      const view = answer.data as SessionView;
      openingId = null;
      // Nobody asked to go elsewhere, so the session that we had is lost: what waits comes along.
      if (wanted === null && left !== '' && left !== view.conversationId) outbox.move(left, view.conversationId);
      const isSame = view.conversationId === current.id();
      if (!isSame) finish?.(null);
      adopt(view, isSame ? finish : undefined);
      return { ok: true };
    }
    finish?.(answer.error);
    const { code } = answer.error;
    if (tries >= maxOpenTries || (code !== 'conflict' && code !== 'not_found')) return answer;
    openingId = null;
    if (code === 'not_found' && wanted !== null) {
      wanted = null;
      if (link.isOnline()) return answer;
    } else if (code === 'not_found') {
      // The conversation is not ours any more; the session has one of its own.
      current.leave();
    }
    return await openSession(ask, tries + 1, left);
  };

  const goTo = async (conversationId: string): Promise<Done> => {
    if (current.id() === conversationId) return { ok: true };
    wanted = conversationId;
    // Offline the next greeting asks for it.
    const answer = link.isOnline() ? await openSession(link.ask) : ({ ok: true } as const);
    if (!answer.ok && !isRetryable(answer.error.code)) wanted = null;
    return answer;
  };

  const startNew = async (): Promise<Done> => {
    const input = { clientId: newUuid(), ...pageInput() };
    for (let tries = 0; ; tries += 1) {
      const answer = await link.ask('conversation:new', input);
      if (answer.ok) {
        adopt(answer.data as SessionView);
        return { ok: true };
      }
      const { status } = link.connection.get();
      const isHopeless = status === 'idle' || status === 'refused' || tries >= maxNewTries;
      if (isHopeless || !isRetryable(answer.error.code)) return answer;
      await delay(answer.error.retryAfterMs ?? jitter(tries, backoff));
    }
  };

  const hear = (signal: Signal): void => {
    if (signal.type === 'presence.changed' && signal.availability !== undefined) {
      const now = widget.get();
      if (now !== null) widget.set({ ...now, availability: signal.availability });
    }
    if (signal.conversationId === current.id()) current.get()?.signal(signal);
    signals.emit(signal);
  };

  const tellRead = (): void => {
    const seq = current.get()?.snapshot.get().reads.visitor ?? 0;
    if (seq <= readTold || !link.isOnline()) return;
    readTold = seq;
    void link.ask('message:read', { conversationId: current.id(), seq }).then((answer) => {
      if (!answer.ok && readTold === seq) readTold = seq - 1;
    });
  };

  link.connection.subscribe(({ status }) => {
    if (status === 'online') {
      outbox.pump();
      tellRead();
      void current.get()?.heal();
    } else {
      typing.stop();
      current.forgetEarly();
    }
  });

  /** Two tabs began at once: the one that has said nothing joins the other. */
  const joinOtherTab = (): void => {
    const theirs = storage.getItem(conversationKey);
    const isEmpty = current.get()?.cursor()?.seq === 0 && outbox.of(current.id()).length === 0;
    if (theirs === null || theirs === current.id() || !isEmpty) return;
    current.leave();
    link.restart();
  };

  const perform = (command: Parameters<VisitorClient['perform']>[0], input: Record<string, unknown>) =>
    outbox.add(command, current.id(), input);

  const disconnect = (): void => {
    unwatch?.();
    unwatch = undefined;
    outbox.stop();
    link.disconnect();
  };

  return {
    connection: link.connection,
    widget,
    conversation: current.shown,
    earlier,
    connect: () => {
      outbox.start();
      unwatch ??= onOtherTab((key) => {
        if (key === conversationKey) joinOtherTab();
      });
      link.connect();
    },
    disconnect,
    ask: async (command, input, asked) => {
      const answer = await link.ask(command, input, asked?.timeoutMs);
      if (answer.ok && command === 'visitor:identify') identified(answer.data as Tokens);
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
    loadEarlier: async () => current.get()?.loadEarlier(),
    markRead: () => {
      if (current.get()?.cursor() === undefined) return;
      current.get()?.read();
      tellRead();
    },
    setTyping: typing.set,
    newConversation: async () => {
      if (isStartingNew) return { ok: true };
      isStartingNew = true;
      const done = await startNew();
      isStartingNew = false;
      // Where the ack was lost for good the log tells where the conversation went.
      const next = current.get()?.snapshot.get().state.next ?? null;
      if (next !== null) void goTo(next);
      return done;
    },
    openConversation: goTo,
    reset: () => {
      disconnect();
      outbox.clear();
      session.forget();
      storage.removeItem(conversationKey);
      current.leave(true);
      current.forgetEarly();
      openingId = null;
      wanted = null;
      widget.set(null);
      earlier.set([]);
    },
  };
};
