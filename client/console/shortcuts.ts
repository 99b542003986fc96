// The key map: screens register what a key does while they are drawn; the help sheet lists the same table.
import { useEffect, useRef } from 'preact/hooks';
import { hasShortcuts } from './prefs.ts';

export const keyMap = {
  j: 'Next conversation',
  k: 'Previous conversation',
  r: 'Write a reply',
  n: 'Write a note',
  t: 'Take over',
  u: 'Release',
  s: 'Stop the AI',
  a: 'Approve the draft',
  e: 'Edit the draft',
  x: 'Reject the draft',
  l: 'Labels',
  '/': 'Search',
  '?': 'This list',
} as const;

export type ShortcutKey = keyof typeof keyMap;

const handlers = new Map<ShortcutKey, (() => void)[]>();

const isWriting = (event: KeyboardEvent): boolean => {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
};

/** Listens for the whole page: not while somebody writes, with a modifier, or under a dialog or an open menu. */
export const startShortcuts = (): void => {
  document.addEventListener('keydown', (event) => {
    if (!hasShortcuts.value || event.defaultPrevented || event.isComposing) return;
    if (event.metaKey || event.ctrlKey || event.altKey || isWriting(event)) return;
    if (document.querySelector('dialog[open], [data-panel]') !== null) return;
    const handler = handlers.get(event.key.toLowerCase() as ShortcutKey)?.at(-1);
    if (handler === undefined) return;
    event.preventDefault();
    handler();
  });
};

/** While drawn, `key` runs `run`; null: nothing. The latest one drawn wins. */
export const useShortcut = (key: ShortcutKey, run: (() => void) | null): void => {
  const latest = useRef(run);
  latest.current = run;
  const isOn = run !== null;
  useEffect(() => {
    if (!isOn) return;
    const handler = (): void => latest.current?.();
    const list = handlers.get(key) ?? [];
    handlers.set(key, [...list, handler]);
    return () => {
      handlers.set(
        key,
        (handlers.get(key) ?? []).filter((other) => other !== handler),
      );
    };
  }, [key, isOn]);
};
