// Contract 000: one documented call, and the companions that a person looks for beside it.
import { ChatError } from '../../../../../shared/errors.ts';
import type { Assistant } from '../../../../ports/documents.ts';
import type { Widget } from '../../../../../shared/widget.ts';
import { createWidget, deleteWidget, editWidget, listWidgets, rotateWidgetKey } from '../../../../usecases/widgets.ts';
import type { HttpDeps } from '../../deps.ts';
import { routeFor } from '../dialect.ts';
import type { DialectRoute, KeyCaller } from '../dialect.ts';
import { blankSettings, editOf } from '../fields.ts';
import { inOrder, pageOf } from '../paging.ts';
import { assistantsOf, referenced } from '../references.ts';
import { createExample } from './example.ts';
import { functionsFields, meant } from './fields.ts';
import { presented, stampOf } from './present.ts';
import {
  agentListBody,
  createBody,
  createdBody,
  deletedBody,
  idOrNoneQuery,
  idQuery,
  listQuery,
  rotateBody,
  rotatedBody,
  updateBody,
  widgetBody,
  widgetListBody,
} from './schema.ts';

const route = routeFor<KeyCaller>();
const orgOf = (caller: KeyCaller): string => caller.signedIn.member.orgId;

const agentOf = (deps: HttpDeps, orgId: string, uuid: string): Promise<Assistant> =>
  referenced(deps.store.documents.assistants, orgId, uuid, { path: 'agent_id', what: 'agent' });

const widgetOf = (deps: HttpDeps, orgId: string, uuid: string): Promise<Widget> =>
  referenced(deps.store.documents.widgets, orgId, uuid, { path: 'id', what: 'widget' });

const show = async (deps: HttpDeps, widget: Widget): Promise<ReturnType<typeof presented>> => {
  const agent = await deps.store.documents.assistants.get(widget.orgId, widget.assistantId);
  return presented(deps, widget, () => agent?.uuid);
};

/** The id of a call with a body: in the body or in the query, and the same one where it is in both. */
const idOf = (body: { id?: string | undefined }, query: { id?: string | undefined }): string => {
  const id = body.id ?? query.id;
  const problem = (message: string): ChatError =>
    new ChatError('invalid', 'Validation failed', { details: [{ path: 'id', message }] });
  if (id === undefined) throw problem('Required');
  if (query.id !== undefined && query.id.toLowerCase() !== id.toLowerCase()) {
    throw problem('Differs between query and body');
  }
  return id;
};

export const functionsRoutes: Record<string, DialectRoute<KeyCaller>> = {
  'POST /functions/v1/create-chat-widget': route({
    id: 'createChatWidget',
    summary: 'Creates a chat widget and gives its embed code.',
    body: createBody,
    status: 201,
    output: createdBody,
    refusals: ['not_found'],
    example: createExample,
    handle: async ({ deps, caller, body }) => {
      const agent = await agentOf(deps, orgOf(caller), body.agent_id);
      const input = { ...meant(body), agent_id: agent.id };
      const { change, keeps } = editOf(functionsFields, 'functions', input, blankSettings);
      return show(deps, await createWidget(deps, caller.signedIn.member, change, keeps));
    },
  }),
  'GET /functions/v1/list-chat-widgets': route({
    id: 'listChatWidgets',
    summary: 'The widgets of the organisation, whichever contract made them, first made first.',
    query: listQuery,
    status: 200,
    output: widgetListBody,
    handle: async ({ deps, caller, query: { page, limit } }) => {
      const orgId = orgOf(caller);
      const agents = await assistantsOf(deps, orgId);
      const { items, total } = pageOf(inOrder(await listWidgets(deps, orgId)), page, limit);
      return {
        widgets: items.map((widget) => presented(deps, widget, (id) => agents.get(id)?.uuid)),
        page,
        limit,
        total,
      };
    },
  }),
  'GET /functions/v1/get-chat-widget': route({
    id: 'getChatWidget',
    summary: 'One widget.',
    query: idQuery,
    status: 200,
    output: widgetBody,
    refusals: ['not_found'],
    handle: async ({ deps, caller, query }) => show(deps, await widgetOf(deps, orgOf(caller), query.id)),
  }),
  'PATCH /functions/v1/update-chat-widget': route({
    id: 'updateChatWidget',
    summary: 'Changes a widget: what is absent stays, null takes a field back to its default.',
    query: idOrNoneQuery,
    body: updateBody,
    status: 200,
    output: widgetBody,
    refusals: ['not_found'],
    handle: async ({ deps, caller, query, body }) => {
      const orgId = orgOf(caller);
      const { id } = await widgetOf(deps, orgId, idOf(body, query));
      const input = meant(body);
      if (body.agent_id !== undefined) input['agent_id'] = (await agentOf(deps, orgId, body.agent_id)).id;
      const edit = (before: Widget): ReturnType<typeof editOf> => editOf(functionsFields, 'functions', input, before);
      return show(deps, await editWidget(deps, orgId, id, edit));
    },
  }),
  'DELETE /functions/v1/delete-chat-widget': route({
    id: 'deleteChatWidget',
    summary: 'Removes a widget; its conversations stay readable in the console.',
    query: idQuery,
    status: 200,
    output: deletedBody,
    refusals: ['not_found'],
    handle: async ({ deps, caller, query }) => {
      const orgId = orgOf(caller);
      const { id, uuid } = await widgetOf(deps, orgId, query.id);
      await deleteWidget(deps, orgId, id);
      return { id: uuid, deleted: true as const };
    },
  }),
  'POST /functions/v1/rotate-chat-widget-key': route({
    id: 'rotateChatWidgetKey',
    summary: 'A new key for the embed code; the old one stops at once, or after `grace_seconds`.',
    query: idOrNoneQuery,
    body: rotateBody,
    status: 200,
    output: rotatedBody,
    refusals: ['not_found'],
    handle: async ({ deps, caller, query, body }) => {
      const orgId = orgOf(caller);
      const before = await widgetOf(deps, orgId, idOf(body, query));
      const widget = await rotateWidgetKey(deps, orgId, before.id, 'widgetKey', (body.grace_seconds ?? 0) * 1000);
      const { widget_key, embed_code } = await show(deps, widget);
      const until = widget.oldKeys?.find(({ key }) => key === before.widgetKey)?.until;
      return {
        id: widget.uuid,
        widget_key,
        embed_code,
        old_key_valid_until: until === undefined ? null : stampOf(until),
      };
    },
  }),
  'GET /functions/v1/list-agents': route({
    id: 'listAgents',
    summary: 'The agents that a widget can be given to; the default one comes first.',
    query: listQuery,
    status: 200,
    output: agentListBody,
    handle: async ({ deps, caller, query: { page, limit } }) => {
      const agents = [...(await assistantsOf(deps, orgOf(caller))).values()];
      const { items, total } = pageOf(agents, page, limit);
      return {
        agents: items.map((agent) => ({
          id: agent.uuid,
          name: agent.name,
          is_default: agent === agents[0],
          created_at: stampOf(agent.createdAt),
        })),
        page,
        limit,
        total,
      };
    },
  }),
};
