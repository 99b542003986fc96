// What one operation of the document is made of, whoever's table it comes from.
import { z } from 'zod';
import { errorStatus } from '../../../../shared/errors.ts';
import type { ErrorCode } from '../../../../shared/errors.ts';
import type { Components, Json } from './components.ts';

/** `/path/:id` as OpenAPI writes it. */
export const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

export const namesIn = (path: string): string[] => [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);

/** Why a request may be refused, in the words of the document. */
const reasons: Record<ErrorCode, string> = {
  invalid: 'Something in the request is not as it should be; every problem is named by its path.',
  unauthenticated: 'No credential, or one that is not known.',
  forbidden:
    'A known credential that is for something else, a page that the widget does not allow, or a host name that is not ours.',
  not_found: 'There is nothing with this id; what belongs to somebody else is not there either.',
  method_not_allowed: 'Another method.',
  conflict: 'Another request was faster, or an `Idempotency-Key` came again with another body.',
  stale_turn: 'The conversation has moved on.',
  too_large: 'The body is too large.',
  unsupported_media_type: 'The body is of another media type.',
  rate_limited: 'Too fast, or too much: `Retry-After` says when to ask again.',
  internal: 'A fault of ours; nothing of it is told.',
  unavailable: 'For the moment there is no answer, and the outcome is not known: ask again.',
};

const retryAfter: Json = {
  'Retry-After': { description: 'Seconds until it makes sense to ask again.', schema: { type: 'integer', minimum: 0 } },
};

/** Answers by status; two codes that share one are told together. */
export const refusalResponses = (
  codes: readonly ErrorCode[],
  statusOf: (code: ErrorCode) => number,
  schemaOf: (status: number) => Json,
): Json => {
  const byStatus = new Map<number, string[]>();
  for (const code of codes) {
    const status = statusOf(code);
    byStatus.set(status, [...new Set([...(byStatus.get(status) ?? []), reasons[code]])]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, texts]) => [
      status,
      {
        description: texts.join(' '),
        ...(status === errorStatus.rate_limited || status === errorStatus.unavailable ? { headers: retryAfter } : {}),
        content: { 'application/json': { schema: schemaOf(status) } },
      },
    ]),
  );
};

/** Path and query parameters out of an object's schema. */
export const parametersOf = (
  components: Components,
  schema: z.ZodType | undefined,
  where: 'path' | 'query',
): Json[] => {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = components.inline(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...one }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: one,
  }));
};

/** Multipart form data with one file in the field `file`. */
export const fileBody: Json = {
  required: true,
  content: {
    'multipart/form-data': {
      schema: { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary' } } },
    },
  },
};

/** An answer of an API that is told in the native envelope. */
export const nativeError = z.object({
  error: z.object({
    code: z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    /** Problems by path, or what the code needs. */
    details: z.unknown().optional(),
    retryAfterMs: z.number().int().optional(),
  }),
});
