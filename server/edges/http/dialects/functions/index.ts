// Contract 000: widgets provisioned by functions behind a bearer key (docs/contracts/functions.md).
import type { Dialect, KeyCaller } from '../dialect.ts';
import { admitKey, bearerOf, keyScope } from '../keys.ts';
import { problemsIn } from '../problems.ts';
import { functionsRoutes } from './routes.ts';
import { errorBody } from './schema.ts';

export const functions: Dialect<KeyCaller> = {
  name: 'functions',
  title: 'Functions',
  prefixes: ['/functions/v1'],
  security: { functionsKey: { type: 'http', scheme: 'bearer', description: 'A `pat_…` key of kind `functions`.' } },
  isForPages: false,
  admit: (deps, request) => admitKey(deps, request, { kind: 'functions', secretOf: bearerOf }),
  scopeOf: keyScope,
  renderError: (error, status) => ({
    status,
    body: {
      error: error.message,
      code: error.code,
      details: problemsIn(error).map(({ path, message }) => ({ path, message })),
    },
  }),
  errorBody: () => errorBody,
  invalidStatus: 400,
  challenge: 'Bearer',
  routes: functionsRoutes,
};
