// How engaged a visitor is, from what the page reports. Pure and bounded: 0 to 100. What a page says of itself is believed
// only as far as the clock allows.
import type { EngagementSignals } from '../../shared/engagement.ts';

/** One event as a page sent it: nothing of it but `type` can be relied on. */
export interface PageEvent {
  type: string;
  data?: unknown;
  timestamp?: unknown;
}

/** What a page reports of itself since it was loaded. */
export interface PageMetrics {
  /** Milliseconds. */
  timeOnPage?: number | undefined;
  /** Percent. */
  scrollDepth?: number | undefined;
  clickCount?: number | undefined;
}

export interface PageReport {
  events: readonly PageEvent[];
  metrics?: PageMetrics | undefined;
}

/** What is remembered of a session between reports. Times in ms. */
export interface Activity {
  /** On all pages, never more than the session is old. */
  timeOnPage: number;
  /** Percent, the deepest of the page in view. */
  scrollDepth: number;
  clicks: number;
  pages: number;
  /** The page in view, as last reported: a lower number is another page's. */
  timeHere: number;
  clicksHere: number;
  /** Digests of the latest events. */
  seen: string[];
}

export const noActivity: Activity = {
  timeOnPage: 0,
  scrollDepth: 0,
  clicks: 0,
  pages: 0,
  timeHere: 0,
  clicksHere: 0,
  seen: [],
};

const most = { clicks: 10_000, pages: 1000, seen: 200 } as const;

const atLeastZero = (value: unknown, max: number): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? Math.min(max, Math.max(0, value)) : undefined;

/** Milliseconds of a time as pages write it: a number of ms, or a date. Undefined where it is neither. */
const timeOf = (timestamp: unknown): number | undefined => {
  if (typeof timestamp === 'number') return Number.isFinite(timestamp) ? timestamp : undefined;
  if (typeof timestamp !== 'string' || timestamp.length > 40) return undefined;
  const at = Date.parse(timestamp);
  return Number.isNaN(at) ? undefined : at;
};

/** A short digest (cyrb53): to tell a repeat, not to keep a secret. */
const digestOf = (text: string): string => {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return ((b >>> 0).toString(36) + (a >>> 0).toString(36)).padStart(12, '0');
};

const depthOf = (data: unknown): number | undefined => {
  if (typeof data !== 'object' || data === null) return atLeastZero(data, 100);
  const { depth, percent, value } = data as Record<string, unknown>;
  return atLeastZero(depth ?? percent ?? value, 100);
};

interface Told {
  type: string;
  data: unknown;
  at: number;
  digest: string;
}

/**
 * Events in the order of their times, each once. A time that is absent, unreadable or still to come is that of receipt;
 * one before the session is its start.
 */
const ordered = (events: readonly PageEvent[], { now, startedAt }: { now: number; startedAt: number }): Told[] =>
  events
    .map(({ type, data, timestamp }) => {
      const said = timeOf(timestamp);
      const at = said === undefined || said > now ? now : Math.max(startedAt, said);
      return { type, data, at, digest: digestOf(JSON.stringify([type, at, data ?? null])) };
    })
    .toSorted((a, b) => a.at - b.at);

/** What is new in a report of a growing number: a report below the last one is another page's, counted from zero. */
const grown = (reported: number, before: number): number => (reported >= before ? reported - before : reported);

/**
 * The activity after one more report. Known event types are `page_view`, `scroll_depth` and `click`; others are passed
 * over. Where the metrics count clicks, click events are not counted again.
 * @param when `now`: the time of receipt; `startedAt`: when the session began. ms since 1970
 */
export const accumulate = (
  before: Activity,
  { events, metrics }: PageReport,
  when: { now: number; startedAt: number },
): Activity => {
  const next = { ...before, seen: [...before.seen] };
  const seen = new Set(before.seen);
  let clicked = 0;
  for (const event of ordered(events, when)) {
    if (seen.has(event.digest)) continue;
    seen.add(event.digest);
    next.seen.push(event.digest);
    if (event.type === 'page_view') {
      next.pages = Math.min(most.pages, next.pages + 1);
      next.scrollDepth = 0;
    } else if (event.type === 'scroll_depth') next.scrollDepth = Math.max(next.scrollDepth, depthOf(event.data) ?? 0);
    else if (event.type === 'click') clicked += 1;
  }
  next.seen = next.seen.slice(-most.seen);
  const depth = atLeastZero(metrics?.scrollDepth, 100);
  if (depth !== undefined) next.scrollDepth = Math.max(next.scrollDepth, depth);
  const clicks = atLeastZero(metrics?.clickCount, most.clicks);
  if (clicks === undefined) next.clicks += clicked;
  else {
    next.clicks += grown(clicks, before.clicksHere);
    next.clicksHere = clicks;
  }
  next.clicks = Math.min(most.clicks, next.clicks);
  const wall = Math.max(0, when.now - when.startedAt);
  const time = atLeastZero(metrics?.timeOnPage, wall);
  if (time !== undefined) {
    next.timeOnPage = Math.min(wall, next.timeOnPage + grown(time, before.timeHere));
    next.timeHere = time;
  }
  return next;
};

/** The signals of a score. `visits` are the contact's, this one included. */
export const signalsOf = (activity: Activity, visits: number): EngagementSignals => ({
  timeOnPage: activity.timeOnPage,
  scrollDepth: activity.scrollDepth,
  clicks: activity.clicks,
  pages: Math.max(1, activity.pages),
  visits: Math.max(1, visits),
});
