// Everything that can go wrong in a request, as the one envelope `{error: {code, message, details?, retryAfterMs?}}`.
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { ChatError, errorStatus, toWireError } from '../../../shared/errors.ts';
import type { WireError } from '../../../shared/errors.ts';
import type { Log, Metrics } from '../../ports/telemetry.ts';

/** Sends an error; `Retry-After` is in whole seconds, rounded up. */
export const sendError = (response: Response, error: WireError): void => {
  if (error.retryAfterMs !== undefined) response.set('Retry-After', String(Math.ceil(error.retryAfterMs / 1000)));
  response.set('Cache-Control', 'no-store');
  response.status(errorStatus[error.code]).json({ error });
};

/** What Express and its body parser throw, told apart by `type` and `status`. Their messages may quote the body: unused. */
export const fromFramework = (error: unknown): ChatError | undefined => {
  if (typeof error !== 'object' || error === null) return undefined;
  const { type, status } = error as { type?: unknown; status?: unknown };
  switch (type) {
    case 'entity.parse.failed':
      return new ChatError('invalid', 'The body is not valid JSON', {
        details: [{ path: '', message: 'Is not valid JSON' }],
      });
    case 'entity.too.large':
      return new ChatError('too_large', 'The body is too large');
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new ChatError('unsupported_media_type', 'This encoding is not supported');
    case 'request.aborted':
    case 'request.size.invalid':
      return new ChatError('invalid', 'The body ended early');
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new ChatError('invalid', 'The request could not be read');
  }
  return undefined;
};

/** Writes down what the caller is not told: an unknown error, and the cause of an outage. */
export const noteFailure = (
  log: Log,
  { method, path }: { method: string; path: string },
  error: unknown,
  known: ChatError | undefined,
): void => {
  if (known === undefined || (known.cause !== undefined && errorStatus[known.code] >= 500)) {
    log.error({ err: error, method, path }, 'request failed');
  }
};

/** The last of all handlers. An unknown error is told in full to the log alone. */
export const errorHandler =
  ({ log, metrics }: { log: Log; metrics: Metrics }): ErrorRequestHandler =>
  (error: unknown, request, response, _next) => {
    const known = error instanceof ChatError ? error : fromFramework(error);
    const wire = toWireError(known ?? error);
    metrics.refused('http', wire.code);
    noteFailure(log, request, error, known);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    sendError(response, wire);
  };

export const noSuchRoute: RequestHandler = () => {
  throw new ChatError('not_found', 'There is nothing here');
};

/** For a path that exists with other methods. */
export const methodNotAllowed =
  (allowed: readonly string[]): RequestHandler =>
  (request, response) => {
    response.set('Allow', allowed.join(', '));
    if (request.method === 'OPTIONS') {
      response.status(204).end();
      return;
    }
    throw new ChatError('method_not_allowed', `Only ${allowed.join(', ')} here`);
  };
