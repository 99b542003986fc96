// Contract 001: widgets of sixteen types behind an `in-…` key (docs/contracts/v1.md).
import type { Problem, WireError } from '../../../../../shared/errors.ts';
import type { Dialect, KeyCaller } from '../dialect.ts';
import { admitKey, headerKeyOf, keyScope, queryKeyOf } from '../keys.ts';
import { partsOf, problemsIn } from '../problems.ts';
import { v1Routes } from './routes.ts';
import { detailBody, problemsBody } from './schema.ts';

const detailOf = ({ path, message, isMissing, where }: Problem) => {
  const loc = [where ?? 'body', ...partsOf(path)];
  return isMissing ? { type: 'missing', loc, msg: 'Field required' } : { type: 'value_error', loc, msg: message };
};

/** A reference that leads nowhere is told by name: `assistant_id: There is no such assistant`. */
const sentence = (error: WireError): string => {
  const [first] = problemsIn(error);
  const isNamed = error.code === 'not_found' && first !== undefined && first.path !== 'id';
  return isNamed ? `${first.path}: ${first.message}` : error.message;
};

export const v1: Dialect<KeyCaller> = {
  name: 'v1',
  title: 'Widgets v1',
  prefixes: ['/api/v1'],
  security: {
    v1Query: {
      type: 'apiKey',
      in: 'query',
      name: 'api_key',
      description: 'An `in-…` key. Addresses end up in logs: prefer the header.',
    },
    v1Header: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An `in-…` key.' },
  },
  isForPages: false,
  admit: (deps, request) =>
    admitKey(deps, request, { kind: 'v1', secretOf: (from) => headerKeyOf(from) ?? queryKeyOf(from) }),
  scopeOf: keyScope,
  renderError: (error, status) => {
    if (error.code !== 'invalid') return { status, body: { detail: sentence(error) } };
    const problems = problemsIn(error);
    const all = problems.length > 0 ? problems : [{ path: '', message: error.message }];
    return { status, body: { detail: all.map(detailOf) } };
  },
  errorBody: (status) => (status === 422 ? problemsBody : detailBody),
  invalidStatus: 422,
  routes: v1Routes,
};
