// Contract 002: webchats provisioned behind a bearer key, their pipelines and contacts (docs/contracts/webchats.md).
import type { Dialect, KeyCaller } from '../dialect.ts';
import { admitKey, bearerOf, keyScope } from '../keys.ts';
import { problemsIn } from '../problems.ts';
import { companionRoutes } from './companions.ts';
import { webchatRoutes } from './routes.ts';
import { errorBody } from './schema.ts';

export const webchats: Dialect<KeyCaller> = {
  name: 'webchats',
  title: 'Webchats',
  prefixes: ['/api/webchats', '/api/prompts', '/api/pipelines', '/api/contacts'],
  security: { webchatsKey: { type: 'http', scheme: 'bearer', description: 'A `pat_…` key of kind `webchats`.' } },
  isForPages: false,
  admit: (deps, request) => admitKey(deps, request, { kind: 'webchats', secretOf: bearerOf }),
  scopeOf: keyScope,
  renderError: (error, status) => ({
    status,
    body: {
      message: error.message,
      errors: problemsIn(error).map(({ path, message }) => ({ path, message })),
    },
  }),
  errorBody: () => errorBody,
  invalidStatus: 400,
  challenge: 'Bearer',
  routes: { ...webchatRoutes, ...companionRoutes },
};
