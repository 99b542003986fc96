// `/files/…`: what was uploaded, at addresses that are signed and expire. Nothing served here can run or be framed.
import { Router } from 'express';
import type { Response } from 'express';
import { readSigned } from '../../usecases/files.ts';
import type { FileBytes } from '../../ports/files.ts';
import type { HttpDeps } from './deps.ts';
import { methodNotAllowed, noSuchRoute } from './refusals.ts';

/** Sends bytes that somebody uploaded so that they stay bytes: their own type alone, in a sandbox, for `<img>` on any page. */
export const sendPicture = (response: Response, { bytes, mediaType }: FileBytes): void => {
  response.set({
    'Content-Type': mediaType,
    'Content-Disposition': 'attachment',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(bytes);
};

const one = (value: unknown): string => (typeof value === 'string' ? value : '');

export const filesRouter = (deps: HttpDeps): Router => {
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/*key', async (request, response) => {
    const key = request.path.slice(1);
    const { expires, signature } = request.query;
    const file = await readSigned(deps, { key, expires: one(expires), signature: one(signature) });
    response.set('Cache-Control', `private, max-age=${Math.floor(file.remainingMs / 1000)}`);
    sendPicture(response, file);
  });
  router.all('/*key', methodNotAllowed(['GET', 'HEAD']));
  router.use(noSuchRoute);
  return router;
};
