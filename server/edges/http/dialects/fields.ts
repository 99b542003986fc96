// How a contract's fields and the canonical widget become each other, from one table per contract.
import type { DialectName, Widget, WidgetSettings } from '../../../../shared/widget.ts';
import { widgetDefaults } from '../../../domain/widget.ts';
import type { WidgetEdit } from '../../../usecases/widgets.ts';
import { isSame } from '../../../usecases/widgets.ts';

/** What a new widget starts from. Without an assistant, so that the one it gets is always said in the change. */
export const blankSettings: WidgetSettings = { ...widgetDefaults, assistantId: '' };

/** A field that has a canonical counterpart. */
export interface SharedField {
  /** The contract's value for what the widget holds. */
  read(widget: WidgetSettings): unknown;
  /** What a value of the contract means; it sees the settings as the fields before it left them. */
  write(value: never, settings: WidgetSettings): Partial<WidgetSettings>;
}

/** `kept`: documented, without a counterpart; stored for its contract alone. */
export type Fields = Record<string, SharedField | 'kept'>;

/** `gave`: what the canonical widget read as right after; once another writer changed that, `sent` is history. */
interface Kept {
  sent: unknown;
  gave?: unknown;
}

const keptOf = (widget: Pick<Widget, 'kept'>, dialect: DialectName): Record<string, Kept> =>
  (widget.kept?.[dialect] ?? {}) as Record<string, Kept>;

/** Names are the callers': a field called `constructor` must not be found on the prototype. */
const own = (record: Record<string, Kept>, name: string): Kept | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

/**
 * What a request means for a widget. Fields that `input` does not have stay as they are; a value that the canonical form
 * cannot hold exactly (null for a default, an unusable colour) is kept as it was sent.
 * @param before the widget as it is, or the settings that a new one starts from
 */
export const editOf = (
  fields: Fields,
  dialect: DialectName,
  input: Record<string, unknown>,
  before: WidgetSettings & Pick<Widget, 'kept'>,
): WidgetEdit => {
  let settings: WidgetSettings = before;
  const kept = { ...keptOf(before, dialect) };
  const written = Object.entries(fields).filter(([name]) => input[name] !== undefined);
  for (const [name, field] of written) {
    if (field === 'kept') kept[name] = { sent: input[name] };
    else settings = { ...settings, ...field.write(input[name] as never, settings) };
  }
  for (const [name, field] of written) {
    if (field === 'kept') continue;
    const gave = field.read(settings);
    if (isSame(gave, input[name])) delete kept[name];
    else kept[name] = { sent: input[name], gave };
  }
  const names = Object.keys(settings) as (keyof WidgetSettings)[];
  const change = Object.fromEntries(
    names.filter((name) => !isSame(settings[name], before[name])).map((name) => [name, settings[name]]),
  );
  // Saying nothing new must not count as a change of the widget.
  return isSame(kept, keptOf(before, dialect)) ? { change } : { change, keeps: { dialect, fields: kept } };
};

/** A widget as a contract's fields; undefined where nothing was ever said, so that the contract's default stands. */
export const valuesOf = (fields: Fields, dialect: DialectName, widget: Widget): Record<string, unknown> => {
  const kept = keptOf(widget, dialect);
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const held = own(kept, name);
      if (field === 'kept') return [name, held?.sent];
      const value = field.read(widget);
      return [name, held !== undefined && isSame(held.gave, value) ? held.sent : value];
    }),
  );
};
