// What a host page loads, compressed: the launcher, and the panel with everything that its mounting fetches.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Bench } from '../measure.ts';
import { plainLine } from '../result.ts';
import type { ArmResult } from '../result.ts';

const folder = join(import.meta.dirname, '../widget');
const kib = 1024;

const packed = (file: string): number => gzipSync(readFileSync(file), { level: 9 }).length / kib;

/** The file and what it imports statically, each once. */
const withImports = (file: string, seen = new Set<string>()): Set<string> => {
  if (seen.has(file)) return seen;
  seen.add(file);
  const code = readFileSync(file, 'utf8');
  for (const match of code.matchAll(/(?:^|[;}\s])(?:import|export)\s*(?:[\w$*{}\s,]*?from\s*)?["'](\.[^"']+)["']/g)) {
    withImports(resolve(dirname(file), match[1]!), seen);
  }
  return seen;
};

export const bundle = async (bench: Bench): Promise<ArmResult> => {
  const launcher = join(folder, 'widget.js');
  const panel = join(folder, 'panel.js');
  if (!existsSync(launcher) || !existsSync(panel)) {
    bench.log('  the widget is not built: nothing to weigh');
    return { lines: [], curves: [], raw: null };
  }
  const files = [...withImports(panel)].map((file) => ({ file: file.slice(folder.length + 1), kib: packed(file) }));
  const whole = files.reduce((sum, one) => sum + one.kib, 0);
  // Fetched by every mounted panel, if a moment later: it counts.
  const chunks = join(folder, 'chunks');
  const conversation = readdirSync(chunks)
    .filter((name) => /^conversation-.*\.js$/.test(name))
    .reduce((sum, name) => sum + packed(join(chunks, name)), 0);
  const about = { unit: 'KiB gz' } as const;
  return {
    lines: [
      plainLine({ ...about, name: 'launcher, before any interaction', gate: { at: 'most', value: 3 } }, [
        packed(launcher),
      ]),
      plainLine({ ...about, name: 'panel until it can be typed into', gate: null, note: `${files.length} file(s)` }, [
        whole,
      ]),
      plainLine(
        { ...about, name: 'whole panel, conversation part included', gate: { at: 'most', value: 40 }, note: '' },
        [whole + conversation],
      ),
    ],
    curves: [],
    raw: { launcher: packed(launcher), files },
  };
};
