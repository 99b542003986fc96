// What every part of the editor works with.
import type { AssistantView, PipelineView } from '../../../../shared/console-api.ts';
import type { PublicWidget, WidgetSettings } from '../../../../shared/widget.ts';
import type { Form } from '../form.ts';

export interface PartProps {
  form: Form<WidgetSettings>;
  assistants: AssistantView[];
  pipelines: PipelineView[];
  /** As it would look now. */
  preview: PublicWidget;
}

type Patch = { [K in keyof WidgetSettings]?: WidgetSettings[K] | '' | null };

/** Changes as the server takes them: empty entries are not filled in yet, and a missing optional is taken away. */
export const tidy = (changes: Partial<WidgetSettings>): Patch => {
  const next: Patch = { ...changes };
  const { openingMessages, allowedDomains, actionButtons } = changes;
  if (openingMessages) next.openingMessages = openingMessages.filter((text) => text.trim() !== '');
  if (allowedDomains) next.allowedDomains = allowedDomains.map((text) => text.trim()).filter((text) => text !== '');
  if (actionButtons) next.actionButtons = actionButtons.filter((button) => button.label.trim() !== '');
  if ('dailyAnswers' in next) next.dailyAnswers ??= null;
  for (const name of ['pipelineId', 'stageId', 'iconKey', 'privacyUrl'] as const) {
    if (name in next) next[name] ??= '';
  }
  return next;
};
