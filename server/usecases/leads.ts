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

/** Latest first. */
export const listLeads = async (
  { store }: LeadDeps,
  orgId: string,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<{ leads: Lead[]; cursor: string | null }> => {
  const found = await store.documents.leads.list(orgId, {
    reverse: true,
    limit: limit + 1,
    ...(cursor === undefined ? {} : { after: cursor }),
  });
  const leads = found.slice(0, limit);
  return { leads, cursor: found.length > limit ? (leads.at(-1)?.id ?? null) : null };
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
