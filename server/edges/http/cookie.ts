// The console's cookie. Both edges read it here, so that a socket is signed in exactly as a page is.
import type { IncomingHttpHeaders } from 'node:http';
import type { Response } from 'express';
import { cookieLife } from '../../usecases/sessions.ts';

/** `__Host-` pins a cookie to this very host over https; browsers refuse that prefix on plain http. */
export const cookieName = (baseUrl: string): string => (baseUrl.startsWith('https:') ? '__Host-tiller' : 'tiller');

/** The secret in the console's cookie, if there is exactly one such cookie. */
export const cookieOf = (headers: Pick<IncomingHttpHeaders, 'cookie'>, baseUrl: string): string | undefined => {
  const wanted = `${cookieName(baseUrl)}=`;
  const found = (headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(wanted));
  const [only, ...others] = found;
  return only === undefined || others.length > 0 ? undefined : only.slice(wanted.length);
};

const attributes = (baseUrl: string) => ({
  httpOnly: true,
  sameSite: 'strict' as const,
  path: '/',
  secure: baseUrl.startsWith('https:'),
});

export const setCookie = (response: Response, baseUrl: string, secret: string): void => {
  response.cookie(cookieName(baseUrl), secret, { ...attributes(baseUrl), maxAge: cookieLife.lifetimeMs });
};

export const clearCookie = (response: Response, baseUrl: string): void => {
  response.clearCookie(cookieName(baseUrl), attributes(baseUrl));
};
