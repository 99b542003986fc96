// The staff's client: the inbox, any number of open conversations, and an outbox for what is written.
import { isRetryable } from '../../shared/errors.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import type { Signal } from '../../shared/signals.ts';
import type { View } from '../../shared/view.ts';
import { namespaces, PROTOCOL_VERSION } from '../../shared/wire.ts';
import type { StaffClient, StaffClientOptions } from './api.ts';
import { defaultBackoff } from './backoff.ts';
import { createLink } from './connection.ts';
import { createConversation } from './conversation.ts';
import type { Conversation } from './conversation.ts';
import { createInbox } from './inbox.ts';
import { emitter } from './observable.ts';
import { createOutbox, isWritten, receiptOf } from './outbox.ts';
import { askMember } from './probe.ts';
import { forgiving, memoryStorage } from './storage.ts';
import { createTypingTeller } from './typing.ts';
import type { TypingTeller } from './typing.ts';

interface Open {
  conversation: Conversation;
  typing: TypingTeller;
}

/** A client for one member of staff. Idle until `connect()`; `openInbox` and `open` may come before. */
export const createStaffClient = (options: StaffClientOptions): StaffClient => {
  const storage = forgiving(options.storage ?? memoryStorage());
  const backoff = options.backoff ?? defaultBackoff;
  const facts = emitter<[VisibleFact, 'live' | 'loaded']>();
  const signals = emitter<[Signal]>();
  const opened = new Map<string, Open>();
  /** Told again after a reconnect: the server forgets it with the socket. */
  let presence: unknown;

  const link = createLink(options, {
    namespace: namespaces.staff,
    auth: () => ({ v: PROTOCOL_VERSION, ...(options.token === undefined ? {} : { token: options.token }) }),
    greet: () => Promise.resolve({ ok: true }),
    dropRefused: () => false,
    probe: () => (options.token === undefined ? askMember(options) : Promise.resolve(null)),
    fact: (fact) => opened.get(fact.conversationId)?.conversation.fact(fact),
    signal: (signal) => {
      if (signal.type === 'inbox.changed') inbox.changed(signal);
      opened.get(signal.conversationId)?.conversation.signal(signal);
      signals.emit(signal);
    },
    verify: async (timeoutMs) => {
      if (inbox.isOpen() && !(await inbox.reload(timeoutMs))) return false;
      const answers = await Promise.all([...opened.values()].map((one) => one.conversation.heal({ timeoutMs })));
      return answers.every(Boolean);
    },
  });

  const inbox = createInbox({ ask: link.ask, isOnline: link.isOnline, memberId: options.memberId, backoff });

  const outbox = createOutbox({
    storage,
    prefix: `tiller:staff:${options.memberId}:out:`,
    backoff,
    ask: link.ask,
    isOnline: link.isOnline,
    isSendable: () => true,
    // A click should not come true after a reload.
    isStored: isWritten,
    acked: (entry, data) => {
      if (isWritten(entry.command)) opened.get(entry.conversationId)?.conversation.land(entry, receiptOf(data).seq);
    },
    changed: (conversationId) => opened.get(conversationId)?.conversation.setOutbox(outbox.of(conversationId)),
  });

  const applying = (fact: VisibleFact): void => {
    if (fact.type === 'message.created' && fact.clientId !== undefined) {
      outbox.settle(fact.clientId, { messageId: fact.messageId, seq: fact.seq, createdAt: fact.at });
    }
  };

  const view = async ({ conversation }: Open): Promise<void> => {
    if (!link.isOnline()) return;
    const since = conversation.cursor();
    const finish = conversation.opening();
    const { conversationId } = conversation;
    const answer = await link.ask('conversation:open', { conversationId, ...(since === undefined ? {} : { since }) });
    finish(answer.ok ? (answer.data as View) : answer.error);
    // Not answered though online: without its room nothing live would come, so ask until it is given.
    const isStillWanted = (): boolean => link.isOnline() && opened.get(conversationId)?.conversation === conversation;
    const isForLater = !answer.ok && isRetryable(answer.error.code);
    if (!isForLater) return;
    setTimeout(() => {
      const open = opened.get(conversationId);
      if (open !== undefined && isStillWanted()) void view(open);
    }, answer.error.retryAfterMs ?? backoff.min);
  };

  link.connection.subscribe(({ status }) => {
    for (const { typing } of opened.values()) typing.stop();
    if (status !== 'online') return;
    if (presence !== undefined) void link.ask('presence:set', presence);
    if (inbox.isOpen()) void inbox.reload();
    for (const open of opened.values()) void view(open);
    outbox.pump();
  });

  const open = (conversationId: string): Open => {
    const known = opened.get(conversationId);
    if (known !== undefined) return known;
    const conversation = createConversation(conversationId, {
      audience: 'staff',
      ask: link.ask,
      isOnline: link.isOnline,
      applying,
      applied: (fact, how) => facts.emit(fact, how),
    });
    const typing = createTypingTeller((isTyping) => {
      if (link.isOnline()) void link.ask('typing:set', { conversationId, isTyping });
    });
    const fresh = { conversation, typing };
    opened.set(conversationId, fresh);
    conversation.setOutbox(outbox.of(conversationId));
    void view(fresh);
    return fresh;
  };

  return {
    connection: link.connection,
    inbox: inbox.snapshot,
    connect: () => {
      outbox.start();
      link.connect();
    },
    disconnect: () => {
      outbox.stop();
      link.disconnect();
    },
    ask: async (command, input, asked) => {
      if (command === 'presence:set') presence = input;
      return (await link.ask(command, input, asked?.timeoutMs)) as never;
    },
    onFact: facts.on,
    onSignal: signals.on,
    retry: outbox.retry,
    discard: outbox.discard,
    openInbox: inbox.open,
    loadMoreInbox: inbox.more,
    open: (conversationId) => open(conversationId).conversation.snapshot,
    leave: (conversationId) => {
      const left = opened.get(conversationId);
      if (left === undefined) return;
      left.typing.stop();
      left.conversation.dispose();
      opened.delete(conversationId);
      if (link.isOnline()) void link.ask('conversation:leave', { conversationId });
    },
    loadEarlier: async (conversationId) => opened.get(conversationId)?.conversation.loadEarlier(),
    send: (conversationId, text) => outbox.add('message:send', conversationId, { text }).clientId,
    perform: (command, input) => {
      const { conversationId = '', ...rest } = input as { conversationId?: string };
      return outbox.add(command, conversationId, rest).answer as never;
    },
    markRead: (conversationId) => {
      const seq = opened.get(conversationId)?.conversation.read() ?? null;
      if (seq !== null && link.isOnline()) void link.ask('message:read', { conversationId, seq });
    },
    setTyping: (conversationId, isTyping) => opened.get(conversationId)?.typing.set(isTyping),
  };
};
