// Bundles the server's own code into dist/server/main.js; libraries stay in node_modules.
import { cp } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  publicDir: false,
  plugins: [
    {
      name: 'seed-articles',
      // The seed reads them beside itself, in the sources and in the bundle alike.
      closeBundle: () => cp(at('server/seed/articles'), at('dist/server/articles'), { recursive: true }),
    },
  ],
  build: {
    ssr: at('server/main.ts'),
    outDir: at('dist/server'),
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    sourcemap: true,
  },
});
