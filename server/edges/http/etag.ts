// Conditional requests. Express's own `fresh` ignores If-None-Match where `Cache-Control: no-cache` is sent with it, as
// fetch in Node and reloading browsers do; a match is a match all the same.
import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';

/** A weak tag of a text. */
export const tagOf = (text: string): string =>
  `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;

const bare = (tag: string): string => tag.trim().replace(/^W\//, '');

/** Sets the ETag; where the caller holds this very version, answers 304 and is true. */
export const wasUnchanged = (request: Request, response: Response, tag: string): boolean => {
  response.set('ETag', tag);
  const held = request.headers['if-none-match'];
  if (held === undefined) return false;
  if (held !== '*' && !held.split(',').some((one) => bare(one) === bare(tag))) return false;
  response.status(304).end();
  return true;
};
