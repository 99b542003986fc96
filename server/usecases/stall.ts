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

/**
 * The same events, but a silence of `ms` throws ModelError `stalled`, and an abort ends the iteration at once, whether
 * or not the source notices. The source is told to return in either case and not waited for.
 */
export async function* withStallLimit<T>(
  source: AsyncIterable<T>,
  ms: number,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const aborted = new Promise<'aborted'>((resolve) => {
    if (signal.aborted) resolve('aborted');
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<'silence'>((resolve) => {
        timer = setTimeout(() => resolve('silence'), ms);
      });
      const next = iterator.next();
      // Losing the race must not leave a rejection that nobody handles.
      next.catch(() => undefined);
      const first = await Promise.race([next, silence, aborted]).finally(() => clearTimeout(timer));
      if (first === 'aborted') return;
      if (first === 'silence') throw new ModelError('stalled', `No token in ${ms} ms`);
      if (first.done === true) return;
      yield first.value;
    }
  } finally {
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
