// Builds what a host page loads: the loader as a classic script, the panel as a module with lazy chunks.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const outDir = 'dist/widget';

export default defineConfig({
  publicDir: false,
  // The widget speaks just enough of Socket.IO's protocol itself: the full client would be a quarter of the panel.
  resolve: { alias: { 'socket.io-client': fileURLToPath(new URL('client/widget/socket.ts', import.meta.url)) } },
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
        lib: {
          entry: { panel: 'client/widget/panel/main.ts', proactive: 'client/widget/proactive/main.ts' },
          formats: ['es'],
        },
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
