// Leads: who left an address, as it was when they did. They follow the log (`follow.ts`); here they are read.
import { leadView } from '../../shared/console-provisioning.ts';
import type { LeadView } from '../../shared/console-provisioning.ts';
import type { FactOf } from '../../shared/facts.ts';
import { csvOf } from '../domain/csv.ts';
import type { Clock } from '../ports/clock.ts';
import type { Contact, Lead } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import { readLeadScore } from './lead-scores.ts';

interface LeadDeps {
  store: Store;
}

const exportedAtMost = 10_000;

/** Leads of what is marked as spam are in no list. */
const isListed = ({ isSpam }: Lead): boolean => isSpam !== true;

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

const fixed = ['lead', 'captured', 'changed', 'name', 'email', 'phone', 'company', 'score', 'contact', 'conversation'];

const stampOf = (ms: number): string => new Date(ms).toISOString();

/** All leads, latest first, a column for every custom field that any of them has. */
export const exportLeads = async (
  { store, clock }: LeadDeps & { clock: Clock },
  orgId: string,
): Promise<{ filename: string; csv: string }> => {
  const all = await store.documents.leads.list(orgId, { reverse: true, limit: exportedAtMost });
  const leads = all.filter(isListed);
  const custom = [...new Set(leads.flatMap(({ customFields }) => Object.keys(customFields ?? {})))].sort();
  const rows = leads.map((lead) => [
    lead.id,
    stampOf(lead.createdAt),
    stampOf(lead.updatedAt),
    lead.name ?? '',
    lead.email ?? '',
    lead.phone ?? '',
    lead.company ?? '',
    lead.score,
    lead.contactId,
    lead.conversationId,
    ...custom.map((name) => (Object.hasOwn(lead.customFields ?? {}, name) ? (lead.customFields?.[name] ?? '') : '')),
  ]);
  const filename = `leads-${stampOf(clock.now()).slice(0, 10)}.csv`;
  return { filename, csv: csvOf([[...fixed, ...custom], ...rows]) };
};

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
      ...(customFields === undefined ? {} : { customFields: { ...before?.customFields, ...customFields } }),
      score: await readLeadScore(deps, { orgId, conversationId, contactId }),
      updatedAt: at,
    };
  });
};
