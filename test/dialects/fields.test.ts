// What was sent to a contract is what it reads back, until another writer changes the same thing: for any input.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { widgetDefaults } from '../../server/domain/widget.ts';
import { editOf, valuesOf } from '../../server/edges/http/dialects/fields.ts';
import type { Fields } from '../../server/edges/http/dialects/fields.ts';
import { functionsFields } from '../../server/edges/http/dialects/functions/fields.ts';
import { v1Fields } from '../../server/edges/http/dialects/v1/fields.ts';
import { widgetSettings, widgetType } from '../../shared/widget.ts';
import type { DialectName, Widget, WidgetSettings } from '../../shared/widget.ts';

type State = WidgetSettings & Pick<Widget, 'kept'>;

const blank: State = { ...widgetDefaults, assistantId: 'asst_1' };
const v1 = v1Fields('asst_1');

/** As the use case stores it. */
const applied = (before: State, fields: Fields, dialect: DialectName, input: Record<string, unknown>): State => {
  const { change, keeps } = editOf(fields, dialect, input, before);
  const kept = keeps === undefined ? before.kept : { ...before.kept, [keeps.dialect]: keeps.fields };
  return { ...before, ...(change as Partial<WidgetSettings>), ...(kept === undefined ? {} : { kept }) };
};
const read = (state: State, fields: Fields, dialect: DialectName) => valuesOf(fields, dialect, state as Widget);

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
/** Any text, and often one that is as long as it may be: generated strings are short. */
const words = (max: number) =>
  fc
    .oneof(
      fc.string({ maxLength: max, unit: 'grapheme' }),
      fc.integer({ min: 1, max }).map((length) => 'wörd 😀\n'.repeat(length).slice(0, length)),
    )
    .map((value) => value.slice(0, max).toWellFormed());
const color = orNull(fc.oneof(fc.constantFrom('#fff', '#4F46E5', 'gold', '<string>', '', 'x'.repeat(200)), words(200)));
const button = fc.oneof(
  words(200),
  fc.record({ label: words(100), url: fc.webUrl() }, { requiredKeys: [] }),
  fc.record({ label: words(100), action: fc.constantFrom('message', 'link', 'handoff', 'else'), extra: fc.integer() }),
  fc.jsonValue({ maxDepth: 3 }),
);
const openObject = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
const ids = fc.constantFrom('asst_1', 'asst_2');

const v1Input = fc.record(
  {
    widget_type: orNull(fc.constantFrom(...widgetType.options)),
    user_opening_messages: orNull(fc.array(words(300), { maxLength: 12 })),
    action_buttons: orNull(fc.array(button, { maxLength: 12 })),
    org_id: orNull(fc.uuid()),
    assistant_id: orNull(ids),
    name: orNull(words(100)),
    description: orNull(words(300)),
    attributes: openObject,
    display_name: orNull(words(100)),
    intro_message: orNull(words(300)),
    header_color: color,
    user_message_color: color,
    bot_message_color: color,
    bot_icon_color: color,
    remove_branding: orNull(fc.boolean()),
    ice_break_color: color,
    bubble_color: color,
    bubble_text: orNull(words(200)),
    bot_text_message_color: color,
    user_text_message_color: color,
    header_text_color: color,
    textbox_default_text: orNull(words(200)),
    action_buttons_color: color,
    style_params: openObject,
  },
  { requiredKeys: [] },
);
const functionsInput = fc.record(
  {
    agent_id: ids,
    name: words(100),
    primary_color: fc.constantFrom('#fff', '#4F46E5', '#12345678', '#abcd'),
    position: fc.constantFrom('bottom-right', 'bottom-left'),
    welcome_message: words(300),
    offline_message: words(300),
    collect_visitor_name: fc.boolean(),
    collect_visitor_email: fc.boolean(),
    allowed_domains: fc.array(fc.domain(), { maxLength: 5 }),
    is_active: fc.boolean(),
  },
  { requiredKeys: [] },
);

interface Writing {
  dialect: 'functions' | 'v1';
  input: Record<string, unknown>;
}
const tables: Record<Writing['dialect'], Fields> = { functions: functionsFields, v1 };
const writing: fc.Arbitrary<Writing> = fc.oneof(
  v1Input.map((input) => ({ dialect: 'v1' as const, input })),
  functionsInput.map((input) => ({ dialect: 'functions' as const, input })),
);
const write = (state: State, { dialect, input }: Writing): State => applied(state, tables[dialect], dialect, input);
const after = (writings: readonly Writing[]): State => writings.reduce(write, blank);

const history = fc.array(writing, { maxLength: 4 });

describe('a contract’s fields on the one widget', () => {
  test('what was sent is read back equal, whatever was written before', () => {
    fc.assert(
      fc.property(history, writing, (before, last) => {
        const seen = read(after([...before, last]), tables[last.dialect], last.dialect);
        for (const [name, value] of Object.entries(last.input)) expect(seen[name]).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  test('what was not sent reads as before', () => {
    fc.assert(
      fc.property(history, writing, (before, last) => {
        const { dialect, input } = last;
        const earlier = read(after(before), tables[dialect], dialect);
        const seen = read(after([...before, last]), tables[dialect], dialect);
        const others = (all: Record<string, unknown>) => Object.entries(all).filter(([name]) => !(name in input));
        expect(others(seen)).toEqual(others(earlier));
      }),
      { numRuns: 300 },
    );
  });

  test('sending back what was read changes nothing', () => {
    fc.assert(
      fc.property(history, fc.constantFrom('functions' as const, 'v1' as const), (before, dialect) => {
        const state = after(before);
        const seen = read(state, tables[dialect], dialect);
        const input = Object.fromEntries(Object.entries(seen).filter(([, value]) => value !== undefined));
        expect(read(write(state, { dialect, input }), tables[dialect], dialect)).toEqual(seen);
        expect(read(write(state, { dialect, input: {} }), tables.v1, 'v1')).toEqual(read(state, tables.v1, 'v1'));
      }),
      { numRuns: 200 },
    );
  });

  test('an edit through another writer wins: the contract shows the canonical value from then on', () => {
    fc.assert(
      fc.property(history, words(100), fc.constantFrom('#010203', 'gold'), (before, title, primary) => {
        const state = after(before);
        const edited: State = {
          ...state,
          name: `${title} by the console`,
          colors: { ...state.colors, primary },
          texts: { ...state.texts, title: `${title} there`, bubble: 'Edited' },
          openingMessages: ['Edited in the console'],
          actionButtons: [{ label: 'Edited', action: 'handoff' }],
          hideBranding: !state.hideBranding,
        };
        expect(read(edited, v1, 'v1')).toMatchObject({
          name: `${title} by the console`,
          header_color: primary,
          display_name: `${title} there`,
          bubble_text: 'Edited',
          user_opening_messages: ['Edited in the console'],
          action_buttons: [{ label: 'Edited', action: 'handoff' }],
          remove_branding: !state.hideBranding,
        });
        expect(read(edited, functionsFields, 'functions')).toMatchObject({
          name: `${title} by the console`,
          primary_color: primary === 'gold' ? '#ffd700' : primary,
        });
      }),
      { numRuns: 200 },
    );
  });

  test('what a contract keeps for itself survives every edit by others', () => {
    fc.assert(
      fc.property(v1Input, fc.array(functionsInput, { maxLength: 4 }), (input, edits) => {
        const state = after([
          { dialect: 'v1', input },
          ...edits.map((edit) => ({ dialect: 'functions' as const, input: edit })),
        ]);
        const seen = read(state, v1, 'v1');
        const own = ['attributes', 'style_params', 'bot_icon_color', 'ice_break_color', 'bubble_color', 'org_id'];
        const sent = Object.fromEntries(Object.entries(input).filter(([name]) => own.includes(name)));
        expect(seen).toEqual({ ...seen, ...sent });
      }),
      { numRuns: 200 },
    );
  });

  test('whatever is sent, the canonical widget stays one that the console can show and save', () => {
    fc.assert(
      fc.property(history, (before) => {
        const { kept: _kept, ...settings } = after(before);
        expect(widgetSettings.safeParse(settings).error).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});
