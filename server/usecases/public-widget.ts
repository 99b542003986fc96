// What a browser may see of a widget, whether this page may see it, and the lookups that every visitor causes.
import { whyNotEmbeddable } from '../../shared/channels.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Fact } from '../../shared/facts.ts';
import { deriveTheme } from '../../shared/theme.ts';
import type { PublicWidget, Theme, Widget } from '../../shared/widget.ts';
import { isOriginAllowed } from '../domain/allowed-domains.ts';
import { publicTrigger } from '../domain/proactive.ts';
import { isSafeLink } from '../domain/widget.ts';
import type { Clock } from '../ports/clock.ts';
import type { Identity } from '../ports/identity.ts';
import type { Store } from '../ports/store.ts';
import type { Bans } from './bans.ts';
import type { Directory } from './directory.ts';
import { readHistory } from './history.ts';
import type { Reader } from './history.ts';
import { Kept } from './kept.ts';
import type { Limits } from './limits.ts';
import { latestOpenOf, readPerson } from './persons.ts';
import { hashOf } from './secret.ts';
import { sessionOf } from './visitors.ts';
import type { VisitorDeps } from './visitors.ts';

export interface PublicWidgetDeps {
  store: Store;
  clock: Clock;
  presence: { isStaffOnline(orgId: string): boolean };
  directory: Directory;
  /** The installation's address, without a trailing slash. */
  baseUrl(): string;
}

/** Where a widget's picture lies for browsers: public, and the same for as long as the picture is. */
export const iconUrlOf = (baseUrl: string, widget: Pick<Widget, 'widgetKey' | 'iconKey'>): string =>
  `${baseUrl}/w/${widget.widgetKey}/icon?v=${hashOf(widget.iconKey ?? '').slice(0, 12)}`;

/** Long enough to spare the store in a storm of page views, short enough for a change made on another node. */
const freshMs = 2000;
const maxKept = 1000;

interface KeptHere {
  widgets: Kept<Widget | undefined>;
  themes: Map<string, Theme>;
}
const keptBy = new WeakMap<Store, KeptHere>();

const keptOf = ({ store, clock }: Pick<PublicWidgetDeps, 'store' | 'clock'>): KeptHere => {
  let kept = keptBy.get(store);
  if (kept === undefined) {
    kept = { widgets: new Kept({ clock, freshMs, most: maxKept }), themes: new Map() };
    keptBy.set(store, kept);
  }
  return kept;
};

/** By either public key; at most two seconds old. Undefined for an unknown key. */
export const widgetByKey = async (
  deps: Pick<PublicWidgetDeps, 'store' | 'clock'>,
  key: string,
): Promise<Widget | undefined> => {
  if (!/^(wgt_[0-9a-f]{24}|caty_[0-9a-f]{32})$/.test(key)) return undefined;
  // An unknown key is not kept: whoever guesses must not push out what is used.
  const isKept = (found: Widget | undefined): boolean => found !== undefined;
  const widget = await keptOf(deps).widgets.read(key, () => deps.store.documents.widgets.find(`key:${key}`), isKept);
  return widget !== undefined && keyLife(widget, key) > deps.clock.now() ? widget : undefined;
};

/** Until when a public key is one of this widget's, ms: a rotated one until its grace is over; 0 for any other. */
export const keyLife = (widget: Widget, key: string): number => {
  if (key === widget.widgetKey || key === widget.catyKey) return Number.POSITIVE_INFINITY;
  return widget.oldKeys?.find((rotated) => rotated.key === key)?.until ?? 0;
};

/** What this node keeps of widgets is old: one was changed or removed, here or elsewhere. */
export const forgetWidgets = (store: Store): void => keptBy.get(store)?.widgets.forget();

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

const themeOf = (deps: Pick<PublicWidgetDeps, 'store' | 'clock'>, widget: Widget, isDraft: boolean): Theme => {
  if (isDraft) return deriveTheme(widget.colors);
  const { themes } = keptOf(deps);
  const key = `${widget.id}:${widget.updatedAt}`;
  const held = themes.get(key);
  if (held !== undefined) return held;
  const theme = deriveTheme(widget.colors);
  themes.set(key, theme);
  if (themes.size > maxKept) themes.delete(themes.keys().next().value!);
  return theme;
};

/** All that a browser may see of a widget. `isDraft`: settings that are not stored, so nothing may be cached under its id. */
export const publicWidgetOf = async (
  deps: PublicWidgetDeps,
  widget: Widget,
  { isDraft = false }: { isDraft?: boolean } = {},
): Promise<PublicWidget> => {
  const assistant = await deps.directory.assistant(widget.orgId, widget.assistantId);
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
    theme: themeOf(deps, widget, isDraft),
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

export interface UnreadDeps extends VisitorDeps {
  limits: Limits;
  bans: Pick<Bans, 'admit'>;
}

/**
 * Messages by others that the visitor has not read, at most 200; undefined where more history was read than the budget allows: a
 * launcher does without the number.
 */
const unreadIn = async (
  { store, limits }: Pick<UnreadDeps, 'store' | 'limits'>,
  conversationId: string,
  reader: Reader,
): Promise<number | undefined> => {
  const read = async (): Promise<Fact[]> => {
    const [marks] = await store.reads([conversationId]);
    return store.factsAfter(conversationId, marks?.visitor ?? 0, 200);
  };
  try {
    const facts = await readHistory(limits, reader, read, (found) => found);
    return facts.filter((fact) => fact.type === 'message.created' && fact.author.kind !== 'visitor').length;
  } catch (error) {
    if (error instanceof ChatError && error.code === 'rate_limited') return undefined;
    throw error;
  }
};

/** What a signed person has not read of their open conversation on this widget. @throws ChatError `forbidden` for a banned one */
export const unreadOfPerson = async (
  deps: UnreadDeps,
  widget: Widget,
  { subject }: Pick<Identity, 'subject'>,
  address: string | undefined,
): Promise<number | undefined> => {
  const person = await readPerson(deps, widget.orgId, subject);
  if (person === undefined) return undefined;
  await deps.bans.admit(widget.orgId, person);
  const conversationId = await latestOpenOf(deps, person, widget.id, 'widget');
  return conversationId === undefined ? undefined : unreadIn(deps, conversationId, { visitorId: person.id, address });
};

/** As `unreadIn`, of the visitor of a session; undefined where it is not live. @throws ChatError `forbidden` for a banned one */
export const unreadOf = async (
  deps: UnreadDeps,
  widget: Widget,
  { sessionToken, address }: { sessionToken: string; address: string | undefined },
): Promise<number | undefined> => {
  const session = await sessionOf(deps, widget, sessionToken);
  if (session === undefined) return undefined;
  await deps.bans.admit(session.orgId, session);
  const { conversationId, visitorId } = session;
  return unreadIn(deps, conversationId, { visitorId, address });
};
