// From a schema to every way of breaking it: the schema itself says what must be refused.
import { z } from 'zod';
import { newUuid } from '../../shared/ids.ts';
import { hostileValues, isStrange, marker } from './values.ts';

export interface Case {
  /** Where and how it is broken. */
  label: string;
  input: unknown;
  /** The schema, or the shape alone, forbids it; else it may be accepted or refused, but never fail. */
  mustRefuse: boolean;
}

/** Values by the name of their field: ids that exist, texts of a certain form. Undefined leaves the field out. */
export type Fill = Record<string, unknown>;

interface JsonSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  format?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
}

type Path = (string | number)[];

const sampleOf = (schema: JsonSchema, name: string, fill: Fill): unknown => {
  if (Object.hasOwn(fill, name)) return fill[name];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined) return sampleOf(schema.anyOf[0]!, name, fill);
  switch (schema.type) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(([key, inner]) => [key, sampleOf(inner, key, fill)]);
      const { additionalProperties: rest } = schema;
      if (schema.properties === undefined && typeof rest === 'object') fields.push(['size', sampleOf(rest, '', fill)]);
      return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
    }
    case 'array':
      return [sampleOf(schema.items ?? {}, '', fill)];
    case 'string':
      return schema.format === 'uuid' ? newUuid() : schema.format === 'email' ? 'ann@example.com' : 'some text';
    case 'number':
    case 'integer':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return true;
    default:
      return 'anything';
  }
};

/** Every place in a sample, with the schema that rules there. */
const placesOf = (schema: JsonSchema, sample: unknown, path: Path = []): { path: Path; schema: JsonSchema }[] => {
  const here = { path, schema };
  if (typeof sample !== 'object' || sample === null) return [here];
  const inside = Object.entries(sample).flatMap(([key, value]) => {
    const inner =
      schema.anyOf?.find(({ properties }) => properties?.[key] !== undefined)?.properties?.[key] ??
      schema.properties?.[key] ??
      schema.items ??
      (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {});
    return placesOf(inner, value, [...path, Array.isArray(sample) ? Number(key) : key]);
  });
  return [here, ...inside];
};

/** The sample with another value at a path; `undefined` takes the field away. */
const withAt = (sample: unknown, [first, ...rest]: Path, value: unknown): unknown => {
  if (first === undefined) return value;
  const inner = (sample as Record<string | number, unknown>)[first];
  const changed = rest.length === 0 ? value : withAt(inner, rest, value);
  if (Array.isArray(sample)) return sample.map((item: unknown, i) => (i === first ? changed : item));
  return { ...(sample as object), [first]: changed };
};

const edgesOf = ({ maxLength, maxItems, maximum, minimum }: JsonSchema, sample: unknown): [string, unknown][] => {
  const edges: [string, unknown][] = [];
  if (maxLength !== undefined) {
    edges.push(['at its length', 'x'.repeat(maxLength)], ['over its length', 'x'.repeat(maxLength + 1)]);
    // Half a surrogate pair at the very limit.
    edges.push(['ending in half a pair', `${'x'.repeat(maxLength - 1)}\ud83d`]);
  }
  if (maxItems !== undefined && Array.isArray(sample)) {
    edges.push(['at its count', Array.from({ length: maxItems }, () => sample[0] as unknown)]);
    edges.push(['over its count', Array.from({ length: maxItems + 1 }, () => sample[0] as unknown)]);
  }
  if (maximum !== undefined) edges.push(['at its maximum', maximum], ['over its maximum', maximum + 1]);
  if (minimum !== undefined) edges.push(['at its minimum', minimum], ['under its minimum', minimum - 1]);
  return edges;
};

const valueAt = (sample: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, part) => (value as Record<string | number, unknown>)[part], sample);

const strangeFields: [string, unknown][] = [
  ['__proto__', { isAdmin: true }],
  ['constructor', { prototype: {} }],
  ['$where', 'sleep(1000)'],
  // Long enough to be told from a field's name, which a refusal may repeat.
  [marker.repeat(6), { unknown: marker }],
];

/** Every way of breaking an input, or those that `pick` leaves, each with what must become of it. */
export const casesOf = (
  input: z.ZodType,
  fill: Fill,
  pick: <T>(all: readonly T[]) => T[],
  isForbidden: (value: unknown) => boolean = isStrange,
): Case[] => {
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const sample = sampleOf(schema, '', fill);
  const broken: [string, unknown][] = [['as it should be', sample]];
  for (const place of placesOf(schema, sample)) {
    const { path } = place;
    const name = path.join('.') || 'everything';
    for (const [i, value] of hostileValues.entries()) broken.push([`${name}: value ${i}`, withAt(sample, path, value)]);
    for (const [edge, value] of edgesOf(place.schema, valueAt(sample, path))) {
      broken.push([`${name}: ${edge}`, withAt(sample, path, value)]);
    }
    if (path.length > 0) broken.push([`${name}: missing`, withAt(sample, path, undefined)]);
    const at = valueAt(sample, path);
    if (typeof at !== 'object' || at === null || Array.isArray(at)) continue;
    for (const [key, value] of strangeFields) {
      broken.push([`${name}: with ${key}`, withAt(sample, path, { ...at, [key]: value })]);
    }
  }
  return pick(broken).map(([label, value]) => {
    const json = JSON.stringify(value);
    // As it arrives: a field that JSON cannot write is not there.
    const arrived: unknown = json === undefined ? undefined : JSON.parse(json);
    return { label, input: arrived, mustRefuse: isForbidden(arrived) || !input.safeParse(arrived ?? {}).success };
  });
};
