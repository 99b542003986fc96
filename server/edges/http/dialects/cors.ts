// What other people's pages may call: any page may ask and may read the refusal; whether it gets more is judged by its Origin.
import type { RequestHandler } from 'express';

/** A preflight carries no key, so it is answered for every origin. No credentials: sessions travel in headers and bodies. */
export const openToPages: RequestHandler = (request, response, next) => {
  response.set({
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'Retry-After',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    Vary: 'Origin',
  });
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return next();
  response.set({
    'Access-Control-Allow-Methods': 'GET, POST',
    'Access-Control-Allow-Headers': 'Content-Type, X-API-Key, X-Session-Id, Idempotency-Key, Last-Event-ID',
    'Access-Control-Max-Age': '86400',
  });
  response.status(204).end();
};
