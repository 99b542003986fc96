import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Most tests wait on events of other processes: one worker less than cores would leave the cores idle.
    maxWorkers: 2,
    // A real browser on a busy machine may be late for a moment that a test looks at; what is broken fails each time.
    retry: 2,
  },
  oxc: { jsx: { importSource: 'preact' } },
});
