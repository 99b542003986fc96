// Engagement: what a page reports is believed only as far as the clock allows, and each thing counts once.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accumulate, noActivity, signalsOf } from '../../server/domain/engagement.ts';
import { engagementScore } from '../../shared/engagement.ts';
import type { Activity, PageEvent, PageReport } from '../../server/domain/engagement.ts';

const startedAt = 1_000_000;
const when = (afterMs: number) => ({ now: startedAt + afterMs, startedAt });
const stamp = (afterMs: number): string => new Date(startedAt + afterMs).toISOString();

const anything = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
);
const event = fc.record<PageEvent>({
  type: fc.constantFrom('page_view', 'scroll_depth', 'click', 'exit_intent', 'other'),
  data: fc.oneof(anything, fc.record({ depth: anything })),
  timestamp: fc.oneof(anything, fc.integer({ min: 0, max: 3_000_000 }), fc.constant('...')),
});
const report = fc.record<PageReport>({
  events: fc.array(event, { maxLength: 50 }),
  metrics: fc.option(fc.record({ timeOnPage: fc.double(), scrollDepth: fc.double(), clickCount: fc.double() }), {
    nil: undefined,
  }),
});
const run = (reports: readonly PageReport[]): Activity =>
  reports.reduce((activity, next, i) => accumulate(activity, next, when((i + 1) * 10_000)), noActivity);

describe('accumulate', () => {
  test('a score of 0 to 100, time within the wall time, depth within the page, whatever is reported', () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 5 }), fc.nat(200), (reports, visits) => {
        const activity = run(reports);
        const score = engagementScore(signalsOf(activity, visits));
        expect(Number.isInteger(score) && score >= 0 && score <= 100).toBe(true);
        expect(activity.timeOnPage).toBeGreaterThanOrEqual(0);
        expect(activity.timeOnPage).toBeLessThanOrEqual(reports.length * 10_000);
        expect(activity.scrollDepth).toBeGreaterThanOrEqual(0);
        expect(activity.scrollDepth).toBeLessThanOrEqual(100);
        expect(activity.seen.length).toBeLessThanOrEqual(200);
      }),
    );
  });

  test('the order in which events are listed does not matter', () => {
    const dated = event.map((one) => ({ ...one, timestamp: startedAt + 5 }));
    const distinct = fc.uniqueArray(
      fc.tuple(dated, fc.nat(9000)).map(([one, after]) => ({ ...one, timestamp: startedAt + after })),
      { maxLength: 20, selector: ({ timestamp }) => timestamp },
    );
    fc.assert(
      fc.property(distinct, (events) => {
        const told = accumulate(noActivity, { events }, when(10_000));
        const turned = accumulate(noActivity, { events: events.toReversed() }, when(10_000));
        expect({ ...turned, seen: [...turned.seen].sort() }).toEqual({ ...told, seen: [...told.seen].sort() });
      }),
    );
  });

  test('a batch that is sent again changes nothing', () => {
    const readable = event.map((one) => ({ ...one, timestamp: startedAt + 100 }));
    fc.assert(
      fc.property(fc.array(readable, { maxLength: 50 }), (events) => {
        const once = accumulate(noActivity, { events }, when(10_000));
        expect(accumulate(once, { events }, when(20_000))).toEqual(once);
      }),
    );
  });

  test('times that are absent, unreadable or to come are the receipt; before the session is its start', () => {
    const at = (timestamp: unknown) =>
      accumulate(noActivity, { events: [{ type: 'click', timestamp }] }, when(10_000)).seen[0];
    const receipt = at(startedAt + 10_000);
    for (const timestamp of ['...', undefined, null, Number.NaN, {}, startedAt + 99_999, stamp(99_999)]) {
      expect(at(timestamp)).toBe(receipt);
    }
    expect(at(startedAt - 5000)).toBe(at(startedAt));
    expect(at(stamp(500))).toBe(at(startedAt + 500));
  });

  test('time on the page is capped by the age of the session', () => {
    const { timeOnPage } = accumulate(noActivity, { events: [], metrics: { timeOnPage: 3_600_000 } }, when(45_000));
    expect(timeOnPage).toBe(45_000);
  });

  test('a report that grows is the same page, one that shrinks another page', () => {
    const reports = [10_000, 20_000, 5000].map((timeOnPage) => ({
      events: [],
      metrics: { timeOnPage, clickCount: 2 },
    }));
    const activity = reports.reduce((before, next) => accumulate(before, next, when(100_000)), noActivity);
    expect(activity.timeOnPage).toBe(25_000);
    expect(activity.clicks).toBe(2);
  });

  test('a new page begins at its top', () => {
    const scrolled = accumulate(noActivity, { events: [{ type: 'scroll_depth', data: 75 }] }, when(1000));
    expect(scrolled.scrollDepth).toBe(75);
    const moved = accumulate(scrolled, { events: [{ type: 'page_view', data: { url: '/next' } }] }, when(2000));
    expect([moved.scrollDepth, moved.pages]).toEqual([0, 1]);
  });

  test('the document’s own example scores in its upper half', () => {
    const activity = accumulate(
      noActivity,
      {
        events: [
          { type: 'scroll_depth', data: 75, timestamp: '...' },
          { type: 'click', data: { element: 'button' }, timestamp: '...' },
        ],
        metrics: { timeOnPage: 45_000, scrollDepth: 75, clickCount: 3 },
      },
      when(60_000),
    );
    expect(activity).toMatchObject({ timeOnPage: 45_000, scrollDepth: 75, clicks: 3 });
    expect(engagementScore(signalsOf(activity, 1))).toBeGreaterThan(40);
  });
});

describe('engagementScore', () => {
  test('is monotone in every signal', () => {
    const amount = fc.nat(1_000_000);
    const signals = fc.record({
      timeOnPage: amount,
      scrollDepth: amount,
      clicks: amount,
      pages: amount,
      visits: amount,
    });
    const name = fc.constantFrom('timeOnPage', 'scrollDepth', 'clicks', 'pages', 'visits');
    fc.assert(
      fc.property(signals, name, fc.nat(), (input, which, more) => {
        const raised = { ...input, [which]: input[which] + more };
        expect(engagementScore(raised)).toBeGreaterThanOrEqual(engagementScore(input));
      }),
    );
  });
});
