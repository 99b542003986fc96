// Two contacts that are one person: what is known of the one goes to the other. Only a signed identity does this, never an e-mail.
import { mergedFields } from '../domain/custom-fields.ts';
import type { Contact } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';

interface MergeDeps {
  store: Store;
}

const leadsAtOnce = 200;

/** What only the other contact knows is added; where both know a field, the one that stays is right. */
const customFieldsOf = (into: Contact, from: Contact): Pick<Contact, 'customFields'> => {
  const known = into.customFields ?? {};
  const others = Object.entries(from.customFields ?? {}).filter(([name]) => !Object.hasOwn(known, name));
  if (others.length === 0) return {};
  return { customFields: mergedFields(known, Object.fromEntries(others)) };
};

/** The contact that stays, with what the other one knew. Its own fields come first. */
export const mergedContact = (into: Contact, from: Contact): Contact => {
  const { phone, company, name, email, page, locale, userAgent, pipelineId, stageId, leadId, engagement } = from;
  const known = { phone, company, name, email, page, locale, userAgent, leadId, engagement };
  const added = Object.fromEntries(
    Object.entries(known).filter(([field, value]) => value !== undefined && into[field as keyof Contact] === undefined),
  );
  const place = into.stageId === undefined && stageId !== undefined ? { stageId, pipelineId } : {};
  return {
    ...into,
    ...(added as Partial<Contact>),
    ...(place as Partial<Contact>),
    ...customFieldsOf(into, from),
    visits: into.visits + from.visits,
    lastSeenAt: Math.max(into.lastSeenAt, from.lastSeenAt),
    expiresAt: Math.max(into.expiresAt ?? 0, from.expiresAt ?? 0),
  };
};

/**
 * Moves fields and leads of `from` to `into` and takes `from` away. Again is harmless. Its conversations are moved by their
 * logs (`visitor.identified` with a `contactId`).
 */
export const mergeContacts = async ({ store }: MergeDeps, orgId: string, from: string, into: string): Promise<void> => {
  const { contacts, leads } = store.documents;
  const source = await contacts.get(orgId, from);
  if (source === undefined || from === into) return;
  await contacts.update(orgId, into, (target) => target && mergedContact(target, source));
  for (;;) {
    const page = await leads.list(orgId, { group: from, limit: leadsAtOnce });
    for (const { id } of page) await leads.update(orgId, id, (lead) => lead && { ...lead, contactId: into });
    if (page.length < leadsAtOnce) break;
  }
  await contacts.delete(orgId, from);
};
