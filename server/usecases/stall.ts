// Waiting that ends: pauses that an abort cuts short, and streams that may not fall silent.
import { ModelError } from '../ports/model.ts';

/** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
export const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (ms <= 0 || signal?.aborted === true) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });

/** Resolves when everybody who waits for the event loop has had a turn: long work is cut into pieces by it. */
export const nextTurnOfLoop = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/**
 * Takes events until the source ends, `take` gives false, or `signal` aborts: then it resolves at once, whether or not
 * the source notices. A silence of `ms` (to an eighth of it) throws ModelError `stalled`. The source is told to return
 * in every case and not waited for. One timer watches the whole stream: a timer for each token would cost more than the
 * token itself.
 */
export const drawUntilSilent = async <T>(
  source: AsyncIterable<T>,
  { ms, signal, take }: { ms: number; signal: AbortSignal; take: (event: T) => boolean },
): Promise<void> => {
  const iterator = source[Symbol.asyncIterator]();
  let heardAt = performance.now();
  const draw = async (): Promise<void> => {
    for (;;) {
      const next = await iterator.next();
      if (next.done === true || signal.aborted) return;
      heardAt = performance.now();
      if (!take(next.value)) return;
    }
  };
  let timer: ReturnType<typeof setInterval> | undefined;
  let onAbort = (): void => undefined;
  const stopped = new Promise<void>((resolve, reject) => {
    onAbort = resolve;
    if (signal.aborted) resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    timer = setInterval(() => {
      if (performance.now() - heardAt >= ms) reject(new ModelError('stalled', `No token in ${ms} ms`));
    }, ms / 8);
  });
  const drawing = draw();
  // Losing the race must not leave a rejection that nobody handles.
  drawing.catch(() => undefined);
  try {
    await Promise.race([drawing, stopped]);
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', onAbort);
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
};
