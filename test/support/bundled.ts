// A program of the tests as one bundled file: a dozen processes of it start in a run, and compiling the sources anew each time
// would cost more than what is tested.
import { cpSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'vite';
import type { Plugin } from 'vite';

const root = resolve(import.meta.dirname, '../..');

/**
 * The bundle of `entry` (from the root of the repository), gone when this process ends. `name` tells builds of one process
 * apart; `plugins` make this one differ from the present.
 */
export const bundle = async (entry: string, name = '', plugins: Plugin[] = []): Promise<string> => {
  const program = basename(entry, '.ts');
  // Inside the repository, so that libraries are found where they are.
  const outDir = join(root, 'node_modules/.cache/bundled', `${process.pid}-${program}${name}`);
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    plugins,
    build: {
      ssr: join(root, entry),
      outDir,
      emptyOutDir: true,
      target: 'node20',
      minify: false,
      rolldownOptions: { output: { entryFileNames: `${program}.mjs` } },
    },
  });
  cpSync(join(root, 'server/seed/articles'), join(outDir, 'articles'), { recursive: true });
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
  return join(outDir, `${program}.mjs`);
};

const made = new Map<string, Promise<string>>();

/** As `bundle`, made once per process that asks. */
export const bundled = (entry: string): Promise<string> => {
  const before = made.get(entry) ?? bundle(entry);
  made.set(entry, before);
  return before;
};
