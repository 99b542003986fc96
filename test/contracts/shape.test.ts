// The comparison itself: an example fits itself, and every way of breaking it is seen.
import { describe, expect, it } from 'vitest';
import { restFixtures } from './fixture.ts';
import type { RestFixture } from './fixture.ts';
import { breaches } from './shape.ts';
import type { Promises } from './shape.ts';

const promises: Promises = { known: {}, isEcho: true, hasExactKeys: true, mayBeNull: false };
const examples = restFixtures as (RestFixture & { name: string })[];

type Path = readonly (string | number)[];

/** Every place in a value, outermost first. */
const placesIn = (value: unknown, path: Path = []): Path[] =>
  typeof value !== 'object' || value === null || '...' in value
    ? [path]
    : [path, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, key]))];

/** A copy with another value at a place; undefined takes it away. */
const withAt = (value: unknown, [first, ...rest]: Path, put: unknown): unknown => {
  if (first === undefined) return put;
  const copy = structuredClone(value) as Record<string, unknown>;
  const inner = withAt(copy[first], rest, put);
  if (inner === undefined) delete copy[first];
  else copy[first] = inner;
  return copy;
};

describe.each(examples)('$name', ({ response }) => {
  const places = placesIn(response).filter((path) => path.length > 0);

  it('fits itself, with ids where it says `xxx`', () => {
    const filled = JSON.parse(JSON.stringify(response).replaceAll('_xxx"', '_0123456789abcdef"')) as unknown;
    expect(breaches(response, filled, promises)).toEqual([]);
  });

  it('does not fit where anything is missing or null', () => {
    for (const path of places) {
      if (Number.isNaN(Number(path.at(-1)))) {
        expect(breaches(response, withAt(response, path, undefined), promises), path.join('.')).not.toEqual([]);
      }
      expect(breaches(response, withAt(response, path, null), promises), path.join('.')).not.toEqual([]);
    }
  });

  it('does not fit where anything is of another type', () => {
    for (const path of places) {
      expect(
        breaches(
          response,
          withAt(response, path, () => 'neither'),
          promises,
        ),
        path.join('.'),
      ).not.toEqual([]);
    }
  });

  it('does not fit in another order of keys', () => {
    const turned = Object.fromEntries(Object.entries(response as object).toReversed());
    const isOne = Object.keys(turned).length === 1;
    expect(breaches(response, turned, promises).length > 0).toBe(!isOne);
  });
});

describe('formats', () => {
  const wrong: [example: string, actual: string][] = [
    ['2024-01-15T10:30:00Z', '2024-01-15T10:30:00.000Z'],
    ['2026-03-12T10:00:00.000Z', '2026-03-12T10:00:00Z'],
    ['wgt_a1b2c3d4e5f6789012345678', 'wgt_a1b2c3d4e5f678901234567'],
    ['wgt_a1b2c3d4e5f6789012345678', 'key_a1b2c3d4e5f6789012345678'],
    ['67d3a0b0c0d0e0f0a0b0c0d0', '67D3A0B0C0D0E0F0A0B0C0D0'],
    ['sess_xxx', 'vis_0123456789abcdef'],
    ['sess_xxx', 'sess_'],
    ['d4e5f6a7-b8c9-0d1e-2f3a-456789bcdef0', 'd4e5f6a7b8c90d1e2f3a456789bcdef0'],
    ['https://r2.example.com/icon.png', '/icon.png'],
  ];

  it.each(wrong)('%s is not %s', (example, actual) => {
    expect(breaches({ id: example }, { id: actual }, { ...promises, isEcho: false })).not.toEqual([]);
  });

  it('embed code may differ in address and key alone', () => {
    const code = examples
      .flatMap(({ response }) => Object.values(response as object))
      .find((value) => String(value).startsWith('<script>')) as string;
    const ours = code
      .replace(/https:\/\/[^']+?(?=\/widget)/, 'http://127.0.0.1:3000')
      .replace(/wgt_\w{24}/, `wgt_${'0'.repeat(24)}`);
    expect(ours).not.toBe(code);
    expect(breaches({ code }, { code: ours }, promises)).toEqual([]);
    expect(breaches({ code }, { code: ours.replace('async=1', 'async=0') }, promises)).not.toEqual([]);
  });
});
