// The lead score: bounded, and never lowered by knowing or hearing more.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { intents } from '../../server/domain/intent.ts';
import { leadScore } from '../../server/domain/scoring.ts';
import type { LeadSignals } from '../../server/domain/scoring.ts';

const nothing: LeadSignals = {
  hasName: false,
  hasEmail: false,
  hasPhone: false,
  hasCompany: false,
  customFields: 0,
  isVerified: false,
  hasAskedForPerson: false,
  intents: [],
  messages: 0,
  engagement: 0,
};
const everything: LeadSignals = {
  hasName: true,
  hasEmail: true,
  hasPhone: true,
  hasCompany: true,
  customFields: 1e9,
  isVerified: true,
  hasAskedForPerson: true,
  intents: [...intents],
  messages: 1e9,
  engagement: 100,
};

const number = fc.oneof(fc.integer({ min: -5, max: 500 }), fc.double(), fc.constant(Number.NaN));
const signals = fc.record<LeadSignals>({
  hasName: fc.boolean(),
  hasEmail: fc.boolean(),
  hasPhone: fc.boolean(),
  hasCompany: fc.boolean(),
  customFields: number,
  isVerified: fc.boolean(),
  hasAskedForPerson: fc.boolean(),
  intents: fc.array(fc.constantFrom(...intents), { maxLength: 8 }),
  messages: number,
  engagement: number,
});

describe('leadScore', () => {
  test('is 0 for a stranger and 100 for whoever told everything', () => {
    expect(leadScore(nothing)).toBe(0);
    expect(leadScore(everything)).toBe(100);
  });

  test('is a whole number of 0 to 100, whatever is handed in', () => {
    fc.assert(
      fc.property(signals, (input) => {
        const score = leadScore(input);
        expect(Number.isInteger(score) && score >= 0 && score <= 100).toBe(true);
      }),
    );
  });

  test('is monotone in every signal', () => {
    const flags = ['hasName', 'hasEmail', 'hasPhone', 'hasCompany', 'isVerified', 'hasAskedForPerson'] as const;
    const amounts = ['customFields', 'messages', 'engagement'] as const;
    const clean = signals.filter((input) => amounts.every((name) => !Number.isNaN(input[name])));
    fc.assert(
      fc.property(clean, fc.constantFrom(...flags), (input, flag) => {
        expect(leadScore({ ...input, [flag]: true })).toBeGreaterThanOrEqual(leadScore({ ...input, [flag]: false }));
      }),
    );
    fc.assert(
      fc.property(clean, fc.constantFrom(...amounts), fc.nat(500), (input, amount, more) => {
        const raised = { ...input, [amount]: input[amount] + more };
        expect(leadScore(raised)).toBeGreaterThanOrEqual(leadScore(input));
      }),
    );
    fc.assert(
      fc.property(clean, fc.constantFrom(...intents), (input, intent) => {
        expect(leadScore({ ...input, intents: [...input.intents, intent] })).toBeGreaterThanOrEqual(leadScore(input));
      }),
    );
  });

  test('an e-mail weighs more than a name, a price question more than a greeting', () => {
    expect(leadScore({ ...nothing, hasEmail: true })).toBeGreaterThan(leadScore({ ...nothing, hasName: true }));
    expect(leadScore({ ...nothing, intents: ['pricing_inquiry'] })).toBeGreaterThan(
      leadScore({ ...nothing, intents: ['greeting'] }),
    );
  });
});
