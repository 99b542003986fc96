// Contract 001: one documented call, and the companions that a person looks for beside it.
import { whyNotEmbeddable } from '../../../../../shared/channels.ts';
import type { Widget } from '../../../../../shared/widget.ts';
import { ChatError } from '../../../../../shared/errors.ts';
import { embedCode } from '../../../../domain/widget.ts';
import { createWidget, deleteWidget, editWidget, listWidgets, rotateWidgetKey } from '../../../../usecases/widgets.ts';
import type { WidgetEdit } from '../../../../usecases/widgets.ts';
import type { HttpDeps } from '../../deps.ts';
import { routeFor } from '../dialect.ts';
import type { DialectRoute, KeyCaller } from '../dialect.ts';
import { blankSettings, editOf } from '../fields.ts';
import { inOrder, pageOf } from '../paging.ts';
import { noSuch } from '../../../../usecases/public-ids.ts';
import { assistantsOf, referenced } from '../references.ts';
import { createExample } from './example.ts';
import { v1Fields } from './fields.ts';
import { presented } from './present.ts';
import type { Surroundings } from './present.ts';
import {
  assistantListAnswer,
  createBody,
  deletedAnswer,
  embedAnswer,
  idParams,
  listQuery,
  rotateBody,
  rotatedAnswer,
  updateBody,
  widgetAnswer,
  widgetListAnswer,
} from './schema.ts';
import type { WidgetRead } from './schema.ts';

const route = routeFor<KeyCaller>();
const orgOf = (caller: KeyCaller): string => caller.signedIn.member.orgId;

const widgetOf = (deps: HttpDeps, orgId: string, uuid: string): Promise<Widget> =>
  referenced(deps.store.documents.widgets, orgId, uuid, { path: 'id', what: 'widget' });

const surroundings = async (deps: HttpDeps, orgId: string): Promise<Surroundings> => {
  const [organisation, assistants] = await Promise.all([
    deps.store.documents.organisations.get(orgId, orgId),
    assistantsOf(deps, orgId),
  ]);
  return { organisation, assistantUuid: (id) => assistants.get(id)?.uuid };
};

const show = async (deps: HttpDeps, widget: Widget): Promise<WidgetRead> =>
  presented(deps, widget, await surroundings(deps, widget.orgId));

type Input = Record<string, unknown> & { org_id?: string | null | undefined; assistant_id?: string | null | undefined };

/**
 * What a body means, its ids looked up: `org_id` can only be the key's own organisation, a null `assistant_id` is the
 * organisation's first. @throws ChatError `not_found` naming the field
 */
const understood = async (
  deps: HttpDeps,
  orgId: string,
  body: Input,
): Promise<(before: Parameters<typeof editOf>[3]) => WidgetEdit> => {
  const input: Record<string, unknown> = { ...body };
  if (typeof body.org_id === 'string') {
    const organisation = await deps.store.documents.organisations.get(orgId, orgId);
    if (organisation?.uuid !== body.org_id.toLowerCase()) throw noSuch('org_id', 'organisation');
    input['org_id'] = organisation.uuid;
  }
  if (typeof body.assistant_id === 'string') {
    const named = { path: 'assistant_id', what: 'assistant' };
    input['assistant_id'] = (await referenced(deps.store.documents.assistants, orgId, body.assistant_id, named)).id;
  }
  const [first] = await deps.store.documents.assistants.list(orgId, { limit: 1 });
  return (before) => editOf(v1Fields(first?.id), 'v1', input, before);
};

const pageMeta = (page: number, size: number, total: number) => ({ page, size, total, pages: Math.ceil(total / size) });
const isoOf = (ms: number): string => new Date(ms).toISOString();

export const v1Routes: Record<string, DialectRoute<KeyCaller>> = {
  'POST /api/v1/widget': route({
    id: 'createWidget',
    summary: 'Creates a widget of one of the 16 types.',
    body: createBody,
    allowsDollarKeys: true,
    status: 200,
    output: widgetAnswer,
    refusals: ['not_found'],
    example: createExample,
    handle: async ({ deps, caller, body }) => {
      const { change, keeps } = (await understood(deps, orgOf(caller), body))(blankSettings);
      const widget = await createWidget(deps, caller.signedIn.member, change, keeps);
      return { message: 'Data created successfully', meta: {}, data: await show(deps, widget) };
    },
  }),
  'GET /api/v1/widget/list': route({
    id: 'listWidgets',
    summary: 'The widgets of the organisation, whichever contract made them, first made first.',
    query: listQuery,
    status: 200,
    output: widgetListAnswer,
    handle: async ({ deps, caller, query: { page, size } }) => {
      const orgId = orgOf(caller);
      const around = await surroundings(deps, orgId);
      const { items, total } = pageOf(inOrder(await listWidgets(deps, orgId)), page, size);
      const data = items.map((widget) => presented(deps, widget, around));
      return { message: 'Data fetched successfully', meta: pageMeta(page, size, total), data };
    },
  }),
  'GET /api/v1/widget/:id': route({
    id: 'getWidget',
    summary: 'One widget.',
    params: idParams,
    status: 200,
    output: widgetAnswer,
    refusals: ['not_found'],
    handle: async ({ deps, caller, params }) => {
      const widget = await widgetOf(deps, orgOf(caller), params.id);
      return { message: 'Data fetched successfully', meta: {}, data: await show(deps, widget) };
    },
  }),
  'PUT /api/v1/widget/:id': route({
    id: 'updateWidget',
    summary: 'Changes a widget: what is sent replaces, what is absent stays.',
    params: idParams,
    body: updateBody,
    allowsDollarKeys: true,
    status: 200,
    output: widgetAnswer,
    refusals: ['not_found'],
    handle: async ({ deps, caller, params, body }) => {
      const orgId = orgOf(caller);
      const { id } = await widgetOf(deps, orgId, params.id);
      const widget = await editWidget(deps, orgId, id, await understood(deps, orgId, body));
      return { message: 'Data updated successfully', meta: {}, data: await show(deps, widget) };
    },
  }),
  'DELETE /api/v1/widget/:id': route({
    id: 'deleteWidget',
    summary: 'Removes a widget; its conversations stay readable in the console.',
    params: idParams,
    status: 200,
    output: deletedAnswer,
    refusals: ['not_found'],
    handle: async ({ deps, caller, params }) => {
      const orgId = orgOf(caller);
      const { id, uuid } = await widgetOf(deps, orgId, params.id);
      await deleteWidget(deps, orgId, id);
      return { message: 'Data deleted successfully', meta: {}, data: { id: uuid } };
    },
  }),
  'POST /api/v1/widget/:id/rotate-key': route({
    id: 'rotateWidgetKey',
    summary: 'A new key for the embed code; the old one stops at once, or after `grace_seconds`.',
    params: idParams,
    body: rotateBody,
    status: 200,
    output: rotatedAnswer,
    refusals: ['not_found'],
    handle: async ({ deps, caller, params, body }) => {
      const orgId = orgOf(caller);
      const before = await widgetOf(deps, orgId, params.id);
      const widget = await rotateWidgetKey(deps, orgId, before.id, 'widgetKey', (body.grace_seconds ?? 0) * 1000);
      const until = widget.oldKeys?.find(({ key }) => key === before.widgetKey)?.until;
      const isEmbeddable = whyNotEmbeddable(widget.type) === undefined;
      const data = {
        id: widget.uuid,
        widget_key: widget.widgetKey,
        embed_code: isEmbeddable ? embedCode(deps.baseUrl(), widget.widgetKey) : null,
        old_key_valid_until: until === undefined ? null : isoOf(until),
      };
      return { message: 'Key rotated successfully', meta: {}, data };
    },
  }),
  'GET /api/v1/widget/:id/embed': route({
    id: 'getWidgetEmbed',
    summary: 'The code that puts the widget on a page; 409 for a type that no page can hold.',
    params: idParams,
    status: 200,
    output: embedAnswer,
    refusals: ['not_found', 'conflict'],
    handle: async ({ deps, caller, params }) => {
      const { uuid, type, widgetKey } = await widgetOf(deps, orgOf(caller), params.id);
      const why = whyNotEmbeddable(type);
      if (why !== undefined) throw new ChatError('conflict', why);
      const data = { id: uuid, widget_key: widgetKey, embed_code: embedCode(deps.baseUrl(), widgetKey) };
      return { message: 'Data fetched successfully', meta: {}, data };
    },
  }),
  'GET /api/v1/assistant/list': route({
    id: 'listAssistants',
    summary: 'The assistants that a widget can be given to; the default one comes first.',
    query: listQuery,
    status: 200,
    output: assistantListAnswer,
    handle: async ({ deps, caller, query: { page, size } }) => {
      const orgId = orgOf(caller);
      const organisation = await deps.store.documents.organisations.get(orgId, orgId);
      const all = [...(await assistantsOf(deps, orgId)).values()];
      const { items, total } = pageOf(all, page, size);
      const data = items.map((assistant) => ({
        id: assistant.uuid,
        org_id: organisation?.uuid ?? '',
        name: assistant.name,
        role: assistant.role,
        is_default: assistant === all[0],
        created_at: isoOf(assistant.createdAt),
      }));
      return { message: 'Data fetched successfully', meta: pageMeta(page, size, total), data };
    },
  }),
};
