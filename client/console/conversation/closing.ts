// Closing with five seconds to think again: nothing is sent before, so undoing leaves no trace for the visitor.
import { signal } from '@preact/signals';

const delayMs = 5000;

interface Closing {
  timer: ReturnType<typeof setTimeout>;
  run: () => void;
}

const pending = signal<ReadonlyMap<string, Closing>>(new Map());

const without = (conversationId: string): Closing | undefined => {
  const closing = pending.value.get(conversationId);
  if (closing === undefined) return undefined;
  clearTimeout(closing.timer);
  const next = new Map(pending.value);
  next.delete(conversationId);
  pending.value = next;
  return closing;
};

export const isClosing = (conversationId: string): boolean => pending.value.has(conversationId);

/** Runs `run` in five seconds unless it is undone. */
export const closeSoon = (conversationId: string, run: () => void): void => {
  without(conversationId);
  const finish = (): void => {
    if (without(conversationId) !== undefined) run();
  };
  pending.value = new Map(pending.value).set(conversationId, { timer: setTimeout(finish, delayMs), run });
};

/** False where it is too late. */
export const undoClosing = (conversationId: string): boolean => without(conversationId) !== undefined;

/** Leaving the page is no undoing: what was asked for goes to the outbox, which outlives the page. */
export const startClosing = (): void =>
  addEventListener('pagehide', () => {
    for (const [conversationId, { run }] of pending.value) {
      without(conversationId);
      run();
    }
  });
