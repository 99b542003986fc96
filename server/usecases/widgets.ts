// Widgets: what settings may do with them. What a browser may see of one is `public-widget.ts`.
import { widgetView } from '../../shared/console-api.ts';
import type { WidgetView } from '../../shared/console-api.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Problem } from '../../shared/errors.ts';
import { newCatyKey, newId, newWidgetKey } from '../../shared/ids.ts';
import type { PublicWidget, Widget, WidgetSettings } from '../../shared/widget.ts';
import { embedCode, isSafeLink, shortEmbedCode, widgetDefaults } from '../domain/widget.ts';
import type { Bus } from '../ports/bus.ts';
import { forgetWidget, publicWidgetOf } from './public-widget.ts';
import type { PublicWidgetDeps } from './public-widget.ts';

export interface WidgetDeps extends PublicWidgetDeps {
  bus: Bus;
  /** The installation's address, without a trailing slash. */
  baseUrl(): string;
  /** Called after a change is stored, so that live sockets and open conversations hear of it. */
  onWidgetChanged(widget: Widget, before: Widget): void | Promise<void>;
}

/** What a caller sends: any of the settings; a nested object replaces the whole one. */
export type WidgetChange = { [K in keyof WidgetSettings]?: WidgetSettings[K] | undefined };

const applied = (before: WidgetSettings, change: WidgetChange): WidgetSettings => {
  const next: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(change)) if (value !== undefined) next[name] = value;
  if (next['privacyUrl'] === '') delete next['privacyUrl'];
  return next as unknown as WidgetSettings;
};

const refuseBadLinks = (settings: WidgetSettings): void => {
  const details: Problem[] = [];
  const message = 'Must be an http(s) address or a path of the site';
  if (settings.privacyUrl !== undefined && !isSafeLink(settings.privacyUrl)) {
    details.push({ path: 'privacyUrl', message });
  }
  for (const [index, { action, url }] of settings.actionButtons.entries()) {
    const path = `actionButtons[${index}].url`;
    if (action === 'link' && (url === undefined || !isSafeLink(url))) details.push({ path, message });
  }
  if (details.length > 0) throw new ChatError('invalid', 'A link is not usable', { details });
};

const refuseForeignAssistant = async (deps: WidgetDeps, orgId: string, assistantId: string): Promise<void> => {
  if ((await deps.store.documents.assistants.get(orgId, assistantId)) !== undefined) return;
  throw new ChatError('not_found', 'There is no such assistant', {
    details: [{ path: 'assistantId', message: 'There is no such assistant' }],
  });
};

export const listWidgets = (deps: WidgetDeps, orgId: string): Promise<Widget[]> =>
  deps.store.documents.widgets.list(orgId);

/** @throws ChatError `not_found` */
export const readWidget = async (deps: WidgetDeps, orgId: string, id: string): Promise<Widget> => {
  const widget = await deps.store.documents.widgets.get(orgId, id);
  if (widget === undefined) throw new ChatError('not_found', 'There is no such widget');
  return widget;
};

/** A new widget, defaults for what is left out; without an assistant it gets the organisation's first. */
export const createWidget = async (deps: WidgetDeps, orgId: string, change: WidgetChange): Promise<Widget> => {
  const [first] = await deps.store.documents.assistants.list(orgId, { limit: 1 });
  const assistantId = change.assistantId ?? first?.id ?? '';
  const settings = applied({ ...widgetDefaults, assistantId }, change);
  refuseBadLinks(settings);
  await refuseForeignAssistant(deps, orgId, assistantId);
  const now = deps.clock.now();
  const widget: Widget = {
    ...settings,
    id: newId('wid'),
    orgId,
    widgetKey: newWidgetKey(),
    catyKey: newCatyKey(),
    createdAt: now,
    updatedAt: now,
  };
  await deps.store.documents.widgets.put(widget);
  return widget;
};

/**
 * Changes settings. A change that changes nothing leaves `updatedAt` as it is. Switched off, or with another list of
 * domains: its sockets close.
 */
export const updateWidget = async (
  deps: WidgetDeps,
  orgId: string,
  id: string,
  change: WidgetChange,
): Promise<Widget> => {
  const before = await readWidget(deps, orgId, id);
  const settings = applied(before, change);
  if (JSON.stringify(settings) === JSON.stringify(before)) return before;
  refuseBadLinks(settings);
  if (settings.assistantId !== before.assistantId) await refuseForeignAssistant(deps, orgId, settings.assistantId);
  // Strictly rising, because what is derived from a widget is cached under its id and this.
  const updatedAt = Math.max(deps.clock.now(), before.updatedAt + 1);
  const widget: Widget = { ...before, ...settings, updatedAt };
  if (settings.privacyUrl === undefined) delete widget.privacyUrl;
  await deps.store.documents.widgets.put(widget);
  forgetWidget(deps, widget);
  // Whoever is connected was let in by the older rules: they come back and are judged by the new ones.
  const isSwitchedOff = before.isEnabled && !widget.isEnabled;
  const hasOtherDomains = widget.allowedDomains.join('\n') !== before.allowedDomains.join('\n');
  if (isSwitchedOff || hasOtherDomains) deps.bus.publish({ kind: 'revoked', what: 'widget', id });
  await deps.onWidgetChanged(widget, before);
  return widget;
};

/** The public view as it would be with these changes; nothing is stored. */
export const previewWidget = async (
  deps: WidgetDeps,
  orgId: string,
  id: string,
  change: WidgetChange,
): Promise<PublicWidget> => {
  const before = await readWidget(deps, orgId, id);
  const settings = applied(before, change);
  if (settings.assistantId !== before.assistantId) await refuseForeignAssistant(deps, orgId, settings.assistantId);
  return publicWidgetOf(deps, { ...before, ...settings }, { isDraft: true });
};

/** A widget as staff see it. */
export const widgetViewOf = (widget: Widget): WidgetView => widgetView.parse(widget);

export const embedOf = (deps: WidgetDeps, widget: Widget): { snippet: string; short: string } => ({
  snippet: embedCode(deps.baseUrl(), widget.widgetKey),
  short: shortEmbedCode(deps.baseUrl(), widget.widgetKey),
});
