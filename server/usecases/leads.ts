// Leads: who left an address, as it was when they did. They follow the log (`follow.ts`); here they are read.
import { leadView } from '../../shared/console-provisioning.ts';
import type { LeadView } from '../../shared/console-provisioning.ts';
import type { FactOf } from '../../shared/facts.ts';
import { mergedFields } from '../domain/custom-fields.ts';
import type { Contact, Lead } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import { readLeadScore } from './lead-scores.ts';

interface LeadDeps {
  store: Store;
}

/** Leads of what is marked as spam are in no list. */
export const isListed = ({ isSpam }: Lead): boolean => isSpam !== true;

/** Latest first. */
export const listLeads = async (
  { store }: LeadDeps,
  orgId: string,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<{ leads: Lead[]; cursor: string | null }> => {
  const leads: Lead[] = [];
  let after = cursor;
  for (;;) {
    const found = await store.documents.leads.list(orgId, {
      reverse: true,
      limit: limit + 1,
      ...(after === undefined ? {} : { after }),
    });
    leads.push(...found.filter(isListed));
    if (leads.length > limit) return { leads: leads.slice(0, limit), cursor: leads[limit - 1]!.id };
    if (found.length <= limit) return { leads, cursor: null };
    after = found.at(-1)!.id;
  }
};

/** The schema is the list of what staff may see. */
export const leadViewOf = (lead: Lead): LeadView => leadView.parse(lead);

/** The lead that a fact tells of, written or brought up to date. A fact that was followed before changes nothing. */
export const followLead = async (
  deps: LeadDeps,
  contact: Pick<Contact, 'id' | 'orgId' | 'widgetId'>,
  fact: FactOf<'lead.captured'>,
): Promise<void> => {
  const { orgId, id: contactId, widgetId } = contact;
  const { leadId: id, conversationId, at, name, email, phone, company, customFields } = fact;
  await deps.store.documents.leads.update(orgId, id, async (before) => {
    if (before !== undefined && before.updatedAt > at) return undefined;
    return {
      createdAt: at,
      ...before,
      id,
      orgId,
      contactId,
      conversationId,
      widgetId,
      ...(name === undefined ? {} : { name }),
      ...(email === undefined ? {} : { email }),
      ...(phone === undefined ? {} : { phone }),
      ...(company === undefined ? {} : { company }),
      ...(customFields === undefined ? {} : { customFields: mergedFields(before?.customFields, customFields) }),
      score: await readLeadScore(deps, { orgId, conversationId, contactId }),
      updatedAt: at,
    };
  });
};
