// What must follow a commit beside the rows that share its transaction: the contact, its place in a pipeline, and the lead.
// Idempotent, so that a repeat is harmless.
import type { Fact } from '../../shared/facts.ts';
import { mergedFields } from '../domain/custom-fields.ts';
import type { Delivery } from '../ports/bus.ts';
import type { Contact } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Committer } from './commit.ts';
import { changeContact } from './contacts.ts';
import { followLead } from './leads.ts';
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
      if (fact.type === 'visitor.identified') return { ...change, verified: fact.verified };
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
  if (!contact.verified || change.verified === true) return change;
  const { name, email } = contact;
  return {
    ...change,
    verified: true,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
  };
};

/** Where the contact of a conversation that begins is placed. A test chat of the owner's is nobody's enquiry. */
const entryFor = async (
  { store }: Pick<FollowDeps, 'store'>,
  orgId: string,
  facts: readonly Fact[],
): Promise<Pick<Contact, 'pipelineId' | 'stageId'> | undefined> => {
  const opened = facts.find((fact) => fact.type === 'conversation.opened');
  if (opened === undefined || opened.channel === 'test') return undefined;
  const [widget, pipelines] = await Promise.all([
    store.documents.widgets.get(orgId, opened.widgetId),
    store.documents.pipelines.list(orgId),
  ]);
  return entryOf(pipelines, widget ?? {});
};

/** What must follow facts of one conversation; again is harmless. Rejects where it could not be done. */
export const followFacts = async (
  deps: Pick<FollowDeps, 'store' | 'clock'>,
  about: { orgId: string; contactId: string | null },
  facts: readonly Fact[],
): Promise<void> => {
  const changes = facts.map(changeOf).filter((change) => change !== undefined);
  const { orgId, contactId } = about;
  if (changes.length === 0 || contactId === null) return;
  const entry = await entryFor(deps, orgId, facts);
  const contact = await changeContact(deps, { orgId, contactId }, (before) => {
    const next = changes.reduce<Contact>(
      (known, change) => ({ ...known, ...asSaid(known, withFields(known, change)) }),
      before,
    );
    // A contact who comes back stays where colleagues have put them.
    const place = before.stageId === undefined ? entry : undefined;
    return { ...next, ...place, expiresAt: deps.clock.now() + contactMs };
  });
  if (contact === undefined) return;
  for (const fact of facts) if (fact.type === 'lead.captured') await followLead(deps, contact, fact);
};

/** Keeps contacts in step with what their conversations say. A failure is logged; the next fact mends it. */
export const followContacts =
  (deps: FollowDeps) =>
  (delivery: Delivery): void => {
    if (delivery.kind !== 'facts') return;
    if (delivery.facts.every((fact) => changeOf(fact) === undefined)) return;
    const { orgId, conversationId, facts } = delivery;
    const contactId = deps.committer.peek(conversationId)?.contactId ?? null;
    followFacts(deps, { orgId, contactId }, facts).catch((error: unknown) =>
      deps.log.warn({ err: error, conversationId }, 'contact not updated'),
    );
  };
