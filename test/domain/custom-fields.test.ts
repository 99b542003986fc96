// Custom fields: how they are merged, and which names are worth a column.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergedFields } from '../../server/domain/custom-fields.ts';
import { FrequentNames } from '../../server/domain/frequent-names.ts';

const fieldsOf = (prefix: string, count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, prefix]));

describe('merged custom fields', () => {
  test('are at most 20: the first names stay, known ones change, new ones beyond are left out', () => {
    const first = mergedFields(undefined, fieldsOf('a', 19));
    const second = mergedFields(first, { ...fieldsOf('b', 20), a3: 'new' });
    expect(Object.keys(second)).toEqual([...Object.keys(first), 'b0']);
    expect(second['a3']).toBe('new');
    expect(mergedFields(second, fieldsOf('c', 5))).toEqual(second);
  });

  test('cut down what an older version has kept beyond the bound', () => {
    expect(Object.keys(mergedFields(fieldsOf('old', 60), { old1: 'x', more: 'y' }))).toHaveLength(20);
  });

  test('are the same after a repeat', () => {
    const fields = fc.dictionary(fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 }), { maxKeys: 30 });
    fc.assert(
      fc.property(fields, fields, (known, said) => {
        const merged = mergedFields(known, said);
        expect(mergedFields(merged, said)).toEqual(merged);
        expect(Object.keys(merged).length).toBeLessThanOrEqual(20);
      }),
    );
  });
});

describe('the most frequent names', () => {
  test('are all of them where there are few', () => {
    const counted = new FrequentNames(100);
    for (const name of ['b', 'a', 'b', 'c']) counted.add(name);
    expect(counted.top(10)).toEqual({ names: ['a', 'b', 'c'], isCut: false });
    expect(counted.top(1)).toEqual({ names: ['b'], isCut: true });
  });

  test('are still found after ever new ones, however many', () => {
    const counted = new FrequentNames(1000);
    for (let n = 0; n < 100_000; n += 1) {
      counted.add(`new${n}`);
      if (n % 200 === 0) counted.add('budget');
    }
    const { names, isCut } = counted.top(10);
    expect(names).toContain('budget');
    expect(isCut).toBe(true);
  });
});
