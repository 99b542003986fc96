// The console's REST, typed by the table that the server validates with (types only: no schema is loaded here).
import type { ConsoleBody, ConsoleOutput, ConsoleRoute } from '../../shared/console-api.ts';
import type { ErrorCode, Problem, WireError } from '../../shared/errors.ts';

/** A refusal, or `unavailable` where no answer came. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly retryAfterMs: number | undefined;
  constructor(error: WireError) {
    super(error.message);
    this.name = 'ApiError';
    this.code = error.code;
    this.details = error.details;
    this.retryAfterMs = error.retryAfterMs;
  }
}

const listeners = new Set<() => void>();

/** Calls back when a session turns out to have ended. Gives the undo. */
export const onSignedOut = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export interface CallOptions<K extends ConsoleRoute> {
  params?: { id: string };
  query?: Record<string, string>;
  body?: ConsoleBody<K>;
  /** Of an upload: sent as multipart form data, in the place of a body. */
  file?: File;
  signal?: AbortSignal;
}

/** The body of a request and the header that tells of it; of multipart data the browser itself writes the header. */
const bodyOf = (method: string, { body, file }: { body?: unknown; file?: File }): RequestInit => {
  if (method === 'GET') return {};
  if (file === undefined) return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}) };
  const form = new FormData();
  form.set('file', file);
  return { body: form };
};

const offline: WireError = {
  code: 'unavailable',
  message: 'No answer from the server. Check the connection and try again.',
};

const errorOf = async (response: Response): Promise<WireError> => {
  const fallback: WireError = {
    code: response.status >= 500 ? 'internal' : 'invalid',
    message: `The server answered ${response.status}.`,
  };
  try {
    const body = (await response.json()) as { error?: Partial<WireError> };
    return { ...fallback, ...body.error };
  } catch {
    return fallback;
  }
};

/** @throws ApiError; an `AbortError` where `signal` fired. */
const send = async <K extends ConsoleRoute>(route: K, options: CallOptions<K>): Promise<Response> => {
  const [method = 'GET', pattern = '/'] = route.split(' ');
  const path = pattern.replace(':id', () => encodeURIComponent(options.params?.id ?? ''));
  const query = options.query === undefined ? '' : `?${new URLSearchParams(options.query).toString()}`;
  const { headers, ...sent } = bodyOf(method, options);
  let response: Response;
  try {
    response = await fetch(`/api/console${path}${query}`, {
      method,
      credentials: 'same-origin',
      headers: { accept: 'application/json', ...(headers as Record<string, string> | undefined) },
      ...sent,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw new ApiError(offline);
  }
  if (response.ok) return response;
  const error = await errorOf(response);
  if (response.status === 401 && route !== 'POST /login') for (const listener of listeners) listener();
  throw new ApiError(error);
};

/**
 * Calls one route of `shared/console-api.ts`: `call('PATCH /members/:id', {params: {id}, body})`.
 * @throws ApiError; an `AbortError` where `signal` fired.
 */
export const call = async <K extends ConsoleRoute>(
  route: K,
  options: CallOptions<K> = {},
): Promise<ConsoleOutput<K>> => {
  const response = await send(route, options);
  return (response.status === 204 ? {} : await response.json()) as ConsoleOutput<K>;
};

/** Fetches the file of a route that gives one, whole. @throws ApiError */
export const download = async (route: ConsoleRoute): Promise<{ filename: string; blob: Blob }> => {
  const response = await send(route, {});
  const filename = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'download';
  try {
    return { filename, blob: await response.blob() };
  } catch {
    // The connection ended before the file did.
    throw new ApiError(offline);
  }
};

/** What to tell a person about anything that was thrown. */
export const messageOf = (error: unknown): string => {
  if (!(error instanceof ApiError)) return 'Something went wrong here. Reload the page and try again.';
  if (error.code !== 'rate_limited' || error.retryAfterMs === undefined) return error.message;
  const minutes = Math.ceil(error.retryAfterMs / 60_000);
  return minutes > 1 ? `${error.message} Try again in ${minutes} minutes.` : `${error.message} Try again in a minute.`;
};

/** All problems that the server named. */
export const problemsOf = (error: unknown): Problem[] => {
  if (!(error instanceof ApiError)) return [];
  const { details } = error;
  const problems = Array.isArray(details) ? details : (details as { problems?: unknown } | null | undefined)?.problems;
  return Array.isArray(problems) ? (problems as Problem[]) : [];
};

/** The problem that the server named for a field or for something in it, by its path. */
export const problemOf = (error: unknown, path: string): string | undefined =>
  problemsOf(error).find((problem) => problem.path === path || /^[.[]/.test(problem.path.replace(path, '')))?.message;
