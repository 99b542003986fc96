// How often a caller may try. Counted in this process: a limit slows guessing down, it proves nothing.
import type { Request } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ChatError } from '../../../shared/errors.ts';
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

export const createLimits = (mode: 'default' | 'off'): HttpLimits => {
  if (mode === 'off') return none;
  const accounts = new RateLimiterMemory(perAccount);
  const addresses = new RateLimiterMemory(perAddress);
  const views = new RateLimiterMemory(publicViews);
  const isExempt = (request: Request): boolean => isLocalCaller(request.socket.remoteAddress, request.headers);
  const keyOf = (request: Request): string => addressKey(request.ip ?? '');
  const tooOften = 'Too many attempts: try again later';
  return {
    async loginAttempt(request, account) {
      if (!isExempt(request)) await consume(addresses, keyOf(request), tooOften);
      await consume(accounts, account.toLowerCase(), tooOften);
    },
    async loginSucceeded(request, account) {
      await accounts.delete(account.toLowerCase());
      if (!isExempt(request)) await addresses.reward(keyOf(request));
    },
    async publicView(request) {
      if (!isExempt(request)) await consume(views, keyOf(request), 'Too many requests: try again later');
    },
  };
};
