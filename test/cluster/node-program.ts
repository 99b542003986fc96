// The node of the cluster tests as one bundled file: a dozen of them start in a run, and compiling the sources anew each time
// would cost more than what is tested.
import { cpSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import type { Plugin } from 'vite';

const root = resolve(import.meta.dirname, '../..');

/** `name` tells builds of one process apart; `plugins` make this one differ from the present. */
export const bundleNode = async (name = '', plugins: Plugin[] = []): Promise<string> => {
  // Inside the repository, so that libraries are found where they are.
  const outDir = join(root, 'node_modules/.cache/cluster', `${process.pid}${name}`);
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    plugins,
    build: {
      ssr: join(root, 'test/cluster/node-child.ts'),
      outDir,
      emptyOutDir: true,
      target: 'node20',
      minify: false,
      rolldownOptions: { output: { entryFileNames: 'node-child.mjs' } },
    },
  });
  cpSync(join(root, 'server/seed/articles'), join(outDir, 'articles'), { recursive: true });
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
  return join(outDir, 'node-child.mjs');
};

let bundled: Promise<string> | undefined;

/** Made once per process that asks. */
export const nodeProgram = (): Promise<string> => (bundled ??= bundleNode());
