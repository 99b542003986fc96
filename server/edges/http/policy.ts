// Security headers per surface. Nothing here says `unsafe-…`; each surface names what it loads.
import type { RequestHandler } from 'express';
import helmet from 'helmet';

type Directives = Record<string, string[]>;

const self = ["'self'"];
const nobody = ["'none'"];

/**
 * Shared by everything that is a page of ours. `connect-src 'self'` covers our own WebSocket. Pictures are ours alone: another
 * host would learn who looks.
 */
const page: Directives = {
  'default-src': nobody,
  'script-src': self,
  'style-src': self,
  'img-src': ["'self'", 'data:', 'blob:'],
  'font-src': self,
  'connect-src': self,
  'media-src': ["'self'", 'data:', 'blob:'],
  'manifest-src': self,
  'base-uri': nobody,
  'form-action': self,
  'object-src': nobody,
  'frame-ancestors': nobody,
};

const policies = {
  /** JSON and text: nothing in it may run or be framed. */
  api: { 'default-src': nobody, 'frame-ancestors': nobody, 'base-uri': nobody, 'form-action': nobody },
  site: page,
  console: {
    ...page,
    'frame-src': self,
    'worker-src': self,
    'require-trusted-types-for': ["'script'"],
    'trusted-types': nobody,
  },
  /** The widget on an empty page, framed by settings. */
  preview: { ...page, 'frame-ancestors': self },
  /** Scripts for other people's sites. */
  embed: { 'default-src': nobody, 'frame-ancestors': nobody },
} satisfies Record<string, Directives>;

export type Surface = keyof typeof policies;

const headersOf = (surface: Surface, isHttps: boolean): RequestHandler =>
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives: policies[surface] },
    crossOriginResourcePolicy: { policy: surface === 'embed' ? 'cross-origin' : 'same-origin' },
    xFrameOptions: { action: surface === 'preview' ? 'sameorigin' : 'deny' },
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: isHttps ? { maxAge: 31_536_000, includeSubDomains: false } : false,
  });

/**
 * Headers of one surface. Later ones replace those set before, so the strictest may stand for the whole app.
 * `isHttps` is asked per request, because the address is known only once the server listens.
 */
export const securityHeaders = (surface: Surface, isHttps: () => boolean): RequestHandler => {
  const plain = headersOf(surface, false);
  const secure = headersOf(surface, true);
  return (request, response, next) => (isHttps() ? secure : plain)(request, response, next);
};

const written = (directives: Directives): string =>
  Object.entries(directives)
    .map(([name, values]) => `${name} ${values.join(' ')}`)
    .join(';');

/** The policy of a page that these sources may frame. */
export const frameDirectives = (ancestors: string[]): string => written({ ...page, 'frame-ancestors': ancestors });

/** The site's policy with the hashes of inline scripts and styles that a page holds. */
export const siteDirectives = (hashes: { scripts: string[]; styles: string[] }): string => {
  const directives: Directives = {
    ...page,
    'script-src': [...self, ...hashes.scripts],
    'style-src': [...self, ...hashes.styles],
  };
  return written(directives);
};
