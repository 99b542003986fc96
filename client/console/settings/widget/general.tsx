// What a widget is, who answers in it, where its contacts go, and its end.
import { useState } from 'preact/hooks';
import type { WidgetView } from '../../../../shared/console-api.ts';
import { limits } from '../../../../shared/text.ts';
import { call } from '../../api.ts';
import { hrefOf, navigate } from '../../router.ts';
import { Button } from '../../ui/button.tsx';
import { Notice, toast } from '../../ui/feedback.tsx';
import { SelectField, Switch, TextArea, TextField } from '../../ui/field.tsx';
import { Confirm } from '../../ui/form-dialog.tsx';
import { NumberField } from '../../ui/number-field.tsx';
import { Card } from '../layout.tsx';
import { keepUnsaved } from '../unsaved.ts';
import type { PartProps } from './form.ts';
import { typeChoices, widgetTypes } from './types.ts';

const NewContacts = ({ form, pipelines }: PartProps) => {
  const { pipelineId, stageId } = form.value;
  const standard = pipelines.find(({ isDefault }) => isDefault);
  const chosen = pipelineId === undefined ? standard : pipelines.find(({ id }) => id === pipelineId);
  const [first] = chosen?.stages ?? [];
  return (
    <Card
      title="New contacts"
      lead="Where somebody is placed with their first message. Who is placed already stays where they are."
      action={
        <a
          href={hrefOf({ name: 'settings', page: 'pipelines', id: null })}
          class="shrink-0 text-small text-link underline underline-offset-2"
        >
          Pipelines
        </a>
      }
    >
      <div class="grid grid-cols-1 gap-4 sm:grid-cols-2">
        <SelectField
          label="Pipeline"
          value={pipelineId ?? ''}
          disabled={form.isDisabled}
          error={form.problem('pipelineId')}
          options={[
            { value: '', text: standard === undefined ? 'The default one' : `The default one (${standard.name})` },
            ...pipelines.map(({ id, name }) => ({ value: id, text: name })),
          ]}
          onChoose={(id) => form.set({ pipelineId: id === '' ? undefined : id, stageId: undefined })}
        />
        <SelectField
          label="Stage"
          value={stageId ?? ''}
          disabled={form.isDisabled}
          error={form.problem('stageId')}
          options={[
            { value: '', text: first === undefined ? 'The first one' : `The first one (${first.name})` },
            ...(chosen?.stages ?? []).map(({ id, name }) => ({ value: id, text: name })),
          ]}
          onChoose={(id) => form.set({ stageId: id === '' ? undefined : id })}
        />
      </div>
    </Card>
  );
};

const Removal = ({ widget }: { widget: WidgetView }) => {
  const [isAsking, setAsking] = useState(false);
  return (
    <Card
      title="Delete this widget"
      lead="It disappears from every page at once and its keys stop working. Conversations stay readable."
    >
      <Button look="danger" icon="trash" class="self-start" onClick={() => setAsking(true)}>
        Delete widget
      </Button>
      {isAsking && (
        <Confirm
          title={`Delete ${widget.name}?`}
          submit="Delete widget"
          run={async () => {
            await call('DELETE /widgets/:id', { params: { id: widget.id } });
            keepUnsaved(`widget ${widget.id}`, {});
            setAsking(false);
            navigate({ name: 'settings', page: 'widgets', id: null }, 'replace');
            toast('The widget is deleted');
          }}
          onClose={() => setAsking(false)}
        >
          <p>
            Visitors who have it open are disconnected. Sites that still embed it show nothing. This cannot be undone;
            to stop it for a while, switch it off instead.
          </p>
        </Confirm>
      )}
    </Card>
  );
};

export const General = (props: PartProps & { widget: WidgetView }) => {
  const { form, assistants, widget } = props;
  const { bridge, text } = widgetTypes[form.value.type];
  return (
    <>
      <Card title="General">
        <TextField label="Name" hint="For your team only." maxLength={100} {...form.text('name')} />
        <TextArea
          label="Description"
          hint="For your team only: what it is for, who looks after it."
          maxLength={limits.description}
          {...form.text('description')}
        />
        <SelectField label="Type" options={typeChoices} {...form.choice('type')} />
        {bridge !== null && (
          <Notice tone="plain" icon="link">
            {text} has no surface on a website: it needs {bridge} that passes messages on. It is kept and listed for the
            programs that use it; embedding it is refused.
          </Notice>
        )}
        <Switch
          label="On"
          hint="Off: the launcher does not appear, and nobody can connect."
          {...form.toggle('isEnabled')}
        />
      </Card>
      <Card title="Answers">
        <SelectField
          label="Assistant"
          options={assistants.map(({ id, name }) => ({ value: id, text: name }))}
          {...form.choice('assistantId')}
        />
        <Switch
          label="Autopilot"
          hint="The AI answers visitors by itself. Off: it writes drafts, and a person approves them."
          {...form.toggle('isAutopilot')}
        />
        <NumberField
          label="Daily budget of AI answers"
          hint="Beyond it, visitors wait for a person until the next day."
          least={0}
          most={1_000_000}
          unit="a day"
          emptyText="No limit of its own"
          {...form.number('dailyAnswers')}
        />
      </Card>
      <NewContacts {...props} />
      {!form.isDisabled && <Removal widget={widget} />}
    </>
  );
};
