// `/avatars/…`: pictures of members, for every page that shows what they wrote. Public, and at addresses nobody can guess.
import { Router } from 'express';
import { readAvatar } from '../../usecases/files.ts';
import type { HttpDeps } from './deps.ts';
import { tagOf, wasUnchanged } from './etag.ts';
import { sendPicture } from './files.ts';
import type { HttpLimits } from './limits.ts';
import { methodNotAllowed, noSuchRoute } from './refusals.ts';

export const avatarsRouter = (deps: HttpDeps, limits: HttpLimits): Router => {
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/:name', async (request, response) => {
    await limits.publicView(request);
    const file = await readAvatar(deps, `/avatars/${request.params.name}`);
    // Another picture has another address; the hour is for one that was taken away.
    response.set('Cache-Control', 'public, max-age=3600');
    if (!wasUnchanged(request, response, tagOf(request.params.name))) sendPicture(response, file);
  });
  router.all('/:name', methodNotAllowed(['GET', 'HEAD']));
  router.use(noSuchRoute);
  return router;
};
