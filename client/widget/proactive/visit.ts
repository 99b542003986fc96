// What the visitor does on the page, in memory alone: nothing is stored, nothing leaves before a trigger's condition holds.
import { isHidden, read, whereabouts } from '../../page.ts';
import { engagementScore, isMet } from '../../../shared/engagement.ts';
import type { Watched } from '../../../shared/engagement.ts';
import type { PublicTrigger } from '../../../shared/widget.ts';

export interface PageReport {
  events: { type: string; data?: unknown; timestamp: number }[];
  metrics: { timeOnPage: number; scrollDepth: number; clickCount: number };
}

const tickMs = 1000;
const mostEvents = 20;

/** The page as it moves. `onTick` is called once a second, and at once when the visitor is about to leave. */
export const watchVisit = (onTick: () => void) => {
  let url = location.href;
  /** Since the page was there: this part comes when somebody moves on it. */
  let timeHere = performance.now();
  let deepest = 0;
  let clicks = 0;
  let pages = 1;
  let isLeaving = false;
  let time = timeHere;
  let events: PageReport['events'] = [];

  const note = (type: string, data?: unknown): void => {
    events = [...events, { type, data, timestamp: Date.now() }].slice(-mostEvents);
  };
  const view = (): void => {
    const { url, title } = whereabouts();
    note('page_view', { url, title });
  };
  const measure = (): void => {
    const { scrollHeight } = read('documentElement');
    if (scrollHeight > 0) deepest = Math.max(deepest, Math.min(100, (100 * (scrollY + innerHeight)) / scrollHeight));
  };
  const onClick = (): void => void (clicks += 1);
  const onOut = ({ relatedTarget, clientY }: MouseEvent): void => {
    // Upwards out of the page: to the tabs, the address, the close button.
    if (relatedTarget !== null || clientY > 0 || isLeaving) return;
    isLeaving = true;
    note('exit_intent');
    onTick();
  };
  const timer = setInterval(() => {
    if (isHidden()) return;
    if (location.href !== url) {
      // An app of one page has moved on.
      url = location.href;
      [timeHere, deepest, pages, isLeaving] = [0, 0, pages + 1, false];
      view();
    }
    timeHere += tickMs;
    time += tickMs;
    measure();
    onTick();
  }, tickMs);
  view();
  // The first screen is no scrolling: a page that is all in view says nothing about its reader.
  addEventListener('scroll', measure, { passive: true });
  addEventListener('click', onClick, { capture: true, passive: true });
  addEventListener('mouseout', onOut);

  return {
    /** Triggers that hold by what the page knows. `mayReturn`: the visitor was here before; how often, the server knows. */
    due(triggers: readonly PublicTrigger[], mayReturn: boolean): PublicTrigger[] {
      const watched: Watched = {
        timeHere,
        scrollDepth: deepest,
        score: engagementScore({ timeOnPage: time, scrollDepth: deepest, clicks, pages, visits: mayReturn ? 100 : 1 }),
        visits: mayReturn ? Number.MAX_SAFE_INTEGER : 1,
        path: location.pathname,
        isLeaving,
      };
      return triggers.filter((trigger) => isMet(trigger, watched));
    },
    /** All since the last report. */
    report(): PageReport {
      const told = events;
      events = [];
      return {
        events: told,
        metrics: { timeOnPage: timeHere, scrollDepth: Math.round(deepest), clickCount: clicks },
      };
    },
    stop(): void {
      clearInterval(timer);
      removeEventListener('scroll', measure);
      removeEventListener('click', onClick, { capture: true });
      removeEventListener('mouseout', onOut);
    },
  };
};
