// The SDK's observables in components.
import { useEffect, useReducer } from 'preact/hooks';
import type { Observable } from '../sdk/api.ts';

/** The value now; draws again whenever it changes. */
export const useObservable = <T>(observable: Observable<T>): T => {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const drawn = observable.get();
  useEffect(() => {
    const undo = observable.subscribe(() => draw(undefined));
    // What changed between the drawing and the subscription is not told again.
    if (observable.get() !== drawn) draw(undefined);
    return undo;
  }, [observable]);
  return drawn;
};

/** The time in ms, drawn anew every `everyMs`: for "4 min". */
export const useNow = (everyMs = 20_000): number => {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => draw(undefined), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return Date.now();
};
