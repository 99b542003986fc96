// How a chat begins: what a visitor is offered, and what they are asked for.
import { SelectField, Switch } from '../../ui/field.tsx';
import { Card } from '../layout.tsx';
import { ListEditor } from '../list-editor.tsx';
import { ActionButtons } from './action-buttons.tsx';
import type { PartProps } from './form.ts';

export const Start = ({ form }: PartProps) => {
  const asks = form.at('form');
  return (
    <>
      <Card title="What is offered">
        <ListEditor
          label="Opening messages"
          hint="What a visitor may ask with one tap."
          items={form.value.openingMessages}
          most={8}
          maxLength={200}
          placeholder="Do you ship abroad?"
          addText="Add a message"
          problem={form.problem('openingMessages')}
          {...form.list('openingMessages')}
        />
        <ActionButtons
          value={form.value.actionButtons}
          problem={form.problem('actionButtons')}
          {...form.list('actionButtons')}
        />
      </Card>
      <Card title="What is asked" lead="Nobody should have to fill in a form to ask a question.">
        <SelectField
          label="Ask who the visitor is"
          options={[
            { value: 'after-answer', text: 'After the first answer' },
            { value: 'before', text: 'Before the first message' },
            { value: 'never', text: 'Only when nobody can answer' },
          ]}
          {...asks.choice('when')}
        />
        <Switch label="Ask for a name" {...asks.toggle('name')} />
        <Switch label="Ask for an e-mail address" {...asks.toggle('email')} />
      </Card>
    </>
  );
};
