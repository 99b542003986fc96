// A list that is put in order by dragging a handle, or by the arrow keys on it.
import { useEffect, useRef, useState } from 'preact/hooks';

/** The list with one entry elsewhere. */
export const moved = <T>(list: readonly T[], from: number, to: number): T[] => {
  const next = [...list];
  const [entry] = next.splice(from, 1);
  if (entry !== undefined) next.splice(to, 0, entry);
  return next;
};

/** Where a pointer at this height belongs: the first row whose middle is below it. */
export const placeOf = (middles: readonly number[], from: number, y: number): number => {
  let to = from;
  while (to > 0 && y < middles[to - 1]!) to -= 1;
  while (to < middles.length - 1 && y > middles[to + 1]!) to += 1;
  return to;
};

export interface Reorder {
  /** The row that is being dragged, or null. */
  dragged: number | null;
  /** For screen readers, after a move. */
  said: string;
  /** Props of the handle of the row at this place. */
  handle: (at: number) => {
    'data-handle': number;
    onPointerDown: (event: PointerEvent) => void;
    onKeyDown: (event: KeyboardEvent) => void;
  };
  /** To be given to the list whose children are the rows. */
  list: { current: HTMLUListElement | null };
}

/** `move` puts the row of a place to another place. */
export const useReorder = (count: number, move: (from: number, to: number) => void): Reorder => {
  const list = useRef<HTMLUListElement>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const [said, setSaid] = useState('');
  const latest = useRef(move);
  latest.current = move;
  const at = useRef(0);
  /** The handle keeps the focus, though its row moved in the document. */
  const refocus = (to: number): void => {
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-handle="${to}"]`)?.focus());
  };
  useEffect(() => {
    if (dragged === null) return;
    const onMove = (event: PointerEvent): void => {
      const middles = [...(list.current?.children ?? [])].map((row) => {
        const { top, height } = row.getBoundingClientRect();
        return top + height / 2;
      });
      const to = placeOf(middles, at.current, event.clientY);
      if (to === at.current) return;
      latest.current(at.current, to);
      at.current = to;
      setDragged(to);
    };
    const end = (): void => {
      setDragged(null);
      refocus(at.current);
    };
    addEventListener('pointermove', onMove);
    addEventListener('pointerup', end);
    addEventListener('pointercancel', end);
    return () => {
      removeEventListener('pointermove', onMove);
      removeEventListener('pointerup', end);
      removeEventListener('pointercancel', end);
    };
    // Listening goes on from the first to the last movement, not anew for each place.
  }, [dragged === null]);
  return {
    dragged,
    said,
    list,
    handle: (index) => ({
      'data-handle': index,
      onPointerDown: (event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        at.current = index;
        setDragged(index);
      },
      onKeyDown: (event) => {
        const to = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: count - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        if (to < 0 || to >= count || to === index) return;
        latest.current(index, to);
        setSaid(`Now ${to + 1} of ${count}`);
        refocus(to);
      },
    }),
  };
};
