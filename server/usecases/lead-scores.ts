// The lead score of a conversation's visitor: gathers what `leadScore` weighs from the log and the contact.
import type { Fact } from '../../shared/facts.ts';
import { classifyIntent } from '../domain/intent.ts';
import type { Intent } from '../domain/intent.ts';
import { leadScore } from '../domain/scoring.ts';
import type { LeadSignals } from '../domain/scoring.ts';
import type { Contact } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';

/** Facts read of a log, and messages whose wishes are looked at: the latest ones. */
const read = { facts: 200, messages: 40 } as const;

const heldOf = (value: string | undefined): boolean => value !== undefined && value.trim() !== '';

/** What the facts of a log and its contact tell. */
export const leadSignals = (facts: readonly Fact[], contact: Contact | undefined): LeadSignals => {
  const texts: string[] = [];
  const intents: Intent[] = [];
  const known: Partial<Pick<Contact, 'name' | 'email' | 'phone' | 'company' | 'customFields'>> = { ...contact };
  let hasAskedForPerson = false;
  for (const fact of facts) {
    if (fact.type === 'message.created' && fact.author.kind === 'visitor') texts.push(fact.text);
    else if (fact.type === 'control.changed' && fact.reason === 'handoff') hasAskedForPerson = true;
    else if (fact.type === 'lead.captured' || fact.type === 'visitor.identified') {
      // The contact follows the log and may be a moment behind it.
      const { type: _, ...said } = fact;
      for (const [name, value] of Object.entries(said)) if (value !== '') Object.assign(known, { [name]: value });
    }
  }
  for (const text of texts.slice(-read.messages)) intents.push(classifyIntent(text).intent);
  return {
    hasName: heldOf(known.name),
    hasEmail: heldOf(known.email),
    hasPhone: heldOf(known.phone),
    hasCompany: heldOf(known.company),
    customFields: Object.keys(known.customFields ?? {}).length,
    isVerified: contact?.verified === true,
    hasAskedForPerson,
    intents,
    messages: texts.length,
    engagement: contact?.engagement ?? 0,
  };
};

/** 0 to 100, as of now. */
export const readLeadScore = async (
  { store }: { store: Store },
  of: { orgId: string; conversationId: string; contactId: string },
): Promise<number> => {
  const [facts, contact] = await Promise.all([
    store.factsBefore(of.conversationId, Number.MAX_SAFE_INTEGER, read.facts),
    store.documents.contacts.get(of.orgId, of.contactId),
  ]);
  return leadScore(leadSignals(facts, contact));
};
