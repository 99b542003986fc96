// Serves the gallery from the sources: for a person who looks, and for the tests that measure.
import { createServer } from 'vite';

export interface Gallery {
  url: (query: Record<string, string>) => string;
  stop: () => Promise<void>;
}

export const serveGallery = async (port = 0): Promise<Gallery> => {
  const server = await createServer({
    configFile: false,
    root: new URL('../../../', import.meta.url).pathname,
    logLevel: 'error',
    cacheDir: 'node_modules/.vite-gallery',
    oxc: { jsx: { importSource: 'preact' } },
    server: { port, host: '127.0.0.1', hmr: false, watch: null },
    optimizeDeps: {
      include: ['preact', 'preact/hooks', 'preact/jsx-runtime', '@preact/signals', 'streaming-markdown', 'culori'],
    },
  });
  await server.listen();
  const address = server.httpServer?.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: (query) => `http://127.0.0.1:${bound}/test/widget/gallery/index.html?${new URLSearchParams(query)}`,
    stop: () => server.close(),
  };
};
