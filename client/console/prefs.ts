// What a person prefers on this device: kept in localStorage, never sent.
import { effect, signal } from '@preact/signals';
import type { Signal } from '@preact/signals';

/** localStorage, or nothing where the browser forbids it. */
export const stored = {
  get: (key: string): string | null => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set: (key: string, value: string | null): void => {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // Full or forbidden: the console works without its memory.
    }
  },
};

const preference = <T extends string | boolean>(name: string, initial: T, allowed?: readonly T[]): Signal<T> => {
  const key = `tiller.console.${name}`;
  const text = stored.get(key);
  const value = typeof initial === 'boolean' ? ((text === null ? initial : text === 'true') as T) : (text as T | null);
  const kept = signal<T>(value !== null && (allowed === undefined || allowed.includes(value)) ? value : initial);
  effect(() => stored.set(key, String(kept.value)));
  return kept;
};

export type Scheme = 'auto' | 'light' | 'dark';
export const scheme = preference<Scheme>('scheme', 'auto', ['auto', 'light', 'dark']);
export const hasShortcuts = preference<boolean>('shortcuts', true);
export const hasSound = preference<boolean>('sound', false);
export const hasDesktopNotices = preference<boolean>('desktop', false);
export const isCompact = preference<boolean>('compact', false);
/** The visitor's panel beside the conversation, where there is room for it. */
export const isPanelOpen = preference<boolean>('panel', true);

/** Keeps the page in the chosen scheme. */
export const startScheme = (): void => {
  effect(() => {
    const root = document.documentElement;
    if (scheme.value === 'auto') root.removeAttribute('data-scheme');
    else root.setAttribute('data-scheme', scheme.value);
  });
};
