// What an arm of the benchmark finds: lines of the table, and curves.
import { median } from './statistics.ts';

export interface Gate {
  at: 'most' | 'least';
  value: number;
}

export interface Line {
  name: string;
  unit: string;
  ours: number;
  reference: number | null;
  referenceName: string;
  /** What the gate is held against: a ratio of pairs, or our own figure where there is no reference. */
  value: number;
  min: number;
  max: number;
  gate: Gate | null;
  /** Null where there is no gate, or where every repeat of a run was void. */
  isMet: boolean | null;
  note: string;
}

export interface Curve {
  title: string;
  x: string;
  y: string;
  /** Points in the order of x. */
  series: { name: string; points: [number, number][] }[];
}

export interface ArmResult {
  lines: Line[];
  curves: Curve[];
  /** Everything that was measured, for the JSON. */
  raw: unknown;
}

export interface Pairing {
  ours: number;
  reference: number;
  isVoid?: boolean;
}

interface About {
  name: string;
  unit: string;
  referenceName: string;
  gate: Gate | null;
  note?: string;
}

const meets = (gate: Gate, value: number): boolean => (gate.at === 'most' ? value <= gate.value : value >= gate.value);

/** A line whose figure is the median of the ratios within each round. */
export const ratioLine = (about: About, pairs: readonly Pairing[]): Line => {
  const ratios = pairs.map(({ ours, reference }) => ours / reference);
  const value = median(ratios);
  const voids = pairs.filter(({ isVoid }) => isVoid === true).length;
  const notes = [about.note ?? '', voids > 0 ? `${voids} of ${pairs.length} rounds void` : ''];
  const { name, unit, referenceName, gate } = about;
  return {
    name,
    unit,
    ours: median(pairs.map(({ ours }) => ours)),
    reference: median(pairs.map(({ reference }) => reference)),
    referenceName,
    value,
    min: Math.min(...ratios),
    max: Math.max(...ratios),
    gate,
    isMet: gate === null || voids > pairs.length / 2 ? null : meets(gate, value),
    note: notes.filter((part) => part !== '').join('; '),
  };
};

/** A line that is held against a fixed bound; the median of its rounds. */
export const plainLine = (about: Omit<About, 'referenceName'>, values: readonly number[]): Line => {
  const value = median(values);
  return {
    name: about.name,
    unit: about.unit,
    ours: value,
    reference: null,
    referenceName: '',
    value,
    min: Math.min(...values),
    max: Math.max(...values),
    gate: about.gate,
    isMet: about.gate === null ? null : meets(about.gate, value),
    note: about.note ?? '',
  };
};
