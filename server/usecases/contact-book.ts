// The organisation's contacts: whoever said something, by stage and by words, to be moved and corrected.
import { ChatError } from '../../shared/errors.ts';
import { signedFieldsOf } from '../../shared/identity.ts';
import type { InboxRow } from '../../shared/inbox.ts';
import type { Contact, Lead } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import { changeContact } from './contacts.ts';
import { pipelineOfStage } from './pipelines.ts';
import { nextTurnOfLoop } from './stall.ts';

interface BookDeps {
  store: Store;
}

export interface ContactQuery {
  stageId?: string | undefined;
  /** Words that all must be in a name, an address or a field, in any order. */
  q?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}

export interface ContactPage {
  contacts: Contact[];
  /** Null at the end. With words a page may be shorter than asked for and still go on. */
  cursor: string | null;
}

const readAtOnce = 200;
/** Contacts looked at in one call: words are sought by reading, which must not take for ever. */
const readAtMost = 5000;

const wordsOf = (q: string | undefined): string[] => (q ?? '').toLowerCase().split(/\s+/).filter(Boolean).slice(0, 10);

const holds = (contact: Contact, words: readonly string[]): boolean => {
  if (words.length === 0) return true;
  const { name, email, phone, company, customFields = {} } = contact;
  const text = [name, email, phone, company, ...Object.values(customFields)].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
};

/** Contacts have a stage since their first word; before it they are nobody's business. */
const hasSpoken = ({ stageId }: Contact): boolean => stageId !== undefined;

/** Latest first. */
export const listContacts = async (
  { store }: BookDeps,
  orgId: string,
  { stageId, q, cursor, limit }: ContactQuery,
): Promise<ContactPage> => {
  const words = wordsOf(q);
  const contacts: Contact[] = [];
  const size = words.length === 0 && stageId !== undefined ? limit + 1 : readAtOnce;
  let after = cursor;
  for (let read = 0; read < readAtMost; read += size) {
    const page = await store.documents.contacts.list(orgId, {
      reverse: true,
      limit: size,
      ...(stageId === undefined ? {} : { group: stageId }),
      ...(after === undefined ? {} : { after }),
    });
    for (const contact of page) {
      if (contacts.length === limit) return { contacts, cursor: after ?? null };
      if (hasSpoken(contact) && holds(contact, words)) contacts.push(contact);
      after = contact.id;
    }
    if (page.length < size) return { contacts, cursor: null };
    await nextTurnOfLoop();
  }
  return { contacts, cursor: after ?? null };
};

/** @throws ChatError `not_found` */
export const readContact = async (
  { store }: BookDeps,
  orgId: string,
  id: string,
): Promise<{ contact: Contact; leads: Lead[]; conversations: InboxRow[] }> => {
  const [contact, leads, conversations] = await Promise.all([
    store.documents.contacts.get(orgId, id),
    store.documents.leads.list(orgId, { group: id, reverse: true, limit: 100 }),
    store.conversationsOf(orgId, id, 20),
  ]);
  if (contact === undefined) throw new ChatError('not_found', 'There is no such contact');
  return {
    contact,
    leads: leads.filter((lead) => lead.isSpam !== true),
    conversations: conversations.filter((row) => row.isSpam !== true),
  };
};

const correctable = ['name', 'email', 'phone', 'company'] as const;

export interface ContactCorrection {
  stageId?: string | undefined;
  name?: string | undefined;
  email?: string | undefined;
  phone?: string | undefined;
  company?: string | undefined;
}

/** @throws ChatError `not_found` with the path */
const placeOf = async (
  { store }: BookDeps,
  orgId: string,
  stageId: string,
): Promise<Pick<Contact, 'pipelineId' | 'stageId'>> => {
  const pipeline = pipelineOfStage(await store.documents.pipelines.list(orgId), stageId);
  if (pipeline === undefined) {
    const message = 'There is no such stage';
    throw new ChatError('not_found', message, { details: [{ path: 'stageId', message }] });
  }
  return { pipelineId: pipeline.id, stageId };
};

/**
 * Moves a contact, or corrects who they are; `''` takes a field away.
 * @throws ChatError `not_found`; `conflict` for a field that the site's owner has signed
 */
export const correctContact = async (
  deps: BookDeps,
  orgId: string,
  id: string,
  { stageId, ...fields }: ContactCorrection,
): Promise<Contact> => {
  const place = stageId === undefined ? {} : await placeOf(deps, orgId, stageId);
  const changed = await changeContact(deps, { orgId, contactId: id }, (contact) => {
    const refused = signedFieldsOf(contact).filter(
      (name) => fields[name] !== undefined && fields[name] !== (contact[name] ?? ''),
    );
    if (refused.length > 0) {
      const details = refused.map((path) => ({ path, message: "Was signed by the site's owner" }));
      throw new ChatError('conflict', `The site's owner has signed the ${refused.join(' and ')} of this contact`, {
        details,
      });
    }
    const next: Partial<Contact> = { ...place };
    for (const name of correctable) if (fields[name] !== undefined) next[name] = fields[name];
    return next;
  });
  if (changed === undefined) throw new ChatError('not_found', 'There is no such contact');
  return changed;
};
