// What the editor says of the contracts is what the contracts' own tables do.
import { describe, expect, it } from 'vitest';
import { fieldNotes, partOf, parts, reachOf } from '../../client/console/settings/widget/parts.ts';
import { tidy } from '../../client/console/settings/widget/form.ts';
import { functionsFields } from '../../server/edges/http/dialects/functions/fields.ts';
import type { Fields } from '../../server/edges/http/dialects/fields.ts';
import { v1Fields } from '../../server/edges/http/dialects/v1/fields.ts';
import { webchatFields } from '../../server/edges/http/dialects/webchats/fields.ts';
import { widgetDefaults } from '../../server/domain/widget.ts';
import { widgetColors, widgetForm, widgetSettings, widgetTexts } from '../../shared/widget.ts';
import type { WidgetSettings } from '../../shared/widget.ts';

const tables: Record<'functions' | 'v1' | 'webchats', Fields> = {
  functions: functionsFields,
  v1: v1Fields(),
  webchats: webchatFields,
};

const nested = { colors: widgetColors, texts: widgetTexts, form: widgetForm };

/** Every path that the editor edits. */
const paths = Object.keys(widgetSettings.shape).flatMap((name) =>
  name in nested ? Object.keys(nested[name as keyof typeof nested].shape).map((inner) => `${name}.${inner}`) : [name],
);

const base: WidgetSettings = { ...widgetDefaults, assistantId: 'asst_1' };

/** Another value than the one that is there, of its own kind. */
const other = (path: string, value: unknown): unknown => {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  if (Array.isArray(value)) return path === 'actionButtons' ? [{ label: 'x', action: 'message' }] : ['other.example'];
  if (path.startsWith('colors.')) return '#123456';
  if (path === 'proactive') return { isEnabled: true, cooldownSeconds: 60, triggers: [] };
  return 'other';
};

const changedAt = (path: string): WidgetSettings => {
  const [name = '', inner] = path.split('.');
  const settings = base as unknown as Record<string, Record<string, unknown>>;
  if (inner === undefined) return { ...base, [name]: other(path, settings[name]) };
  return { ...base, [name]: { ...settings[name], [inner]: other(path, settings[name]?.[inner]) } };
};

const expresses = (table: Fields, path: string): boolean =>
  Object.values(table).some(
    (field) => field !== 'kept' && JSON.stringify(field.read(changedAt(path))) !== JSON.stringify(field.read(base)),
  );

describe('the parts of the widget editor', () => {
  it('has a place for every setting, and none for what is no setting', () => {
    expect(Object.keys(fieldNotes).sort()).toEqual([...paths].sort());
    for (const path of paths) expect(parts).toContain(partOf(path));
  });

  it.each(['functions', 'v1', 'webchats'] as const)('names exactly what %s can express', (contract) => {
    const told = paths.filter((path) => fieldNotes[path]?.in.includes(contract));
    // Where no colour of their own was chosen, bubbles follow the brand: that is no second field.
    expect(paths.filter((path) => expresses(tables[contract], path))).toEqual(told);
  });

  it('finds the part of a refused entry within a list, for the mark at its tab', () => {
    expect(partOf('actionButtons[0].url')).toBe('start');
    expect(partOf('proactive.triggers[1].message')).toBe('proactive');
    expect(partOf('colors')).toBe('look');
    expect(partOf('nonsense')).toBeUndefined();
  });

  it('tells of each contract once, and of none that sees nothing', () => {
    expect(reachOf('proactive')).toEqual([{ contract: 'widget', texts: ['rules and their pause'] }]);
    expect(reachOf('install')).toEqual([]);
  });
});

describe('what the editor sends', () => {
  it('leaves out entries that nobody filled in, and takes away what was emptied', () => {
    expect(tidy({ openingMessages: ['Hi', '  '], allowedDomains: [' a.example ', ''] })).toEqual({
      openingMessages: ['Hi'],
      allowedDomains: ['a.example'],
    });
    const emptied = { dailyAnswers: undefined, stageId: undefined } as unknown as Partial<WidgetSettings>;
    expect(tidy(emptied)).toEqual({ dailyAnswers: null, stageId: '' });
    expect(tidy({ dailyAnswers: 0 })).toEqual({ dailyAnswers: 0 });
  });
});
