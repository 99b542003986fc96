// A refused WebSocket upgrade tells a browser nothing: plain HTTP tells whether the server said no, and why.
import type { ErrorCode, WireError } from '../../shared/errors.ts';
import type { ClientOptions, VisitorClientOptions } from './api.ts';

const refusals: Partial<Record<number, ErrorCode>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  503: 'unavailable',
};

const askOver = async (url: string, options: ClientOptions, init: RequestInit): Promise<WireError | null> => {
  const response = await fetch(url, {
    ...init,
    ...(options.extraHeaders === undefined ? {} : { headers: options.extraHeaders }),
    signal: AbortSignal.timeout(5000),
  });
  const code = refusals[response.status];
  if (code === undefined) return null;
  const body = (await response.json().catch(() => null)) as { error?: Partial<WireError> } | null;
  // An outage is none of these: of a server that has too much to do it is known when to come again.
  if (code === 'unavailable' && body?.error?.retryAfterMs === undefined) return null;
  return { message: 'The server refused the connection', ...body?.error, code };
};

const base = (options: ClientOptions): string => options.url.replace(/\/$/, '');

/** Whether the widget is there, enabled and allowed on this page, and whether newcomers are let in. */
export const askWidget = (options: VisitorClientOptions): Promise<WireError | null> =>
  askOver(`${base(options)}/w/${encodeURIComponent(options.widgetKey)}?connect`, options, { cache: 'no-store' });

/** Ends a visitor's session with everything that was given out for it. Never rejects: without the server it is merely forgotten. */
export const endSession = (options: VisitorClientOptions, sessionToken: string): Promise<unknown> =>
  fetch(`${base(options)}/api/widget/logout`, {
    method: 'POST',
    // The page may be on its way to another one.
    keepalive: true,
    headers: { ...options.extraHeaders, 'Content-Type': 'application/json', 'X-API-Key': options.widgetKey },
    body: JSON.stringify({ session_id: sessionToken }),
  }).catch(() => undefined);

/** Whether the browser's session cookie still signs its member in. */
export const askMember = (options: ClientOptions): Promise<WireError | null> =>
  askOver(`${base(options)}/api/console/me`, options, { cache: 'no-store', credentials: 'same-origin' });
