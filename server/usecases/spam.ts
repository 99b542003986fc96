// What follows from a mark of spam: the contact and the leads of such a conversation are in no list, until it is taken back.
import type { Contact } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import { entryOf } from './pipelines.ts';

/** Conversations of one contact that are looked at. */
const looked = 200;

/** Out of the lists: without a stage, which is remembered. */
const aside = ({ pipelineId, stageId, ...contact }: Contact): Contact =>
  stageId === undefined
    ? contact
    : { ...contact, stoodAt: { stageId, ...(pipelineId === undefined ? {} : { pipelineId }) } };

/**
 * Brings contact and leads in line with the mark as the log has it now; again is harmless. A contact leaves the lists where
 * all their conversations are spam.
 */
export const followSpam = async (
  { store }: { store: Store },
  { orgId, contactId, conversationId }: { orgId: string; contactId: string; conversationId: string },
): Promise<void> => {
  const [found, rows, leads, pipelines] = await Promise.all([
    store.state(conversationId),
    store.conversationsOf(orgId, contactId, looked),
    store.documents.leads.list(orgId, { group: contactId, limit: looked }),
    store.documents.pipelines.list(orgId),
  ]);
  const isSpam = found?.state.isSpam === true;
  const others = rows.filter((row) => row.conversationId !== conversationId);
  const isHidden = isSpam && others.every((row) => row.isSpam === true);
  await store.documents.contacts.update(orgId, contactId, (contact) => {
    if (contact === undefined) return undefined;
    if (isHidden) return contact.stageId === undefined ? undefined : aside(contact);
    const { stoodAt, ...rest } = contact;
    if (stoodAt === undefined) return undefined;
    return { ...rest, ...(rest.stageId === undefined ? entryOf(pipelines, stoodAt) : {}) };
  });
  for (const { id } of leads.filter((lead) => lead.conversationId === conversationId)) {
    await store.documents.leads.update(orgId, id, (lead) => {
      if (lead === undefined || (lead.isSpam === true) === isSpam) return undefined;
      const { isSpam: _mark, ...rest } = lead;
      return isSpam ? { ...rest, isSpam } : rest;
    });
  }
};
