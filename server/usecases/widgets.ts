// Widgets: what settings may do with them. What a browser may see of one is `public-widget.ts`.
import { whyNotEmbeddable } from '../../shared/channels.ts';
import { widgetView } from '../../shared/console-api.ts';
import type { WidgetView } from '../../shared/console-api.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Problem } from '../../shared/errors.ts';
import { newCatyKey, newId, newWidgetKey, publicIdsOf } from '../../shared/ids.ts';
import { createTurns } from '../../shared/turns.ts';
import type { DialectName, KeptFields, PublicWidget, Widget, WidgetSettings } from '../../shared/widget.ts';
import { isDomainRule } from '../domain/allowed-domains.ts';
import { embedCode, isSafeLink, shortEmbedCode, widgetDefaults } from '../domain/widget.ts';
import type { Bus } from '../ports/bus.ts';
import type { Member } from '../ports/documents.ts';
import { isAvatarKey } from './files.ts';
import { noSuch } from './public-ids.ts';
import { forgetWidgets, publicWidgetOf } from './public-widget.ts';
import type { PublicWidgetDeps } from './public-widget.ts';

export interface WidgetDeps extends PublicWidgetDeps {
  bus: Bus;
  /** The installation's address, without a trailing slash. */
  baseUrl(): string;
  /** Called after a change is stored, so that live sockets and open conversations hear of it. */
  onWidgetChanged(widget: Widget, before: Widget): void | Promise<void>;
}

/** What a caller sends: any of the settings; a nested object replaces the whole one; null or `''` takes an optional one away. */
export type WidgetChange = { [K in keyof WidgetSettings]?: WidgetSettings[K] | null | undefined };

/** Fields of one contract without a counterpart, which replace those kept for it before. */
export interface Keeps {
  dialect: DialectName;
  fields: KeptFields;
}

const clearable = ['privacyUrl', 'pipelineId', 'stageId', 'iconKey', 'dailyAnswers'] as const;

const applied = (before: WidgetSettings, change: WidgetChange): WidgetSettings => {
  const next: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(change)) if (value !== undefined) next[name] = value;
  for (const name of clearable) if (next[name] === null || next[name] === '') delete next[name];
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

/** An entry that allows nothing is a slip: found where it is written, not when visitors stay away. */
const refuseBadDomains = (settings: WidgetSettings, before?: WidgetSettings): void => {
  if (isSame(settings.allowedDomains, before?.allowedDomains)) return;
  const details: Problem[] = [...settings.allowedDomains.entries()]
    .filter(([, entry]) => !isDomainRule(entry))
    .map(([index]) => ({ path: `allowedDomains[${index}]`, message: 'Must be a host or an origin' }));
  if (details.length > 0) throw new ChatError('invalid', 'A domain is not usable', { details });
};

/** What settings point at must be this organisation's. Foreign and unknown are the same `not_found`, naming the path. */
const refuseForeign = async (
  { store }: WidgetDeps,
  orgId: string,
  settings: WidgetSettings,
  before?: WidgetSettings,
): Promise<void> => {
  const { assistants, pipelines, files } = store.documents;
  const { assistantId, pipelineId, stageId, iconKey } = settings;
  if (assistantId !== before?.assistantId && (await assistants.get(orgId, assistantId)) === undefined) {
    throw noSuch('assistantId', 'assistant');
  }
  if (iconKey !== undefined && iconKey !== before?.iconKey) {
    const file = await files.find(`key:${iconKey}`);
    if (file?.orgId !== orgId || isAvatarKey(iconKey)) throw noSuch('iconKey', 'file');
  }
  if (pipelineId === before?.pipelineId && stageId === before?.stageId) return;
  const pipeline = pipelineId === undefined ? undefined : await pipelines.get(orgId, pipelineId);
  if (pipelineId !== undefined && pipeline === undefined) throw noSuch('pipelineId', 'pipeline');
  if (stageId === undefined) return;
  const all = pipeline === undefined ? (await pipelines.list(orgId)).filter(({ isDefault }) => isDefault) : [pipeline];
  if (all.some(({ stages }) => stages.some(({ id }) => id === stageId))) return;
  throw new ChatError('invalid', 'This stage is not one of the pipeline', {
    details: [{ path: 'stageId', message: 'Is not a stage of this pipeline' }],
  });
};

export const listWidgets = (deps: WidgetDeps, orgId: string): Promise<Widget[]> =>
  deps.store.documents.widgets.list(orgId);

const known = (widget: Widget | undefined): Widget => {
  if (widget === undefined) throw new ChatError('not_found', 'There is no such widget');
  return widget;
};

/** @throws ChatError `not_found` */
export const readWidget = async (deps: WidgetDeps, orgId: string, id: string): Promise<Widget> =>
  known(await deps.store.documents.widgets.get(orgId, id));

/**
 * A new widget, defaults for what is left out; without an assistant it gets the organisation's first.
 * @param by whose organisation it belongs to, and who is named as its maker
 * @throws ChatError `invalid`, `not_found` with the path of what is not this organisation's
 */
export const createWidget = async (
  deps: WidgetDeps,
  by: Pick<Member, 'orgId' | 'id'>,
  change: WidgetChange,
  keeps?: Keeps,
): Promise<Widget> => {
  const { orgId } = by;
  const [first] = await deps.store.documents.assistants.list(orgId, { limit: 1 });
  const settings = applied({ ...widgetDefaults, assistantId: first?.id ?? '' }, change);
  refuseBadLinks(settings);
  refuseBadDomains(settings);
  await refuseForeign(deps, orgId, settings);
  const now = deps.clock.now();
  const id = newId('wid');
  const widget: Widget = {
    ...settings,
    id,
    orgId,
    ...publicIdsOf(id),
    widgetKey: newWidgetKey(),
    catyKey: newCatyKey(),
    createdBy: by.id,
    createdAt: now,
    updatedAt: now,
    ...(keeps === undefined ? {} : { kept: { [keeps.dialect]: keeps.fields } }),
  };
  await deps.store.documents.widgets.put(widget);
  return widget;
};

/** Whether two JSON values are written the same. */
export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What to change, and what to keep for a contract's own fields. */
export interface WidgetEdit {
  change: WidgetChange;
  keeps?: Keeps;
}

/** What is told of the changes of a widget, in the order in which they were made here. */
const turns = createTurns();

/**
 * Stores what `make` makes of a widget, and tells whom it concerns. One edit at a time, over all nodes, so that none undoes
 * another. `make` gives undefined where nothing changes.
 */
const changeStored = (
  deps: WidgetDeps,
  orgId: string,
  id: string,
  make: (before: Widget, now: number) => Widget | undefined | Promise<Widget | undefined>,
): Promise<Widget> =>
  turns(id, async () => {
    let before: Widget | undefined;
    const stored = await deps.store.documents.widgets.update(orgId, id, async (found) => {
      const is = known(found);
      const now = deps.clock.now();
      const changed = await make(is, now);
      before = changed && is;
      if (changed === undefined) return undefined;
      // Strictly rising, because what is derived from a widget is cached under its id and this.
      return { ...changed, updatedAt: Math.max(now, is.updatedAt + 1) };
    });
    const widget = known(stored);
    if (before !== undefined) await tell(deps, widget, before);
    return widget;
  });

/** Before anybody's connection is ended: whoever comes back, to whichever node, is judged by what is stored now. */
const forget = ({ store, bus }: WidgetDeps): void => {
  forgetWidgets(store);
  bus.publish({ kind: 'stale', what: 'widgets' });
};

const tell = async (deps: WidgetDeps, widget: Widget, before: Widget): Promise<void> => {
  forget(deps);
  // Whoever is connected was let in by the older rules: they come back and are judged by the new ones.
  const isSwitchedOff = before.isEnabled && !widget.isEnabled;
  const hasOtherDomains = widget.allowedDomains.join('\n') !== before.allowedDomains.join('\n');
  const hasLeftTheWeb = widget.type !== before.type && whyNotEmbeddable(widget.type) !== undefined;
  if (isSwitchedOff || hasOtherDomains || hasLeftTheWeb)
    deps.bus.publish({ kind: 'revoked', what: 'widget', id: widget.id });
  await deps.onWidgetChanged(widget, before);
};

/**
 * Changes settings. A change that changes nothing leaves `updatedAt` as it is. Switched off, or with another list of
 * domains: its sockets close.
 * @param edit what to change, from the widget as it is stored
 * @throws ChatError `not_found`, `invalid`
 */
export const editWidget = (
  deps: WidgetDeps,
  orgId: string,
  id: string,
  edit: (before: Widget) => WidgetEdit,
): Promise<Widget> =>
  changeStored(deps, orgId, id, async (before) => {
    const { change, keeps } = edit(before);
    const settings = applied(before, change);
    const kept = keeps === undefined ? before.kept : { ...before.kept, [keeps.dialect]: keeps.fields };
    if (isSame(settings, before) && isSame(kept, before.kept)) return undefined;
    refuseBadLinks(settings);
    refuseBadDomains(settings, before);
    await refuseForeign(deps, orgId, settings, before);
    const widget: Widget = { ...before, ...settings, ...(kept === undefined ? {} : { kept }) };
    for (const name of clearable) if (settings[name] === undefined) delete widget[name];
    return widget;
  });

export const updateWidget = (deps: WidgetDeps, orgId: string, id: string, change: WidgetChange): Promise<Widget> =>
  editWidget(deps, orgId, id, () => ({ change }));

/** Takes a widget away: its sockets close, its keys are unknown, its conversations stay readable. @throws ChatError `not_found` */
export const deleteWidget = (deps: WidgetDeps, orgId: string, id: string): Promise<Widget> =>
  turns(id, async () => {
    const widget = await readWidget(deps, orgId, id);
    if (!(await deps.store.documents.widgets.delete(orgId, id))) return known(undefined);
    forget(deps);
    deps.bus.publish({ kind: 'revoked', what: 'widget', id });
    await deps.onWidgetChanged({ ...widget, isEnabled: false, isAutopilot: false }, widget);
    return widget;
  });

/**
 * A new public key; the old one stops at once, its sockets close, unless `graceMs` lets it work on for a while. The
 * other public key stays. @throws ChatError `not_found`
 */
export const rotateWidgetKey = async (
  deps: WidgetDeps,
  orgId: string,
  id: string,
  which: 'widgetKey' | 'catyKey',
  graceMs = 0,
): Promise<Widget> => {
  let until = 0;
  const widget = await changeStored(deps, orgId, id, (before, now) => {
    until = now + graceMs;
    const alive = (before.oldKeys ?? []).filter((old) => old.until > now);
    return {
      ...before,
      [which]: which === 'widgetKey' ? newWidgetKey() : newCatyKey(),
      oldKeys: graceMs > 0 ? [...alive, { key: before[which], until }].slice(-8) : alive,
    };
  });
  // Whoever came in by the old key goes with it; the others come back at once.
  deps.bus.publish({ kind: 'revoked', what: 'widget', id, ...(graceMs > 0 ? { at: until } : {}) });
  return widget;
};

/**
 * A new identity secret; the old one signs on for `graceMs`, or stops at once. Sessions that it signed end with it: whoever is
 * connected comes back, and is judged by the secrets that count then. @throws ChatError `not_found`
 */
export const rotateIdentitySecret = async (
  deps: WidgetDeps,
  orgId: string,
  id: string,
  graceMs = 0,
): Promise<Widget> => {
  let until = 0;
  const widget = await changeStored(deps, orgId, id, (before, now) => {
    until = now + graceMs;
    const { secretVersion: version = 0, oldSecrets = [] } = before;
    const alive = oldSecrets.filter((old) => old.until > now);
    return {
      ...before,
      secretVersion: version + 1,
      oldSecrets: graceMs > 0 ? [...alive, { version, until }].slice(-8) : alive,
    };
  });
  deps.bus.publish({ kind: 'revoked', what: 'widget', id, ...(graceMs > 0 ? { at: until } : {}) });
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
  await refuseForeign(deps, orgId, settings, before);
  return publicWidgetOf(deps, { ...before, ...settings }, { isDraft: true });
};

/** A widget as staff see it. */
export const widgetViewOf = (widget: Widget): WidgetView => widgetView.parse(widget);

export const embedOf = (deps: WidgetDeps, widget: Widget): { snippet: string; short: string } => ({
  snippet: embedCode(deps.baseUrl(), widget.widgetKey),
  short: shortEmbedCode(deps.baseUrl(), widget.widgetKey),
});
