import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Most tests wait on events of other processes: one worker per core would leave the cores idle.
    maxWorkers: 3,
  },
  oxc: { jsx: { importSource: 'preact' } },
});
