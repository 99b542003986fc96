// How engaged a visitor is, and whether a trigger's condition holds: the server decides by it, the page foresees it. Pure.
import type { PublicTrigger } from './widget.ts';

export interface EngagementSignals {
  /** On the page, ms. */
  timeOnPage: number;
  /** How far down, percent. */
  scrollDepth: number;
  clicks: number;
  /** Pages seen in this session. */
  pages: number;
  /** Earlier visits. */
  visits: number;
}

/** Rises steeply at first and flattens towards `most`; `half` gives half of it. */
const saturating = (value: number, half: number, most: number): number => {
  const bounded = Number.isFinite(value) ? Math.max(0, value) : 0;
  return (most * bounded) / (bounded + half);
};

/**
 * Time counts up to 35 (half of it after 45 s), depth up to 25 (linear), clicks up to 15 (half after 4), further pages up
 * to 15 (half after 2), earlier visits up to 10 (half after 2).
 */
export const engagementScore = (signals: EngagementSignals): number => {
  const depth = Number.isFinite(signals.scrollDepth) ? Math.min(100, Math.max(0, signals.scrollDepth)) : 0;
  const score =
    saturating(signals.timeOnPage, 45_000, 35) +
    depth * 0.25 +
    saturating(signals.clicks, 4, 15) +
    saturating(signals.pages - 1, 2, 15) +
    saturating(signals.visits - 1, 2, 10);
  return Math.min(100, Math.max(0, Math.round(score)));
};

/** What is known of a visit, as far as triggers read it. */
export interface Watched {
  /** On the page in view, ms. */
  timeHere: number;
  /** Percent of the page in view. */
  scrollDepth: number;
  /** `engagementScore`, 0 to 100. */
  score: number;
  /** The contact's, this one included. */
  visits: number;
  /** Of the page in view (`/pricing`); '' where it is not known. */
  path: string;
  /** The visitor is about to leave. */
  isLeaving: boolean;
}

const reaches = (path: string, prefix: string): boolean => {
  const clean = prefix.startsWith('/') ? prefix : `/${prefix}`;
  if (!path.startsWith(clean)) return false;
  // `/price` is no page below `/pri`.
  return clean.endsWith('/') || path.length === clean.length || path[clean.length] === '/';
};

/** Whether a trigger's condition holds. */
export const isMet = (trigger: PublicTrigger, watched: Watched): boolean => {
  const { timeHere, scrollDepth, score, visits, path, isLeaving } = watched;
  switch (trigger.type) {
    case 'time_on_page':
      return timeHere >= trigger.seconds * 1000;
    case 'scroll_depth':
      return scrollDepth >= trigger.percent;
    case 'high_engagement':
      return score >= trigger.score;
    case 'exit_intent':
      return isLeaving;
    case 'return_visit':
      return visits >= trigger.visits;
    case 'page':
      return reaches(path, trigger.path) && timeHere >= trigger.seconds * 1000;
  }
};
