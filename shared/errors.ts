// The one closed list of what can go wrong in front of a caller, and its HTTP status.

export const errorStatus = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  stale_turn: 409,
  too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof errorStatus;
export const errorCodes = Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]];

/** One problem of an input, named by its path (`page.url`, `events[3].type`). */
export interface Problem {
  path: string;
  message: string;
  /** Required and not there. */
  isMissing?: true;
  /** Which part of a request; absent: the body. */
  where?: 'query' | 'path' | 'header';
}

/**
 * An error as it crosses the wire. `details` never echoes the input; `retryAfterMs` is set on `rate_limited`, and on
 * `unavailable` where the server has too much to do.
 */
export interface WireError {
  code: ErrorCode;
  message: string;
  details?: unknown;
  retryAfterMs?: number;
}

/** A refusal of the domain: returned, never thrown (style: only use cases throw). */
export interface Refusal {
  refused: ErrorCode;
  message: string;
  details?: unknown;
}

/** What use cases throw and only the two edges catch. Anything else that is thrown reaches the wire as `internal`. */
export class ChatError extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    more: { details?: unknown; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'ChatError';
    this.code = code;
    this.details = more.details;
    this.retryAfterMs = more.retryAfterMs;
  }
}

/** The wire form of anything that was thrown; an unknown error tells the caller nothing of itself. */
export const toWireError = (error: unknown): WireError => {
  if (!(error instanceof ChatError)) return { code: 'internal', message: 'Something went wrong on our side' };
  return {
    code: error.code,
    message: error.message,
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  };
};

/** Codes after which the same `clientId` may be sent again; after `unavailable` the outcome is unknown. */
export const isRetryable = (code: ErrorCode): boolean =>
  code === 'unavailable' || code === 'internal' || code === 'rate_limited';
