// Binds a dialect's table to Express: who first, so that a stranger's body is never read; then body; then the use case.
import { Router } from 'express';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { ChatError, toWireError } from '../../../../shared/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { tooMuch } from '../../../usecases/admission.ts';
import { jsonBody, parsedBy } from '../json-body.ts';
import { fromFramework, methodNotAllowed, noSuchRoute, noteFailure } from '../refusals.ts';
import { openToPages } from './cors.ts';
import { renderedError } from './dialect.ts';
import type { Call, Caller, Dialect, DialectRoute } from './dialect.ts';
import { answerOnce, idempotencyKeyOf } from './idempotency.ts';

const defaultLimit = 64 * 1024;

/** A path parameter that cannot be an id names nothing. */
const paramsOf = <C extends Caller>(route: DialectRoute<C>, request: Request): unknown => {
  if (route.params === undefined) return undefined;
  const parsed = route.params.safeParse(request.params);
  if (!parsed.success) throw new ChatError('not_found', 'There is nothing with this id');
  return parsed.data;
};

const bound = <C extends Caller>(deps: HttpDeps, dialect: Dialect<C>, route: DialectRoute<C>): RequestHandler[] => {
  const enter: RequestHandler = async (request, response, next) => {
    const retryAfterMs = dialect.isForPages && request.method !== 'GET' ? deps.admission.work() : 0;
    if (retryAfterMs > 0) throw tooMuch(retryAfterMs);
    response.locals['caller'] = await dialect.admit(deps, request);
    next();
  };
  const { allowsDollarKeys } = route;
  const json = (): RequestHandler[] => jsonBody(route.bodyLimit ?? defaultLimit, { allowsDollarKeys });
  const read = route.reads?.handlers ?? (route.body === undefined ? [] : json());
  const run: RequestHandler = async (request, response) => {
    const caller = response.locals['caller'] as C;
    const idempotencyKey = request.method === 'POST' ? idempotencyKeyOf(request) : undefined;
    const call: Call<C, unknown, unknown, unknown> = {
      deps,
      caller,
      params: paramsOf(route, request),
      query: route.query === undefined ? undefined : parsedBy(route.query, request.query, 'query'),
      body: route.body === undefined ? undefined : parsedBy(route.body, request.body),
      idempotencyKey,
      request,
      response,
    };
    const perform = async (): Promise<{ status: number; body: unknown } | undefined> => {
      const output = await route.handle(call);
      // The schema is the list of what may leave: anything else that a use case returned is stripped here.
      return output === undefined ? undefined : { status: route.status, body: route.output.parse(output) };
    };
    const answer =
      idempotencyKey === undefined || route.isRemembered === false
        ? await perform()
        : await answerOnce(deps, { dialect, caller, key: idempotencyKey, request, route }, perform);
    if (answer !== undefined) response.status(answer.status).json(answer.body);
  };
  return [enter, ...read, run];
};

/** An error as this dialect says it; what is unknown is told in full to the log alone. */
const refuse = <C extends Caller>(deps: HttpDeps, dialect: Dialect<C>): ErrorRequestHandler => {
  const send = (response: Response, error: unknown): void => {
    const wire = toWireError(error);
    const { status, body } = renderedError(dialect, error);
    if (wire.retryAfterMs !== undefined) response.set('Retry-After', String(Math.ceil(wire.retryAfterMs / 1000)));
    else if (wire.code === 'unavailable') response.set('Retry-After', '1');
    if (wire.code === 'unauthenticated' && dialect.challenge !== undefined) {
      response.set('WWW-Authenticate', dialect.challenge);
    }
    response.set('Cache-Control', 'no-store');
    response.status(status).json(body);
  };
  return (error: unknown, request, response, _next) => {
    const known = error instanceof ChatError ? error : fromFramework(error);
    deps.metrics.refused(dialect.name, toWireError(known ?? error).code);
    noteFailure(deps.log, request, error, known);
    if (response.headersSent) response.destroy();
    else send(response, known ?? error);
  };
};

/** All paths below the dialect's prefixes, unknown ones and methods included, so that every answer speaks the dialect. */
export const dialectRouter = <C extends Caller>(deps: HttpDeps, dialect: Dialect<C>): Router => {
  const router = Router({ caseSensitive: true, strict: true });
  const routes = Router({ caseSensitive: true, strict: true });
  routes.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  if (dialect.isForPages) routes.use(openToPages);
  const byPath = new Map<string, [method: string, RequestHandler[]][]>();
  for (const [name, route] of Object.entries(dialect.routes)) {
    const [method = '', path = ''] = name.split(' ');
    byPath.set(path, [...(byPath.get(path) ?? []), [method, bound(deps, dialect, route)]]);
  }
  // Path by path, in the order of the table: `list` before `:id`, so that the other methods of `list` are refused as its own.
  for (const [path, bindings] of byPath) {
    for (const [method, handlers] of bindings) {
      routes[method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete'](path, ...handlers);
    }
    routes.all(path, methodNotAllowed(bindings.flatMap(([method]) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))));
  }
  routes.use(noSuchRoute);
  routes.use(refuse(deps, dialect));
  const isOurs = (path: string): boolean =>
    dialect.prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  // Not `use(prefix, …)`: routes are named by their whole paths.
  router.use((request, response, next) => (isOurs(request.path) ? routes(request, response, next) : next()));
  return router;
};
