// Builds the pages that a newcomer sees into dist/site: `/`, `/demo` and `/docs`, their scripts and styles below /site/assets.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

const inSite = (path: string): string => fileURLToPath(new URL(`client/site/${path}`, import.meta.url));

/** Puts drawings into the page itself, where its colour scheme reaches them: `<!-- include scene.svg -->`. */
const includeDrawings: Plugin = {
  name: 'include-drawings',
  transformIndexHtml: {
    order: 'pre',
    handler: (html, { filename }) =>
      html.replace(/<!-- include ([\w./-]+\.svg) -->/g, (_match, path: string) =>
        readFileSync(resolve(dirname(filename), path), 'utf8').trim(),
      ),
  },
};

export default defineConfig({
  root: inSite('.'),
  base: '/',
  publicDir: false,
  plugins: [includeDrawings],
  build: {
    outDir: fileURLToPath(new URL('dist/site', import.meta.url)),
    emptyOutDir: true,
    assetsDir: 'site/assets',
    // The policy allows scripts and styles of our own files only: nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      checks: { pluginTimings: false },
      input: {
        index: inSite('index.html'),
        demo: inSite('demo/index.html'),
        docs: inSite('docs/index.html'),
        sockets: inSite('docs/sockets.html'),
        frame: inSite('frame/index.html'),
      },
    },
    // The viewer of the REST calls is one big library that no other page loads.
    chunkSizeWarningLimit: 2000,
  },
});
