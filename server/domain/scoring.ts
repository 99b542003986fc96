// How likely a visitor becomes a customer, from what is known of them. Pure, bounded (0 to 100), monotone in every signal.
import type { Intent } from './intent.ts';

export interface LeadSignals {
  hasName: boolean;
  hasEmail: boolean;
  hasPhone: boolean;
  hasCompany: boolean;
  /** How many fields of the owner's own form were filled. */
  customFields: number;
  /** The site's owner signed who this is. */
  isVerified: boolean;
  /** A person was asked for. */
  hasAskedForPerson: boolean;
  /** What the visitor's messages wanted, in any order, repeats allowed. */
  intents: readonly Intent[];
  /** Messages that the visitor wrote. */
  messages: number;
  /** `engagementScore`, 0 to 100. */
  engagement: number;
}

/** Points of what is there or not. Together with the rest below they make 100. */
const known = {
  hasEmail: 18,
  hasPhone: 12,
  hasCompany: 8,
  isVerified: 7,
  hasAskedForPerson: 7,
  hasName: 3,
} as const satisfies Partial<Record<keyof LeadSignals, number>>;

const most = { intent: 20, messages: 10, engagement: 10, customFields: 5 } as const;

/** How much of `most.intent` a wish is worth, 0 to 1. What is not named here tells nothing of buying. */
const wish: Partial<Record<Intent, number>> = {
  booking_request: 1,
  demo_request: 1,
  pricing_inquiry: 0.9,
  human_request: 0.7,
  comparison: 0.7,
  availability_inquiry: 0.7,
  payment_inquiry: 0.6,
  product_inquiry: 0.6,
  delivery_inquiry: 0.5,
  location_inquiry: 0.4,
  opening_hours: 0.4,
};

const bounded = (value: number, max: number): number => (Number.isNaN(value) ? 0 : Math.min(max, Math.max(0, value)));

/** Rises steeply at first and flattens towards `points`; `half` gives half of it. */
const saturating = (value: number, half: number, points: number): number => {
  const count = bounded(value, 1e9);
  return (points * count) / (count + half);
};

/**
 * 0 to 100, whole. E-mail 18, phone 12, company 8, a signed identity 7, a person asked for 7, a name 3; the strongest wish
 * up to 20 (a booking or a demo 20, prices 18, …); messages up to 10 (half after 3); engagement up to 10 (linear); own
 * fields up to 5 (half after 1). More of anything never lowers it.
 */
export const leadScore = (input: LeadSignals): number => {
  let score = 0;
  for (const [name, points] of Object.entries(known)) if (input[name as keyof typeof known]) score += points;
  score += most.intent * Math.max(0, ...input.intents.map((intent) => wish[intent] ?? 0));
  score += saturating(input.messages, 3, most.messages);
  score += (most.engagement * bounded(input.engagement, 100)) / 100;
  score += saturating(input.customFields, 1, most.customFields);
  return Math.round(bounded(score, 100));
};
