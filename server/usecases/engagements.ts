// What visitors do on their pages, session by session: the score it makes, and the moment to speak first.
import type { ConversationState } from '../../shared/conversation.ts';
import type { Action, Page } from '../../shared/facts.ts';
import { newId } from '../../shared/ids.ts';
import { chipWords, languageOfLocale } from '../../shared/language.ts';
import type { Language } from '../../shared/language.ts';
import { isStorable, limits } from '../../shared/text.ts';
import type { ProactiveTrigger, Widget } from '../../shared/widget.ts';
import { engagementScore } from '../../shared/engagement.ts';
import { accumulate, noActivity, signalsOf } from '../domain/engagement.ts';
import type { Activity, PageReport } from '../domain/engagement.ts';
import { triggerNamed, triggerToFire } from '../domain/proactive.ts';
import type { Offering } from '../domain/proactive.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Contact, Engagement, Offer, Session } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import type { Committer } from './commit.ts';
import { changeContact } from './contacts.ts';
import { wordOffer } from './offer-words.ts';
import type { WordingDeps } from './offer-words.ts';

export interface EngagementDeps extends WordingDeps {
  store: Store;
  bus: Bus;
  clock: Clock;
  committer: Committer;
}

/** Whose page reports. */
export interface Watching {
  session: Session;
  widget: Widget;
  contact: Contact | undefined;
}

/** What the visitor is offered without having asked. */
export interface Offered {
  messageId: string;
  content: string;
  actions: Action[];
}

/** A rule that is met, and the message that will say so. */
interface Fired {
  trigger: ProactiveTrigger;
  messageId: string;
}

/** Scores move with every report; the contact hears of them this much apart. */
const tellContactEvery = 5;

const blankOf = (session: Session, now: number): Engagement => ({
  ...noActivity,
  id: session.id,
  orgId: session.orgId,
  createdAt: now,
  score: 0,
  offers: [],
  updatedAt: now,
  ...(session.expiresAt === undefined ? {} : { expiresAt: session.expiresAt }),
});

const activityOf = ({ timeOnPage, scrollDepth, clicks, pages, timeHere, clicksHere, seen }: Engagement): Activity => ({
  timeOnPage,
  scrollDepth,
  clicks,
  pages,
  timeHere,
  clicksHere,
  seen,
});

/** One change after the other of what is known of a session. */
const changeEngagement = async (
  { store, clock }: EngagementDeps,
  session: Session,
  change: (before: Engagement, now: number) => Engagement | undefined,
): Promise<void> => {
  await store.documents.engagements.update(session.orgId, session.id, (stored) => {
    const now = clock.now();
    const { expiresAt } = session;
    // It lives as long as the session, which is longer with every use.
    return change({ ...(stored ?? blankOf(session, now)), ...(expiresAt === undefined ? {} : { expiresAt }) }, now);
  });
};

const textOf = (value: unknown, max: number): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= max && isStorable(value) ? value : undefined;

/** The page of the last page view, as far as it is told in a way that can be kept. */
const viewedIn = ({ events }: PageReport): Page | undefined => {
  const data = events.findLast(({ type }) => type === 'page_view')?.data;
  const { url, title } = (typeof data === 'object' && data !== null ? data : { url: data }) as Record<string, unknown>;
  const address = textOf(url, limits.url);
  if (address === undefined) return undefined;
  const name = textOf(title, limits.title);
  return { url: address, ...(name === undefined ? {} : { title: name }) };
};

/** Only the path is read, so that any base will do. */
const pathOf = (url: string): string =>
  URL.canParse(url, 'https://page.invalid') ? new URL(url, 'https://page.invalid').pathname : '';

const stateOf = async (deps: EngagementDeps, conversationId: string): Promise<ConversationState | undefined> =>
  deps.committer.current(conversationId) ?? (await deps.store.state(conversationId))?.state;

const languageFor = ({ contact }: Watching): Language => languageOfLocale(contact?.locale ?? '') ?? 'en';

const actionsIn = (language: Language): Action[] => [
  { label: chipWords[language].tellMore, action: 'message' },
  { label: chipWords[language].noThanks, action: 'dismiss' },
];

/** Words the offer, tells the conversation's sockets, and remembers it, so that whoever asks again gets the same. */
const make = async (deps: EngagementDeps, watching: Watching, { trigger, messageId }: Fired): Promise<Offered> => {
  const { session, contact } = watching;
  const language = languageFor(watching);
  const page = contact?.page ?? session.page;
  const content = await wordOffer(deps, { ...watching, trigger, page, language });
  const offered: Offered = { messageId, content, actions: actionsIn(language) };
  await changeEngagement(deps, session, (stored) => {
    const offers = stored.offers.map((offer) =>
      offer.messageId === messageId ? { ...offer, content, actions: offered.actions } : offer,
    );
    return { ...stored, offers };
  });
  const { conversationId, orgId } = session;
  const signal = { type: 'proactive.offered', conversationId, ...offered } as const;
  deps.bus.publish({ kind: 'signal', orgId, to: 'visitor', signal });
  return offered;
};

/** Where the visitor is and how engaged: for staff, and for the score of a lead. Written where it says something new. */
const tellContact = async (
  deps: EngagementDeps,
  { session, contact }: Watching,
  { score, page }: { score: number; page: Page | undefined },
): Promise<Contact | undefined> => {
  if (contact === undefined) return undefined;
  const isElsewhere = page !== undefined && page.url !== contact.page?.url;
  const isMoved = Math.abs((contact.engagement ?? 0) - score) >= tellContactEvery;
  if (!isElsewhere && !isMoved) return contact;
  return changeContact(deps, session, () => ({ engagement: score, ...(isElsewhere ? { page } : {}) }));
};

const began = (trigger: ProactiveTrigger, now: number, isTaken: boolean): Offer => ({
  type: trigger.type,
  at: now,
  messageId: newId('msg'),
  ...(isTaken ? { isTaken } : {}),
});

/**
 * Takes one report of a page: its score, and an offer where a rule of the widget is met and nothing speaks against it.
 * @param isWhole the caller gets the offer with its actions; else it may fetch it once more by its trigger
 */
export const trackBehavior = async (
  deps: EngagementDeps,
  watching: Watching,
  report: PageReport,
  { isWhole }: { isWhole: boolean },
): Promise<{ score: number; offered: Offered | undefined; contact: Contact | undefined }> => {
  const { session, widget, contact } = watching;
  const page = viewedIn(report) ?? contact?.page ?? session.page;
  const conversation = widget.proactive.isEnabled ? await stateOf(deps, session.conversationId) : undefined;
  let score = 0;
  let fired: Fired | undefined;
  await changeEngagement(deps, session, (before, now) => {
    const activity = accumulate(activityOf(before), report, { now, startedAt: session.createdAt });
    const visits = contact?.visits ?? 1;
    const { timeHere, scrollDepth } = activity;
    const watched = {
      timeHere,
      scrollDepth,
      score: engagementScore(signalsOf(activity, visits)),
      visits,
      path: pathOf(page?.url ?? ''),
      isLeaving: report.events.some(({ type }) => type === 'exit_intent'),
    };
    const offering: Offering = triggerToFire(
      { rules: widget.proactive, offers: before.offers, conversation, now },
      watched,
    );
    const offer = 'trigger' in offering ? began(offering.trigger, now, isWhole) : undefined;
    const offers = offer === undefined ? before.offers : [...before.offers, offer];
    ({ score } = watched);
    fired = 'trigger' in offering && offer !== undefined ? { ...offering, messageId: offer.messageId } : undefined;
    return { ...before, ...activity, score, offers: offers.slice(-50), updatedAt: now };
  });
  const changed = await tellContact(deps, watching, { score, page });
  const offered = fired === undefined ? undefined : await make(deps, { ...watching, contact: changed }, fired);
  return { score, offered, contact: changed };
};

/** The offer of a trigger that the page names; undefined where there is none to be made now. */
export const offerFor = async (
  deps: EngagementDeps,
  watching: Watching,
  type: string,
): Promise<Offered | undefined> => {
  const { session, widget } = watching;
  if (!widget.proactive.isEnabled) return undefined;
  const conversation = await stateOf(deps, session.conversationId);
  let fired: { trigger: ProactiveTrigger; offer: Offer } | undefined;
  await changeEngagement(deps, session, (before, now) => {
    fired = undefined;
    const offering = triggerNamed({ rules: widget.proactive, offers: before.offers, conversation, now }, type);
    if ('quiet' in offering) return undefined;
    const announced = before.offers.findLast((offer) => offer.type === type);
    const offer: Offer = { ...(announced ?? began(offering.trigger, now, true)), isTaken: true };
    const others = before.offers.filter(({ messageId }) => messageId !== offer.messageId);
    fired = { trigger: offering.trigger, offer };
    return { ...before, offers: [...others, offer].slice(-50), updatedAt: now };
  });
  if (fired === undefined) return undefined;
  const { trigger, offer } = fired;
  const { messageId, content, actions } = offer;
  return content === undefined || actions === undefined
    ? make(deps, watching, { trigger, messageId })
    : { messageId, content, actions };
};
