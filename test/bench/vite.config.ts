// Bundles the benchmark as the product is bundled, so that what is measured is built code under plain Node.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  publicDir: false,
  build: {
    ssr: true,
    outDir: at('../../dist/bench'),
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: {
        main: at('main.ts'),
        load: at('load/main.ts'),
        tiller: at('servers/tiller.ts'),
        bare: at('servers/bare.ts'),
        'bare-rest': at('servers/bare-rest.ts'),
      },
    },
  },
});
