// The console's REST, bound from its one table: who may call, what is parsed, what is sent.
import { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import { consoleRoutes } from '../../../shared/console-api.ts';
import type { ConsoleRoute, RouteSpec } from '../../../shared/console-api.ts';
import { ChatError } from '../../../shared/errors.ts';
import { may } from '../../domain/permit.ts';
import { isKnownCaller } from '../../usecases/accounts.ts';
import { addressTag } from '../../usecases/known-addresses.ts';
import { widgetByKey } from '../../usecases/public-widget.ts';
import { memberOfCookie, memberOfOtherKey, memberOfToken } from '../../usecases/sessions.ts';
import type { SignedIn } from '../../usecases/sessions.ts';
import { countedAddress } from './address.ts';
import { consoleHandlers } from './console-handlers.ts';
import type { ConsoleCall } from './console-handlers.ts';
import { clearCookie, cookieOf, setCookie } from './cookie.ts';
import type { HttpDeps } from './deps.ts';
import type { Hosts } from './hosts.ts';
import { sendStreamed } from './download.ts';
import type { StreamedFile } from './download.ts';
import { jsonBody, parsedBy } from './json-body.ts';
import type { HttpLimits } from './limits.ts';
import { methodNotAllowed, noSuchRoute } from './refusals.ts';
import { readUpload, uploaded } from './upload.ts';

const kib = 1024;
const smallBody = jsonBody(64 * kib);
const articleBody = jsonBody(1024 * kib);

/**
 * Refuses what another site makes a browser send. SameSite=Strict does this too; both must fail before harm is done.
 * Programs that are no browser send neither header.
 */
const refuseForeignPage =
  (hosts: Hosts): RequestHandler =>
  (request, _response, next) => {
    if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return next();
    const { origin } = request.headers;
    const site = request.headers['sec-fetch-site'];
    const isOurs =
      origin === undefined
        ? site === undefined || site === 'same-origin' || site === 'none'
        : hosts.isOwnOrigin(request, origin);
    if (!isOurs) throw new ChatError('forbidden', 'This request came from another site');
    next();
  };

const bearerOf = (request: Request): string | undefined =>
  /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];

const admit = async (deps: HttpDeps, request: Request, who: RouteSpec['who']): Promise<SignedIn | undefined> => {
  if (who === 'public') return undefined;
  const token = bearerOf(request);
  const cookie = cookieOf(request.headers, deps.baseUrl());
  const signedIn =
    token !== undefined
      ? await memberOfToken(deps, token)
      : cookie === undefined
        ? undefined
        : await memberOfCookie(deps, cookie);
  if (signedIn === undefined && token !== undefined) {
    const isKnown =
      (await memberOfOtherKey(deps, token)) !== undefined || (await widgetByKey(deps, token)) !== undefined;
    if (isKnown) throw new ChatError('forbidden', 'This key is for another interface');
  }
  if (signedIn === undefined) throw new ChatError('unauthenticated', 'Sign in first');
  if (!may(signedIn.member, who === 'admin' ? 'console.administer' : 'console.use')) {
    throw new ChatError('forbidden', 'This needs an admin');
  }
  return signedIn;
};

const sessionOf = (deps: HttpDeps, request: Request, response: Response) => ({
  start: (secret: string) => setCookie(response, deps.baseUrl(), secret),
  end: () => clearCookie(response, deps.baseUrl()),
  from: tagOf(deps, request),
});

/** The caller's address as it is kept with a member; undefined for this machine itself. */
const tagOf = (deps: HttpDeps, request: Request): string | undefined => {
  const address = countedAddress(request, deps.config);
  return address === undefined ? undefined : addressTag(deps.secret, address);
};

const triesOf = (deps: HttpDeps, limits: HttpLimits, request: Request) => ({
  login: (account: string) =>
    limits.login(request, account, () =>
      isKnownCaller(deps, account, { cookie: cookieOf(request.headers, deps.baseUrl()), from: tagOf(deps, request) }),
    ),
  ownPassword: (memberId: string) => limits.ownPassword(memberId),
  readLink: () => limits.readLink(request),
  useLink: (token: string) => limits.useLink(request, token),
});

/** One route: who first, so that a stranger's body is never read; then body and query; then the use case. */
const bound = (deps: HttpDeps, limits: HttpLimits, name: ConsoleRoute): RequestHandler[] => {
  const spec: RouteSpec = consoleRoutes[name];
  const handle = consoleHandlers[name] as (call: ConsoleCall<ConsoleRoute>) => Promise<unknown>;
  const enter: RequestHandler = async (request, response, next) => {
    response.locals['signedIn'] = await admit(deps, request, spec.who);
    next();
  };
  const run: RequestHandler = async (request, response) => {
    const id = request.params['id'];
    const call = {
      deps,
      signedIn: response.locals['signedIn'] as SignedIn | undefined,
      body: spec.body === undefined ? undefined : parsedBy(spec.body, request.body),
      query: spec.query === undefined ? undefined : parsedBy(spec.query, request.query, 'query'),
      upload: spec.upload === true ? parsedBy(uploaded, request.body).file : undefined,
      id: typeof id === 'string' ? id : '',
      addresses: [request.ip, request.socket.remoteAddress],
      session: sessionOf(deps, request, response),
      tries: triesOf(deps, limits, request),
    };
    const output = await handle(call as unknown as ConsoleCall<ConsoleRoute>);
    if (spec.file !== undefined) {
      await sendStreamed(request, response, { mediaType: spec.file, file: output as StreamedFile });
      return;
    }
    // The schema is the list of what may leave: anything else that a use case returned is stripped here.
    response.json(spec.output.parse(output));
  };
  const json = spec.body === undefined ? [] : name.includes('articles') ? articleBody : smallBody;
  return [enter, ...(spec.upload === true ? readUpload : json), run];
};

export const consoleRouter = (deps: HttpDeps, limits: HttpLimits, hosts: Hosts): Router => {
  const router = Router({ caseSensitive: true, strict: true });
  router.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  router.use(refuseForeignPage(hosts));
  const methods = new Map<string, string[]>();
  for (const name of Object.keys(consoleRoutes) as ConsoleRoute[]) {
    const [method = '', path = ''] = name.split(' ');
    router[method.toLowerCase() as 'get' | 'post' | 'patch' | 'delete'](path, ...bound(deps, limits, name));
    const known = methods.get(path) ?? [];
    methods.set(path, [...known, method, ...(method === 'GET' ? ['HEAD'] : [])]);
  }
  for (const [path, allowed] of methods) router.all(path, methodNotAllowed(allowed));
  router.use(noSuchRoute);
  return router;
};
