// Contract 003 as a page calls it.

export interface Answer {
  status: number;
  headers: Headers;
  // eslint-disable-next-line -- whatever came; tests say what they expect of it
  body: any;
}

export interface CallOptions {
  key?: string | undefined;
  body?: unknown;
  /** Sent as it is. */
  raw?: string;
  headers?: Record<string, string>;
  /** For `X-Session-Id`. */
  session?: string;
  query?: string;
}

/** `route` is `METHOD name`, below `/api/widget`. */
export const callWidgetApi = async (url: string, route: string, options: CallOptions = {}): Promise<Answer> => {
  const [method = 'GET', name = ''] = route.split(' ');
  const { key, body, raw, headers = {}, session, query } = options;
  const response = await fetch(`${url}/api/widget/${name}${query === undefined ? '' : `?${query}`}`, {
    method,
    headers: {
      ...(key === undefined ? {} : { 'x-api-key': key }),
      ...(session === undefined ? {} : { 'x-session-id': session }),
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(method === 'POST' ? { body: raw ?? JSON.stringify(body ?? {}) } : {}),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
};

export interface OpenedSession {
  session_id: string;
  visitor_id: string;
  greeting: { content: string; timestamp: string };
}

export const openWidgetSession = async (url: string, key: string, body: unknown = {}): Promise<OpenedSession> =>
  (await callWidgetApi(url, 'POST session', { key, body })).body;
