// A widget as contract 001 shows it: 29 fields, always all of them.
import { channels } from '../../../../../shared/channels.ts';
import type { Organisation } from '../../../../ports/documents.ts';
import type { Widget } from '../../../../../shared/widget.ts';
import { iconUrlOf } from '../../../../usecases/public-widget.ts';
import type { HttpDeps } from '../../deps.ts';
import { valuesOf } from '../fields.ts';
import { v1Fields } from './fields.ts';
import type { WidgetRead } from './schema.ts';

const fields = v1Fields();

/** Of fields that no contract ever set for this widget. */
const unsaid = { attributes: {}, style_params: {} };

/** What a widget is shown with. */
export interface Surroundings {
  organisation: Pick<Organisation, 'uuid'> | undefined;
  /** The public id of an assistant of this organisation by its inner id. */
  assistantUuid: (id: string) => string | undefined;
}

export const presented = (
  deps: HttpDeps,
  widget: Widget,
  { organisation, assistantUuid }: Surroundings,
): WidgetRead => {
  const values = valuesOf(fields, 'v1', widget);
  const said = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? null]));
  const { provider, label } = channels[widget.type];
  // The document prints texts here: no picture is an empty one, so that typed clients do not meet a null.
  const icon = widget.iconKey === undefined ? '' : iconUrlOf(deps.baseUrl(), widget);
  const assistantId = values['assistant_id'];
  return {
    ...(said as unknown as WidgetRead),
    attributes: (values['attributes'] ?? unsaid.attributes) as Record<string, unknown>,
    style_params: (values['style_params'] ?? unsaid.style_params) as Record<string, unknown>,
    id: widget.uuid,
    conversation_bot_icon: icon,
    bubble_bot_icon: icon,
    provider_user_friendly_label: label,
    widget_provider: provider,
    org_id: values['org_id'] === undefined ? (organisation?.uuid ?? null) : (values['org_id'] as string | null),
    assistant_id: typeof assistantId === 'string' ? (assistantUuid(assistantId) ?? null) : null,
  };
};
