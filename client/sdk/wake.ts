// Moments at which a browser may have a network again: timers sleep with the page, these events do not.
import { isHidden } from '../page.ts';

/** Calls when the page becomes visible, comes back from the back-forward cache or the network returns. Node: never. Returns the undo. */
export const onWake = (wake: () => void): (() => void) => {
  const { window } = globalThis as { window?: Window };
  if (window === undefined || typeof window.addEventListener !== 'function') return () => undefined;
  const whenVisible = (): void => {
    if (!isHidden()) wake();
  };
  window.addEventListener('online', wake);
  window.addEventListener('pageshow', whenVisible);
  // It bubbles from the document, whose own methods an element of the page may cover.
  window.addEventListener('visibilitychange', whenVisible);
  return () => {
    window.removeEventListener('online', wake);
    window.removeEventListener('pageshow', whenVisible);
    window.removeEventListener('visibilitychange', whenVisible);
  };
};

/** Changes that other tabs make to `localStorage`: `text` is null where the entry was removed. Node: never. Returns the undo. */
export const onOtherTab = (changed: (key: string, text: string | null) => void): (() => void) => {
  const { window } = globalThis as { window?: Window };
  if (window === undefined || typeof window.addEventListener !== 'function') return () => undefined;
  const listener = (event: StorageEvent): void => {
    if (event.key !== null) changed(event.key, event.newValue);
  };
  window.addEventListener('storage', listener);
  return () => window.removeEventListener('storage', listener);
};
