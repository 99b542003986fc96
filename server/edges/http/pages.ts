// What browsers open: landing page, demo, console, preview frame, and the widget's scripts.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import { shortEmbedCode } from '../../domain/widget.ts';
import { demoWidgetKey } from '../../usecases/installation.ts';
import { assetsOf, sendAsset } from './assets.ts';
import type { HttpDeps } from './deps.ts';
import { framePage } from './frame-page.ts';
import { ownHostPagesOnly } from './hosts.ts';
import type { Hosts } from './hosts.ts';
import { methodNotAllowed } from './refusals.ts';
import { securityHeaders, siteDirectives } from './policy.ts';
import type { Surface } from './policy.ts';
import { escapeHtml, socketsHtml } from './sockets-page.ts';

const revalidate = 'no-cache';
const readOnly = ['GET', 'HEAD'];

const plainNotFound = (response: Response): void => {
  response.status(404).type('text/plain').send('There is nothing here\n');
};

const hashesOf = (html: string, tag: 'script' | 'style'): string[] =>
  [...html.matchAll(new RegExp(`<${tag}(?![^>]*\\ssrc=)[^>]*>([\\s\\S]*?)</${tag}>`, 'g'))]
    .map(([, text = '']) => text)
    .filter((text) => text !== '')
    .map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);

/** A page of the site with its own policy: inline scripts and styles are named by hash. */
const sendSitePage = async (response: Response, file: string, values: Record<string, string> = {}): Promise<void> => {
  let html: string;
  try {
    html = await readFile(file, 'utf8');
  } catch {
    return plainNotFound(response);
  }
  for (const [name, value] of Object.entries(values)) html = html.replaceAll(name, () => value);
  const hashes = { scripts: hashesOf(html, 'script'), styles: hashesOf(html, 'style') };
  response.set('Content-Security-Policy', siteDirectives(hashes));
  response.set('Cache-Control', revalidate);
  response.type('html').send(html);
};

const widgetScripts = (dist: string): Router => {
  const router = Router({ strict: true });
  const headers: RequestHandler = (_request, response, next) => {
    response.set({ 'Access-Control-Allow-Origin': '*', 'Timing-Allow-Origin': '*' });
    next();
  };
  const script: RequestHandler = async (request, response, next) => {
    const file = resolve(dist, 'widget/widget.js');
    if (!(await sendAsset(request, response, file, 'public, max-age=300, stale-while-revalidate=86400'))) next();
  };
  router.use(['/widget.js', '/widget'], headers);
  for (const path of ['/widget.js', '/widget/pat-chat.js', '/widget/widget.js']) {
    router.get(path, script);
    router.all(path, methodNotAllowed(readOnly));
  }
  router.use('/widget', assetsOf(resolve(dist, 'widget'), revalidate));
  return router;
};

const consolePages = (dist: string): Router => {
  const router = Router();
  const root = resolve(dist, 'console');
  const shell = async (request: Request, response: Response): Promise<void> => {
    const wasSent = await sendAsset(request, response, resolve(root, 'index.html'), revalidate);
    if (!wasSent) plainNotFound(response);
  };
  router.use('/', assetsOf(root, revalidate));
  router.get('/', shell);
  // Every other path without a file's ending is a view of the console, which reads its own address.
  router.get('/*path', async (request, response) =>
    /\.\w+$/.test(request.path) ? plainNotFound(response) : shell(request, response),
  );
  router.all(['/', '/*path'], methodNotAllowed(readOnly));
  return router;
};

export const pagesRouter = (deps: HttpDeps, hosts: Hosts): Router => {
  const router = Router();
  const dist = resolve(deps.distDir);
  const as = (surface: Surface): RequestHandler => securityHeaders(surface, () => deps.baseUrl().startsWith('https:'));

  router.use(['/console', '/docs'], ownHostPagesOnly(hosts));
  router.use(['/widget.js', '/widget'], as('embed'));
  router.use(widgetScripts(dist));
  router.use('/console', as('console'), consolePages(dist));
  router.get('/preview/:key', as('preview'), async (request, response) => {
    const wasSent = await sendAsset(request, response, resolve(dist, 'console/preview.html'), revalidate);
    if (!wasSent) plainNotFound(response);
  });
  router.get('/frame/:key', as('site'), framePage(deps), (_request, response) => plainNotFound(response));
  router.get('/', as('site'), async (_request, response) => {
    const key = await demoWidgetKey(deps);
    const embed = key === undefined ? '' : escapeHtml(shortEmbedCode(deps.baseUrl(), key));
    return sendSitePage(response, resolve(dist, 'site/index.html'), { __EMBED__: embed });
  });
  router.get('/demo', as('site'), async (_request, response) => {
    const key = await demoWidgetKey(deps);
    if (key === undefined) return plainNotFound(response);
    return sendSitePage(response, resolve(dist, 'site/demo/index.html'), { __WIDGET_KEY__: key });
  });
  router.get('/docs', as('site'), (_request, response) =>
    sendSitePage(response, resolve(dist, 'site/docs/index.html')),
  );
  router.get('/docs/sockets', as('site'), (_request, response) =>
    sendSitePage(response, resolve(dist, 'site/docs/sockets.html'), { __SOCKETS__: socketsHtml(deps.baseUrl()) }),
  );
  // Asked for by browsers on pages that name no icon of their own.
  router.get('/favicon.ico', (_request, response) => {
    response.set('Cache-Control', 'public, max-age=86400').status(204).end();
  });
  for (const path of ['/', '/demo', '/docs', '/docs/sockets', '/preview/:key', '/frame/:key'])
    router.all(path, methodNotAllowed(readOnly));
  router.use(as('site'), assetsOf(resolve(dist, 'site'), 'public, max-age=300'));
  return router;
};
