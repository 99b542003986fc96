// What the console's routes for pipelines, contacts, leads and pictures do.
import { pipelineView } from '../../../shared/console-provisioning.ts';
import { correctContact, listContacts, readContact } from '../../usecases/contact-book.ts';
import { contactViewOf } from '../../usecases/contacts.ts';
import { signedUrlOf, storeIcon } from '../../usecases/files.ts';
import { exportLeads } from '../../usecases/lead-export.ts';
import { leadViewOf, listLeads } from '../../usecases/leads.ts';
import { changePipeline, createPipeline, deletePipeline, listPipelines } from '../../usecases/pipelines.ts';
import type { ConsoleHandlers } from './console-handlers.ts';

export const contactHandlers = {
  'GET /pipelines': async ({ deps, signedIn: { member } }) => ({
    pipelines: (await listPipelines(deps, member.orgId)).map((pipeline) => pipelineView.parse(pipeline)),
  }),
  'POST /pipelines': async ({ deps, signedIn: { member }, body }) => ({
    pipeline: await createPipeline(deps, member.orgId, body),
  }),
  'PATCH /pipelines/:id': async ({ deps, signedIn: { member }, id, body }) => ({
    pipeline: await changePipeline(deps, member.orgId, id, body),
  }),
  'DELETE /pipelines/:id': async ({ deps, signedIn: { member }, id }) => {
    await deletePipeline(deps, member.orgId, id);
    return {};
  },
  'GET /contacts': async ({ deps, signedIn: { member }, query }) => {
    const { contacts, cursor } = await listContacts(deps, member.orgId, query);
    return { contacts: contacts.map(contactViewOf), cursor };
  },
  'GET /contacts/:id': async ({ deps, signedIn: { member }, id }) => {
    const { contact, leads, conversations } = await readContact(deps, member.orgId, id);
    return { contact: contactViewOf(contact), leads: leads.map(leadViewOf), conversations };
  },
  'PATCH /contacts/:id': async ({ deps, signedIn: { member }, id, body }) => ({
    contact: contactViewOf(await correctContact(deps, member.orgId, id, body)),
  }),
  'GET /leads': async ({ deps, signedIn: { member }, query }) => {
    const { leads, cursor } = await listLeads(deps, member.orgId, query);
    return { leads: leads.map(leadViewOf), cursor };
  },
  'GET /leads/export': ({ deps, signedIn: { member } }) => exportLeads(deps, member.orgId),
  'POST /icons': async ({ deps, signedIn: { member }, upload }) => {
    const { key, mediaType, size } = await storeIcon(deps, member, upload);
    return { iconKey: key, url: signedUrlOf(deps, key).url, mediaType, size };
  },
} satisfies Partial<ConsoleHandlers>;
