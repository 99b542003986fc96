// A call that waits for an answer while its session may end: signing in and out end what was opened before, this call too.
import type { TurnEar } from '../../../../usecases/turn.ts';

/** While deltas arrive it is asked again this often, ms. */
const againMs = 500;

export interface SessionGuard extends TurnEar {
  /** Aborts once the session has ended. */
  readonly signal: AbortSignal;
  /** Resolves once all that was heard is passed on: whether the session is still open. */
  isOpen(): Promise<boolean>;
}

/**
 * Passes an answer on, in order, as long as the session is open. Asked before an answer begins, because it may answer what somebody
 * else has said by then, and now and then while it goes on.
 * @param ask whether the session is open, from the store: any node may have ended it. What cannot be found out counts as no.
 */
export const guardSession = (ask: () => Promise<boolean>, ear?: TurnEar): SessionGuard => {
  const ended = new AbortController();
  let line: Promise<unknown> = Promise.resolve();
  let askedAt = Number.NEGATIVE_INFINITY;

  const check = async (): Promise<void> => {
    if (ended.signal.aborted) return;
    askedAt = performance.now();
    const isOpen = await ask().catch(() => false);
    if (!isOpen) ended.abort();
  };
  const pass = (tell: (to: TurnEar) => void): void => {
    line = line.then(() => {
      if (!ended.signal.aborted && ear !== undefined) tell(ear);
    });
  };
  const checked = (tell: (to: TurnEar) => void): void => {
    line = line.then(check);
    pass(tell);
  };

  return {
    signal: ended.signal,
    started: (replyId) => checked((to) => to.started(replyId)),
    reset: () => checked((to) => to.reset()),
    delta(offset, text) {
      const isDue = performance.now() - askedAt > againMs;
      (isDue ? checked : pass)((to) => to.delta(offset, text));
    },
    async isOpen() {
      await line;
      await check();
      return !ended.signal.aborted;
    },
  };
};
