// The visitor's client: one session, one current conversation, and an outbox that nothing can make forget.
import type { SessionView } from '../../shared/commands.ts';
import type { Page, VisibleFact } from '../../shared/facts.ts';
import type { Signal } from '../../shared/signals.ts';
import type { PublicWidget } from '../../shared/widget.ts';
import { namespaces } from '../../shared/wire.ts';
import type { VisitorClient, VisitorClientOptions } from './api.ts';
import { defaultBackoff } from './backoff.ts';
import { createLink } from './connection.ts';
import { createCurrent } from './current.ts';
import { emitter, value } from './observable.ts';
import { createOpening } from './opening.ts';
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

  let readTold = 0;
  let unwatch: (() => void) | undefined;

  const pageInput = (): { page?: Page } => {
    const page = options.page?.();
    return page === undefined ? {} : { page };
  };

  const link = createLink(options, {
    namespace: namespaces.visitor,
    query: { widgetKey: options.widgetKey },
    auth: session.auth,
    greet: (ask) => opening.open(ask),
    forgive: (error) => {
      opening.renew();
      return session.forgive(error);
    },
    probe: () => askWidget(options),
    fact: (fact) => {
      if (!current.fact(fact)) settle(fact);
    },
    signal: (signal) => hear(signal),
    verify: async (timeoutMs) => (await current.get()?.heal({ timeoutMs })) ?? true,
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
        if (fact.conversationId === current.id()) opening.follow(fact.next);
      },
    },
    outbox.of,
    () => storage.getItem(conversationKey),
  );
  current.outboxChanged('');

  const opening = createOpening({
    storage,
    conversationKey,
    backoff,
    link,
    current,
    outbox,
    pageInput,
    opened: (view) => {
      session.keep(view);
      session.accepted();
      widget.set(view.widget);
      earlier.set(view.earlier);
      readTold = view.reads.visitor;
    },
  });

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
    if (link.isOnline()) void opening.open(link.ask);
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
        if (key === conversationKey) opening.joinOtherTab();
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
    newConversation: opening.startNew,
    openConversation: opening.goTo,
    reset: () => {
      disconnect();
      outbox.clear();
      session.forget();
      opening.forget();
      current.leave(true);
      current.forgetEarly();
      widget.set(null);
      earlier.set([]);
    },
  };
};
