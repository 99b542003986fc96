// What a widget says.
import type { WidgetTexts } from '../../../../shared/widget.ts';
import { TextArea, TextField } from '../../ui/field.tsx';
import { Card } from '../layout.tsx';
import type { PartProps } from './form.ts';

interface TextRow {
  name: keyof WidgetTexts;
  label: string;
  hint?: string;
  most: number;
  isLong?: boolean;
}

const rows: readonly TextRow[] = [
  { name: 'title', label: 'Title', most: 100 },
  { name: 'status', label: 'Status line', hint: 'Under the title, such as “We reply within minutes”.', most: 200 },
  { name: 'welcome', label: 'Welcome', hint: 'What a visitor reads first.', most: 1000, isLong: true },
  { name: 'offline', label: 'When nobody can answer', most: 1000, isLong: true },
  { name: 'placeholder', label: 'In the empty field', most: 200 },
  { name: 'bubble', label: 'On the launcher', hint: 'Empty: a round launcher without words.', most: 40 },
  { name: 'csatThanks', label: 'Thanks for a rating', most: 500, isLong: true },
];

export const Texts = ({ form }: PartProps) => {
  const texts = form.at('texts');
  return (
    <Card title="Texts">
      {rows.map(({ name, label, hint, most, isLong = false }) => {
        const Row = isLong ? TextArea : TextField;
        return <Row key={name} label={label} hint={hint} maxLength={most} {...texts.text(name)} />;
      })}
    </Card>
  );
};
