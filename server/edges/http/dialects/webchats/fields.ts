// Contract 002's fields on the canonical widget. Ids are translated by `references.ts` before and by `present.ts` after.
import type { Widget, WidgetColors, WidgetSettings, WidgetTexts } from '../../../../../shared/widget.ts';
import { widgetDefaults } from '../../../../domain/widget.ts';
import type { WidgetEdit } from '../../../../usecases/widgets.ts';
import { editOf } from '../fields.ts';
import type { Fields, SharedField } from '../fields.ts';
import { hexOf } from '../hex-color.ts';
import { isSame } from '../../../../usecases/widgets.ts';

/** A text that may be absent: canonically that is an empty one. */
const textField = (name: keyof WidgetTexts): SharedField => ({
  read: ({ texts }) => (texts[name] === '' ? undefined : texts[name]),
  write: (value: string | null, { texts }) => ({ texts: { ...texts, [name]: value ?? '' } }),
});

const colorOf = (colors: WidgetColors, name: keyof WidgetColors): string | undefined => hexOf(colors[name] ?? '');

const withColor = ({ colors }: WidgetSettings, name: keyof WidgetColors, value: string | null) => {
  const { [name]: _before, ...others } = colors;
  return { colors: (value === null ? others : { ...others, [name]: value }) as WidgetColors };
};

const colorField = (
  name: keyof WidgetColors,
  fallback?: (colors: WidgetColors) => string | undefined,
): SharedField => ({
  // Other writers use any CSS colour; here it reads as hex.
  read: ({ colors }) => colorOf(colors, name) ?? fallback?.(colors),
  write: (value: string | null, settings) => withColor(settings, name, value),
});

const primaryOf = (colors: WidgetColors): string => colorOf(colors, 'primary') ?? widgetDefaults.colors.primary;

const defaulted = (name: 'isEnabled' | 'position' | 'offsetX' | 'offsetY' | 'zIndex'): SharedField => ({
  read: (settings) => settings[name],
  write: (value: unknown) => ({ [name]: value ?? widgetDefaults[name] }),
});

/** An empty id takes the reference away. */
const idField = (name: 'pipelineId' | 'iconKey'): SharedField => ({
  read: (settings) => settings[name] || undefined,
  write: (value: string | null) => ({ [name]: value ?? '' }),
});

/** What was written is a name for the stage that `stage` holds, and is given back for as long as that one stays. */
const stageName: SharedField = {
  read: ({ stageId }) => stageId || undefined,
  write: () => ({}),
};

export const webchatFields = {
  name: {
    read: ({ name }) => name,
    write: (name: string) => ({ name }),
  },
  description: {
    read: ({ description }) => (description === '' ? undefined : description),
    write: (description: string | null) => ({ description: description ?? '' }),
  },
  starterMessage: textField('welcome'),
  backgroundColor: colorField('background', () => '#FFFFFF'),
  primaryColor: colorField('primary', primaryOf),
  // Where none was chosen, visitors' bubbles have the brand's colour.
  secondaryColor: colorField('secondary', primaryOf),
  headerTextColor: colorField('headerText'),
  statusText: textField('status'),
  statusTextColor: colorField('statusText'),
  timestampColor: colorField('timestamp'),
  csatBackgroundColor: colorField('csatBackground'),
  csatTextColor: colorField('csatText'),
  csatThankYouMessage: textField('csatThanks'),
  icon: idField('iconKey'),
  promptId: {
    read: ({ assistantId }) => assistantId,
    write: (assistantId: string) => ({ assistantId }),
  },
  allowedDomains: {
    read: ({ allowedDomains }) => allowedDomains,
    write: (allowedDomains: string[]) => ({ allowedDomains }),
  },
  pipelineId: idField('pipelineId'),
  /** No field of the contract: the stage that the two below mean together. */
  stage: {
    read: ({ stageId }) => stageId || undefined,
    write: (stageId: string | null) => ({ stageId: stageId ?? '' }),
  },
  pipelineStage: stageName,
  initialStage: stageName,
  /** Autonomy must be asked for, and asked for again once it was cleared. */
  isAutopilot: {
    read: ({ isAutopilot }) => isAutopilot,
    write: (isAutopilot: boolean | null) => ({ isAutopilot: isAutopilot ?? false }),
  },
  isEnabled: defaulted('isEnabled'),
  position: defaulted('position'),
  offsetX: defaulted('offsetX'),
  offsetY: defaulted('offsetY'),
  zIndex: defaulted('zIndex'),
} satisfies Fields;

/** Where this contract's defaults are others than the widget's: what was not said is absent, and nothing is autonomous. */
export const webchatStart = {
  texts: { ...widgetDefaults.texts, welcome: '', csatThanks: '' },
  isAutopilot: false,
} satisfies Partial<WidgetSettings>;

/** As `editOf`. A null has done its work once the field is cleared: nothing of it is kept. */
export const webchatEditOf = (
  input: Record<string, unknown>,
  before: WidgetSettings & Pick<Widget, 'kept'>,
): WidgetEdit => {
  const { change, keeps } = editOf(webchatFields, 'webchats', input, before);
  if (keeps === undefined) return { change };
  const said = Object.entries(keeps.fields).filter(([, kept]) => (kept as { sent: unknown }).sent !== null);
  const fields = Object.fromEntries(said);
  return isSame(fields, before.kept?.webchats ?? {}) ? { change } : { change, keeps: { ...keeps, fields } };
};
