// What must follow a commit beside the rows that share its transaction: the contact. Idempotent, so that a repeat is harmless.
import type { Fact } from '../../shared/facts.ts';
import type { Delivery } from '../ports/bus.ts';
import type { Contact } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Committer } from './commit.ts';
import { changeContact } from './contacts.ts';
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
      return fact.customFields === undefined ? change : { ...change, customFields: fact.customFields };
    }
    default:
      return undefined;
  }
};

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

/** Keeps contacts in step with what their conversations say. A failure is logged; the next fact mends it. */
export const followContacts =
  (deps: FollowDeps) =>
  (delivery: Delivery): void => {
    if (delivery.kind !== 'facts') return;
    const changes = delivery.facts.map(changeOf).filter((change) => change !== undefined);
    if (changes.length === 0) return;
    const { orgId, conversationId } = delivery;
    const contactId = deps.committer.peek(conversationId)?.contactId;
    if (contactId === undefined || contactId === null) return;
    changeContact(deps, { orgId, contactId }, (contact) => {
      const next = changes.reduce<Contact>((before, change) => ({ ...before, ...asSaid(before, change) }), contact);
      return { ...next, expiresAt: deps.clock.now() + contactMs };
    }).catch((error: unknown) => deps.log.warn({ err: error, conversationId }, 'contact not updated'));
  };
