// A scripted model: every answer gets the same number of tokens a second, each stamped with the time when it was due.
import type { Model, ModelEvent } from '../../../server/ports/model.ts';
import { machineMs } from '../statistics.ts';
import { stampOf } from '../stamp.ts';

const tickMs = 2;

interface Stream {
  /** When the next token is due, machine ms. */
  dueAt: number;
  left: number;
  wake: (() => void) | null;
}

/** Tokens due in the same tick come at once, as the chunks of a provider do. One ticker serves every answer. */
export const createTokenModel = ({ perSecond, count }: { perSecond: number; count: number }): Model => {
  const gapMs = 1000 / perSecond;
  const streams = new Set<Stream>();
  let ticker: ReturnType<typeof setInterval> | undefined;

  const tick = (): void => {
    const now = machineMs();
    for (const stream of streams) {
      if (stream.wake === null || stream.dueAt > now) continue;
      const { wake } = stream;
      stream.wake = null;
      wake();
    }
  };

  const begin = (): Stream => {
    // Spread, so that answers which began together do not all speak in the same tick.
    const stream: Stream = { dueAt: machineMs() + Math.random() * gapMs, left: count, wake: null };
    streams.add(stream);
    ticker ??= setInterval(tick, tickMs);
    return stream;
  };

  const end = (stream: Stream): void => {
    streams.delete(stream);
    stream.wake?.();
    stream.wake = null;
    if (streams.size > 0) return;
    clearInterval(ticker);
    ticker = undefined;
  };

  return {
    name: 'scripted',
    stream: (_request, signal) => ({
      [Symbol.asyncIterator]() {
        const stream = begin();
        signal.addEventListener('abort', () => {
          stream.left = 0;
          end(stream);
        });
        const done = { done: true, value: undefined } as const;
        const token = (): IteratorResult<ModelEvent> => {
          if (stream.left === 0) {
            end(stream);
            return done;
          }
          stream.left -= 1;
          const text = stampOf(stream.dueAt);
          stream.dueAt += gapMs;
          return { done: false, value: { type: 'text', text } };
        };
        return {
          next: () => {
            if (stream.left === 0 || stream.dueAt <= machineMs()) return Promise.resolve(token());
            return new Promise((resolve) => {
              stream.wake = () => resolve(token());
            });
          },
          return: () => {
            end(stream);
            return Promise.resolve(done);
          },
        };
      },
    }),
  };
};

/** A model that answers with one short sentence at once. */
export const createShortModel = (): Model => ({
  name: 'short',
  async *stream() {
    yield { type: 'text', text: 'Yes, of course.' };
  },
});
