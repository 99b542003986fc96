// One conversation as a screen draws it: the log, the answer in flight, who types and reads, and what waits to be sent.
import { isRetryable } from '../../shared/errors.ts';
import type { WireError } from '../../shared/errors.ts';
import type { Cursor } from '../../shared/conversation.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import type { Signal, ViewingAgent } from '../../shared/signals.ts';
import type { Reads, View } from '../../shared/view.ts';
import type { ConversationSnapshot, Observable, OutboxEntry } from './api.ts';
import type { Ask } from './ask.ts';
import { delay, jitter } from './backoff.ts';
import { createHealing } from './healing.ts';
import { createLog } from './log.ts';
import { value } from './observable.ts';
import { createReplyTrack } from './reply.ts';
import { createTypingTrack } from './typing.ts';

export interface Surroundings {
  audience: 'visitor' | 'staff';
  ask: Ask;
  isOnline: () => boolean;
  /** A fact was applied: called once per fact, in order, before the snapshot that holds it is published. */
  applying: (fact: VisibleFact) => void;
  /** As `applying`, after the snapshot was published. `loaded`: part of the first view. */
  applied: (fact: VisibleFact, how: 'live' | 'loaded') => void;
}

export interface Conversation {
  readonly snapshot: Observable<ConversationSnapshot>;
  readonly conversationId: string;
  /** The last fact applied; undefined before the first view. */
  cursor: () => Cursor | undefined;
  /** A view is being asked for (by the caller): gaps wait for it. Give its answer to what this returns; null: never mind. */
  opening: () => (answer: View | WireError | null) => void;
  fact: (fact: VisibleFact) => void;
  signal: (signal: Signal) => void;
  /** Acked at `seq`: the entry stays on the screen until the log holds it. */
  land: (entry: OutboxEntry, seq: number) => void;
  setOutbox: (entries: OutboxEntry[]) => void;
  loadEarlier: () => Promise<void>;
  /** Reads up to the head: the `seq` to tell the server, or null where that was read already. */
  read: () => number | null;
  /** Asks for what is missing, if anything is. With `anyway` also where nothing seems to be; false where nobody answered. */
  heal: (anyway?: { timeoutMs: number }) => Promise<boolean>;
  dispose: () => void;
}

const pageSize = 50;
/** How often a page is asked for again where the server says to wait; each wait is the server's, and a little more. */
const maxWaits = 5;
const waiting = { min: 100, max: 1000 };
/** How long a fact that is known to exist (its ack was faster, its reply ended) may take before it is asked for, ms. */
const patienceMs = 1500;

export const createConversation = (conversationId: string, around: Surroundings): Conversation => {
  const log = createLog(conversationId);
  const reply = createReplyTrack(around.audience);
  const typing = createTypingTrack(() => publish());
  let reads: Reads = { visitor: 0, staff: 0 };
  let viewers: ViewingAgent[] = [];
  let outbox: OutboxEntry[] = [];
  let landing: { entry: OutboxEntry; seq: number }[] = [];
  let isLoadingEarlier = false;
  let openings = 0;
  let isDisposed = false;
  let error: WireError | undefined;

  const build = (): ConversationSnapshot => {
    const landed = landing.map(({ entry }) => entry);
    return {
      conversationId,
      isLoaded: log.isLoaded(),
      state: log.state(),
      facts: log.facts(),
      hasEarlier: log.hasEarlier(),
      isLoadingEarlier,
      reply: reply.get(),
      reads,
      typing: typing.get(),
      viewers,
      outbox:
        landed.length === 0
          ? outbox
          : [...landed, ...outbox.filter((one) => !landed.some((it) => it.clientId === one.clientId))],
      ...(error === undefined ? {} : { error }),
    };
  };
  const snapshot = value(build());

  let depth = 0;
  let isDirty = false;
  let toTell: [VisibleFact, 'live' | 'loaded'][] = [];
  const publish = (): void => {
    isDirty = true;
    if (depth > 0 || isDisposed) return;
    isDirty = false;
    snapshot.set(build());
  };
  /** Many changes, one snapshot: what a fact replaces is gone in the very update that shows the fact. */
  const batch = (work: () => void): void => {
    depth += 1;
    try {
      work();
    } finally {
      depth -= 1;
    }
    if (depth > 0) return;
    if (isDirty) publish();
    const telling = toTell;
    toTell = [];
    for (const [fact, how] of telling) around.applied(fact, how);
  };

  const took = (fact: VisibleFact, how: 'live' | 'loaded'): void => {
    reply.fact(fact, log.state());
    if (fact.type === 'message.created') {
      typing.said(fact.author);
      landing = landing.filter(({ entry }) => entry.clientId !== fact.clientId);
    }
    landing = landing.filter(({ seq }) => seq > log.state().head.seq);
    around.applying(fact);
    toTell.push([fact, how]);
  };

  const applyView = (view: View, askedAt: number): void => {
    if (isDisposed) return;
    batch(() => {
      const { applied, isFresh } = log.apply(view);
      if (isFresh) landing = [];
      for (const fact of applied) took(fact, isFresh ? 'loaded' : 'live');
      reply.view(view, log.state(), askedAt);
      reads = view.reset === true ? view.reads : maxReads(reads, view.reads);
      error = undefined;
      publish();
    });
  };

  const isNeedy = (): boolean => log.isLoaded() && (log.isBehind() || reply.isGap());

  const { heal } = createHealing({
    conversationId,
    ask: around.ask,
    isAllowed: () => !isDisposed && openings === 0 && log.isLoaded() && around.isOnline(),
    isNeedy,
    cursor: () => log.state().head,
    version: reply.version,
    apply: applyView,
  });

  const healSoon = (isStillNeeded: () => boolean): void => {
    setTimeout(() => {
      if (!isDisposed && isStillNeeded()) void heal();
    }, patienceMs);
  };

  const receive = (fact: VisibleFact): void => {
    batch(() => {
      const applied = log.receive(fact);
      for (const one of applied) took(one, 'live');
      if (applied.length > 0) publish();
    });
    if (isNeedy()) void heal();
  };

  const handleSignal = (signal: Signal): void => {
    const before = reply.get();
    switch (signal.type) {
      case 'typing.changed':
        typing.signal(signal);
        publish();
        return;
      case 'read.advanced':
        reads = maxReads(reads, { ...reads, [signal.who]: signal.seq });
        publish();
        return;
      case 'presence.changed':
        if (signal.agents === undefined) return;
        viewers = signal.agents;
        publish();
        return;
      case 'inbox.changed':
      case 'proactive.offered':
        return;
      case 'reply.started':
      case 'reply.delta':
      case 'reply.reset':
      case 'reply.ended':
        reply.signal(signal, log.state());
        if (reply.get() !== before) publish();
        if (signal.type === 'reply.ended') {
          healSoon(() => {
            reply.doubt(signal.replyId);
            return isNeedy();
          });
        } else if (reply.isGap()) {
          void heal();
        }
    }
  };

  return {
    snapshot,
    conversationId,
    cursor: () => (log.isLoaded() ? log.state().head : undefined),
    opening: () => {
      openings += 1;
      const askedAt = reply.version();
      let isOpen = true;
      return (answer) => {
        if (isOpen) openings -= 1;
        isOpen = false;
        if (isDisposed) return;
        if (answer !== null && 'facts' in answer) {
          applyView(answer, askedAt);
        } else if (answer !== null && !isRetryable(answer.code)) {
          error = answer;
          publish();
        }
        if (openings === 0 && isNeedy()) void heal();
      };
    },
    fact: receive,
    signal: handleSignal,
    land: (entry, seq) => {
      if (!log.isLoaded() || seq <= log.state().head.seq) return;
      landing = [...landing, { entry, seq }];
      publish();
      healSoon(() => {
        if (seq > log.state().head.seq) log.expect(seq);
        return isNeedy();
      });
    },
    setOutbox: (entries) => {
      outbox = entries;
      publish();
    },
    loadEarlier: async () => {
      if (isLoadingEarlier || !log.hasEarlier()) return;
      isLoadingEarlier = true;
      publish();
      const held = log.facts().length;
      // A page of nothing but hidden facts shows nothing: go on to the next one.
      const isWanting = (): boolean => !isDisposed && log.hasEarlier() && log.facts().length === held;
      let waits = 0;
      while (isWanting()) {
        const answer = await around.ask('facts:before', { conversationId, seq: log.first(), limit: pageSize });
        if (!answer.ok) {
          // Read too much too fast: the server says when there is more. Whoever scrolls still wants it then.
          const { retryAfterMs = 0 } = answer.error;
          if (answer.error.code !== 'rate_limited' || (waits += 1) > maxWaits) break;
          await delay(retryAfterMs + jitter(waits, waiting));
          continue;
        }
        const page = answer.data as { facts: VisibleFact[]; more: boolean };
        if (!log.prepend(page.facts, page.more)) break;
      }
      isLoadingEarlier = false;
      publish();
    },
    read: () => {
      const { seq } = log.state().head;
      const who = around.audience;
      if (seq <= reads[who]) return null;
      reads = { ...reads, [who]: seq };
      publish();
      return seq;
    },
    heal,
    dispose: () => {
      isDisposed = true;
      typing.clear();
    },
  };
};

const maxReads = (a: Reads, b: Reads): Reads => ({
  visitor: Math.max(a.visitor, b.visitor),
  staff: Math.max(a.staff, b.staff),
});
