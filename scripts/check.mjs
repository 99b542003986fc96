// `npm run check`: format, lint, types, then the tests (imports are among them). Stops at the first that fails.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './build.mjs';

const bin = (name) => join(root, 'node_modules/.bin', name);
const steps = [
  { name: 'Format', command: [bin('oxfmt'), '--check'], hint: 'npm run format' },
  { name: 'Lint', command: [bin('oxlint'), '--type-aware'] },
  { name: 'Types', command: [bin('tsc'), '--noEmit'] },
  { name: 'Tests', command: [process.execPath, join(root, 'scripts/test.mjs')] },
];

for (const { name, command, hint } of steps) {
  console.log(`── ${name}`);
  const [program, ...args] = command;
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined || status !== 0) {
    console.error(
      `${name} failed${error === undefined ? '' : `: ${error.message}`}${hint === undefined ? '' : ` (${hint})`}`,
    );
    process.exit(1);
  }
}
console.log('All checks passed');
