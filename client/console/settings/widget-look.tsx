// How a widget looks: colours, scheme, position.
import type { SchemeTokens, WidgetColors } from '../../../shared/widget.ts';
import { SelectField, TextField } from '../ui/field.tsx';
import { ColorField } from './color-field.tsx';
import { Card } from './layout.tsx';
import type { WidgetFormProps } from './widget-form.tsx';

/** Each colour with its name and the token that shows what is derived where it is empty. */
const colorNames: readonly [keyof WidgetColors, string, keyof SchemeTokens][] = [
  ['primary', 'Brand', 'fill'],
  ['secondary', 'Visitor’s bubble', 'visitorBubble'],
  ['background', 'Background', 'surface'],
  ['headerText', 'Text in the header', 'onHeader'],
  ['botMessage', 'AI’s bubble', 'aiBubble'],
  ['botMessageText', 'Text in the AI’s bubble', 'onAiBubble'],
  ['userMessageText', 'Text in the visitor’s bubble', 'onVisitorBubble'],
  ['statusText', 'Status line', 'onHeader2'],
  ['timestamp', 'Times', 'time'],
  ['actionButtons', 'Action buttons', 'chip'],
];

export const Look = ({ value, preview, isDisabled, onChange }: WidgetFormProps) => {
  const { colors } = value;
  const adjusted = preview?.theme.adjusted ?? [];
  const setColor = (name: keyof WidgetColors, color: string | undefined): void => {
    const next = { ...colors };
    if (color === undefined && name !== 'primary') delete next[name];
    else next[name] = color ?? '';
    onChange({ colors: next });
  };
  const number = (text: string, least: number, most: number): number =>
    Math.max(least, Math.min(most, Math.round(Number(text.replace(/\D/g, '')) || 0)));
  return (
    <Card
      title="Look"
      lead="Every colour but the brand is derived where you leave it empty. Text always stays readable, in light and dark."
    >
      <div class="grid grid-cols-1 gap-4 sm:grid-cols-2">
        {colorNames.map(([name, label, token]) => (
          <ColorField
            key={name}
            label={label}
            value={colors[name]}
            fallback={preview?.theme.light[token] ?? '#0d5c75'}
            isRequired={name === 'primary'}
            isAdjusted={adjusted.includes(name)}
            isDisabled={isDisabled}
            onChange={(color) => setColor(name, color)}
          />
        ))}
      </div>
      <div class="grid grid-cols-1 gap-4 sm:grid-cols-2">
        <SelectField
          label="Light or dark"
          value={value.scheme}
          disabled={isDisabled}
          options={[
            { value: 'auto', text: 'As the visitor’s system' },
            { value: 'light', text: 'Always light' },
            { value: 'dark', text: 'Always dark' },
          ]}
          onChoose={(scheme) => onChange({ scheme })}
        />
        <SelectField
          label="Position"
          value={value.position}
          disabled={isDisabled}
          options={[
            { value: 'bottom-right', text: 'Bottom right' },
            { value: 'bottom-left', text: 'Bottom left' },
          ]}
          onChoose={(position) => onChange({ position })}
        />
        <TextField
          label="Distance from the side, px"
          value={String(value.offsetX)}
          disabled={isDisabled}
          onText={(text) => onChange({ offsetX: number(text, 0, 400) })}
        />
        <TextField
          label="Distance from the bottom, px"
          value={String(value.offsetY)}
          disabled={isDisabled}
          onText={(text) => onChange({ offsetY: number(text, 0, 400) })}
        />
      </div>
    </Card>
  );
};
