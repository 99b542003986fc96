// When the widget speaks first: rules with a threshold and a text, and a pause between two of them.
import { limits } from '../../../../shared/text.ts';
import type { ProactiveTrigger, ProactiveTriggerType } from '../../../../shared/widget.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { Notice } from '../../ui/feedback.tsx';
import { SelectField, Switch, TextArea, TextField } from '../../ui/field.tsx';
import { NumberField } from '../../ui/number-field.tsx';
import { Card } from '../layout.tsx';
import type { PartProps } from './form.ts';

const names: Record<ProactiveTriggerType, string> = {
  time_on_page: 'After a time on the page',
  scroll_depth: 'When they scrolled down',
  high_engagement: 'When they are engaged',
  exit_intent: 'When they are about to leave',
  return_visit: 'When they come back',
  page: 'On a certain page',
};
const choices = (Object.keys(names) as ProactiveTriggerType[]).map((value) => ({ value, text: names[value] }));

/** A trigger of that type as it begins; the text goes with it. */
const blank = (type: ProactiveTriggerType, message: string): ProactiveTrigger => {
  switch (type) {
    case 'time_on_page':
      return { type, seconds: 30, message };
    case 'scroll_depth':
      return { type, percent: 60, message };
    case 'high_engagement':
      return { type, score: 60, message };
    case 'exit_intent':
      return { type, message };
    case 'return_visit':
      return { type, visits: 2, message };
    case 'page':
      return { type, path: '/pricing', seconds: 10, message };
  }
};

interface ThresholdProps {
  trigger: ProactiveTrigger;
  isDisabled: boolean;
  problem: (name: string) => string | undefined;
  onChange: (trigger: ProactiveTrigger) => void;
}

const Threshold = ({ trigger, isDisabled, problem, onChange }: ThresholdProps) => {
  const common = (name: string) => ({ disabled: isDisabled, error: problem(name) });
  switch (trigger.type) {
    case 'time_on_page':
      return (
        <NumberField
          label="After"
          unit="seconds"
          least={1}
          most={86_400}
          value={trigger.seconds}
          onNumber={(seconds = 1) => onChange({ ...trigger, seconds })}
          {...common('seconds')}
        />
      );
    case 'scroll_depth':
      return (
        <NumberField
          label="Down to"
          unit="percent"
          least={1}
          most={100}
          value={trigger.percent}
          onNumber={(percent = 1) => onChange({ ...trigger, percent })}
          {...common('percent')}
        />
      );
    case 'high_engagement':
      return (
        <NumberField
          label="Score from"
          unit="of 100"
          hint="Time, depth, clicks, pages and earlier visits together."
          least={1}
          most={100}
          value={trigger.score}
          onNumber={(score = 1) => onChange({ ...trigger, score })}
          {...common('score')}
        />
      );
    case 'exit_intent':
      return <p class="text-small text-text2 sm:pt-7">The pointer leaves the page for the browser’s bar.</p>;
    case 'return_visit':
      return (
        <NumberField
          label="From visit"
          least={2}
          most={100}
          value={trigger.visits}
          onNumber={(visits = 2) => onChange({ ...trigger, visits })}
          {...common('visits')}
        />
      );
    case 'page':
      return (
        <NumberField
          label="After"
          unit="seconds"
          least={0}
          most={86_400}
          value={trigger.seconds}
          onNumber={(seconds = 0) => onChange({ ...trigger, seconds })}
          {...common('seconds')}
        />
      );
  }
};

const Rule = ({ at, onRemove, ...props }: ThresholdProps & { at: number; onRemove: () => void }) => {
  const { trigger, isDisabled, problem, onChange } = props;
  return (
    <li
      aria-label={`Rule ${at + 1}`}
      class="flex flex-col gap-3 rounded-control border border-line p-4 max-sm:p-3"
      data-rule={trigger.type}
    >
      <div class="flex items-start gap-2">
        <div class="grid min-w-0 grow grid-cols-1 items-start gap-3 sm:grid-cols-2">
          <SelectField
            label="When"
            value={trigger.type}
            options={choices}
            disabled={isDisabled}
            onChoose={(type) => onChange(blank(type, trigger.message))}
          />
          <Threshold {...props} />
        </div>
        {!isDisabled && <IconButton icon="trash" label={`Remove rule ${at + 1}`} class="mt-5.5" onClick={onRemove} />}
      </div>
      {trigger.type === 'page' && (
        <TextField
          label="Address begins with"
          placeholder="/pricing"
          maxLength={200}
          spellcheck={false}
          value={trigger.path}
          disabled={isDisabled}
          error={problem('path')}
          onText={(path) => onChange({ ...trigger, path })}
        />
      )}
      <TextArea
        label="It says"
        rows={2}
        placeholder="Empty: the AI finds words that fit the page."
        maxLength={500}
        value={trigger.message}
        disabled={isDisabled}
        error={problem('message')}
        onText={(message) => onChange({ ...trigger, message })}
      />
    </li>
  );
};

export const Proactive = ({ form }: PartProps) => {
  const proactive = form.at('proactive');
  const { triggers, isEnabled } = proactive.value;
  const replace = (at: number, next: ProactiveTrigger): void =>
    proactive.set({ triggers: triggers.map((trigger, index) => (index === at ? next : trigger)) });
  return (
    <Card
      title="Proactive messages"
      lead="A short line beside the launcher when one of the rules holds. Never more than six a day to one visitor, and never while they are in a chat."
    >
      <Switch label="Speak first" {...proactive.toggle('isEnabled')} />
      <NumberField
        label="Pause between two lines"
        unit="seconds"
        least={30}
        most={86_400}
        {...proactive.number('cooldownSeconds')}
      />
      {isEnabled && triggers.length === 0 && (
        <Notice tone="warn">It is on, but without a rule nothing is ever said.</Notice>
      )}
      {triggers.length > 0 && (
        <ul class="flex flex-col gap-3">
          {triggers.map((trigger, at) => (
            <Rule
              key={at}
              at={at}
              trigger={trigger}
              isDisabled={proactive.isDisabled}
              problem={(name) =>
                proactive.problem(`triggers[${at}].${name}`) ?? proactive.problem(`triggers.${at}.${name}`)
              }
              onChange={(next) => replace(at, next)}
              onRemove={() => proactive.set({ triggers: triggers.filter((_, index) => index !== at) })}
            />
          ))}
        </ul>
      )}
      {triggers.length < limits.triggers && !proactive.isDisabled && (
        <Button
          icon="plus"
          class="self-start"
          onClick={() => proactive.set({ triggers: [...triggers, blank('time_on_page', '')] })}
        >
          Add a rule
        </Button>
      )}
    </Card>
  );
};
