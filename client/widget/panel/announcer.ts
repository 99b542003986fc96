// What a screen reader is told, one sentence after the other: through regions that exist from the start, or nothing is read.

import { make } from '../../page.ts';

/** Between two sentences, ms: regions that change faster swallow what came before. */
const PACE_MS = 350;
const KEPT = 4;

export interface Announcer {
  /** Waits its turn. */
  say(text: string): void;
  /** Drops what waits to be said and says this: whoever was speaking is no longer. */
  interrupt(text: string): void;
  /** At once, for failures alone. */
  alert(text: string): void;
  dispose(): void;
}

export const createAnnouncer = (polite: HTMLElement, assertive: HTMLElement): Announcer => {
  let waiting: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (region: HTMLElement, text: string): void => {
    const line = make('p');
    line.textContent = text;
    region.append(line);
    while (region.childElementCount > KEPT) region.firstElementChild?.remove();
  };
  const next = (): void => {
    const text = waiting.shift();
    if (text === undefined) {
      timer = undefined;
      return;
    }
    write(polite, text);
    timer = setTimeout(next, PACE_MS);
  };
  const say = (text: string): void => {
    waiting.push(text);
    if (timer === undefined) next();
  };
  return {
    say,
    interrupt(text) {
      waiting = [];
      say(text);
    },
    alert: (text) => write(assertive, text),
    dispose() {
      clearTimeout(timer);
      waiting = [];
    },
  };
};
