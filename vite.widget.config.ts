// Builds what a host page loads: the loader as a classic script, the panel as a module with lazy chunks.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import type { EnvironmentOptions, Plugin } from 'vite';

const outDir = 'dist/widget';

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Preact asks the page's document for its nodes, and elements of the page may have the names of these methods (`client/page.ts`). */
const ownNodes: Plugin = {
  name: 'tiller:own-nodes',
  apply: 'build',
  transform(code, id) {
    if (!id.endsWith('/preact/dist/preact.mjs')) return undefined;
    const changed = code.replace(/\w+\.ownerDocument\|\|document/, 'ownNodes');
    if (changed === code)
      this.error('Preact makes its nodes in another way now: see ownNodes in vite.widget.config.ts');
    return {
      code: `import { nodes as ownNodes } from ${JSON.stringify(fileOf('client/page.ts'))};\n${changed}`,
      map: null,
    };
  },
};

/** What is loaded as a module. Library mode: without a helper that would preload styles of chunks; there are none. */
const moduleOf = (name: string, entry: string, isFirst: boolean): EnvironmentOptions => ({
  consumer: 'client',
  build: {
    outDir,
    emptyOutDir: isFirst,
    target: 'es2022',
    lib: { entry: { [name]: entry }, formats: ['es'] },
    rolldownOptions: {
      // What lazy chunks share with the panel stays in it.
      preserveEntrySignatures: 'allow-extension',
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js', minify: true },
    },
  },
});

export default defineConfig({
  publicDir: false,
  // The widget speaks just enough of Socket.IO's protocol itself: the full client would be a quarter of the panel.
  resolve: { alias: { 'socket.io-client': fileOf('client/widget/socket.ts') } },
  oxc: { jsx: { importSource: 'preact' } },
  plugins: [ownNodes],
  builder: {
    async buildApp(builder) {
      // One after the other: the first empties the folder.
      for (const name of ['client', 'proactive', 'loader']) await builder.build(builder.environments[name]);
    },
  },
  environments: {
    client: moduleOf('panel', 'client/widget/panel/main.ts', true),
    // By itself: a chunk that both share would be one more request of every panel.
    proactive: moduleOf('proactive', 'client/widget/proactive/main.ts', false),
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
