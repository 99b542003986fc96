// The operations of the console's own REST, out of its one table.
import { consoleRoutes } from '../../../../shared/console-api.ts';
import type { RouteSpec } from '../../../../shared/console-api.ts';
import { errorStatus } from '../../../../shared/errors.ts';
import type { ErrorCode } from '../../../../shared/errors.ts';
import type { Components, Json } from './components.ts';
import { fileBody, namesIn, nativeError, parametersOf, refusalResponses, templateOf } from './operation.ts';

export const consoleTag = {
  name: 'Console',
  description: 'What the console itself is built on: all below `/api/console`.',
};

/** `POST /widgets/:id/rotate-key` as `consolePostWidgetsByIdRotateKey`. */
const operationIdOf = (method: string, path: string): string =>
  `console${[method.toLowerCase(), ...path.split(/[/-]/)]
    .filter((part) => part !== '')
    .map((part) => (part.startsWith(':') ? `By${part.charAt(1).toUpperCase()}${part.slice(2)}` : part))
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')}`;

const who: Record<RouteSpec['who'], string> = {
  public: 'Needs no session.',
  agent: 'Any member.',
  admin: 'An admin or the owner.',
};

const codesOf = (spec: RouteSpec, method: string, path: string): ErrorCode[] => {
  const hasBody = spec.body !== undefined || spec.upload === true;
  return [
    ...(hasBody || spec.query !== undefined || path.includes(':') ? (['invalid'] as const) : []),
    // A wrong password is no more than an unknown caller.
    ...(spec.who !== 'public' || path === '/login' ? (['unauthenticated'] as const) : []),
    'forbidden',
    ...(path.includes(':') || path === '/link' || hasBody ? (['not_found'] as const) : []),
    ...(method === 'GET' ? [] : (['conflict'] as const)),
    ...(hasBody ? (['too_large', 'unsupported_media_type'] as const) : []),
    'rate_limited',
    'internal',
    'unavailable',
  ];
};

const operationOf = (components: Components, method: string, path: string, spec: RouteSpec): Json => {
  const operationId = operationIdOf(method, path);
  const name = operationId.replace(/^console/, 'Console');
  const body =
    spec.upload === true
      ? fileBody
      : spec.body === undefined
        ? undefined
        : {
            required: !spec.body.safeParse({}).success,
            content: { 'application/json': { schema: components.ref(spec.body, 'input', `${name}Request`) } },
          };
  const ids = namesIn(path).map((param) => ({ name: param, in: 'path', required: true, schema: { type: 'string' } }));
  return {
    operationId,
    tags: [consoleTag.name],
    summary: spec.doc,
    description: who[spec.who],
    security: spec.who === 'public' ? [] : [{ consoleToken: [] }, { consoleCookie: [] }],
    parameters: [...ids, ...parametersOf(components, spec.query, 'query')],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      200: {
        description: 'Done.',
        content: {
          [spec.file ?? 'application/json']: { schema: components.ref(spec.output, 'output', `${name}Response`) },
        },
      },
      ...refusalResponses(
        codesOf(spec, method, path),
        (code) => errorStatus[code],
        () => components.ref(nativeError, 'output', 'Error'),
      ),
    },
  };
};

export const consoleOperations = (components: Components): [path: string, method: string, operation: Json][] =>
  Object.entries(consoleRoutes as Record<string, RouteSpec>).map(([name, spec]) => {
    const [method = '', path = ''] = name.split(' ');
    return [`/api/console${templateOf(path)}`, method.toLowerCase(), operationOf(components, method, path, spec)];
  });

/** @param cookie the cookie's name at this address */
export const consoleSecurity = (cookie: string): Json => ({
  consoleToken: { type: 'http', scheme: 'bearer', description: 'A token of the console, or an API token.' },
  consoleCookie: { type: 'apiKey', in: 'cookie', name: cookie, description: 'The cookie of a signed-in browser.' },
});
