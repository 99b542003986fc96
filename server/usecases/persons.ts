// The people whom the site's owner names: which contact is theirs, and where each last began to talk.
import { createHash } from 'node:crypto';
import type { Clock } from '../ports/clock.ts';
import type { KnownPerson, Session } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';

interface PersonDeps {
  store: Store;
  clock: Clock;
}

const day = 24 * 3_600_000;
/** A person who has not signed in for so long is forgotten as such; the next token makes them known again. */
const personMs = 400 * day;
/** Widgets of which a person's latest conversation is remembered. */
const mostWidgets = 20;

const idOf = (orgId: string, subject: string): string =>
  `person_${createHash('sha256')
    .update(JSON.stringify([orgId, subject]))
    .digest('hex')
    .slice(0, 48)}`;

export const readPerson = (
  { store }: Pick<PersonDeps, 'store'>,
  orgId: string,
  subject: string,
): Promise<KnownPerson | undefined> => store.documents.persons.get(orgId, idOf(orgId, subject));

/** The person of a subject, with their contact: the first to sign in brings it, everybody after them gets that one. */
export const claimPerson = async (
  { store, clock }: PersonDeps,
  orgId: string,
  subject: string,
  contactId: string,
): Promise<KnownPerson> => {
  const now = clock.now();
  const id = idOf(orgId, subject);
  const fresh = { id, orgId, createdAt: now, subject, contactId, expiresAt: now + personMs };
  const person = await store.documents.persons.update(orgId, id, (before) => {
    const isRecent = before !== undefined && (before.expiresAt ?? 0) - now > personMs - day;
    return isRecent ? undefined : { ...fresh, ...before, expiresAt: now + personMs };
  });
  return person ?? fresh;
};

/**
 * Writes down where a signed session begins to talk, before it does: on another device and another node, where the inbox rows may
 * be a moment behind, the person finds it all the same.
 */
export const beganIn = async (
  { store }: Pick<PersonDeps, 'store'>,
  { orgId, subject, widgetId, conversationId }: Pick<Session, 'orgId' | 'subject' | 'widgetId' | 'conversationId'>,
): Promise<void> => {
  if (subject === undefined) return;
  await store.documents.persons.update(orgId, idOf(orgId, subject), (person) => {
    if (person === undefined || person.latest?.[widgetId] === conversationId) return undefined;
    const { [widgetId]: _before, ...others } = person.latest ?? {};
    const latest = Object.entries({ ...others, [widgetId]: conversationId }).slice(-mostWidgets);
    return { ...person, latest: Object.fromEntries(latest) };
  });
};

/** The person's open conversation on a widget in which something was said last. */
export const latestOpenOf = async (
  { store }: Pick<PersonDeps, 'store'>,
  { orgId, contactId, latest }: Pick<KnownPerson, 'orgId' | 'contactId' | 'latest'>,
  widgetId: string,
  channel: Session['channel'],
): Promise<string | undefined> => {
  const began = latest?.[widgetId];
  const [rows, found] = await Promise.all([
    store.conversationsOf(orgId, contactId, 50),
    began === undefined ? undefined : store.state(began),
  ]);
  const row = rows.find((one) => one.widgetId === widgetId && one.channel === channel && one.status === 'open');
  const state = found?.state;
  const isOpen = state?.status === 'open' && state.contactId === contactId && state.channel === channel;
  return isOpen && (state.lastAt ?? 0) >= (row?.lastAt ?? 0) ? began : row?.conversationId;
};
