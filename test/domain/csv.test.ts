// CSV cells: what they look like in a file, and that no spreadsheet finds a formula in one, whatever it splits lines at.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvOf } from '../../server/domain/csv.ts';

const one = (value: string | number): string => csvOf([[value]]).slice(0, -2);

/** A reader of RFC 4180 with any separator; quotes count only at the beginning of a cell, as in spreadsheets. */
const read = (file: string, separator: string): string[] => {
  const cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let at = 0; at < file.length; at += 1) {
    const sign = file[at]!;
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (file[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (sign === '"' && cell === '') isQuoted = true;
    else if (sign === separator || sign === '\r' || sign === '\n') {
      cells.push(cell);
      cell = '';
    } else cell += sign;
  }
  return [...cells, cell];
};

const isFormula = (cell: string): boolean => /^[=+\-@]/.test(cell.normalize('NFKC').replace(/^[\s\p{C}\p{Z}"]+/u, ''));

describe('a cell of a CSV file', () => {
  test.each([
    ['plain', '"plain"'],
    ['', ''],
    [42, '42'],
    ['a "b", c', '"a ""b"", c"'],
    ['+49 30 123456', `"'+49 30 123456"`],
    ['=1+1', `"'=1+1"`],
    ['-1', `"'-1"`],
    ['@SUM(1)', `"'@SUM(1)"`],
    ['\tx', `"'\tx"`],
    ['\rx', `"'\rx"`],
    ['  =1', `"'  =1"`],
    ['\u200B\uFEFF=1', `"'\u200B\uFEFF=1"`],
    ['"=1', `"'""=1"`],
    ["'=1", `"''=1"`],
    [';=1', `"';'=1"`],
    ['＝1', `"'＝1"`],
    ['＋1', `"'＋1"`],
    ['－1', `"'－1"`],
    ['＠SUM(1)', `"'＠SUM(1)"`],
    ['a;=1', `"a;'=1"`],
    ['a\t=1', `"a\t'=1"`],
    ['a\n=1', `"a\n'=1"`],
    ['a; "=1', `"a;' ""=1"`],
    ['a=b; c-d', '"a=b; c-d"'],
  ])('%j is written as %j', (value, written) => {
    expect(one(value)).toBe(written);
  });

  const signs = fc.constantFrom(...Array.from('=+-@＝＋－＠﹦⁺;,\t\r\n "\'‘ab1\u00A0\u200B\uFEFF\u202E'));
  const text = fc.oneof(fc.string({ unit: signs, maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 12 }));

  test('is no formula for a spreadsheet that splits at commas, semicolons or tabs, with quotes and without', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (row) => {
        const file = csvOf([row]);
        for (const separator of [',', ';', '\t']) {
          expect(read(file, separator).filter(isFormula)).toEqual([]);
        }
        for (const naive of [/[;\r\n]/, /[\t\r\n]/]) expect(file.split(naive).filter(isFormula)).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });

  test('comes back as it was but for apostrophes', () => {
    fc.assert(
      fc.property(
        fc.array(
          text.filter((cell) => !/[\r\n]/.test(cell)),
          { minLength: 1, maxLength: 5 },
        ),
        (row) => {
          const bare = (cell: string): string => cell.replaceAll("'", '');
          expect(
            read(csvOf([row]), ',')
              .slice(0, row.length)
              .map(bare),
          ).toEqual(row.map(bare));
        },
      ),
    );
  });

  test('takes a time that grows with its length alone', () => {
    const long = (length: number): number => {
      const cell = `${';" '.repeat(length)}x`;
      const began = performance.now();
      csvOf([[cell]]);
      return performance.now() - began;
    };
    long(1000);
    expect(long(200_000)).toBeLessThan(500);
  });
});
