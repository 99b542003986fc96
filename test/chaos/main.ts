// `npm run chaos [-- --quick --only=name,… --seed=n --minutes=n]`: plays the fault catalogue and prints a row for each.
import { parseArgs } from 'node:util';
import { canCluster } from '../cluster/cluster.ts';
import { linkRows } from './link-rows.ts';
import { memberRows } from './member-rows.ts';
import { moreRows } from './more-rows.ts';
import { overloadRows } from './overload-rows.ts';
import { readerRows } from './reader-rows.ts';
import { redisRows } from './redis-rows.ts';
import { rows } from './rows.ts';
import { soak } from './soak.ts';
import type { Row } from './stage.ts';
import { storeRows } from './store-rows.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1' },
  },
});
if (!canCluster) {
  console.error('The fault catalogue needs redis-server and a server of the MongoDB protocol: see docs/operations.md.');
  process.exit(1);
}

const all = [
  ...rows,
  ...linkRows,
  ...readerRows,
  ...moreRows,
  ...overloadRows,
  ...storeRows,
  ...memberRows,
  ...redisRows,
  soak(Number(values.minutes)),
];
const only = values.only?.split(',');
const unknown = only?.find((name) => all.every((row) => row.name !== name));
if (unknown !== undefined) {
  console.error(`There is no row ${unknown}. Known are ${all.map(({ name }) => name).join(', ')}.`);
  process.exit(1);
}

const columns = ['fault', 'injected', 'messages', 'lost', 'doubled', 'reordered', 'stale', 'recovered'] as const;
const widths = [54, 9, 9, 5, 8, 10, 6, 10] as const;
const line = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[i]!))).join(' ');
const print = (row: Row): void => {
  const { fault, injected, messages, lost, doubled, reordered, stale, recoveryMs, note, wrong } = row;
  const recovered = recoveryMs === null ? '-' : `${(recoveryMs / 1000).toFixed(1)} s`;
  const numbers = [injected, messages, lost, doubled, reordered, stale].map(String);
  console.log(line([fault, ...numbers, recovered]) + (note === '' ? '' : `  (${note})`));
  for (const one of wrong) console.log(`  WRONG: ${one}`);
};

const options = { seed: Number(values.seed), isQuick: values.quick };
let failed = 0;
console.log(`seed ${options.seed}`);
console.log(line(columns));
for (const row of all) {
  const isChosen = only === undefined ? row.name !== 'soak' : only.includes(row.name);
  if (!isChosen) continue;
  try {
    const played = await row.play(options);
    print(played);
    if (played.wrong.length + played.lost + played.doubled + played.reordered + played.stale > 0) failed += 1;
  } catch (error) {
    console.log(`${row.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    failed += 1;
  }
}
console.log(failed === 0 ? '\nNothing lost, doubled, reordered or stale.' : `\n${failed} rows are wrong.`);
process.exit(failed === 0 ? 0 : 1);
