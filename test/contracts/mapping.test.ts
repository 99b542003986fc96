// The table of docs/contracts/README.md is what a server really does. `TILLER_UPDATE_DOCS=1` writes it anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { widgetColors, widgetSettings } from '../../shared/widget.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { contracts, mappingOf, refuses } from './mapping.ts';
import type { Row } from './mapping.ts';

const file = resolve(import.meta.dirname, '../../docs/contracts/README.md');
const marks = ['<!-- made by test/contracts/mapping.test.ts -->', '<!-- until here -->'] as const;

const names = Object.keys(widgetSettings.shape);
const colors = Object.keys(widgetColors.shape);

let server: TestServer;
let rows: Row[];
let untouched: string[][];
beforeAll(async () => {
  server = await startServer();
  ({ rows, untouched } = await mappingOf(server, names, colors));
});
afterAll(() => server.stop());

const cell = (fields: readonly string[]): string =>
  fields.map((field) => (field === refuses ? `*${refuses}*` : `\`${field}\``)).join(', ');

const tableOf = (): string =>
  [
    `| on the widget | ${contracts.join(' | ')} |`,
    `|---|${contracts.map(() => '---').join('|')}|`,
    ...rows.map(({ setting, fields }) => `| \`${setting}\` | ${fields.map(cell).join(' | ')} |`),
    `| its own, or kept for the contract | ${untouched.map(cell).join(' | ')} |`,
  ].join('\n');

describe('how the fields of the contracts map', () => {
  it('every setting of a widget is in the table', () => {
    const told = new Set(rows.map(({ setting }) => setting.split('.')[0]));
    expect(names.filter((name) => !told.has(name))).toEqual([]);
    const named = rows.map(({ setting }) => setting);
    expect(colors.filter((name) => !named.includes(`colors.${name}`))).toEqual([]);
  });

  it('what one contract can say of a widget, each other one that can say it shows', () => {
    const fieldsOf = (setting: string): string[][] => rows.find((row) => row.setting === setting)!.fields;
    expect(fieldsOf('colors.primary').every((fields) => fields.length > 0)).toBe(true);
    expect(fieldsOf('texts.welcome').every((fields) => fields.length > 0)).toBe(true);
    expect(fieldsOf('isEnabled').at(-1)).toEqual([refuses]);
  });

  it('the documentation says so', () => {
    const text = readFileSync(file, 'utf8');
    const [before = '', rest = ''] = text.split(marks[0]);
    const [written = '', after = ''] = rest.split(marks[1]);
    const made = `\n\n${tableOf()}\n\n`;
    if (process.env['TILLER_UPDATE_DOCS'] === '1') writeFileSync(file, before + marks[0] + made + marks[1] + after);
    else expect(written.trim()).toBe(made.trim());
  });
});
