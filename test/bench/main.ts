// `npm run bench`: runs the arms, prints the table, writes JSON and curves to bench-results/.
import { mkdirSync, rmSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from './arms/bundle.ts';
import { chat, growth } from './arms/chat.ts';
import { crossNode, nodesAdded } from './arms/cluster.ts';
import { coldStart } from './arms/cold-start.ts';
import { commands } from './arms/commands.ts';
import { fanOut } from './arms/fan-out.ts';
import { inbox } from './arms/inbox.ts';
import { memory } from './arms/memory.ts';
import { mongo } from './arms/mongo.ts';
import { rest } from './arms/rest.ts';
import { streaming } from './arms/streaming.ts';
import { svgOf } from './curve-svg.ts';
import { fsyncMs } from './disk.ts';
import type { Bench } from './measure.ts';
import type { ArmResult } from './result.ts';
import { isPinned, resultsDir } from './spawn.ts';
import { tableOf } from './table.ts';

const arms: Record<string, (bench: Bench) => Promise<ArmResult>> = {
  bundle,
  'cold-start': coldStart,
  memory,
  'fan-out': fanOut,
  chat,
  streaming,
  inbox,
  mongo,
  'cross-node': crossNode,
  'nodes-added': nodesAdded,
  commands,
  rest,
  growth,
};

const { values } = parseArgs({
  options: {
    arm: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const wanted = values.arm?.split(',') ?? Object.keys(arms);
const unknown = wanted.filter((name) => !Object.hasOwn(arms, name));
if (unknown.length > 0) {
  console.error(`No such arm: ${unknown.join(', ')}. There are: ${Object.keys(arms).join(', ')}.`);
  process.exit(2);
}

mkdirSync(resultsDir, { recursive: true });
// What a run that was killed left behind.
for (const name of readdirSync(resultsDir)) {
  if (name.startsWith('data-')) rmSync(join(resultsDir, name), { recursive: true, force: true });
}

const bench: Bench = {
  rounds: Number(values.rounds ?? (values.quick ? 2 : 5)),
  isQuick: values.quick,
  profiles: values.profile,
  log: (text) => console.log(text),
};
const machine = {
  cpu: cpus()[0]?.model ?? '',
  cores: cpus().length,
  kernel: release(),
  node: process.version,
  isPinned,
  fsyncMs: fsyncMs(resultsDir),
  load: loadavg()[0],
};
console.log(
  `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, fsync ${machine.fsyncMs.toFixed(2)} ms, load ${machine.load?.toFixed(1)}` +
    (isPinned ? '' : '; not pinned to cores'),
);

const began = performance.now();
const results: Record<string, ArmResult> = {};
for (const name of wanted) {
  console.log(`\n${name}`);
  results[name] = await arms[name]!(bench);
}

const lines = Object.values(results).flatMap((result) => result.lines);
console.log(`\n${tableOf(lines)}\n`);
const at = new Date().toISOString();
const file = join(resultsDir, `${wanted.length === 1 ? wanted[0] : 'bench'}.json`);
writeFileSync(file, `${JSON.stringify({ at, machine, rounds: bench.rounds, results }, null, 2)}\n`);
for (const { curves } of Object.values(results)) {
  for (const curve of curves) {
    const slug = curve.title.toLowerCase().replaceAll(/\W+/g, '-');
    writeFileSync(join(resultsDir, `${slug}.svg`), svgOf(curve));
  }
}
const missed = lines.filter(({ isMet }) => isMet === false);
console.log(
  `${lines.filter(({ isMet }) => isMet === true).length} gates met, ${missed.length} missed, ` +
    `${((performance.now() - began) / 60_000).toFixed(1)} min; ${file}`,
);
process.exit(missed.length > 0 ? 1 : 0);
