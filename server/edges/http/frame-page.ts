// `/frame/{key}`: a widget as a whole page, for a link or for a frame on a page that its allowed domains name.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { RequestHandler } from 'express';
import { whyNotEmbeddable } from '../../../shared/channels.ts';
import { frameAncestorsOf } from '../../domain/allowed-domains.ts';
import { widgetByKey } from '../../usecases/public-widget.ts';
import type { HttpDeps } from './deps.ts';
import { frameDirectives } from './policy.ts';
import { escapeHtml } from './sockets-page.ts';

/**
 * The page, or the next handler for a key that no widget has. One that is switched off, or that lives in another network,
 * says so in its place. Who may frame it is the browser's to enforce, by the policy sent along.
 */
export const framePage =
  (deps: HttpDeps): RequestHandler =>
  async (request, response, next) => {
    const key = request.params['key'];
    const widget = typeof key === 'string' ? await widgetByKey(deps, key) : undefined;
    if (widget === undefined) return next();
    const isOn = widget.isEnabled && whyNotEmbeddable(widget.type) === undefined;
    const html = await readFile(resolve(deps.distDir, 'site/frame/index.html'), 'utf8').catch(() => undefined);
    if (html === undefined) return next();
    const page = html
      .replaceAll('__TITLE__', () => escapeHtml(widget.texts.title))
      .replaceAll('__STATE__', isOn ? 'on' : 'off');
    response.set('Content-Security-Policy', frameDirectives(frameAncestorsOf(widget.allowedDomains, deps.baseUrl())));
    // It knows no list of domains; `frame-ancestors` overrules it in browsers that know both, and it must not hinder others.
    response.removeHeader('X-Frame-Options');
    response.set({ 'Cross-Origin-Resource-Policy': 'cross-origin', 'Cache-Control': 'no-cache' });
    response
      .status(isOn ? 200 : 403)
      .type('html')
      .send(page);
  };
