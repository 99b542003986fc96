// Whether the window is at least so wide, for what must not merely be hidden.
import { useEffect, useState } from 'preact/hooks';

export const useWide = (px: number): boolean => {
  const [isWide, setWide] = useState(() => matchMedia(`(min-width: ${px}px)`).matches);
  useEffect(() => {
    const query = matchMedia(`(min-width: ${px}px)`);
    const change = (): void => setWide(query.matches);
    change();
    query.addEventListener('change', change);
    return () => query.removeEventListener('change', change);
  }, [px]);
  return isWide;
};
