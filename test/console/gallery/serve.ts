// Builds the gallery and serves it: `npx tsx test/console/gallery/serve.ts [port]`, then /console/inbox/open.
import tailwindcss from '@tailwindcss/vite';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import type { InlineConfig } from 'vite';

export interface Gallery {
  url: string;
  stop: () => Promise<void>;
}

/** `port` 0 picks a free one. */
export const serveGallery = async (port = 0): Promise<Gallery> => {
  const outDir = await mkdtemp(join(tmpdir(), 'tiller-gallery-'));
  const config: InlineConfig = {
    configFile: false,
    root: fileURLToPath(new URL('.', import.meta.url)),
    base: '/console/',
    logLevel: 'error',
    plugins: [tailwindcss()],
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: { outDir, emptyOutDir: true, target: 'chrome123', minify: false, chunkSizeWarningLimit: 5000 },
    preview: { port, host: '127.0.0.1', strictPort: port !== 0 },
  };
  await build(config);
  const server = await preview(config);
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
  };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serveGallery(Number(process.argv[2] ?? 5199));
  console.log(`${url}/console/inbox/open`);
}
