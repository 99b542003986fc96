// JSON schemas out of the zod schemas that validate, each told once under `components` and referred to from everywhere.
import { z } from 'zod';

export type Json = Record<string, unknown>;

/** How a schema is read: what may be sent, or what will come. */
export type Direction = 'input' | 'output';

const refTo = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

/** `$defs` of one schema become components of the document. */
const rehomed = (value: unknown, names: ReadonlyMap<string, string>): unknown => {
  if (Array.isArray(value)) return value.map((item) => rehomed(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== '$ref' || typeof inner !== 'string') return [key, rehomed(inner, names)];
      const name = inner.replace('#/$defs/', '');
      return [key, `#/components/schemas/${names.get(name) ?? name}`];
    }),
  );
};

export interface Components {
  readonly schemas: Record<string, Json>;
  /** A reference to a schema; `name` is used where the same was not told before under another. */
  ref(schema: z.ZodType, direction: Direction, name: string): Json;
  /** A schema in place: parameters, which tools expect unfolded. */
  inline(schema: z.ZodType, direction: Direction): Json;
}

/** @param shared schemas that get a component of their own wherever they occur inside of others, by name */
export const createComponents = (shared: Record<string, z.ZodType>): Components => {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(shared)) registry.add(schema, { id });
  const schemas: Record<string, Json> = {};
  const nameOf = new Map<string, string>();

  const add = (wanted: string, json: Json, direction: Direction): string => {
    const text = JSON.stringify(json);
    const known = nameOf.get(text);
    if (known !== undefined) return known;
    // What gives nothing is the same nothing everywhere, whoever was first.
    const isEmpty = json['type'] === 'object' && Object.keys(json['properties'] ?? {}).length === 0;
    const first = isEmpty && json['additionalProperties'] === false ? 'Empty' : wanted;
    const free = [first, `${first}${direction === 'input' ? 'Input' : 'Output'}`, `${first}${nameOf.size}`];
    const name = free.find((one) => schemas[one] === undefined)!;
    schemas[name] = json;
    nameOf.set(text, name);
    return name;
  };

  /** The schema itself, after what it refers to has become components. */
  const converted = (schema: z.ZodType, direction: Direction): Json => {
    const {
      $schema: _,
      $defs,
      ...json
    } = z.toJSONSchema(schema, {
      io: direction,
      metadata: registry,
      reused: 'inline',
      unrepresentable: 'any',
      override({ jsonSchema }) {
        // The pattern is what validates; every tool has its own idea of the format.
        if (jsonSchema.format === 'email' && jsonSchema.pattern !== undefined) delete jsonSchema.format;
      },
    }) as Json & { $defs?: Record<string, Json> };
    const names = new Map<string, string>();
    // What others refer to comes first, so that its name is known when they are written down.
    const waiting = Object.entries($defs ?? {});
    while (waiting.length > 0) {
      const ready = waiting.findIndex(([, def]) =>
        [...JSON.stringify(def).matchAll(/"#\/\$defs\/(\w+)"/g)].every(([, name = '']) => names.has(name)),
      );
      const [[id, def] = ['', {}]] = waiting.splice(Math.max(ready, 0), 1);
      names.set(id, add(id, rehomed(def, names) as Json, direction));
    }
    return rehomed(json, names) as Json;
  };

  return {
    schemas,
    inline: converted,
    ref(schema, direction, name) {
      const json = converted(schema, direction);
      return Object.keys(json).length === 1 && typeof json['$ref'] === 'string'
        ? json
        : refTo(add(name, json, direction));
    },
  };
};
