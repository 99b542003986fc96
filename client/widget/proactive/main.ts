// What the loader fetches where the owner lets the widget speak first: it watches the page, and says one thing at a time.
// Before a condition of the owner holds nothing leaves the page; before the visitor takes part nothing is stored.
import type { Watching } from '../contract.ts';
import { showBubble } from './bubble.ts';
import type { Bubble, Offer } from './bubble.ts';
import { openSession } from './session.ts';
import type { OfferAction } from './session.ts';
import { watchVisit } from './visit.ts';

/** Between two questions to the server. */
const leastMs = 15_000;
/** A visitor who took part is reported this often, so that staff and scores see where they are. */
const reportMs = 60_000;

const offerOf = (body: Record<string, unknown> | undefined): Offer | undefined => {
  const message = body?.['message'] as
    | Record<'message_id' | 'content' | 'suggested_actions', unknown>
    | null
    | undefined;
  if (typeof message?.content !== 'string') return undefined;
  return {
    messageId: String(message.message_id),
    content: message.content,
    actions: (message.suggested_actions ?? []) as OfferAction[],
  };
};

export const watch = ({ root, origin, widget, scheme, call }: Watching): void => {
  const { widgetKey, triggers = [] } = widget;
  const session = openSession(origin, widgetKey);
  const button = root.querySelector<HTMLElement>('.launcher');
  let bubble: Bubble | undefined;
  /** Types that this page has asked for: each is asked once. */
  const asked = new Set<string>();
  let askedAt = Number.NEGATIVE_INFINITY;
  let isAsking = false;
  /** Of the offer that was shown last. */
  let shown = '';

  const isOpen = (): boolean => button?.ariaExpanded === 'true';
  const isHidden = (): boolean => button === null || button.hidden !== false;
  const hide = (): void => {
    bubble?.hide();
    bubble = undefined;
  };
  const choose = (offer: Offer, chosen: OfferAction | null): void => {
    hide();
    session.keep();
    switch (chosen?.action) {
      case 'dismiss':
      case 'link':
        return;
      case undefined:
      case 'message':
      case 'handoff': {
        // Until the answer brings it into the conversation, the panel greets with it.
        call('update', [{ widget: { ...widget, texts: { ...widget.texts, welcome: offer.content } } }]);
        call('open', ['user']);
        if (chosen !== null && chosen !== undefined) call('send', [chosen.label]);
      }
    }
  };
  const show = (offer: Offer): void => {
    // It comes by the call that asked for it, and to an open panel's socket as well.
    if (isOpen() || isHidden() || shown === offer.messageId) return;
    shown = offer.messageId;
    hide();
    const look = { widget, scheme: scheme ?? widget.scheme, offer };
    bubble = showBubble(root, look, (chosen) => choose(offer, chosen));
  };

  /** The first of these that the server has something to say to: limits and cool-downs are its to keep. */
  const fetchOffer = async (types: readonly string[]): Promise<void> => {
    const context = { page_url: location.href.slice(0, 2048) };
    for (const type of types) {
      const offer = offerOf(await session.ask('proactive', { trigger_type: type, context }));
      if (offer !== undefined) return show(offer);
    }
  };
  const ask = async (types: readonly string[]): Promise<void> => {
    isAsking = true;
    askedAt = performance.now();
    for (const type of types) asked.add(type);
    await fetchOffer(types);
    // After the question: a session that has just begun knows of no time on the page yet.
    const told = await session.ask('track', visit.report());
    const { should_trigger: isOffered } = (told?.['proactive'] ?? {}) as { should_trigger?: unknown };
    if (isOffered === true) await fetchOffer(triggers.map(({ type }) => type));
    isAsking = false;
  };

  const tick = (): void => {
    if (!root.host.isConnected) return stop();
    if (isOpen()) hide();
    if (isAsking || bubble !== undefined || isOpen() || isHidden()) return;
    const since = performance.now() - askedAt;
    if (since < leastMs) return;
    const due = visit.due(triggers, session.isKnown()).map(({ type }) => type);
    const fresh = due.filter((type) => !asked.has(type));
    if (fresh.length > 0 || (session.hasSession() && since >= reportMs)) void ask(fresh);
  };
  const visit = watchVisit(tick);
  /** A click on the launcher or in the panel is taking part: what was begun goes on there. */
  const takePart = (): void => session.keep();
  root.addEventListener('click', takePart, true);
  const hear = (event: Event): void => show((event as CustomEvent<Offer>).detail);
  root.addEventListener('offer', hear);
  const stop = (): void => {
    visit.stop();
    hide();
    root.removeEventListener('click', takePart, true);
    root.removeEventListener('offer', hear);
  };
};
