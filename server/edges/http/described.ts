// Documents that describe the installation to programs: made once per address, asked for with ETags.
import type { RequestHandler } from 'express';
import { tagOf, wasUnchanged } from './etag.ts';

interface Held {
  baseUrl: string;
  body: string;
  tag: string;
}

/** Serves what `describe` gives for the installation's address, which is known only once the server listens. */
export const described = (baseUrl: () => string, describe: (baseUrl: string) => unknown): RequestHandler => {
  let held: Held | undefined;
  return (request, response) => {
    const now = baseUrl();
    if (held?.baseUrl !== now) {
      const body = JSON.stringify(describe(now));
      held = { baseUrl: now, body, tag: tagOf(body) };
    }
    response.set('Cache-Control', 'public, no-cache');
    if (!wasUnchanged(request, response, held.tag)) response.type('json').send(held.body);
  };
};
