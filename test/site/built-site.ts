// The two pages, built into a folder of the test's own and served with the policy that the server sends.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Stricter than the server's own: what works here works there. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self' ws: wss:; frame-src 'self'; base-uri 'none'; form-action 'self'";
const types: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

export interface BuiltSite {
  dir: string;
  url: string;
  /** What stands for the server's values in the pages; a page without one keeps its placeholder. */
  values: Record<string, string>;
  close(): Promise<void>;
}

export const buildSite = async (): Promise<BuiltSite> => {
  const dir = await mkdtemp(join(tmpdir(), 'tiller-site-'));
  await build({
    configFile: fileURLToPath(new URL('../../vite.site.config.ts', import.meta.url)),
    logLevel: 'warn',
    build: { outDir: dir, emptyOutDir: true },
  });
  const values: Record<string, string> = {};
  const files: Record<string, string> = { '/': '/index.html', '/demo': '/demo/index.html' };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/widget.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end('');
      return;
    }
    const path = files[pathname] ?? pathname;
    readFile(join(dir, path)).then(
      (bytes) => {
        let body: Buffer | string = bytes;
        if (extname(path) === '.html')
          body = Object.entries(values).reduce((html, [name, value]) => html.replaceAll(name, value), bytes.toString());
        const type = types[extname(path)] ?? 'text/plain';
        response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    dir,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    values,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(dir, { recursive: true, force: true });
    },
  };
};
