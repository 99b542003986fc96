// Builds what a host page loads: the loader as a classic script, the panel as a module with lazy chunks.
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

const outDir = 'dist/widget';

/**
 * What the socket client brings along and the widget never uses: transports other than WebSocket, and attachments,
 * which the server refuses. Together a tenth of the panel.
 */
const unused: Record<string, string> = {
  'engine.io-client/build/esm/transports/index.js':
    "import { WS } from './websocket.js'; export const transports = { websocket: WS };",
  'engine.io-client/build/esm/transports/polling-fetch.js': 'export class Fetch {}',
  'engine.io-client/build/esm/transports/polling-xhr.js': 'export class XHR {}',
  'engine.io-client/build/esm/transports/webtransport.js': 'export class WT {}',
  'engine.io-parser/build/esm/contrib/base64-arraybuffer.js': 'export const decode = () => new ArrayBuffer(0);',
  // Every browser that runs the panel has URL; the original brings a parser of its own.
  'engine.io-client/build/esm/contrib/parseuri.js': `export const parse = (source) => {
    const { protocol, hostname, port, pathname, search } = new URL(source);
    const host = hostname.replace(/^\\[|\\]$/g, '');
    return { source, protocol: protocol.slice(0, -1), host, port, path: pathname, query: search.slice(1) };
  };`,
  'socket.io-parser/build/esm/is-binary.js':
    'export const isBinary = () => false; export const hasBinary = () => false;',
  'socket.io-parser/build/esm/binary.js':
    'export const deconstructPacket = (packet) => ({ packet, buffers: [] }); export const reconstructPacket = (packet) => packet;',
};
const leaveOut: Plugin = {
  name: 'leave-out-unused',
  enforce: 'pre',
  load(id) {
    const path = Object.keys(unused).find((end) => id.replaceAll('\\', '/').endsWith(end));
    return path === undefined ? null : unused[path];
  },
};

export default defineConfig({
  publicDir: false,
  plugins: [leaveOut],
  oxc: { jsx: { importSource: 'preact' } },
  builder: {
    async buildApp(builder) {
      // One after the other: the first empties the folder.
      for (const name of ['client', 'loader']) await builder.build(builder.environments[name]);
    },
  },
  environments: {
    client: {
      build: {
        outDir,
        emptyOutDir: true,
        target: 'es2022',
        // Library mode: without a helper that would preload styles of chunks; there are none.
        lib: { entry: { panel: 'client/widget/panel/main.ts' }, formats: ['es'] },
        rolldownOptions: {
          // What lazy chunks share with the panel stays in it.
          preserveEntrySignatures: 'allow-extension',
          output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js', minify: true },
        },
      },
    },
    loader: {
      consumer: 'client',
      build: {
        outDir,
        emptyOutDir: false,
        target: 'es2022',
        lib: { entry: { widget: 'client/widget/loader/main.ts' }, formats: ['iife'], name: 'tillerLoader' },
        rolldownOptions: { output: { entryFileNames: '[name].js' } },
      },
    },
  },
});
