// Builds the gallery and serves it: for a person who looks, and for the tests that measure.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, preview } from 'vite';

export interface Gallery {
  url: (query: Record<string, string>) => string;
  stop: () => Promise<void>;
}

export const serveGallery = async (port = 0): Promise<Gallery> => {
  const outDir = await mkdtemp(join(tmpdir(), 'tiller-gallery-'));
  const shared = { configFile: false as const, root: import.meta.dirname, logLevel: 'error' as const };
  await build({
    ...shared,
    oxc: { jsx: { importSource: 'preact' } },
    build: { outDir, emptyOutDir: true, target: 'es2022', modulePreload: false },
  });
  const server = await preview({
    ...shared,
    build: { outDir },
    preview: { port, host: '127.0.0.1', strictPort: false },
  });
  const address = server.httpServer.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: (query) => `http://127.0.0.1:${bound}/index.html?${new URLSearchParams(query).toString()}`,
    async stop() {
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
  };
};
