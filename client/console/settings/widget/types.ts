// The sixteen types of widget in words, and which other network a type needs a bridge to.
import { channels } from '../../../../shared/channels.ts';
import type { WidgetType } from '../../../../shared/widget.ts';

/** `bridge`: what has to be between the network and Tiller; null: a page of a website is all it needs. */
export const widgetTypes = Object.fromEntries(
  Object.entries(channels).map(([type, { label, bridge }]) => [
    type,
    { text: label, bridge: bridge === undefined ? null : `a bridge to ${bridge}` },
  ]),
) as Record<WidgetType, { text: string; bridge: string | null }>;

export const typeChoices = (Object.keys(widgetTypes) as WidgetType[]).map((value) => ({
  value,
  text: widgetTypes[value].text,
  group: widgetTypes[value].bridge === null ? 'On websites' : 'Needs a bridge',
}));
