// The table at the end of a run.
import type { Gate, Line } from './result.ts';

const figure = (value: number | null): string => {
  if (value === null) return '';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
};

const bound = (gate: Gate | null): string => {
  if (gate === null) return '';
  return `${gate.at === 'most' ? '≤' : '≥'} ${gate.value}`;
};

const verdict = ({ gate, isMet }: Line): string => {
  if (gate === null) return '';
  if (isMet === null) return 'void';
  return isMet ? 'yes' : 'NO';
};

export const tableOf = (lines: readonly Line[]): string => {
  const head = ['figure', 'ours', 'reference', 'median', 'min – max', 'gate', 'met', 'note'];
  const rows = lines.map((line) => [
    line.name,
    `${figure(line.ours)} ${line.unit}`,
    line.reference === null ? '' : `${figure(line.reference)} ${line.unit} (${line.referenceName})`,
    figure(line.value),
    `${figure(line.min)} – ${figure(line.max)}`,
    bound(line.gate),
    verdict(line),
    line.note,
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const shown = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [shown(head), shown(widths.map((width) => '─'.repeat(width))), ...rows.map(shown)].join('\n');
};
