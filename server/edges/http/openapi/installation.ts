// The addresses that belong to no table: what launchers and operators ask for.
import { z } from 'zod';
import { errorStatus } from '../../../../shared/errors.ts';
import type { ErrorCode } from '../../../../shared/errors.ts';
import { publicWidget } from '../../../../shared/widget.ts';
import type { Components, Json } from './components.ts';
import { nativeError, refusalResponses } from './operation.ts';

export const installationTag = { name: 'Installation', description: 'What launchers and operators ask for.' };

/** The public view, and what a session has not read. */
const launcherView = publicWidget.extend({ unread: z.number().int().min(0).optional() });

const status = z.object({ status: z.string() });

const jsonAnswer = (description: string, schema: Json): Json => ({
  description,
  content: { 'application/json': { schema } },
});

const unchanged: Json = { description: 'Unchanged since the version named by `If-None-Match`.' };
const tagHeader: Json = { ETag: { description: 'Of this very answer.', schema: { type: 'string' } } };
const ifNoneMatch: Json = { name: 'If-None-Match', in: 'header', required: false, schema: { type: 'string' } };

const picture: Json = {
  description: 'The picture.',
  content: { 'image/*': { schema: { type: 'string', format: 'binary' } } },
};

const get = (operationId: string, summary: string, more: Json): Json => ({
  operationId,
  tags: [installationTag.name],
  summary,
  security: [],
  ...more,
});

const documentOf = (operationId: string, summary: string, refusals: Json): Json =>
  get(operationId, summary, {
    parameters: [ifNoneMatch],
    responses: {
      200: { ...jsonAnswer('The document.', { type: 'object' }), headers: tagHeader },
      304: unchanged,
      ...refusals,
    },
  });

/** Addresses with their operations, without the methods' tables behind them. */
export const installationOperations = (components: Components): [path: string, method: string, operation: Json][] => {
  const refused = (...codes: ErrorCode[]): Json =>
    refusalResponses(
      codes,
      (code) => errorStatus[code],
      () => components.ref(nativeError, 'output', 'Error'),
    );
  const health = components.ref(status, 'output', 'Health');
  return [
    [
      '/w/{key}',
      'get',
      get('getPublicWidget', 'The public view of a widget: all that a browser may see of it, before any socket.', {
        parameters: [
          { name: 'key', in: 'path', required: true, description: 'A public key.', schema: { type: 'string' } },
          {
            name: 'X-Session-Id',
            in: 'header',
            required: false,
            description: 'A session of this widget: the answer then says how many messages it has not read.',
            schema: { type: 'string' },
          },
          ifNoneMatch,
        ],
        responses: {
          200: {
            ...jsonAnswer('The view.', components.ref(launcherView, 'output', 'LauncherView')),
            headers: tagHeader,
          },
          304: unchanged,
          ...refused('invalid', 'forbidden', 'not_found', 'rate_limited', 'internal', 'unavailable'),
        },
      }),
    ],
    [
      '/w/{key}/icon',
      'get',
      get('getWidgetIcon', "A widget's picture, for its launcher on any page.", {
        parameters: [
          { name: 'key', in: 'path', required: true, description: 'A public key.', schema: { type: 'string' } },
          ifNoneMatch,
        ],
        responses: {
          200: { ...picture, headers: tagHeader },
          304: unchanged,
          ...refused('invalid', 'forbidden', 'not_found', 'rate_limited', 'internal', 'unavailable'),
        },
      }),
    ],
    [
      '/avatars/{name}',
      'get',
      get('getAvatar', "A member's picture, for messages on any page. The path is the member's `avatarUrl`.", {
        parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }, ifNoneMatch],
        responses: {
          200: { ...picture, headers: tagHeader },
          304: unchanged,
          ...refused('not_found', 'rate_limited', 'internal', 'unavailable'),
        },
      }),
    ],
    [
      '/files/{key}',
      'get',
      get('getFile', 'Something that was uploaded, at an address that was signed and expires. Keys hold slashes.', {
        parameters: [
          { name: 'key', in: 'path', required: true, schema: { type: 'string' } },
          { name: 'expires', in: 'query', required: true, schema: { type: 'string' } },
          { name: 'signature', in: 'query', required: true, schema: { type: 'string' } },
        ],
        responses: { 200: picture, ...refused('invalid', 'forbidden', 'not_found', 'internal', 'unavailable') },
      }),
    ],
    [
      '/healthz',
      'get',
      get('getHealth', 'The process answers.', { responses: { 200: jsonAnswer('It does.', health) } }),
    ],
    [
      '/readyz',
      'get',
      get('getReadiness', 'It should get traffic.', {
        responses: {
          200: jsonAnswer('It should.', health),
          503: jsonAnswer('It is starting, draining or without its store.', health),
        },
      }),
    ],
    [
      '/metrics',
      'get',
      get(
        'getMetrics',
        'Counters and gauges for Prometheus: with `METRICS_TOKEN` as a bearer token, where that is set.',
        {
          responses: {
            200: { description: 'The text format.', content: { 'text/plain': { schema: { type: 'string' } } } },
            ...refused('unauthenticated', 'forbidden'),
          },
        },
      ),
    ],
    ['/openapi.json', 'get', documentOf('getOpenApi', 'This document.', refused('forbidden'))],
    ['/asyncapi.json', 'get', documentOf('getAsyncApi', 'What the sockets say.', refused('forbidden'))],
  ];
};
