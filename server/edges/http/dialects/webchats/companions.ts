// Contract 002: what its webchats point at, to be read. Contacts are the people whom its pipelines hold.
import type { z } from 'zod';
import { ChatError } from '../../../../../shared/errors.ts';
import type { Widget } from '../../../../../shared/widget.ts';
import type { Contact } from '../../../../ports/documents.ts';
import { listContacts, readContact } from '../../../../usecases/contact-book.ts';
import { listPipelines } from '../../../../usecases/pipelines.ts';
import { byHexId } from '../../../../usecases/public-ids.ts';
import { listWidgets } from '../../../../usecases/widgets.ts';
import type { HttpDeps } from '../../deps.ts';
import { routeFor } from '../dialect.ts';
import type { DialectRoute, KeyCaller } from '../dialect.ts';
import { pageOf } from '../paging.ts';
import { assistantsOf } from '../references.ts';
import { contactOf, householdOf, pipelineOf, promptOf } from './present.ts';
import type { Household } from './present.ts';
import {
  answered,
  contactDocument,
  contactQuery,
  idParams,
  listed,
  pageQuery,
  pipelineDocument,
  promptDocument,
} from './schema.ts';

const route = routeFor<KeyCaller>();
const orgOf = (caller: KeyCaller): string => caller.signedIn.member.orgId;

const organizationOf = async ({ store }: HttpDeps, orgId: string): Promise<string> =>
  (await store.documents.organisations.get(orgId, orgId))?.hexId ?? '';

const noSuch = (what: string): ChatError => new ChatError('not_found', `There is no such ${what}`);

interface Shown {
  household: Household;
  webchats: Map<string, Widget>;
}

const shownOf = async (deps: HttpDeps, orgId: string): Promise<Shown> => {
  const [household, widgets] = await Promise.all([householdOf(deps, orgId), listWidgets(deps, orgId)]);
  return { household, webchats: new Map(widgets.map((widget) => [widget.id, widget])) };
};

type Query = z.output<typeof contactQuery>;

/** A numbered page of a list that only goes on: earlier pages are passed over. */
const contactsOn = async (
  deps: HttpDeps,
  orgId: string,
  stageId: string | undefined,
  { page, limit, q }: Query,
): Promise<{ contacts: Contact[]; hasMore: boolean }> => {
  let skip = (page - 1) * limit;
  const contacts: Contact[] = [];
  let cursor: string | undefined;
  for (;;) {
    const found = await listContacts(deps, orgId, { stageId, q, cursor, limit: 200 });
    for (const contact of found.contacts) {
      if (skip > 0) skip -= 1;
      else if (contacts.length < limit) contacts.push(contact);
      else return { contacts, hasMore: true };
    }
    if (found.cursor === null) return { contacts, hasMore: false };
    cursor = found.cursor;
  }
};

export const companionRoutes: Record<string, DialectRoute<KeyCaller>> = {
  'GET /api/prompts': route({
    id: 'listPrompts',
    summary: 'The prompts that a webchat can be given; the first is the default one.',
    query: pageQuery,
    status: 200,
    output: listed(promptDocument),
    handle: async ({ deps, caller, query: { page, limit } }) => {
      const orgId = orgOf(caller);
      const organizationId = await organizationOf(deps, orgId);
      const { items, total } = pageOf([...(await assistantsOf(deps, orgId)).values()], page, limit);
      return {
        message: 'Prompts',
        data: items.map((prompt) => promptOf(organizationId, prompt)),
        pagination: { page, limit, total, hasMore: page * limit < total },
      };
    },
  }),
  'GET /api/prompts/:id': route({
    id: 'getPrompt',
    summary: 'One prompt.',
    params: idParams,
    status: 200,
    output: answered(promptDocument),
    refusals: ['not_found'],
    handle: async ({ deps, caller, params }) => {
      const orgId = orgOf(caller);
      const prompt = await byHexId(deps.store.documents.assistants, orgId, params.id);
      if (prompt === undefined) throw noSuch('prompt');
      return { message: 'Prompt', data: promptOf(await organizationOf(deps, orgId), prompt) };
    },
  }),
  'GET /api/pipelines': route({
    id: 'listPipelines',
    summary: 'The pipelines and their stages.',
    query: pageQuery,
    status: 200,
    output: listed(pipelineDocument),
    handle: async ({ deps, caller, query: { page, limit } }) => {
      const orgId = orgOf(caller);
      const organizationId = await organizationOf(deps, orgId);
      const { items, total } = pageOf(await listPipelines(deps, orgId), page, limit);
      return {
        message: 'Pipelines',
        data: items.map((pipeline) => pipelineOf(organizationId, pipeline)),
        pagination: { page, limit, total, hasMore: page * limit < total },
      };
    },
  }),
  'GET /api/pipelines/:id': route({
    id: 'getPipeline',
    summary: 'One pipeline.',
    params: idParams,
    status: 200,
    output: answered(pipelineDocument),
    refusals: ['not_found'],
    handle: async ({ deps, caller, params }) => {
      const orgId = orgOf(caller);
      const pipeline = await byHexId(deps.store.documents.pipelines, orgId, params.id);
      if (pipeline === undefined) throw noSuch('pipeline');
      return { message: 'Pipeline', data: pipelineOf(await organizationOf(deps, orgId), pipeline) };
    },
  }),
  'GET /api/contacts': route({
    id: 'listContacts',
    summary: 'Who said something in a webchat, latest first.',
    query: contactQuery,
    status: 200,
    output: listed(contactDocument),
    refusals: ['not_found'],
    handle: async ({ deps, caller, query }) => {
      const orgId = orgOf(caller);
      const { household, webchats } = await shownOf(deps, orgId);
      const { pipelineStage, page, limit } = query;
      const stages = household.pipelines.flatMap((pipeline) => pipeline.stages);
      const stage = stages.find(({ hexId }) => hexId === pipelineStage?.toLowerCase());
      if (pipelineStage !== undefined && stage === undefined) {
        const message = 'There is no such stage';
        throw new ChatError('not_found', message, { details: [{ path: 'pipelineStage', message, where: 'query' }] });
      }
      const { contacts, hasMore } = await contactsOn(deps, orgId, stage?.id, query);
      return {
        message: 'Contacts',
        data: contacts.map((contact) => contactOf(household, webchats, contact)),
        pagination: { page, limit, hasMore },
      };
    },
  }),
  'GET /api/contacts/:id': route({
    id: 'getContact',
    summary: 'One contact.',
    params: idParams,
    status: 200,
    output: answered(contactDocument),
    refusals: ['not_found'],
    handle: async ({ deps, caller, params }) => {
      const orgId = orgOf(caller);
      const { contact } = await readContact(deps, orgId, `con_${params.id.toLowerCase()}`);
      const { household, webchats } = await shownOf(deps, orgId);
      return { message: 'Contact', data: contactOf(household, webchats, contact) };
    },
  }),
};
