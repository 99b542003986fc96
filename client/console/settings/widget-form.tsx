// The fields of a widget, section by section.
import type { AssistantView } from '../../../shared/console-api.ts';
import type { PublicWidget, WidgetSettings, WidgetTexts } from '../../../shared/widget.ts';
import { SelectField, Switch, TextArea, TextField } from '../ui/field.tsx';
import { ActionButtons } from './action-buttons.tsx';
import { Card } from './layout.tsx';
import { ListEditor } from './list-editor.tsx';
import { Look } from './widget-look.tsx';

export interface WidgetFormProps {
  value: WidgetSettings;
  assistants: AssistantView[];
  preview: PublicWidget | null;
  isDisabled: boolean;
  problem: (path: string) => string | undefined;
  onChange: (more: Partial<WidgetSettings>) => void;
}

const General = ({ value, assistants, isDisabled, problem, onChange }: WidgetFormProps) => (
  <Card title="General">
    <TextField
      label="Name"
      hint="For your team only."
      value={value.name}
      maxLength={100}
      disabled={isDisabled}
      error={problem('name')}
      onText={(name) => onChange({ name })}
    />
    <SelectField
      label="Assistant"
      value={value.assistantId}
      disabled={isDisabled}
      options={assistants.map(({ id, name }) => ({ value: id, text: name }))}
      onChoose={(assistantId) => onChange({ assistantId })}
    />
    <Switch
      label="On"
      hint="Off: the launcher does not appear, and nobody can connect."
      isOn={value.isEnabled}
      disabled={isDisabled}
      onChange={(isEnabled) => onChange({ isEnabled })}
    />
    <Switch
      label="Autopilot"
      hint="The AI answers visitors by itself. Off: it writes drafts, and a person approves them."
      isOn={value.isAutopilot}
      disabled={isDisabled}
      onChange={(isAutopilot) => onChange({ isAutopilot })}
    />
  </Card>
);

const textFields: readonly { name: keyof WidgetTexts; label: string; hint?: string; most: number; isLong?: boolean }[] =
  [
    { name: 'title', label: 'Title', most: 100 },
    { name: 'status', label: 'Status line', hint: 'Under the title.', most: 200 },
    { name: 'welcome', label: 'Welcome', hint: 'What a visitor reads first.', most: 1000, isLong: true },
    { name: 'offline', label: 'When nobody can answer', most: 1000, isLong: true },
    { name: 'placeholder', label: 'In the empty field', most: 200 },
    { name: 'bubble', label: 'On the launcher', hint: 'Empty: a round launcher without words.', most: 40 },
    { name: 'csatThanks', label: 'Thanks for a rating', most: 500 },
  ];

const Texts = ({ value, isDisabled, problem, onChange }: WidgetFormProps) => (
  <Card title="Texts">
    {textFields.map(({ name, label, hint, most, isLong = false }) => {
      const props = {
        label,
        ...(hint === undefined ? {} : { hint }),
        value: value.texts[name],
        maxLength: most,
        disabled: isDisabled,
        error: problem(`texts.${name}`),
        onText: (text: string) => onChange({ texts: { ...value.texts, [name]: text } }),
      };
      return isLong ? <TextArea key={name} {...props} /> : <TextField key={name} {...props} />;
    })}
  </Card>
);

const Start = ({ value, isDisabled, onChange }: WidgetFormProps) => (
  <Card title="How a chat begins">
    <ListEditor
      label="Opening messages"
      hint="What a visitor may ask with one tap."
      items={value.openingMessages}
      most={8}
      maxLength={200}
      placeholder="Do you ship abroad?"
      addText="Add a message"
      isDisabled={isDisabled}
      onChange={(openingMessages) => onChange({ openingMessages })}
    />
    <ActionButtons
      value={value.actionButtons}
      isDisabled={isDisabled}
      onChange={(actionButtons) => onChange({ actionButtons })}
    />
    <SelectField
      label="Ask who the visitor is"
      value={value.form.when}
      disabled={isDisabled}
      options={[
        { value: 'after-answer', text: 'After the first answer' },
        { value: 'before', text: 'Before the first message' },
        { value: 'never', text: 'Only when nobody can answer' },
      ]}
      onChoose={(when) => onChange({ form: { ...value.form, when } })}
    />
    <Switch
      label="Ask for a name"
      isOn={value.form.name}
      disabled={isDisabled}
      onChange={(name) => onChange({ form: { ...value.form, name } })}
    />
    <Switch
      label="Ask for an e-mail address"
      isOn={value.form.email}
      disabled={isDisabled}
      onChange={(email) => onChange({ form: { ...value.form, email } })}
    />
  </Card>
);

const Where = ({ value, isDisabled, problem, onChange }: WidgetFormProps) => (
  <Card title="Where it may run, and privacy">
    <ListEditor
      label="Domains"
      hint="Empty: every domain. *.example.com is every subdomain, but not example.com itself."
      items={value.allowedDomains}
      most={100}
      maxLength={300}
      placeholder="www.example.com"
      addText="Add a domain"
      isDisabled={isDisabled}
      onChange={(allowedDomains) => onChange({ allowedDomains })}
    />
    {problem('allowedDomains') !== undefined && <p class="text-small text-danger">{problem('allowedDomains')}</p>}
    <Switch
      label="Show what visitors are typing"
      hint="Your team sees the text before it is sent; the widget says so to the visitor. It is never stored."
      isOn={value.typingPreview}
      disabled={isDisabled}
      onChange={(typingPreview) => onChange({ typingPreview })}
    />
    <TextField
      label="Privacy page"
      type="url"
      placeholder="https://"
      value={value.privacyUrl ?? ''}
      disabled={isDisabled}
      error={problem('privacyUrl')}
      onText={(privacyUrl) => onChange({ privacyUrl })}
    />
    <Switch
      label="Hide “Tiller” under the composer"
      isOn={value.hideBranding}
      disabled={isDisabled}
      onChange={(hideBranding) => onChange({ hideBranding })}
    />
  </Card>
);

export const WidgetForm = (props: WidgetFormProps) => (
  <>
    <General {...props} />
    <Look {...props} />
    <Texts {...props} />
    <Start {...props} />
    <Where {...props} />
  </>
);
