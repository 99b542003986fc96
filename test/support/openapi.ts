// Holds real answers to the OpenAPI document: a status that it does not name and a body that it does not describe are faults.
import { z } from 'zod';

export type Json = Record<string, unknown>;

export interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: Json; example?: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: Json; example?: unknown }> }>;
  security?: Json[];
}

export interface OpenApi {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json>; securitySchemes: Record<string, Json> };
}

/** Schemas that refer to components, as one that holds them: `$defs` is what the reader of JSON schemas follows. */
const selfContained = (document: OpenApi, schema: Json): Json =>
  JSON.parse(
    JSON.stringify({ ...schema, $defs: document.components.schemas }).replaceAll('#/components/schemas/', '#/$defs/'),
  ) as Json;

const matches = (template: string, path: string): boolean =>
  new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);

/** The operation of a request; a template without parameters is the nearer one. */
export const operationAt = (document: OpenApi, method: string, path: string): Operation | undefined =>
  Object.entries(document.paths)
    .filter(([template]) => matches(template, path))
    .toSorted(([a], [b]) => a.split('{').length - b.split('{').length)
    .map(([, methods]) => methods[method.toLowerCase()])
    .find((operation) => operation !== undefined);

/** What the document does not say of an answer; undefined where it says it all. */
export const undocumented = (
  document: OpenApi,
  { method, path, status, type, body }: { method: string; path: string; status: number; type: string; body: unknown },
): string | undefined => {
  const what = `${method} ${path}: ${status}`;
  const operation = operationAt(document, method, path);
  if (operation === undefined) return `${what} is no documented operation`;
  const response = operation.responses[status];
  if (response === undefined) return `${what} is no documented status`;
  const media = response.content?.[type.split(';')[0]!];
  if (media === undefined) return `${what} came as ${type}, which is not documented`;
  const parsed = z.fromJSONSchema(selfContained(document, media.schema)).safeParse(body);
  return parsed.success ? undefined : `${what} breaks its schema: ${z.prettifyError(parsed.error)}`;
};
