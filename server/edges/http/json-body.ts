// JSON bodies, checked for what schemas do not see: encoding, depth and keys that have a meaning to code.
import express from 'express';
import type { Request, RequestHandler } from 'express';
import { ChatError } from '../../../shared/errors.ts';
import type { Problem } from '../../../shared/errors.ts';
import type { z } from 'zod';

const maxDepth = 8;
const prototypeKey = /^(__proto__|constructor|prototype)$/;

/** Where a body holds JSON values that are nobody's operators, `$` in a key is data. */
export interface JsonOptions {
  allowsDollarKeys?: boolean | undefined;
}

const invalid = (details: Problem[]): ChatError => new ChatError('invalid', 'Validation failed', { details });

/** Refuses what is nested too deep and keys that have a meaning to code. `depth` of the outermost is 1. @throws ChatError `invalid` */
export const refuseStrange = (value: unknown, depth: number, options: JsonOptions = {}): void => {
  if (typeof value !== 'object' || value === null) return;
  if (depth > maxDepth) throw invalid([{ path: '', message: `Nested deeper than ${maxDepth}` }]);
  for (const [key, inner] of Object.entries(value)) {
    const isForbidden = prototypeKey.test(key) || (key.startsWith('$') && options.allowsDollarKeys !== true);
    if (!Array.isArray(value) && isForbidden) {
      throw invalid([{ path: '', message: 'Holds a key that is not allowed' }]);
    }
    refuseStrange(inner, depth + 1, options);
  }
};

const hasBody = (request: Request): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads a JSON body of at most `limit` bytes (after inflation) into `request.body`; no body at all is `{}`. */
export const jsonBody = (limit: number, options: JsonOptions = {}): RequestHandler[] => [
  (request, _response, next) => {
    if (hasBody(request) && request.is('application/json') === false) {
      throw new ChatError('unsupported_media_type', 'Send application/json');
    }
    next();
  },
  express.json({
    limit,
    strict: false,
    verify: (_request, _response, bytes) => {
      try {
        strictUtf8.decode(bytes);
      } catch {
        throw Object.assign(new Error('not UTF-8'), { type: 'entity.parse.failed', status: 400 });
      }
    },
  }),
  (request, _response, next) => {
    if (request.body === undefined) request.body = {};
    refuseStrange(request.body, 1, options);
    next();
  },
];

/** A key that the caller made up is told back only where it is short and plain: errors echo nothing. */
const told = (name: string): string => (/^[\w-]{1,40}$/.test(name) ? name : '?');

/** `colors.primary`, `actionButtons[0].url`: how a problem names its place. */
const pathOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? told(String(part)) : `${text}.${told(String(part))}`;
  }, '');

/** What stands at a path of the input; undefined where nothing does. */
const at = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, part) => (typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined),
    input,
  );

/** The list of problems that a schema finds. Messages come from the schema and never quote the input. */
export const problemsOf = (error: z.ZodError, input: unknown, where?: Problem['where']): Problem[] =>
  error.issues.slice(0, 20).map(({ code, path, message }) => {
    // A missing one of several words is an `invalid_value`, of several shapes an `invalid_union`.
    const isOfType = code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union';
    const isMissing = isOfType && path.length > 0 && at(input, path) === undefined;
    return {
      path: pathOf(path),
      message: isMissing ? 'Required' : message,
      ...(isMissing ? { isMissing } : {}),
      ...(where === undefined ? {} : { where }),
    };
  });

/** Parses once, at the edge. @throws ChatError `invalid` with every problem by its path */
export const parsedBy = <S extends z.ZodType>(schema: S, input: unknown, where?: Problem['where']): z.output<S> => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalid(problemsOf(parsed.error, input, where));
};
