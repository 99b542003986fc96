// What a settings page shows came from the server: loading, failed, or there, with a way to try again.
import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../api.ts';

export type Loaded<T> =
  | { status: 'busy' }
  | { status: 'failed'; message: string; retry: () => void }
  | { status: 'good'; value: T; set: (value: T) => void };

/** Loads when `key` changes. `set` writes what a later answer brought. */
export const useLoaded = <T>(key: string, load: () => Promise<T>): Loaded<T> => {
  const [state, setState] = useState<{ key: string; value?: T; message?: string }>({ key: '' });
  const [tries, setTries] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    let isGone = false;
    setState((before) => (before.key === key && before.value !== undefined ? before : { key }));
    latest.current().then(
      (value) => {
        if (!isGone) setState({ key, value });
      },
      (error: unknown) => {
        if (!isGone) setState({ key, message: messageOf(error) });
      },
    );
    return () => {
      isGone = true;
    };
  }, [key, tries]);
  if (state.key === key && state.value !== undefined) {
    return { status: 'good', value: state.value, set: (value) => setState({ key, value }) };
  }
  if (state.key === key && state.message !== undefined) {
    return {
      status: 'failed',
      message: state.message,
      retry: () => {
        setState({ key });
        setTries((count) => count + 1);
      },
    };
  }
  return { status: 'busy' };
};
