// Closing gaps: asks for what follows the cursor until nothing is missing.
import type { Cursor } from '../../shared/conversation.ts';
import { isRetryable } from '../../shared/errors.ts';
import type { View } from '../../shared/view.ts';
import type { Ask } from './ask.ts';
import { delay, jitter } from './backoff.ts';

export interface Healing {
  /**
   * Asks for what is missing, if anything is. With `anyway` also where nothing seems to be: a test of the connection.
   * False where nobody answered.
   */
  heal: (anyway?: { timeoutMs: number }) => Promise<boolean>;
}

interface Patient {
  conversationId: string;
  ask: Ask;
  /** Online, loaded, and nobody else is asking for a view. */
  isAllowed: () => boolean;
  isNeedy: () => boolean;
  cursor: () => Cursor;
  /** What `apply` is to be told: how far the live reply was when the view was asked for. */
  version: () => number;
  apply: (view: View, askedAt: number) => void;
}

/** Fruitless tries to close one gap; the next fact or view begins anew. */
const maxTries = 10;
const backoff = { min: 200, max: 3000 };

export const createHealing = (patient: Patient): Healing => {
  const { conversationId, ask, isAllowed, isNeedy, cursor, version, apply } = patient;
  let isAtWork = false;

  /** When the server said to come again, ms from then. */
  let heldOffMs = 0;

  const askOnce = async (timeoutMs?: number): Promise<'better' | 'no better' | 'refused' | 'unanswered'> => {
    const since = cursor();
    const askedAt = version();
    const answer = await ask('facts:since', { conversationId, since }, timeoutMs);
    heldOffMs = answer.ok ? 0 : (answer.error.retryAfterMs ?? 0);
    if (!answer.ok) {
      if (!isRetryable(answer.error.code)) return 'refused';
      return answer.error.code === 'unavailable' ? 'unanswered' : 'no better';
    }
    apply(answer.data as View, askedAt);
    return cursor().seq > since.seq ? 'better' : 'no better';
  };

  const heal = async (anyway?: { timeoutMs: number }): Promise<boolean> => {
    if (isAtWork) return true;
    isAtWork = true;
    let isAnswered = true;
    let isForced = anyway !== undefined;
    for (let tries = 0; isAllowed() && (isForced || (isNeedy() && tries < maxTries));) {
      const outcome = await askOnce(anyway?.timeoutMs);
      isAnswered = outcome !== 'unanswered';
      if (outcome === 'refused' || (isForced && !isAnswered)) break;
      isForced = false;
      tries = outcome === 'better' ? 0 : tries + 1;
      if (outcome !== 'better' && isNeedy()) await delay(heldOffMs + jitter(tries, backoff));
    }
    isAtWork = false;
    return isAnswered;
  };

  return { heal };
};
