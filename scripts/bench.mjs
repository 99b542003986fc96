// `npm run bench [-- --arm=name,… --quick --rounds=n --profile]`: builds the benchmark and the product, then runs it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildStale, root } from './build.mjs';

try {
  await buildStale({ onBuild: (names) => console.error(`Building ${names.join(', ')}…`) });
} catch (error) {
  // An arm that needs what could not be built says so; the others run.
  console.error(error.message);
}
const vite = join(root, 'node_modules/vite/bin/vite.js');
const env = { ...process.env, NODE_ENV: 'production' };
const built = spawnSync(
  process.execPath,
  [vite, 'build', '--config', 'test/bench/vite.config.ts', '--logLevel', 'warn'],
  {
    cwd: root,
    stdio: 'inherit',
    env,
  },
);
if (built.status !== 0) process.exit(built.status ?? 1);
const args = [join(root, 'dist/bench/main.js'), ...process.argv.slice(2)];
const ran = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env });
process.exit(ran.status ?? 1);
