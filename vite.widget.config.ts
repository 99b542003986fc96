// Builds what a host page loads: the loader as a classic script, the panel as a module with lazy chunks.
import { defineConfig } from 'vite';

const outDir = 'dist/widget';

export default defineConfig({
  publicDir: false,
  oxc: { jsx: { importSource: 'preact' } },
  builder: {
    async buildApp(builder) {
      // One after the other: the first empties the folder.
      for (const name of ['client', 'loader']) await builder.build(builder.environments[name]!);
    },
  },
  environments: {
    client: {
      build: {
        outDir,
        emptyOutDir: true,
        target: 'es2022',
        modulePreload: false,
        rolldownOptions: {
          input: { panel: 'client/widget/panel/main.ts' },
          preserveEntrySignatures: 'strict',
          output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
        },
      },
    },
    loader: {
      consumer: 'client',
      build: {
        outDir,
        emptyOutDir: false,
        target: 'es2020',
        modulePreload: false,
        rolldownOptions: {
          input: { widget: 'client/widget/loader/main.ts' },
          output: { format: 'iife', entryFileNames: '[name].js' },
        },
      },
    },
  },
});
