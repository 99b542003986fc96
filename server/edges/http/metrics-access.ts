// Who may read `/metrics`: whoever has the token, or without one this machine itself.
import { timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { ChatError } from '../../../shared/errors.ts';
import type { Config } from '../../config.ts';
import { hashOf } from '../../usecases/secret.ts';
import { isFromThisMachine } from './address.ts';
import { bearerOf } from './dialects/keys.ts';

/** Digests have one length, so that the comparison tells nothing about the token. */
const isSame = (given: string, wanted: string): boolean =>
  timingSafeEqual(Buffer.from(hashOf(given)), Buffer.from(hashOf(wanted)));

/** @throws ChatError `unauthenticated` without the right token, `forbidden` from elsewhere where there is no token */
export const metricsReadersOnly =
  ({ metricsToken }: Pick<Config, 'metricsToken'>): RequestHandler =>
  (request, response, next) => {
    if (metricsToken === undefined) {
      if (isFromThisMachine(request)) return next();
      throw new ChatError(
        'forbidden',
        'Metrics are read on this machine alone: set METRICS_TOKEN to read them from elsewhere',
      );
    }
    if (isSame(bearerOf(request) ?? '', metricsToken)) return next();
    response.set('WWW-Authenticate', 'Bearer');
    throw new ChatError('unauthenticated', 'Send the METRICS_TOKEN of this server as a bearer token');
  };
