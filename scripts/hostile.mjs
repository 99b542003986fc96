// `npm run hostile`: every event and route against generated hostile input, all of it; then connections that misbehave.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildStale, root } from './build.mjs';

try {
  await buildStale({ onBuild: (names) => console.log(`Building ${names.join(', ')}…`) });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const files = ['test/hostile', 'test/socket/connection.test.ts', 'test/socket/pressure.test.ts'];
const args = [vitest, 'run', ...files, '--testTimeout=120000', '--no-file-parallelism', ...process.argv.slice(2)];
const ran = spawnSync(process.execPath, args, {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, TILLER_HOSTILE: 'all' },
});
process.exit(ran.status ?? 1);
