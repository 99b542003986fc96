// Builds the agents' web app into dist/console, served under /console/, and the page that previews a widget.
import tailwindcss from '@tailwindcss/vite';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const inConsole = (path: string): string => fileURLToPath(new URL(`client/console/${path}`, import.meta.url));

export default defineConfig({
  root: inConsole('.'),
  base: '/console/',
  plugins: [tailwindcss()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('dist/console', import.meta.url)),
    emptyOutDir: true,
    // `light-dark()` stays native: older engines than these cannot run the console.
    target: ['chrome123', 'edge123', 'firefox121', 'safari17.5'],
    // The policy allows scripts and styles of our own files only: nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { index: inConsole('index.html'), preview: inConsole('preview.html') } },
  },
});
