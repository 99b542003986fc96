// When a widget speaks first: rules, cool-down, budget, and never where somebody talks.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { offersPerDay, triggerNamed, triggerToFire } from '../../server/domain/proactive.ts';
import type { Circumstances, PastOffer } from '../../server/domain/proactive.ts';
import { isMet } from '../../shared/engagement.ts';
import type { Watched } from '../../shared/engagement.ts';
import { initialState } from '../../shared/conversation.ts';
import type { ProactiveTrigger } from '../../shared/widget.ts';

const now = 10_000_000_000;
const triggers: ProactiveTrigger[] = [
  { type: 'time_on_page', seconds: 30, message: '' },
  { type: 'scroll_depth', percent: 50, message: '' },
  { type: 'high_engagement', score: 60, message: '' },
  { type: 'exit_intent', message: '' },
  { type: 'return_visit', visits: 2, message: '' },
  { type: 'page', path: '/pricing', seconds: 0, message: '' },
];
const quiet: Watched = { timeHere: 0, scrollDepth: 0, score: 0, visits: 1, path: '/', isLeaving: false };
const eager: Watched = {
  timeHere: 60_000,
  scrollDepth: 100,
  score: 100,
  visits: 5,
  path: '/pricing',
  isLeaving: true,
};
const free: Circumstances = {
  rules: { isEnabled: true, cooldownSeconds: 300, triggers },
  offers: [],
  conversation: undefined,
  now,
};
const open = { ...initialState('conv_1', true), status: 'open' as const };

describe('isMet', () => {
  test.each([
    [triggers[0]!, { timeHere: 30_000 }, { timeHere: 29_999 }],
    [triggers[1]!, { scrollDepth: 50 }, { scrollDepth: 49 }],
    [triggers[2]!, { score: 60 }, { score: 59 }],
    [triggers[3]!, { isLeaving: true }, { isLeaving: false }],
    [triggers[4]!, { visits: 2 }, { visits: 1 }],
    [triggers[5]!, { path: '/pricing/team' }, { path: '/pricings' }],
  ])('%j at its threshold and not below', (trigger, met, unmet) => {
    expect(isMet(trigger, { ...quiet, ...met })).toBe(true);
    expect(isMet(trigger, { ...quiet, ...unmet })).toBe(false);
  });
});

describe('triggerToFire', () => {
  test('fires the first rule that is met, each type once', () => {
    expect(triggerToFire(free, quiet)).toEqual({ quiet: 'unmet' });
    expect(triggerToFire(free, eager)).toEqual({ trigger: triggers[0] });
    const offers = [{ type: 'time_on_page', at: now - 1_000_000 }];
    expect(triggerToFire({ ...free, offers }, eager)).toEqual({ trigger: triggers[1] });
    const all = triggers.slice(0, 5).map(({ type }, i) => ({ type, at: now - 1_000_000 * (i + 1) }));
    const one = { ...free.rules, triggers: triggers.slice(0, 5) };
    expect(triggerToFire({ ...free, rules: one, offers: all }, eager)).toEqual({ quiet: 'repeated' });
  });

  test.each([
    ['off', { rules: { ...free.rules, isEnabled: false } }],
    ['off', { rules: { ...free.rules, triggers: [] } }],
    ['cooling', { offers: [{ type: 'x', at: now - 299_999 }] }],
    ['person', { conversation: { ...open, control: { ...open.control, agentId: 'mem_1' } } }],
    ['person', { conversation: { ...open, control: { ...open.control, waiting: 'handoff' as const } } }],
    ['closed', { conversation: { ...open, status: 'closed' as const } }],
    ['closed', { conversation: { ...open, csat: { requested: true, rating: null } } }],
    ['talking', { conversation: { ...open, unanswered: 3 } }],
  ])('is quiet: %s', (why, change) => {
    expect(triggerToFire({ ...free, ...change }, eager)).toEqual({ quiet: why });
    expect(triggerNamed({ ...free, ...change }, 'exit_intent')).toEqual({ quiet: why });
  });

  test('never more than the day’s budget, never within the cool-down, never a type twice', () => {
    const step = fc.tuple(fc.nat(3_600_000), fc.constantFrom(quiet, eager), fc.nat(6));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const offers: PastOffer[] = [];
        let at = now;
        for (const [wait, watched, turn] of steps) {
          at += wait;
          const rules = { ...free.rules, triggers: [...triggers.slice(turn), ...triggers.slice(0, turn)] };
          const offering = triggerToFire({ ...free, rules, offers, now: at }, watched);
          if (!('trigger' in offering)) continue;
          const last = offers.at(-1);
          if (last !== undefined) expect(at - last.at).toBeGreaterThanOrEqual(300_000);
          expect(offers.map(({ type }) => type)).not.toContain(offering.trigger.type);
          expect(offers.filter((offer) => at - offer.at < 86_400_000).length).toBeLessThan(offersPerDay);
          offers.push({ type: offering.trigger.type, at });
        }
      }),
    );
  });
});

describe('triggerNamed', () => {
  test('gives what was announced a moment ago, once, and a rule’s own type', () => {
    expect(triggerNamed(free, 'exit_intent')).toEqual({ trigger: triggers[3] });
    const announced = [{ type: 'exit_intent', at: now - 1000 }];
    expect(triggerNamed({ ...free, offers: announced }, 'exit_intent')).toEqual({ trigger: triggers[3] });
    const taken = [{ type: 'exit_intent', at: now - 1000, isTaken: true }];
    expect(triggerNamed({ ...free, offers: taken }, 'exit_intent')).toEqual({ quiet: 'repeated' });
    const late = [{ type: 'exit_intent', at: now - 600_000 }];
    expect(triggerNamed({ ...free, offers: late }, 'exit_intent')).toEqual({ quiet: 'repeated' });
  });

  test('a type without a rule is unknown, however it is spelt', () => {
    for (const type of ['', 'Exit_Intent', 'constructor', '__proto__', 'exit_intent ']) {
      expect(triggerNamed(free, type)).toEqual({ quiet: 'unknown' });
    }
  });
});
