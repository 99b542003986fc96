// `/w/{key}`: the public view of a widget, before any socket and for any page it is allowed on.
import { Router } from 'express';
import type { Request, RequestHandler } from 'express';
import { ChatError } from '../../../shared/errors.ts';
import type { Widget } from '../../../shared/widget.ts';
import { tooMuch } from '../../usecases/admission.ts';
import { readIcon } from '../../usecases/files.ts';
import { admitPage, publicWidgetOf, unreadOf, unreadOfPerson, widgetByKey } from '../../usecases/public-widget.ts';
import { countedAddress, fullAddress } from './address.ts';
import type { HttpDeps } from './deps.ts';
import { sendPicture } from './files.ts';
import type { HttpLimits } from './limits.ts';
import { tagOf, wasUnchanged } from './etag.ts';
import { methodNotAllowed, noSuchRoute } from './refusals.ts';

/** Any page may read the answer, a refusal included; whether it gets more than a refusal is judged by its Origin. */
const openToPages: RequestHandler = (request, response, next) => {
  response.set({
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'ETag, Retry-After',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    Vary: 'Origin, X-Session-Id, X-Identity',
  });
  if (request.method !== 'OPTIONS') return next();
  response.set({
    'Access-Control-Allow-Methods': 'GET, HEAD',
    'Access-Control-Allow-Headers': 'X-Session-Id, X-Identity, If-None-Match',
    'Access-Control-Max-Age': '86400',
  });
  response.status(204).end();
};

const one = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(',') : header;

const pageOf = (request: Request, key: string, ownOrigin: string) => ({
  key,
  origin: one(request.headers.origin),
  secFetchSite: one(request.headers['sec-fetch-site']),
  ownOrigin,
});

/** A token that is refused is told of where it signs in: here it only knows of no unread message. */
const unreadOfToken = async (
  deps: HttpDeps,
  widget: Widget,
  token: string,
  address: string | undefined,
): Promise<number | undefined> => {
  // Not counted as a sign-in: a page view must not use up what the panel needs.
  const identity = await deps.identities.verify(token, widget).catch((error: unknown) => {
    if (error instanceof ChatError) return undefined;
    throw error;
  });
  return identity && unreadOfPerson(deps, widget, identity, address);
};

export const publicViewRouter = (deps: HttpDeps, limits: HttpLimits): Router => {
  const router = Router({ caseSensitive: true, strict: true });
  router.use(openToPages);
  router.get('/:key', async (request, response) => {
    await limits.publicView(request);
    // A browser is not told why its WebSocket was refused; so the client asks here.
    const retryAfterMs = 'connect' in request.query ? deps.admission.newcomersWait() : 0;
    if (retryAfterMs > 0) throw tooMuch(retryAfterMs);
    const widget = await admitPage(deps, pageOf(request, request.params.key, deps.baseUrl()));
    await deps.bans.admit(widget.orgId, { address: fullAddress(request.ip) });
    const view = await publicWidgetOf(deps, widget);
    const session = one(request.headers['x-session-id']);
    const identity = one(request.headers['x-identity']);
    const address = countedAddress(request, deps.config);
    const unread =
      identity === undefined
        ? session && (await unreadOf(deps, widget, { sessionToken: session, address }))
        : await unreadOfToken(deps, widget, identity, address);
    // Kept by the browser, asked for every time: a change shows on the next page view, an unchanged view costs a 304.
    const isAnybodys = session === undefined && identity === undefined;
    response.set('Cache-Control', isAnybodys ? 'public, no-cache' : 'private, no-cache');
    const body = JSON.stringify(typeof unread === 'number' ? { ...view, unread } : view);
    if (!wasUnchanged(request, response, tagOf(body))) response.type('json').send(body);
  });
  router.get('/:key/icon', async (request, response) => {
    await limits.publicView(request);
    const { key } = request.params;
    // A picture in a page is asked for without an Origin and cannot be judged by it; what does carry one is.
    const widget =
      request.headers.origin === undefined
        ? await widgetByKey(deps, key)
        : await admitPage(deps, pageOf(request, key, deps.baseUrl()));
    if (widget !== undefined) await deps.bans.admit(widget.orgId, { address: fullAddress(request.ip) });
    if (widget?.iconKey === undefined || !widget.isEnabled) {
      throw new ChatError('not_found', 'This widget has no picture');
    }
    // Its address changes with the picture (`iconUrlOf`), so that a browser may keep it.
    const isNamed = typeof request.query['v'] === 'string';
    response.set('Cache-Control', isNamed ? 'public, max-age=86400' : 'public, no-cache');
    if (!wasUnchanged(request, response, tagOf(widget.iconKey))) sendPicture(response, await readIcon(deps, widget));
  });
  router.all('/:key/icon', methodNotAllowed(['GET', 'HEAD', 'OPTIONS']));
  router.all('/:key', methodNotAllowed(['GET', 'HEAD', 'OPTIONS']));
  router.use(noSuchRoute);
  return router;
};
