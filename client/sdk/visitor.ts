// The visitor's client: one session, one current conversation, and an outbox that nothing can make forget.
import type { CommandOutput, SessionView, visitorCommands } from '../../shared/commands.ts';
import { isRetryable } from '../../shared/errors.ts';
import type { WireError } from '../../shared/errors.ts';
import type { Page, VisibleFact } from '../../shared/facts.ts';
import type { Signal } from '../../shared/signals.ts';
import type { PublicWidget } from '../../shared/widget.ts';
import { namespaces } from '../../shared/wire.ts';
import type { Ack } from '../../shared/wire.ts';
import type { VisitorClient, VisitorClientOptions } from './api.ts';
import { defaultBackoff } from './backoff.ts';
import { createLink } from './connection.ts';
import { createCurrent } from './current.ts';
import { emitter, value } from './observable.ts';
import { createOpening } from './opening.ts';
import { createOutbox, isWritten, receiptOf } from './outbox.ts';
import { askWidget, endSession } from './probe.ts';
import { scopeOfToken, scoped } from './scope.ts';
import { createSession } from './session.ts';
import { forgiving, memoryStorage } from './storage.ts';
import { createTypingTeller } from './typing.ts';
import { onOtherTab } from './wake.ts';

type Identified = CommandOutput<typeof visitorCommands, 'visitor:identify'>;

/** A client for one visitor of one widget. Idle until `connect()`; `send` works at once. */
export const createVisitorClient = (options: VisitorClientOptions): VisitorClient => {
  const whole = forgiving(options.storage ?? memoryStorage());
  const backoff = options.backoff ?? defaultBackoff;
  // A test chat is nobody's visit: it shares nothing with the pages of the same origin.
  const prefix = `tiller:${options.widgetKey}:${options.channel === 'test' ? 'test:' : ''}`;
  const session = createSession(whole, prefix, options);
  const storage = scoped(whole, prefix, session.scope);
  /** Tells other tabs where this visitor is. */
  const conversationKey = `${prefix}conversation`;
  /** Tells other tabs who has signed in: one browser is one person's. */
  const whoKey = `${prefix}who`;
  /** Tells other tabs who has signed out. */
  const logoutKey = `${prefix}logout`;
  const widget = value<PublicWidget | null>(null);
  const earlier = value<SessionView['earlier']>([]);
  const facts = emitter<[VisibleFact, 'live' | 'loaded']>();
  const signals = emitter<[Signal]>();
  const refusals = emitter<[WireError]>();
  const signOuts = emitter<[]>();

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
    dropRefused: (error) => {
      opening.renew();
      const dropped = session.dropRefused(error);
      if (dropped === 'identity') refusals.emit(error);
      return dropped !== undefined;
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
    onOtherTab: storage.onOtherTab,
    acked: (entry, data) => {
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
      const isSame = becomes(view.isSigned);
      session.keep(view);
      session.accepted();
      widget.set(view.widget);
      earlier.set(view.earlier);
      readTold = view.reads.visitor;
      return isSame;
    },
  });

  /** Takes in who the server says is here. False where it is somebody else than before: then nothing of theirs stays. */
  const becomes = (isSigned: boolean): boolean => {
    const before = session.scope();
    const next = session.scopeOf(isSigned);
    if (next === before) return true;
    if (next !== '') tellTabs(whoKey, next);
    if (before === '') {
      // It was this person who spoke: what waits is theirs.
      outbox.carry(() => {
        storage.removeItem(conversationKey);
        session.enter(next);
      });
      return true;
    }
    outbox.change(() => session.enter(next));
    leave();
    if (!isSigned) refusals.emit({ code: 'unauthenticated', message: 'The signed session has ended: identify again' });
    return false;
  };

  /** Other tabs hear of both changes; nothing stays behind. */
  const tellTabs = (key: string, scope: string): void => {
    whole.setItem(key, `${scope} ${Date.now()}`);
    whole.removeItem(key);
  };

  /** Shows nothing any more of who was here. */
  const leave = (): void => {
    current.leave(true);
    current.forgetEarly();
    earlier.set([]);
    signOuts.emit();
  };

  /** Ends the session on the server as well, whether or not there is a connection, and even while the page goes away. */
  const endOnServer = (): void => {
    const token = session.sessionToken();
    if (token !== null) void endSession(options, token);
  };

  /** Rises with everything that decides who is here: an answer that comes after that changes nothing any more. */
  let decisions = 0;

  const signOut = (forget: (enter: () => void) => void): void => {
    decisions += 1;
    endOnServer();
    disconnect();
    const scope = session.scope();
    forget(() => {
      opening.forget();
      session.forget();
    });
    tellTabs(logoutKey, scope);
    widget.set(null);
    leave();
  };

  const superseded: Ack<Identified> = {
    ok: false,
    error: { code: 'conflict', message: 'Somebody else has signed in or out since' },
  };
  /** One after the other: the last word counts, and those before it that have not begun are passed over. */
  let identifying: Promise<unknown> = Promise.resolve();

  const identify = (token: string): Promise<Ack<Identified>> => {
    const now = link.connection.get();
    const isOther = session.scope() !== '' && session.scope() !== scopeOfToken(token);
    // At once: what the page says next is not the one before's any more.
    if (isOther) signOut(outbox.change);
    decisions += 1;
    if (!isOther && now.status === 'online') {
      const mine = decisions;
      const answer = identifying.then(() => (mine === decisions ? signIn(token, mine) : superseded));
      identifying = answer;
      return answer;
    }
    // It goes with the next handshake; one that is under way shows somebody whom the page does not mean any more, or nobody.
    const isUnderWay = now.status === 'connecting' || (now.status === 'offline' && now.retryAt === null);
    const isShown = session.showing() === token;
    session.present(token);
    if ((isOther && now.status !== 'idle') || now.status === 'refused') connect();
    else if (isUnderWay && !isShown) link.restart();
    return Promise.resolve({ ok: true, data: {} });
  };

  const signIn = async (token: string, mine: number): Promise<Ack<Identified>> => {
    const answer = (await link.ask('visitor:identify', { token })) as Ack<Identified>;
    if (mine !== decisions) {
      // It came about all the same. The next sign-in on this connection ends it; where there is none, this does.
      const isUnheld = link.connection.get().status === 'idle';
      if (answer.ok && isUnheld) void endSession(options, answer.data.sessionToken ?? '');
      return superseded;
    }
    if (answer.ok) {
      session.present(token);
      const isSame = becomes(true);
      session.keep(answer.data);
      session.accepted();
      const [left, now] = [current.id(), answer.data.conversationId];
      if (now !== undefined && now !== left) {
        // Nothing was said here yet, and the person has an open conversation.
        if (isSame && left !== '') outbox.move(left, now);
        current.leave();
      }
      await opening.open(link.ask);
    } else if (isRetryable(answer.error.code)) {
      session.present(token);
    } else {
      refusals.emit(answer.error);
    }
    return answer;
  };

  const typing = createTypingTeller((isTyping, preview) => {
    if (current.id() === '' || !link.isOnline()) return;
    const mayShow = preview !== undefined && widget.get()?.typingPreview === true;
    const more = mayShow ? { preview: preview.slice(0, 1000) } : {};
    void link.ask('typing:set', { conversationId: current.id(), isTyping, ...more });
  });

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

  const connect = (): void => {
    outbox.start();
    unwatch ??= onOtherTab((key, text) => {
      if (key === `${prefix}${session.scope()}conversation`) opening.joinOtherTab();
      if (text === null || (key !== logoutKey && key !== whoKey)) return;
      const [who] = text.split(' ');
      // The loader, which knows of no person, signs out whoever is here.
      const isMine = who === session.scope() || (who === '*' && key === logoutKey);
      // Whoever is here has signed out in another tab, or somebody else has signed in: what is shown here is not theirs to see.
      if (key === logoutKey ? !isMine : isMine || session.scope() === '') return;
      endOnServer();
      outbox.change(session.forget);
      leave();
      opening.renew();
      link.restart();
    });
    link.connect();
  };

  return {
    connection: link.connection,
    widget,
    conversation: current.shown,
    earlier,
    connect,
    disconnect,
    identify,
    ask: async (command, input, asked) => {
      const { token } = input as { token?: unknown };
      if (command === 'visitor:identify' && typeof token === 'string') return (await identify(token)) as never;
      return (await link.ask(command, input, asked?.timeoutMs)) as never;
    },
    onRefused: refusals.on,
    onSignedOut: signOuts.on,
    onFact: facts.on,
    onSignal: signals.on,
    retry: outbox.retry,
    discard: outbox.discard,
    send: (text) => {
      const page = pageInput();
      return perform('message:send', { text, ...(page.page === undefined ? {} : { context: page }) }).clientId;
    },
    perform: (command, input) => {
      const { token } = input as { token?: unknown };
      // Not through the outbox, which would keep the token in the storage.
      if (command === 'visitor:identify' && typeof token === 'string') return identify(token) as never;
      return perform(command, input).answer as never;
    },
    loadEarlier: async () => current.get()?.loadEarlier(),
    markRead: () => {
      if (current.get()?.cursor() === undefined) return;
      current.get()?.read();
      tellRead();
    },
    setTyping: typing.set,
    newConversation: opening.startNew,
    openConversation: opening.goTo,
    logout: () =>
      signOut((enter) => {
        outbox.clear();
        enter();
      }),
  };
};
