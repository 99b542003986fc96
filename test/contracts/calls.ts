// Makes a fixture's request to a running server: only scheme, host and key are not the document's.
import { expect } from 'vitest';
import { undocumented } from '../support/openapi.ts';
import type { OpenApi } from '../support/openapi.ts';
import type { TestServer } from '../support/server.ts';
import { curlOf } from './curl.ts';
import type { RestFixture } from './fixture.ts';

/** What stands for a credential in the documents, and whose key goes there. */
const placeholders: { of: RegExp; key: keyof TestServer['firstRun']['keys'] }[] = [
  { of: /YOUR_API_TOKEN/, key: 'functions' },
  { of: /(?<=[?&]api_key=)(?=['"\s]|$)/, key: 'v1' },
  { of: /<token>/, key: 'webchats' },
  { of: /caty_x+/, key: 'widget' },
];

const withKey = ({ firstRun }: TestServer, text: string): string => {
  const found = placeholders.find(({ of }) => of.test(text));
  return found === undefined ? text : text.replace(found.of, firstRun.keys[found.key]);
};

/** A curl line for this server. */
export const curlFor = (server: TestServer, curl: string): string => {
  const { url } = curlOf(curl);
  return withKey(server, curl.replace(url.origin, server.url));
};

export interface Answer {
  status: number;
  type: string;
  body: unknown;
}

/** `session_id` of a request is the one that was just given out. */
const withSession = (request: unknown, session: string | undefined): unknown =>
  session !== undefined && typeof request === 'object' && request !== null && 'session_id' in request
    ? { ...request, session_id: session }
    : request;

export interface CallOptions {
  /** Instead of the document's own. */
  body?: unknown;
  session?: string | undefined;
  id?: string;
}

const documents = new Map<string, Promise<OpenApi>>();

const documentOf = (url: string): Promise<OpenApi> => {
  const known =
    documents.get(url) ?? fetch(`${url}/openapi.json`).then((response) => response.json() as Promise<OpenApi>);
  documents.set(url, known);
  return known;
};

/**
 * The answer, which must also be what the OpenAPI document says.
 * @param credentials of another fixture of the same document, where this one has no line of its own
 */
export const callFixture = async (
  server: TestServer,
  fixture: RestFixture,
  { body, session, id }: CallOptions = {},
  credentials: RestFixture = fixture,
): Promise<Answer> => {
  const line = credentials.curl === undefined ? undefined : curlOf(curlFor(server, credentials.curl));
  const headers = new Headers(line?.headers);
  headers.set('content-type', 'application/json');
  for (const [name, value] of Object.entries(fixture.headers ?? {})) headers.set(name, withKey(server, value));
  const path = fixture.path.replace('{id}', id ?? '');
  const sent = body ?? withSession(fixture.request, session);
  const response = await fetch(`${server.url}${path}${line?.url.search ?? ''}`, {
    method: fixture.method,
    headers,
    ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  expect(type, `${fixture.method} ${fixture.path} gave ${text.slice(0, 200)}`).toMatch(/^application\/json/);
  const answer = { status: response.status, type, body: JSON.parse(text) as unknown };
  const fault = undocumented(await documentOf(server.url), { ...answer, method: fixture.method, path });
  expect(fault).toBeUndefined();
  return answer;
};
