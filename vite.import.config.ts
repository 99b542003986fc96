// Bundles what is run beside the server: the import of a data folder into MongoDB, and what the doctor asks of Redis.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  publicDir: false,
  build: {
    ssr: true,
    rollupOptions: {
      input: { import: at('server/import.ts'), 'redis-check': at('server/adapters/bus/redis-check.ts') },
    },
    outDir: at('dist/import'),
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    sourcemap: true,
  },
});
