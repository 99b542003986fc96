// A list that comes page by page: the first by itself, the next when asked for.
import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../api.ts';

export interface Page<T> {
  items: T[];
  cursor: string | null;
}

export interface Paged<T> {
  status: 'busy' | 'failed' | 'good';
  items: T[];
  /** Why the first page, or the next one, did not come. */
  message: string | null;
  hasMore: boolean;
  isLoadingMore: boolean;
  more: () => void;
  retry: () => void;
  /** Writes over the entries with the same id. */
  put: (item: T) => void;
}

interface State<T> extends Page<T> {
  key: string;
  status: Paged<T>['status'];
  message: string | null;
  isLoadingMore: boolean;
}

const begin = { status: 'busy' as const, items: [], cursor: null, message: null, isLoadingMore: false };

/** Loads anew when `key` changes; what an older key brings is dropped. */
export const usePaged = <T extends { id: string }>(
  key: string,
  load: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>,
): Paged<T> => {
  const [state, setState] = useState<State<T>>({ key, ...begin });
  const [tries, setTries] = useState(0);
  const latest = useRef({ load, key });
  latest.current = { load, key };
  useEffect(() => {
    const controller = new AbortController();
    setState((before) => ({ ...before, key, status: 'busy', message: null }));
    latest.current.load(null, controller.signal).then(
      (page) => setState({ key, ...begin, ...page, status: 'good' }),
      (error: unknown) => {
        if (!controller.signal.aborted) setState({ key, ...begin, status: 'failed', message: messageOf(error) });
      },
    );
    return () => controller.abort();
  }, [key, tries]);
  const more = (): void => {
    if (state.cursor === null || state.isLoadingMore) return;
    setState({ ...state, isLoadingMore: true, message: null });
    latest.current.load(state.cursor, new AbortController().signal).then(
      ({ items, cursor }) =>
        setState((now) => {
          if (now.key !== state.key || now.cursor !== state.cursor) return now;
          // Somebody who wrote meanwhile may stand on both pages.
          const ids = new Set(now.items.map(({ id }) => id));
          const fresh = items.filter(({ id }) => !ids.has(id));
          return { ...now, items: [...now.items, ...fresh], cursor, isLoadingMore: false };
        }),
      (error: unknown) =>
        setState((now) => (now.key === state.key ? { ...now, isLoadingMore: false, message: messageOf(error) } : now)),
    );
  };
  return {
    status: state.key === key ? state.status : 'busy',
    // While a search is being answered, the former answer stays in sight.
    items: state.items,
    message: state.message,
    hasMore: state.cursor !== null,
    isLoadingMore: state.isLoadingMore,
    more,
    retry: () => setTries(tries + 1),
    put: (item) => setState((now) => ({ ...now, items: now.items.map((each) => (each.id === item.id ? item : each)) })),
  };
};
