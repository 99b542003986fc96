// Who a visitor is to staff: the contact beside a conversation, and finding conversations by words.
import { contactView } from '../../shared/console-api.ts';
import type { ContactView } from '../../shared/console-api.ts';
import { ChatError } from '../../shared/errors.ts';
import { signedFieldsOf } from '../../shared/identity.ts';
import type { InboxRow } from '../../shared/inbox.ts';
import type { Contact } from '../ports/documents.ts';
import type { SearchHit, Store } from '../ports/store.ts';
import { readLeadScore } from './lead-scores.ts';

interface ContactDeps {
  store: Store;
}

export interface ConversationContext {
  contact: ContactView;
  widget: { id: string; name: string };
  /** The contact's other conversations, latest first. */
  others: InboxRow[];
  /** 0 to 100; null where nothing was ever reported. */
  engagementScore: number | null;
  leadScore: number | null;
}

/** The schema is the list of what staff may see: everything else is stripped. */
export const contactViewOf = (contact: Contact): ContactView =>
  contactView.parse({ ...contact, signed: signedFieldsOf(contact) });

/** What the log alone tells of a visitor whose contact was erased. */
const contactFromRow = (row: InboxRow): ContactView => ({
  ...row.visitor,
  id: row.contactId,
  createdAt: row.lastAt,
  lastSeenAt: row.lastAt,
  visits: 0,
  ...(row.page === undefined ? {} : { page: row.page }),
});

/** @throws ChatError `not_found` */
export const readContext = async (
  { store }: ContactDeps,
  orgId: string,
  conversationId: string,
): Promise<ConversationContext> => {
  const row = await store.row(orgId, conversationId);
  if (row === undefined) throw new ChatError('not_found', 'There is no such conversation');
  const [contact, widget, all, leadScore] = await Promise.all([
    store.documents.contacts.get(orgId, row.contactId),
    store.documents.widgets.get(orgId, row.widgetId),
    store.conversationsOf(orgId, row.contactId, 21),
    readLeadScore({ store }, { orgId, conversationId, contactId: row.contactId }),
  ]);
  return {
    // The log stands in for what a crash kept from the contact.
    contact: contact === undefined ? contactFromRow(row) : contactViewOf({ ...row.visitor, ...contact }),
    widget: { id: row.widgetId, name: widget?.name ?? 'A removed widget' },
    others: all.filter((other) => other.conversationId !== conversationId && other.isSpam !== true).slice(0, 20),
    engagementScore: contact?.engagement ?? null,
    leadScore,
  };
};

/**
 * Changes a contact; what is said in one tick (a form and a message), here or on another node, does not undo each other.
 * `change` gives the fields to set, or undefined for none. Undefined where the contact was erased.
 */
export const changeContact = (
  { store }: ContactDeps,
  { orgId, contactId }: { orgId: string; contactId: string },
  change: (contact: Contact) => Partial<Contact> | undefined,
): Promise<Contact | undefined> =>
  store.documents.contacts.update(orgId, contactId, (contact) => {
    const fields = contact && change(contact);
    if (contact === undefined || fields === undefined) return undefined;
    const changed = { ...contact, ...fields };
    // What was taken away is absent, so that nobody mistakes it for known.
    for (const name of ['name', 'email', 'phone', 'company'] as const) if (changed[name] === '') delete changed[name];
    return changed;
  });

/** Conversations by words in messages, notes, names and e-mails. Blank words find nothing. */
export const searchConversations = async ({ store }: ContactDeps, orgId: string, words: string): Promise<SearchHit[]> =>
  words.trim() === '' ? [] : store.search(orgId, words.trim(), 50);

export const listLabels = ({ store }: ContactDeps, orgId: string): Promise<string[]> => store.labels(orgId, 100);
