// `Idempotency-Key`: a repeated POST gets the first answer again, whoever lost it on the way.
import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { ChatError, errorStatus, toWireError } from '../../../../shared/errors.ts';
import { performOnce } from '../../../usecases/requests.ts';
import type { RequestAnswer } from '../../../usecases/requests.ts';
import type { HttpDeps } from '../deps.ts';
import type { Caller, Dialect, DialectRoute, Payer } from './dialect.ts';
import { renderedError } from './dialect.ts';

/** @throws ChatError `invalid` for a key that is too long or not printable */
export const idempotencyKeyOf = (request: Request): string | undefined => {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\u0021-\u007e]{1,255}$/.test(key)) return key;
  throw new ChatError('invalid', 'The Idempotency-Key is not usable', {
    details: [{ path: 'Idempotency-Key', message: 'Must be 1 to 255 printable characters', where: 'header' }],
  });
};

interface Once<C extends Caller> {
  dialect: Dialect<C>;
  caller: C;
  key: string;
  request: Request;
  route: DialectRoute<C>;
}

/** What the address says beside the path: it may name what is asked for. The key of 001 may stand there, or in a header. */
const queryOf = ({ query }: Request): unknown => {
  const { api_key: _secret, ...said } = query;
  return said;
};

const orgOf = (caller: Caller): string => (caller.kind === 'key' ? caller.signedIn.member.orgId : caller.widget.orgId);

const digestOf = (value: unknown): string =>
  createHash('sha256')
    .update(
      JSON.stringify(value, function (this: Record<string, unknown>, name, inner: unknown) {
        // Bytes of an upload: before `toJSON` made a list of numbers of them.
        const raw = this[name];
        return raw instanceof Uint8Array ? createHash('sha256').update(raw).digest('hex') : inner;
      }) ?? '',
    )
    .digest('hex');

/** What a claim takes in the store beside the answer: its row, its lookup and their indexes, bytes. */
const claimBytes = 1024;

/**
 * The answer of `perform`, or the one that this caller got for the same key, path, query and body within the last 24 h. Refusals
 * are remembered as this dialect says them, but for 429 and 5xx; those of pages are not, because anybody can cause them.
 * @throws ChatError `conflict` for another body, `rate_limited` where too much is kept for this caller, `unavailable`, and what
 *   `perform` throws
 */
export const answerOnce = async <C extends Caller>(
  deps: HttpDeps,
  { dialect, caller, key, request, route }: Once<C>,
  perform: () => Promise<RequestAnswer | undefined>,
): Promise<RequestAnswer | undefined> => {
  const scope = dialect.scopeOf(caller, request);
  const keyed = {
    orgId: orgOf(caller),
    digest: digestOf([dialect.name, scope, request.method, request.path, key]),
    bodyHash: digestOf([request.body, queryOf(request)]),
  };
  let payers: Payer[] = [{ limit: 'remembered', key: scope }];
  const mayClaim = async (): Promise<void> => {
    payers = (await dialect.payersOf?.(deps, caller, { request, route })) ?? payers;
    for (const { limit, key: payer } of payers) {
      const late = deps.limits.checkFrom(limit, payer, { cost: claimBytes });
      if (late !== undefined) throw late;
    }
  };
  const kept = (answer: RequestAnswer | undefined): RequestAnswer | undefined => {
    const bytes = Buffer.byteLength(JSON.stringify(answer?.body) ?? '');
    for (const { limit, key: payer } of payers) deps.limits.charge(limit, payer, bytes);
    return answer;
  };
  let refusal: unknown;
  const answer = await performOnce(
    deps,
    keyed,
    async () => {
      try {
        return kept(await perform());
      } catch (error) {
        const { code } = toWireError(error);
        if (dialect.isForPages || errorStatus[code] >= 500 || code === 'rate_limited') throw error;
        refusal = error;
        return kept(renderedError(dialect, error));
      }
    },
    mayClaim,
  );
  // Whoever performed it is refused in the usual way, which also counts and logs it; a repeat gets what was said then.
  if (refusal !== undefined) throw refusal;
  return answer;
};
