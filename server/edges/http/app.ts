// The HTTP edge: every address of the installation but the sockets.
import type { Server } from 'node:http';
import express from 'express';
import type { Express, RequestHandler } from 'express';
import { ChatError } from '../../../shared/errors.ts';
import { truncatedAddress } from './address.ts';
import { asyncApi } from './asyncapi.ts';
import { avatarsRouter } from './avatars.ts';
import { consoleRouter } from './console-routes.ts';
import type { HttpDeps } from './deps.ts';
import { described } from './described.ts';
import { dialects } from './dialects/index.ts';
import { dialectRouter } from './dialects/mount.ts';
import { filesRouter } from './files.ts';
import { createHosts, ownHostsOnly } from './hosts.ts';
import type { Trust } from './hosts.ts';
import { createLimits } from './limits.ts';
import { metricsReadersOnly } from './metrics-access.ts';
import { openApi } from './openapi.ts';
import { pagesRouter } from './pages.ts';
import { securityHeaders } from './policy.ts';
import { publicViewRouter } from './public-view.ts';
import { errorHandler, methodNotAllowed, noSuchRoute } from './refusals.ts';

export type { HttpDeps } from './deps.ts';

/** Names the path without its query, which may hold a key, and an address that names nobody. */
const requestLog =
  ({ log, clock }: HttpDeps): RequestHandler =>
  (request, response, next) => {
    const began = clock.monotonic();
    const { method, path } = request;
    response.once('finish', () => {
      const ms = Math.round(clock.monotonic() - began);
      log.debug({ method, path, status: response.statusCode, ms, from: truncatedAddress(request.ip ?? '') }, 'request');
    });
    next();
  };

const readyWithin = async (deps: HttpDeps, ms: number): Promise<boolean> => {
  if (!deps.isReady()) return false;
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new ChatError('unavailable', 'The store does not answer')), ms);
    });
    await Promise.race([deps.store.ping(), late]);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
};

const operations = (deps: HttpDeps): Record<string, RequestHandler> => ({
  '/healthz': (_request, response) => {
    response.json({ status: 'ok' });
  },
  '/readyz': async (_request, response) => {
    const isReady = await readyWithin(deps, 2000);
    response.status(isReady ? 200 : 503).json({ status: isReady ? 'ready' : 'unavailable' });
  },
  '/metrics': async (_request, response) => {
    const { contentType, body } = await deps.metrics.render();
    response.set('Content-Type', contentType).send(body);
  },
  '/openapi.json': described(() => deps.baseUrl(), openApi),
  '/asyncapi.json': described(() => deps.baseUrl(), asyncApi),
});

export const createHttpApp = (deps: HttpDeps): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', deps.config.trustProxy);
  app.set('case sensitive routing', true);
  const limits = createLimits(deps.config, deps.clock, deps.counter);
  const hosts = createHosts({ ...deps, trust: app.get('trust proxy fn') as Trust });
  const ours = ownHostsOnly(hosts);
  app.use(requestLog(deps));
  app.use(securityHeaders('api', () => deps.baseUrl().startsWith('https:')));
  app.all(['/metrics', '/openapi.json', '/asyncapi.json'], ours);
  app.get('/metrics', metricsReadersOnly(deps.config));
  for (const [path, handle] of Object.entries(operations(deps))) {
    app.get(path, (request, response, next) => {
      response.set('Cache-Control', 'no-store');
      return handle(request, response, next);
    });
    app.all(path, methodNotAllowed(['GET', 'HEAD']));
  }
  app.use('/api/console', ours, consoleRouter(deps, limits, hosts));
  for (const dialect of dialects) app.use(dialectRouter(deps, dialect));
  app.use('/files', filesRouter(deps));
  app.use('/avatars', avatarsRouter(deps, limits));
  app.use('/w', publicViewRouter(deps, limits));
  app.use(pagesRouter(deps, hosts));
  app.use(noSuchRoute);
  app.use(errorHandler(deps));
  return app;
};

/**
 * Sets the time a client may take: 10 s for its headers, 30 s for the whole request. Call it before `listen`:
 * the sweep that enforces both starts there.
 */
export const hardenServer = (server: Server): void => {
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.keepAliveTimeout = 10_000;
  server.maxHeadersCount = 100;
  (server as Server & { connectionsCheckingInterval: number }).connectionsCheckingInterval = 2000;
};
