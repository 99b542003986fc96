// What a browser may see of a widget, whether this page may see it, and the lookups that every visitor causes.
import { whyNotEmbeddable } from '../../shared/channels.ts';
import { ChatError } from '../../shared/errors.ts';
import { deriveTheme } from '../../shared/theme.ts';
import type { PublicWidget, Theme, Widget } from '../../shared/widget.ts';
import { isOriginAllowed } from '../domain/allowed-domains.ts';
import { publicTrigger } from '../domain/proactive.ts';
import { isSafeLink } from '../domain/widget.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import { hashOf } from './secret.ts';

export interface PublicWidgetDeps {
  store: Store;
  clock: Clock;
  presence: { isStaffOnline(orgId: string): boolean };
  /** The installation's address, without a trailing slash. */
  baseUrl(): string;
}

/** Where a widget's picture lies for browsers: public, and the same for as long as the picture is. */
export const iconUrlOf = (baseUrl: string, widget: Pick<Widget, 'widgetKey' | 'iconKey'>): string =>
  `${baseUrl}/w/${widget.widgetKey}/icon?v=${hashOf(widget.iconKey ?? '').slice(0, 12)}`;

/** Long enough to spare the store in a storm of page views, short enough for a change made on another node. */
const keptMs = 2000;
const maxKept = 1000;

interface Kept {
  widgets: Map<string, { widget: Widget; until: number }>;
  themes: Map<string, Theme>;
}
const keptBy = new WeakMap<Store, Kept>();

const keptOf = (store: Store): Kept => {
  let kept = keptBy.get(store);
  if (kept === undefined) keptBy.set(store, (kept = { widgets: new Map(), themes: new Map() }));
  return kept;
};

const keep = <V>(map: Map<string, V>, key: string, value: V): void => {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > maxKept && oldest !== undefined) map.delete(oldest);
};

/** By either public key; at most two seconds old. Undefined for an unknown key. */
export const widgetByKey = async (
  { store, clock }: Pick<PublicWidgetDeps, 'store' | 'clock'>,
  key: string,
): Promise<Widget | undefined> => {
  if (!/^(wgt_[0-9a-f]{24}|caty_[0-9a-f]{32})$/.test(key)) return undefined;
  const { widgets } = keptOf(store);
  const now = clock.now();
  const held = widgets.get(key);
  if (held !== undefined && held.until > now && held.until <= now + keptMs) return held.widget;
  const widget = await store.documents.widgets.find(`key:${key}`);
  if (widget === undefined) return undefined;
  const until = keyLife(widget, key);
  if (until <= now) return undefined;
  keep(widgets, key, { widget, until: Math.min(now + keptMs, until) });
  return widget;
};

/** Until when a public key is one of this widget's, ms: a rotated one until its grace is over; 0 for any other. */
export const keyLife = (widget: Widget, key: string): number => {
  if (key === widget.widgetKey || key === widget.catyKey) return Number.POSITIVE_INFINITY;
  return widget.oldKeys?.find((rotated) => rotated.key === key)?.until ?? 0;
};

/** What this node keeps of widgets is old: one was changed or removed, here or elsewhere. */
export const forgetWidgets = (store: Store): void => {
  // Another map, not an emptied one: what is being read right now must not be kept.
  keptOf(store).widgets = new Map();
};

/**
 * The widget that a page asks for by its public key.
 * @throws ChatError `not_found` for an unknown key, `forbidden` where it is switched off, not for this page or for none
 */
export const admitPage = async (
  deps: Pick<PublicWidgetDeps, 'store' | 'clock'>,
  page: { key: string; origin: string | undefined; secFetchSite?: string | undefined; ownOrigin: string },
): Promise<Widget> => {
  const widget = await widgetByKey(deps, page.key);
  if (widget === undefined) throw new ChatError('not_found', 'There is no widget with this key');
  if (!widget.isEnabled) throw new ChatError('forbidden', 'This widget is switched off');
  if (!isOriginAllowed(widget.allowedDomains, page.origin, page)) {
    throw new ChatError('forbidden', 'This widget is not allowed on this page: see its allowed domains');
  }
  const bridge = whyNotEmbeddable(widget.type);
  if (bridge !== undefined) throw new ChatError('forbidden', bridge);
  return widget;
};

const themeOf = (store: Store, widget: Widget, isDraft: boolean): Theme => {
  if (isDraft) return deriveTheme(widget.colors);
  const { themes } = keptOf(store);
  const key = `${widget.id}:${widget.updatedAt}`;
  const held = themes.get(key);
  if (held !== undefined) return held;
  const theme = deriveTheme(widget.colors);
  keep(themes, key, theme);
  return theme;
};

/** All that a browser may see of a widget. `isDraft`: settings that are not stored, so nothing may be cached under its id. */
export const publicWidgetOf = async (
  deps: PublicWidgetDeps,
  widget: Widget,
  { isDraft = false }: { isDraft?: boolean } = {},
): Promise<PublicWidget> => {
  const assistant = await deps.store.documents.assistants.get(widget.orgId, widget.assistantId);
  const { privacyUrl } = widget;
  // A preview of settings speaks to nobody.
  const isProactive = !isDraft && widget.proactive.isEnabled && widget.proactive.triggers.length > 0;
  return {
    widgetKey: widget.widgetKey,
    position: widget.position,
    offsetX: widget.offsetX,
    offsetY: widget.offsetY,
    zIndex: widget.zIndex,
    scheme: widget.scheme,
    theme: themeOf(deps.store, widget, isDraft),
    texts: widget.texts,
    form: widget.form,
    openingMessages: widget.openingMessages,
    actionButtons: widget.actionButtons.filter(({ url }) => url === undefined || isSafeLink(url)),
    typingPreview: widget.typingPreview,
    hideBranding: widget.hideBranding,
    ...(privacyUrl !== undefined && isSafeLink(privacyUrl) ? { privacyUrl } : {}),
    ...(widget.iconKey === undefined ? {} : { iconUrl: iconUrlOf(deps.baseUrl(), widget) }),
    isProactive,
    ...(isProactive ? { triggers: widget.proactive.triggers.map(publicTrigger) } : {}),
    assistantName: assistant?.name ?? 'Assistant',
    isAutopilot: widget.isAutopilot,
    availability: widget.isAutopilot || deps.presence.isStaffOnline(widget.orgId) ? 'online' : 'away',
  };
};

/** Messages by others that the visitor of this session has not read, at most 200; undefined where the session is not live. */
export const unreadOf = async (
  { store, clock }: Pick<PublicWidgetDeps, 'store' | 'clock'>,
  widget: Widget,
  sessionToken: string,
): Promise<number | undefined> => {
  if (sessionToken === '' || sessionToken.length > 200) return undefined;
  const session = await store.documents.sessions.find(`hash:${hashOf(sessionToken)}`);
  if (session === undefined || session.widgetId !== widget.id) return undefined;
  if (session.expiresAt !== undefined && session.expiresAt <= clock.now()) return undefined;
  const [marks] = await store.reads([session.conversationId]);
  const facts = await store.factsAfter(session.conversationId, marks?.visitor ?? 0, 200);
  return facts.filter((fact) => fact.type === 'message.created' && fact.author.kind !== 'visitor').length;
};
