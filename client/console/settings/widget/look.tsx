// How a widget looks: icon, colours, scheme, place.
import type { SchemeTokens, WidgetColors } from '../../../../shared/widget.ts';
import { SelectField } from '../../ui/field.tsx';
import { NumberField } from '../../ui/number-field.tsx';
import { Card } from '../layout.tsx';
import { ColorField } from './color-field.tsx';
import type { PartProps } from './form.ts';
import { IconField } from './icon-field.tsx';

type ColorRow = readonly [name: keyof WidgetColors, label: string, derived: keyof SchemeTokens];

/** Each colour with its name and the token that shows what is derived where it is empty. */
const groups: readonly { title: string; rows: readonly ColorRow[] }[] = [
  {
    title: 'Panel',
    rows: [
      ['primary', 'Brand', 'fill'],
      ['background', 'Background', 'surface'],
      ['headerText', 'Text in the header', 'onHeader'],
      ['statusText', 'Status line', 'onHeader2'],
      ['launcher', 'Launcher', 'launcher'],
    ],
  },
  {
    title: 'Messages',
    rows: [
      ['secondary', 'Visitor’s bubble', 'visitorBubble'],
      ['userMessageText', 'Text in the visitor’s bubble', 'onVisitorBubble'],
      ['botMessage', 'AI’s bubble', 'aiBubble'],
      ['botMessageText', 'Text in the AI’s bubble', 'onAiBubble'],
      ['timestamp', 'Times', 'time'],
      ['avatar', 'Behind the AI’s sign', 'avatar'],
      ['starters', 'Opening messages', 'starter'],
      ['actionButtons', 'Action buttons', 'chip'],
    ],
  },
  {
    title: 'Survey',
    rows: [
      ['csatBackground', 'Background of the survey', 'csat'],
      ['csatText', 'Text of the survey', 'onCsat'],
    ],
  },
];

const Colors = ({ form, preview }: PartProps) => {
  const { colors } = form.value;
  const setColor = (name: keyof WidgetColors, color: string | undefined): void => {
    const next = { ...colors };
    if (color === undefined && name !== 'primary') delete next[name];
    else next[name] = color ?? '';
    form.set({ colors: next });
  };
  return (
    <Card
      title="Colours"
      lead="Every colour but the brand is derived where you leave it empty. Text always stays readable, in light and dark."
    >
      {groups.map(({ title, rows }) => (
        <fieldset key={title} class="grid grid-cols-1 gap-4 border-t border-line pt-3 sm:grid-cols-2">
          <legend class="float-left -mb-2 w-full text-small text-text2 sm:col-span-2">{title}</legend>
          {rows.map(([name, label, token]) => (
            <ColorField
              key={name}
              label={label}
              value={colors[name]}
              fallback={preview.theme.light[token]}
              isRequired={name === 'primary'}
              isAdjusted={preview.theme.adjusted.includes(name)}
              isDisabled={form.isDisabled}
              onChange={(color) => setColor(name, color)}
            />
          ))}
        </fieldset>
      ))}
    </Card>
  );
};

export interface LookProps extends PartProps {
  iconUrl: string | undefined;
  onIcon: (icon: { iconKey: string; url: string } | null) => void;
}

export const Look = (props: LookProps) => {
  const { form, iconUrl, onIcon } = props;
  return (
    <>
      <Card title="Icon and place">
        <IconField
          url={iconUrl}
          hasIcon={form.value.iconKey !== undefined}
          isDisabled={form.isDisabled}
          problem={form.problem('iconKey')}
          onUploaded={onIcon}
          onRemove={() => onIcon(null)}
        />
        <div class="grid grid-cols-1 gap-4 sm:grid-cols-2">
          <SelectField
            label="Light or dark"
            options={[
              { value: 'auto', text: 'As the visitor’s system' },
              { value: 'light', text: 'Always light' },
              { value: 'dark', text: 'Always dark' },
            ]}
            {...form.choice('scheme')}
          />
          <SelectField
            label="Position"
            options={[
              { value: 'bottom-right', text: 'Bottom right' },
              { value: 'bottom-left', text: 'Bottom left' },
            ]}
            {...form.choice('position')}
          />
          <NumberField label="Distance from the side" least={0} most={400} unit="px" {...form.number('offsetX')} />
          <NumberField label="Distance from the bottom" least={0} most={400} unit="px" {...form.number('offsetY')} />
          <NumberField
            label="Layer (z-index)"
            hint="Higher where something of your page covers the launcher."
            least={1}
            most={2_147_483_647}
            {...form.number('zIndex')}
          />
        </div>
      </Card>
      <Colors {...props} />
    </>
  );
};
