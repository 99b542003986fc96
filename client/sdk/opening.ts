// Where the visitor is: opens the session, moves between conversations, and follows what other tabs do.
import type { SessionView } from '../../shared/commands.ts';
import { isRetryable } from '../../shared/errors.ts';
import { newUuid } from '../../shared/ids.ts';
import type { Page } from '../../shared/facts.ts';
import type { Done, KeyValueStorage } from './api.ts';
import type { Ask } from './ask.ts';
import { delay, jitter } from './backoff.ts';
import type { Backoff } from './backoff.ts';
import type { Link } from './connection.ts';
import type { Conversation } from './conversation.ts';
import type { Current } from './current.ts';
import type { Outbox } from './outbox.ts';

export interface Opening {
  /** `session:open`, over the given socket: resumes with the cursor of what is held. */
  open: (ask: Ask) => Promise<Done>;
  /** Shows another conversation of this visitor. */
  goTo: (conversationId: string) => Promise<Done>;
  startNew: () => Promise<Done>;
  /** The current conversation was closed for a next one, here or in another tab. */
  follow: (next: string) => void;
  /** Another tab opened a conversation: a tab that has said nothing joins it. */
  joinOtherTab: () => void;
  /** The credentials changed: the next opening is a new one. */
  renew: () => void;
  /** Forgets where the visitor was. */
  forget: () => void;
}

interface OpeningParts {
  storage: KeyValueStorage;
  /** Where other tabs see which conversation this visitor is in. */
  conversationKey: string;
  backoff: Backoff;
  link: Link;
  current: Current;
  outbox: Outbox;
  pageInput: () => { page?: Page };
  /** A session was opened; its view is about to be applied. False where it is another person's than the one before. */
  opened: (view: SessionView) => boolean;
}

const maxNewTries = 10;
const maxOpenTries = 2;

export const createOpening = (parts: OpeningParts): Opening => {
  const { storage, conversationKey, backoff, link, current, outbox, pageInput, opened } = parts;
  /** Kept until `session:open` is acked, so that a repeat after a lost ack makes no second session. */
  let openingId: string | null = null;
  /** The conversation that the next `session:open` asks for, if not the current one. */
  let wanted: string | null = null;
  let isStartingNew = false;

  /** Takes in the answer of `session:open` or `conversation:new`. */
  const adopt = (view: SessionView, finish?: ReturnType<Conversation['opening']>): void => {
    wanted = null;
    const conversation = current.show(view.conversationId);
    outbox.pin(view.conversationId);
    (finish ?? conversation.opening())(view);
    if (storage.getItem(conversationKey) !== view.conversationId) storage.setItem(conversationKey, view.conversationId);
  };

  const open = async (ask: Ask, tries = 0, left = current.id()): Promise<Done> => {
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
      const isSamePerson = opened(view);
      // Nobody asked to go elsewhere, so the session that we had is lost: what waits comes along.
      const isLost = isSamePerson && wanted === null && left !== '' && left !== view.conversationId;
      if (isLost) outbox.move(left, view.conversationId);
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
    return await open(ask, tries + 1, left);
  };

  const goTo = async (conversationId: string): Promise<Done> => {
    if (current.id() === conversationId) return { ok: true };
    wanted = conversationId;
    // Offline the next greeting asks for it.
    const answer = link.isOnline() ? await open(link.ask) : ({ ok: true } as const);
    if (!answer.ok && !isRetryable(answer.error.code)) wanted = null;
    return answer;
  };

  const askForNew = async (): Promise<Done> => {
    const input = { clientId: newUuid(), ...pageInput() };
    for (let tries = 0; ; tries += 1) {
      const answer = await link.ask('conversation:new', input);
      if (answer.ok) {
        opened(answer.data as SessionView);
        adopt(answer.data as SessionView);
        return { ok: true };
      }
      const { status } = link.connection.get();
      const isHopeless = status === 'idle' || status === 'refused' || tries >= maxNewTries;
      if (isHopeless || !isRetryable(answer.error.code)) return answer;
      await delay((answer.error.retryAfterMs ?? 0) + jitter(tries, backoff));
    }
  };

  return {
    open,
    goTo,
    startNew: async () => {
      if (isStartingNew) return { ok: true };
      isStartingNew = true;
      const done = await askForNew();
      isStartingNew = false;
      // Where the ack was lost for good the log tells where the conversation went.
      const next = current.get()?.snapshot.get().state.next ?? null;
      if (next !== null) void goTo(next);
      return done;
    },
    follow: (next) => {
      if (!isStartingNew) void goTo(next);
    },
    joinOtherTab: () => {
      const theirs = storage.getItem(conversationKey);
      const isEmpty = current.get()?.cursor()?.seq === 0 && outbox.of(current.id()).length === 0;
      if (theirs === null || theirs === current.id() || !isEmpty) return;
      current.leave();
      link.restart();
    },
    renew: () => {
      openingId = null;
    },
    forget: () => {
      openingId = null;
      wanted = null;
      storage.removeItem(conversationKey);
    },
  };
};
