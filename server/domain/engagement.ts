// How engaged a visitor is, from signals of the page. Pure and bounded: 0 to 100.

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
