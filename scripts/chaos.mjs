// `npm run chaos [-- --quick --only=name,… --seed=n --minutes=n]`: the fault catalogue against real nodes, Redis and MongoDB.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './build.mjs';

const args = ['--import', 'tsx', join(root, 'test/chaos/main.ts'), ...process.argv.slice(2)];
const ran = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
process.exit(ran.status ?? 1);
