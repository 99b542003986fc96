// What must follow a commit beside the rows that share its transaction: the contact, its place in a pipeline, and the lead.
// Idempotent, so that a repeat is harmless.
import type { Fact } from '../../shared/facts.ts';
import { signableFields, signedFieldsOf } from '../../shared/identity.ts';
import { mergedFields } from '../domain/custom-fields.ts';
import type { Delivery } from '../ports/bus.ts';
import type { Contact } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Committer } from './commit.ts';
import { changeContact } from './contacts.ts';
import { followLead } from './leads.ts';
import { followSpam } from './spam.ts';
import { entryOf } from './pipelines.ts';
import { contactMs } from './visitors.ts';

export interface FollowDeps {
  store: Store;
  clock: Clock;
  log: Log;
  committer: Committer;
}

const changeOf = (fact: Fact): Partial<Contact> | undefined => {
  switch (fact.type) {
    case 'conversation.opened':
      return {};
    case 'visitor.identified':
    case 'lead.captured': {
      const { name, email, phone, company } = fact;
      const change = {
        ...(name === undefined ? {} : { name }),
        ...(email === undefined ? {} : { email }),
        ...(phone === undefined ? {} : { phone }),
        ...(company === undefined ? {} : { company }),
      };
      if (fact.type === 'visitor.identified') {
        const signed = [...signedFieldsOf(fact)];
        // Said, not signed: that says nothing of what was signed before.
        return fact.verified ? { ...change, verified: true, signed } : change;
      }
      const { leadId, customFields } = fact;
      return { ...change, leadId, ...(customFields === undefined ? {} : { customFields }) };
    }
    default:
      return undefined;
  }
};

/** Fields of a form are added to those that are known; everything else is replaced. */
const withFields = (contact: Contact, { customFields, ...change }: Partial<Contact>): Partial<Contact> =>
  customFields === undefined ? change : { ...change, customFields: mergedFields(contact.customFields, customFields) };

/** What the site's owner signed is not overwritten by what anybody typed. */
const asSaid = (contact: Contact, change: Partial<Contact>): Partial<Contact> => {
  const before = signedFieldsOf(contact);
  const now = change.signed ?? [];
  const stands = Object.fromEntries(
    before.filter((name) => !now.includes(name)).map((name) => [name, contact[name]]),
  ) as Partial<Contact>;
  const signed = signableFields.filter((name) => before.includes(name) || now.includes(name));
  return { ...change, ...stands, ...(contact.verified || change.verified === true ? { signed } : {}) };
};

/** Where the contact of a conversation that begins is placed. A test chat of the owner's is nobody's enquiry. */
const entryFor = async (
  { store }: Pick<FollowDeps, 'store'>,
  orgId: string,
  facts: readonly Fact[],
): Promise<((contact: Contact) => Pick<Contact, 'pipelineId' | 'stageId'> | undefined) | undefined> => {
  const opened = facts.find((fact) => fact.type === 'conversation.opened');
  if (opened === undefined || opened.channel === 'test') return undefined;
  const [widget, pipelines] = await Promise.all([
    store.documents.widgets.get(orgId, opened.widgetId),
    store.documents.pipelines.list(orgId),
  ]);
  // Whoever was put aside with their spam, and now begins anew, stands where they stood.
  return ({ stoodAt }) => entryOf(pipelines, stoodAt ?? widget ?? {});
};

/** The contact was merged into another since: the log says into which. */
const moved = async (
  { store }: Pick<FollowDeps, 'store'>,
  [first]: readonly Fact[],
  contactId: string,
  write: (id: string) => Promise<Contact | undefined>,
): Promise<Contact | undefined> => {
  const found = first && (await store.state(first.conversationId));
  const now = found?.state.contactId ?? contactId;
  return now === contactId ? undefined : write(now);
};

/** What must follow facts of one conversation; again is harmless. Rejects where it could not be done. */
export const followFacts = async (
  deps: Pick<FollowDeps, 'store' | 'clock'>,
  about: { orgId: string; contactId: string | null },
  facts: readonly Fact[],
): Promise<void> => {
  const changes = facts.map(changeOf).filter((change) => change !== undefined);
  const { orgId, contactId } = about;
  const marked = facts.find(({ type }) => type === 'spam.changed');
  if (marked !== undefined && contactId !== null) {
    await followSpam(deps, { orgId, contactId, conversationId: marked.conversationId });
  }
  if (changes.length === 0 || contactId === null) return;
  const entryOfContact = await entryFor(deps, orgId, facts);
  const followed = (before: Contact): Partial<Contact> => {
    const next = changes.reduce<Contact>(
      (known, change) => ({ ...known, ...asSaid(known, withFields(known, change)) }),
      before,
    );
    // A contact who comes back stays where colleagues have put them.
    const place = before.stageId === undefined ? entryOfContact?.(before) : undefined;
    return { ...next, ...place, expiresAt: deps.clock.now() + contactMs };
  };
  const write = (id: string): Promise<Contact | undefined> => changeContact(deps, { orgId, contactId: id }, followed);
  const contact = (await write(contactId)) ?? (await moved(deps, facts, contactId, write));
  if (contact === undefined) return;
  for (const fact of facts) if (fact.type === 'lead.captured') await followLead(deps, contact, fact);
};

/** Keeps contacts in step with what their conversations say. A failure is logged; the next fact mends it. */
export const followContacts =
  (deps: FollowDeps) =>
  (delivery: Delivery): void => {
    if (delivery.kind !== 'facts') return;
    if (delivery.facts.every((fact) => changeOf(fact) === undefined && fact.type !== 'spam.changed')) return;
    const { orgId, conversationId, facts } = delivery;
    const contactId = deps.committer.peek(conversationId)?.contactId ?? null;
    followFacts(deps, { orgId, contactId }, facts).catch((error: unknown) =>
      deps.log.warn({ err: error, conversationId }, 'contact not updated'),
    );
  };
