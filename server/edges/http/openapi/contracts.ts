// The operations of the contracts, out of the very tables that are mounted.
import { errorStatus } from '../../../../shared/errors.ts';
import type { ErrorCode } from '../../../../shared/errors.ts';
import type { Dialect, DialectRoute } from '../dialects/dialect.ts';
import type { Components, Json } from './components.ts';
import { fileBody, parametersOf, refusalResponses, templateOf } from './operation.ts';

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/** `create-chat-widget` or `create_widget` as part of a component's name. */
const pascal = (text: string): string => text.split(/\W|_/).map(capital).join('');

const idempotencyKey: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key with the same body within 24 hours gives the first answer again.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
};

const codesOf = (method: string, route: DialectRoute): ErrorCode[] => {
  const hasBody = route.body !== undefined || route.reads !== undefined;
  const isPost = method === 'POST';
  const codes: ErrorCode[] = [
    // Of a path too: an escape that is none cannot be read.
    ...(hasBody || isPost || route.query !== undefined || route.params !== undefined ? (['invalid'] as const) : []),
    'unauthenticated',
    'forbidden',
    ...(route.params === undefined ? [] : (['not_found'] as const)),
    ...(isPost ? (['conflict'] as const) : []),
    ...(hasBody ? (['too_large', 'unsupported_media_type'] as const) : []),
    ...(route.refusals ?? []),
    'rate_limited',
    'internal',
    'unavailable',
  ];
  return [...new Set(codes)].toSorted((a, b) => errorStatus[a] - errorStatus[b]);
};

const bodyOf = (components: Components, route: DialectRoute): Json | undefined => {
  if (route.reads?.mediaType === 'multipart/form-data') return fileBody;
  if (route.body === undefined) return undefined;
  const example = route.example?.request;
  return {
    required: !route.body.safeParse({}).success,
    content: {
      [route.reads?.mediaType ?? 'application/json']: {
        schema: components.ref(route.body, 'input', `${pascal(route.id)}Request`),
        ...(example === undefined ? {} : { example }),
      },
    },
  };
};

const successOf = (components: Components, route: DialectRoute): Json => {
  const example = route.example?.response;
  return {
    description: 'Done.',
    content: {
      'application/json': {
        schema: components.ref(route.output, 'output', `${pascal(route.id)}Response`),
        ...(example === undefined ? {} : { example }),
      },
      ...(route.streams === undefined
        ? {}
        : { [route.streams.mediaType]: { schema: { type: 'string', description: route.streams.description } } }),
    },
  };
};

const operationOf = (components: Components, dialect: Dialect, method: string, route: DialectRoute): Json => {
  const requestBody = bodyOf(components, route);
  // As the mounted routes say it, so that a dialect with a status of its own is told as it is.
  const statusOf = (code: ErrorCode): number =>
    dialect.renderError({ code, message: '' }, code === 'invalid' ? dialect.invalidStatus : errorStatus[code]).status;
  const headers = Object.entries(route.headers ?? {}).map(([name, { description, required }]) => ({
    name,
    in: 'header',
    required,
    description,
    schema: { type: 'string' },
  }));
  return {
    operationId: route.id,
    tags: [dialect.title],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: Object.keys(dialect.security).map((name) => ({ [name]: [] })),
    parameters: [
      ...parametersOf(components, route.params, 'path'),
      ...parametersOf(components, route.query, 'query'),
      ...headers,
      ...(method === 'POST' ? [idempotencyKey] : []),
    ],
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: {
      [route.status]: successOf(components, route),
      ...refusalResponses(codesOf(method, route), statusOf, (status) =>
        components.ref(dialect.errorBody(status), 'output', `${pascal(dialect.name)}Error${status}`),
      ),
    },
  };
};

/** `[path, method, operation]` of every route of every dialect. */
export const contractOperations = (
  components: Components,
  dialects: readonly Dialect[],
): [path: string, method: string, operation: Json][] =>
  dialects.flatMap((dialect) =>
    Object.entries(dialect.routes).map(([name, route]): [string, string, Json] => {
      const [method = '', path = ''] = name.split(' ');
      return [templateOf(path), method.toLowerCase(), operationOf(components, dialect, method, route)];
    }),
  );

/** Names of security schemes are one space for all dialects. */
export const contractSecurity = (dialects: readonly Dialect[]): Json =>
  Object.fromEntries(dialects.flatMap(({ security }) => Object.entries(security)));
