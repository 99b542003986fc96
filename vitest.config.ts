import { defineConfig } from 'vitest/config';

/** Tests that look at a moment in other processes (a browser, nodes that are killed) and may be late for it on a busy machine. */
const looking = ['test/browser/**', 'test/site/**', 'test/widget/gallery.test.ts', 'test/cluster/**'];
/** Tests that measure memory, or how long the loop of their own process is held up: what other files leave behind would count. */
const measuring = ['test/hostile/**', 'test/usecases/limits.test.ts', 'test/socket/pressure.test.ts'];
const every = ['test/**/*.test.ts', 'test/**/*.test.tsx'];

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Most tests wait on events of other processes: one worker less than cores would leave the cores idle.
    maxWorkers: 2,
    projects: [
      // Files of a worker share their modules: to load the server anew for each took a fifth of the whole run.
      { extends: true, test: { name: 'plain', include: every, exclude: [...looking, ...measuring], isolate: false } },
      { extends: true, test: { name: 'measuring', include: measuring.map(testsIn) } },
      // What is broken fails each time; `npm test` names those that needed a second try.
      { extends: true, test: { name: 'looking', include: looking.map(testsIn), retry: 1 } },
    ],
  },
  oxc: { jsx: { importSource: 'preact' } },
});

function testsIn(pattern: string): string {
  return pattern.replace(/\*\*$/, '**/*.test.ts');
}
