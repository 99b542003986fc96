// How often a caller may try. Signing in is counted over all nodes where there are several; a node that cannot ask the others
// counts for itself.
import type { Request } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ChatError } from '../../../shared/errors.ts';
import type { Config } from '../../config.ts';
import type { SharedCounter } from '../../ports/counter.ts';
import { addressKey, isLocalCaller } from './address.ts';

const quarter = 15 * 60;
/** Attempts per account; per address there are more, because an office shares one. */
const perAccount = { points: 5, duration: quarter };
const perAddress = { points: 25, duration: quarter };
/** Public views per address and minute: a page view costs one. */
const publicViews = { points: 600, duration: 60 };

export interface HttpLimits {
  /** Counts an attempt before the password is looked at. @throws ChatError `rate_limited` */
  loginAttempt(request: Request, account: string): Promise<void>;
  /** The attempt was right: this account starts afresh. */
  loginSucceeded(request: Request, account: string): Promise<void>;
  /** @throws ChatError `rate_limited` */
  publicView(request: Request): Promise<void>;
}

const consume = async (limiter: RateLimiterMemory, key: string, message: string): Promise<void> => {
  try {
    await limiter.consume(key);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    throw new ChatError('rate_limited', message, { retryAfterMs: Math.max(1, refused.msBeforeNext) });
  }
};

const none: HttpLimits = {
  loginAttempt: async () => {},
  loginSucceeded: async () => {},
  publicView: async () => {},
};

export const createLimits = (config: Pick<Config, 'limits' | 'publicUrl'>, counter?: SharedCounter): HttpLimits => {
  if (config.limits === 'off') return none;
  const accounts = new RateLimiterMemory(perAccount);
  const addresses = new RateLimiterMemory(perAddress);
  const views = new RateLimiterMemory(publicViews);
  const isExempt = (request: Request): boolean => isLocalCaller(request, config);
  const keyOf = (request: Request): string => addressKey(request.ip ?? '');
  const tooOften = 'Too many attempts: try again later';
  const count = async (name: string, rate: typeof perAccount, local: RateLimiterMemory, key: string): Promise<void> => {
    const perMs = rate.duration * 1000;
    const retryAfterMs = await counter?.take(name, { count: rate.points, perMs }, key);
    if (retryAfterMs === undefined) await consume(local, key, tooOften);
    else if (retryAfterMs > 0) throw new ChatError('rate_limited', tooOften, { retryAfterMs });
  };
  return {
    async loginAttempt(request, account) {
      if (!isExempt(request)) await count('loginFrom', perAddress, addresses, keyOf(request));
      await count('login', perAccount, accounts, account.toLowerCase());
    },
    async loginSucceeded(request, account) {
      await counter?.forget('login', account.toLowerCase());
      await accounts.delete(account.toLowerCase());
      if (!isExempt(request)) await addresses.reward(keyOf(request));
    },
    async publicView(request) {
      if (!isExempt(request)) await consume(views, keyOf(request), 'Too many requests: try again later');
    },
  };
};
