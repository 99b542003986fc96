// Contract 002: the two documented calls on webchats, and the companions that a person looks for beside them.
import { z } from 'zod';
import { graceSeconds } from '../../../../../shared/console-provisioning.ts';
import { whyNotEmbeddable } from '../../../../../shared/channels.ts';
import { ChatError } from '../../../../../shared/errors.ts';
import type { Widget } from '../../../../../shared/widget.ts';
import { storeIcon } from '../../../../usecases/files.ts';
import { byHexId } from '../../../../usecases/public-ids.ts';
import { createWidget, deleteWidget, editWidget, listWidgets, rotateWidgetKey } from '../../../../usecases/widgets.ts';
import type { HttpDeps } from '../../deps.ts';
import { readUpload, uploaded } from '../../upload.ts';
import { routeFor } from '../dialect.ts';
import type { DialectRoute, KeyCaller } from '../dialect.ts';
import { blankSettings } from '../fields.ts';
import { inOrder, pageOf } from '../paging.ts';
import { createExample, updateExample } from './example.ts';
import { webchatEditOf, webchatStart } from './fields.ts';
import { embedOf, householdOf, iconOf, webchatOf } from './present.ts';
import { placement, resolved } from './references.ts';
import {
  answered,
  createBody,
  embedDocument,
  iconDocument,
  idParams,
  listed,
  pageQuery,
  removedDocument,
  rotatedDocument,
  updateBody,
  webchatDocument,
} from './schema.ts';

const route = routeFor<KeyCaller>();
const orgOf = (caller: KeyCaller): string => caller.signedIn.member.orgId;

const webchatById = async (deps: HttpDeps, orgId: string, hexId: string): Promise<Widget> => {
  const widget = await byHexId(deps.store.documents.widgets, orgId, hexId);
  if (widget === undefined) throw new ChatError('not_found', 'There is no such webchat');
  return widget;
};

const rotateBody = z.object({
  grace_seconds: graceSeconds.nullable().describe('How long the old key works on; absent: not at all.'),
});

export const webchatRoutes: Record<string, DialectRoute<KeyCaller>> = {
  'POST /api/webchats': route({
    id: 'createWebchat',
    summary: 'Creates a webchat configuration.',
    body: createBody,
    status: 201,
    output: answered(webchatDocument),
    refusals: ['not_found'],
    example: createExample,
    handle: async ({ deps, caller, body }) => {
      const orgId = orgOf(caller);
      const household = await householdOf(deps, orgId);
      const start = { ...blankSettings, ...webchatStart };
      const input = { ...body, ...(await resolved(deps, orgId, body)), ...placement(household, body) };
      const { change, keeps } = webchatEditOf(input, start);
      const widget = await createWidget(deps, caller.signedIn.member, { ...webchatStart, ...change }, keeps);
      return { message: 'Webchat configuration created', data: webchatOf(deps, household, widget) };
    },
  }),
  'POST /api/webchats/icons': route({
    id: 'uploadWebchatIcon',
    summary: 'Uploads a picture, for `icon`.',
    description: 'Form field `file`: a PNG, JPEG, GIF or WebP of at most 512 KiB, told by its bytes.',
    reads: { mediaType: 'multipart/form-data', handlers: readUpload },
    body: uploaded,
    status: 201,
    output: answered(iconDocument),
    handle: async ({ deps, caller, body }) => ({
      message: 'Icon uploaded',
      data: iconOf(deps, await storeIcon(deps, caller.signedIn.member, body.file)),
    }),
  }),
  'PUT /api/webchats/:id': route({
    id: 'updateWebchat',
    summary: 'Changes a webchat configuration.',
    description:
      'What is sent replaces, what is absent stays, null clears an optional field. Fields that are only read are ignored.',
    params: idParams,
    body: updateBody,
    status: 200,
    output: answered(webchatDocument),
    refusals: ['not_found'],
    example: updateExample,
    handle: async ({ deps, caller, params, body }) => {
      const orgId = orgOf(caller);
      const { id } = await webchatById(deps, orgId, params.id);
      const household = await householdOf(deps, orgId);
      const found = await resolved(deps, orgId, body);
      const widget = await editWidget(deps, orgId, id, (before) =>
        webchatEditOf({ ...body, ...found, ...placement(household, body, before) }, before),
      );
      return { message: 'Webchat configuration updated', data: webchatOf(deps, household, widget) };
    },
  }),
  'GET /api/webchats': route({
    id: 'listWebchats',
    summary: 'The webchats of the organisation, whichever contract made them, first made first.',
    query: pageQuery,
    status: 200,
    output: listed(webchatDocument),
    handle: async ({ deps, caller, query: { page, limit } }) => {
      const orgId = orgOf(caller);
      const household = await householdOf(deps, orgId);
      const { items, total } = pageOf(inOrder(await listWidgets(deps, orgId)), page, limit);
      return {
        message: 'Webchat configurations',
        data: items.map((widget) => webchatOf(deps, household, widget)),
        pagination: { page, limit, total, hasMore: page * limit < total },
      };
    },
  }),
  'GET /api/webchats/:id': route({
    id: 'getWebchat',
    summary: 'One webchat configuration.',
    params: idParams,
    status: 200,
    output: answered(webchatDocument),
    refusals: ['not_found'],
    handle: async ({ deps, caller, params }) => {
      const orgId = orgOf(caller);
      const widget = await webchatById(deps, orgId, params.id);
      return { message: 'Webchat configuration', data: webchatOf(deps, await householdOf(deps, orgId), widget) };
    },
  }),
  'DELETE /api/webchats/:id': route({
    id: 'deleteWebchat',
    summary: 'Removes a webchat; its conversations stay readable in the console.',
    params: idParams,
    status: 200,
    output: answered(removedDocument),
    refusals: ['not_found'],
    handle: async ({ deps, caller, params }) => {
      const orgId = orgOf(caller);
      const { id, hexId } = await webchatById(deps, orgId, params.id);
      await deleteWidget(deps, orgId, id);
      return { message: 'Webchat configuration deleted', data: { _id: hexId } };
    },
  }),
  'POST /api/webchats/:id/rotate-key': route({
    id: 'rotateWebchatKey',
    summary: 'A new key for the embed code; the old one stops at once, or after `grace_seconds`.',
    params: idParams,
    body: rotateBody,
    status: 200,
    output: answered(rotatedDocument),
    refusals: ['not_found'],
    handle: async ({ deps, caller, params, body }) => {
      const orgId = orgOf(caller);
      const before = await webchatById(deps, orgId, params.id);
      const widget = await rotateWidgetKey(deps, orgId, before.id, 'widgetKey', (body.grace_seconds ?? 0) * 1000);
      const until = widget.oldKeys?.find(({ key }) => key === before.widgetKey)?.until;
      const oldKeyValidUntil = until === undefined ? null : new Date(until).toISOString();
      const code = whyNotEmbeddable(widget.type) === undefined ? {} : { embedCode: null, shortEmbedCode: null };
      return { message: 'Widget key rotated', data: { ...embedOf(deps, widget), ...code, oldKeyValidUntil } };
    },
  }),
  'GET /api/webchats/:id/embed': route({
    id: 'getWebchatEmbed',
    summary: 'The code that puts the webchat on a page; 409 for one of a kind that no page can hold.',
    params: idParams,
    status: 200,
    output: answered(embedDocument),
    refusals: ['not_found', 'conflict'],
    handle: async ({ deps, caller, params }) => {
      const widget = await webchatById(deps, orgOf(caller), params.id);
      const why = whyNotEmbeddable(widget.type);
      if (why !== undefined) throw new ChatError('conflict', why);
      return { message: 'Embed code', data: embedOf(deps, widget) };
    },
  }),
};
