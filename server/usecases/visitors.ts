// Visitors and their sessions: who holds which token, and which conversations are theirs.
import { ChatError } from '../../shared/errors.ts';
import type { Page } from '../../shared/facts.ts';
import { acceptedSecrets } from '../../shared/identity.ts';
import { newId, newSecret } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import type { Clock } from '../ports/clock.ts';
import type { Contact, Session, Visitor } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import type { Log } from '../ports/telemetry.ts';
import { changeContact } from './contacts.ts';
import { beganIn } from './persons.ts';
import { hashOf } from './secret.ts';

export interface VisitorDeps {
  store: Store;
  clock: Clock;
  log: Log;
}

const hour = 3_600_000;
const day = 24 * hour;

/** A session ends after 24 h without use and after 30 d in any case. */
export const sessionLife = { idleMs: day, wholeMs: 30 * day } as const;
/** A visitor who never said a word is forgotten after this; the first word keeps the contact for 90 d. */
const silentMs = 2 * day;
export const contactMs = 90 * day;
/** A repeat of `session:open` whose first ack was lost finds its session for this long. */
const repeatMs = 5 * 60_000;
const touchEveryMs = 60_000;

/** What a socket presents in its handshake. */
export interface Tokens {
  sessionToken?: string | undefined;
  visitorToken?: string | undefined;
}

export interface OpenInput {
  clientId?: string | undefined;
  /** Who asks (address and program): a repeat of the same `clientId` from elsewhere is given nothing. */
  asker: string;
  page?: Page | undefined;
  channel: 'widget' | 'test';
  locale?: string | undefined;
  userAgent?: string | undefined;
  /** Where they are, in canonical form. */
  address?: string | undefined;
  /** Refuses a contact that is banned, before anything is written. */
  admitContact?: ((contactId: string) => Promise<void>) | undefined;
  /** Refuses where this address opens too many new sessions. */
  admitNew?: (() => Promise<ChatError | undefined>) | undefined;
}

/** A session that is open, with the tokens that its holder must keep. */
export interface OpenSession {
  session: Session;
  contact: Contact | undefined;
  sessionToken: string;
  visitorToken: string;
  /** Visitor, contact and conversation were made just now: nothing can have been written of them yet. */
  isNew?: true;
}

/** A session that a rotated identity secret has signed ends with that secret. */
const isSignatureAlive = ({ subject, secretVersion = 0 }: Session, widget: Widget, now: number): boolean =>
  subject === undefined || acceptedSecrets(widget, now).includes(secretVersion);

export const isLive = (session: Session, widget: Widget, now: number): boolean =>
  session.widgetId === widget.id &&
  now - session.lastSeenAt < sessionLife.idleMs &&
  now - session.createdAt < sessionLife.wholeMs &&
  isSignatureAlive(session, widget, now);

/** Whether it is worth looking up. */
const isToken = (token: string | undefined): token is string =>
  token !== undefined && token !== '' && token.length <= 200;

/**
 * The live session of a token; undefined for an unknown, ended or another widget's.
 * @throws ChatError `unavailable` while somebody is signing in on it
 */
export const sessionOf = async (
  deps: VisitorDeps,
  widget: Widget,
  token: string | undefined,
): Promise<Session | undefined> => {
  if (!isToken(token)) return undefined;
  const session = await deps.store.documents.sessions.find(`hash:${hashOf(token)}`);
  const now = deps.clock.now();
  if (session === undefined || !isLive(session, widget, now)) return undefined;
  const lockedMs = (session.lockedUntil ?? 0) - now;
  if (lockedMs > 0) throw new ChatError('unavailable', 'Somebody is signing in here', { retryAfterMs: 500 });
  return session;
};

/** Whether a token still opens its session: asked again by whoever has just been let in, and can be found from now on. */
export const isStillOpen = async (
  { store }: VisitorDeps,
  { orgId, id }: Session,
  sessionToken: string,
): Promise<boolean> => (await store.documents.sessions.get(orgId, id))?.hash === hashOf(sessionToken);

/** The visitor of a token, whoever they are; undefined for an unknown or another widget's. */
export const visitorOf = async (
  deps: VisitorDeps,
  widget: Widget,
  token: string | undefined,
): Promise<Visitor | undefined> => {
  if (!isToken(token)) return undefined;
  const visitor = await deps.store.documents.visitors.find(`hash:${hashOf(token)}`);
  return visitor?.widgetId === widget.id ? visitor : undefined;
};

/** Writes down that a conversation is a visitor's, before its log begins. */
export const own = async (deps: VisitorDeps, session: Session): Promise<void> => {
  const { orgId, visitorId, widgetId, contactId, conversationId: id } = session;
  // Of the conversation: a session may have had others before.
  const createdAt = deps.clock.now();
  const expiresAt = createdAt + silentMs;
  await deps.store.documents.ownerships.put({ id, orgId, visitorId, widgetId, contactId, createdAt, expiresAt });
};

const touched = (session: Session, input: Pick<OpenInput, 'page' | 'address'>, now: number): Session => ({
  ...session,
  lastSeenAt: now,
  expiresAt: Math.min(now + sessionLife.idleMs, session.createdAt + sessionLife.wholeMs),
  ...(input.page === undefined ? {} : { page: input.page }),
  ...(input.address === undefined ? {} : { address: input.address }),
});

/**
 * Changes a session as it is stored: another tab, on any node, may have been given new tokens or another conversation
 * meanwhile, and what ended must not come back.
 */
export const changeSession = (
  { store }: VisitorDeps,
  { orgId, id }: Session,
  change: (stored: Session) => Session | undefined,
): Promise<Session | undefined> => store.documents.sessions.update(orgId, id, (stored) => stored && change(stored));

/** That somebody was here, and on which page, is written while they go on: nobody's answer waits for it. */
const beside = ({ log }: VisitorDeps, { conversationId }: Session, writing: Promise<unknown>): void => {
  writing.catch((error: unknown) => log.warn({ err: error, conversationId }, 'a visit was not written down'));
};

export const contactOf = (
  { store }: VisitorDeps,
  { orgId, contactId }: Pick<Session, 'orgId' | 'contactId'>,
): Promise<Contact | undefined> => store.documents.contacts.get(orgId, contactId);

/** The contact as it is from this visit on. */
export const seen = (
  deps: VisitorDeps,
  session: Session,
  input: OpenInput,
  contact: Contact | undefined,
): Contact | undefined => {
  const now = deps.clock.now();
  const visit = (before: Contact): Partial<Contact> | undefined => {
    const isOld = now - before.lastSeenAt >= touchEveryMs;
    if (!isOld && (input.page === undefined || input.page.url === before.page?.url)) return undefined;
    const isVisit = now - before.lastSeenAt > 30 * 60_000;
    return {
      lastSeenAt: now,
      visits: before.visits + (isVisit ? 1 : 0),
      ...(input.page === undefined ? {} : { page: input.page }),
    };
  };
  const fields = contact && visit(contact);
  if (contact === undefined || fields === undefined) return contact;
  beside(deps, session, changeContact(deps, session, visit));
  return { ...contact, ...fields };
};

/** Whether a token is this visitor's: without looking it up, because whose it should be is known. */
const isVisitorsToken = async (deps: VisitorDeps, session: Session, token: string | undefined): Promise<boolean> => {
  if (!isToken(token)) return false;
  const visitor = await deps.store.documents.visitors.get(session.orgId, session.visitorId);
  return visitor?.hash === hashOf(token);
};

/** Who has signed in on a session. An older version kept that with the contact alone. */
const subjectOf = (session: Session | Visitor, contact: Contact | undefined): string | undefined =>
  session.subject ?? contact?.subject;

/** What was presented, as far as it is known. */
export interface Presented {
  session: Session | undefined;
  /** Of the session. */
  contact: Contact | undefined;
  /** Whether the visitor's token is that of the session. */
  isHolder: boolean;
  /** The person who is signed in on the session. */
  subject: string | undefined;
  /** Of the visitor's token, where it is not the session's. */
  visitor: Visitor | undefined;
  /** The person who is signed in at that visitor. */
  visitorSubject: string | undefined;
}

/**
 * Looks up what both tokens stand for. Foreign, ended and unknown ones stand for nothing, and a test chat and a real one never
 * stand for each other.
 */
export const presentedBy = async (
  deps: VisitorDeps,
  widget: Widget,
  tokens: Tokens,
  channel: Session['channel'],
): Promise<Presented> => {
  const found = await sessionOf(deps, widget, tokens.sessionToken);
  const session = found?.channel === channel ? found : undefined;
  const [isHolder, contact] =
    session === undefined
      ? [false, undefined]
      : await Promise.all([isVisitorsToken(deps, session, tokens.visitorToken), contactOf(deps, session)]);
  const visitor = isHolder ? undefined : await visitorOf(deps, widget, tokens.visitorToken);
  return {
    session,
    contact,
    isHolder,
    subject: session && subjectOf(session, contact),
    visitor,
    visitorSubject: visitor && subjectOf(visitor, await contactOf(deps, visitor)),
  };
};

/**
 * Resumes what the tokens stand for, or begins anew; the log itself begins with the first word. A page that brings no identity
 * token goes on in a signed session by that session's own token alone: what a browser keeps opens nothing of the person's.
 */
export const openSession = async (
  deps: VisitorDeps,
  widget: Widget,
  tokens: Tokens,
  input: OpenInput,
): Promise<OpenSession> => {
  const presented = await presentedBy(deps, widget, tokens, input.channel);
  const known = presented.visitorSubject === undefined ? presented.visitor : undefined;
  const { session } = presented;
  // Signed by an older version, which did not write it into the session: only with an identity token.
  const isUnclear = session?.subject === undefined && presented.subject !== undefined;
  const come = known ?? (isUnclear ? undefined : session);
  if (come !== undefined) await input.admitContact?.(come.contactId);
  if (session !== undefined && !isUnclear && known === undefined) {
    return resumed(deps, session, presented, tokens, input);
  }
  const openKey = openKeyOf(tokens, input);
  const repeated = await repeatOf(deps, widget, openKey);
  if (repeated !== undefined && (known === undefined || known.id === repeated.visitorId)) {
    await input.admitContact?.(repeated.contactId);
    return repeatedOpening(deps, repeated, input);
  }
  const refusal = await input.admitNew?.();
  if (refusal !== undefined) throw refusal;
  try {
    return known === undefined
      ? await beginVisitor(deps, widget, openKey, input)
      : await returning(deps, widget, known, tokens.visitorToken!, openKey, input);
  } catch (error) {
    // The same `clientId` on another connection was a moment faster: this is its repeat.
    const first = await repeatOf(deps, widget, openKey);
    if (first === undefined || (known !== undefined && known.id !== first.visitorId)) throw error;
    return repeatedOpening(deps, first, input);
  }
};

/** The session that was presented, with the tokens that it has. */
export const resumed = async (
  deps: VisitorDeps,
  session: Session,
  { contact, isHolder }: Pick<Presented, 'contact' | 'isHolder'>,
  tokens: Tokens,
  input: OpenInput,
): Promise<OpenSession> => ({
  session: usedSession(deps, session, input),
  contact: seen(deps, session, input, contact),
  sessionToken: tokens.sessionToken!,
  visitorToken: isHolder ? tokens.visitorToken! : await freshVisitorToken(deps, session),
});

/** What a repeat of an opening is known by: its `clientId`, bound to who asks and to what they presented. */
const openKeyOf = ({ visitorToken = '' }: Tokens, { clientId, asker }: OpenInput): string | undefined =>
  clientId === undefined ? undefined : hashOf(JSON.stringify([clientId, asker, visitorToken]));

const repeatOf = async (
  deps: VisitorDeps,
  widget: Widget,
  openKey: string | undefined,
): Promise<Session | undefined> => {
  if (openKey === undefined) return undefined;
  const session = await deps.store.documents.sessions.find(`open:${widget.id}:${openKey}`);
  if (session === undefined || session.subject !== undefined) return undefined;
  return deps.clock.now() - session.createdAt < repeatMs ? session : undefined;
};

export const freshVisitorToken = async (deps: VisitorDeps, session: Session): Promise<string> => {
  const visitorToken = newSecret('vis');
  const hash = hashOf(visitorToken);
  const { orgId, visitorId } = session;
  await deps.store.documents.visitors.update(orgId, visitorId, (visitor) => visitor && { ...visitor, hash });
  return visitorToken;
};

/** A new token for the same session, with what `also` changes of it: the old one opens nothing any more. */
export const freshSessionToken = async (
  deps: VisitorDeps,
  session: Session,
  input: OpenInput,
  also: (stored: Session) => Session,
): Promise<{ session: Session; sessionToken: string }> => {
  const sessionToken = newSecret('sess');
  const hash = hashOf(sessionToken);
  const now = deps.clock.now();
  const renew = (stored: Session): Session => touched({ ...also(stored), hash }, input, now);
  const renewed = await changeSession(deps, session, renew);
  if (renewed === undefined) throw new ChatError('unavailable', 'This session has just ended', { retryAfterMs: 100 });
  return { session: renewed, sessionToken };
};

/** The session of an opening whose first answer was lost, under new tokens. Not while somebody signs in on it, or after. */
const repeatedOpening = async (deps: VisitorDeps, repeated: Session, input: OpenInput): Promise<OpenSession> => {
  const { session, sessionToken } = await freshSessionToken(deps, repeated, input, (stored) => {
    const isLocked = (stored.lockedUntil ?? 0) > deps.clock.now();
    if (isLocked || stored.subject !== undefined || stored.hash !== repeated.hash) {
      throw new ChatError('unavailable', 'Somebody is signing in here', { retryAfterMs: 500 });
    }
    return stored;
  });
  const visitorToken = await freshVisitorToken(deps, session);
  const contact = seen(deps, session, input, await contactOf(deps, session));
  return { session, contact, sessionToken, visitorToken };
};

/** A new session of a visitor, not stored yet, with its token. */
export const sessionFor = (
  deps: VisitorDeps,
  visitor: Visitor,
  conversationId: string,
  openKey: string | undefined,
  input: OpenInput,
): { session: Session; sessionToken: string } => {
  const now = deps.clock.now();
  const sessionToken = newSecret('sess');
  const session: Session = {
    id: newId('ssn'),
    orgId: visitor.orgId,
    createdAt: now,
    expiresAt: now + sessionLife.idleMs,
    widgetId: visitor.widgetId,
    visitorId: visitor.id,
    contactId: visitor.contactId,
    conversationId,
    hash: hashOf(sessionToken),
    openKey: openKey ?? newId('ssn'),
    lastSeenAt: now,
    channel: input.channel,
    ...(visitor.subject === undefined ? {} : { subject: visitor.subject }),
    ...(input.page === undefined ? {} : { page: input.page }),
    ...(input.address === undefined ? {} : { address: input.address }),
  };
  return { session, sessionToken };
};

/** A visitor without a session gets the conversation that was live within 24 h, under a fresh session, and nothing older. */
const returning = async (
  deps: VisitorDeps,
  widget: Widget,
  visitor: Visitor,
  visitorToken: string,
  openKey: string | undefined,
  input: OpenInput,
): Promise<OpenSession> => {
  const [last] = await deps.store.documents.sessions.list(visitor.orgId, {
    group: visitor.id,
    limit: 1,
    reverse: true,
  });
  const isRecent = last !== undefined && isLive(last, widget, deps.clock.now());
  const conversationId = isRecent ? last.conversationId : newId('conv');
  const { session, sessionToken } = sessionFor(deps, visitor, conversationId, openKey, input);
  await Promise.all([deps.store.documents.sessions.put(session), isRecent ? undefined : own(deps, session)]);
  // Whoever signs in or out changes the token first and ends the sessions then: one of both finds this session.
  if (!(await isVisitorsToken(deps, session, visitorToken))) {
    await deps.store.documents.sessions.delete(session.orgId, session.id);
    throw new ChatError('unavailable', 'Somebody is signing in here', { retryAfterMs: 500 });
  }
  const contact = seen(deps, session, input, await contactOf(deps, session));
  return { session, contact, sessionToken, visitorToken };
};

/** A contact of whom nothing is known but this visit. */
export const newContact = (
  { clock }: Pick<VisitorDeps, 'clock'>,
  { orgId, id: widgetId }: Pick<Widget, 'orgId' | 'id'>,
  input: OpenInput,
): Contact => {
  const now = clock.now();
  return {
    id: newId('con'),
    orgId,
    createdAt: now,
    expiresAt: now + silentMs,
    widgetId,
    verified: false,
    lastSeenAt: now,
    visits: 1,
    ...(input.page === undefined ? {} : { page: input.page }),
    ...(input.locale === undefined ? {} : { locale: input.locale }),
    ...(input.userAgent === undefined ? {} : { userAgent: input.userAgent }),
  };
};

/** A new browser or app, not stored yet, with its token. */
export const newVisitor = (
  { clock }: Pick<VisitorDeps, 'clock'>,
  { orgId, id: widgetId }: Pick<Widget, 'orgId' | 'id'>,
  contactId: string,
): { visitor: Visitor; visitorToken: string } => {
  const visitorToken = newSecret('vis');
  const now = clock.now();
  const hash = hashOf(visitorToken);
  const times = { createdAt: now, expiresAt: now + contactMs };
  return { visitorToken, visitor: { id: newId('vst'), orgId, ...times, widgetId, contactId, hash } };
};

const beginVisitor = async (
  deps: VisitorDeps,
  widget: Widget,
  openKey: string | undefined,
  input: OpenInput,
): Promise<OpenSession> => {
  const { store } = deps;
  const contact = newContact(deps, widget, input);
  const { visitor, visitorToken } = newVisitor(deps, widget, contact.id);
  const { session, sessionToken } = sessionFor(deps, visitor, newId('conv'), openKey, input);
  // One tick, so one write of the store.
  await Promise.all([
    store.documents.contacts.put(contact),
    store.documents.visitors.put(visitor),
    store.documents.sessions.put(session),
    own(deps, session),
  ]);
  return { session, contact, sessionToken, visitorToken, isNew: true };
};

/**
 * The session as it is being used: a tab that stays connected for days must not lose it for want of an opening. What is stored
 * follows by itself, once a minute at most and however many ask at once.
 */
export const usedSession = (
  deps: VisitorDeps,
  session: Session,
  input: Pick<OpenInput, 'page' | 'address'> = {},
): Session => {
  const now = deps.clock.now();
  // Another address is written at once: a ban must know where the visitor is.
  const isFresh = ({ lastSeenAt, address }: Session): boolean =>
    now - lastSeenAt < touchEveryMs && (input.address === undefined || input.address === address);
  if (isFresh(session)) return input.page === undefined ? session : { ...session, page: input.page };
  const change = (stored: Session): Session | undefined => (isFresh(stored) ? undefined : touched(stored, input, now));
  beside(deps, session, changeSession(deps, session, change));
  return touched(session, input, now);
};

/**
 * Whether a conversation is this visitor's: the one that the session is in, or any of the same contact on the same widget. The
 * log says whose it is, and so follows a person who signs in over all their devices.
 */
export const owns = async ({ store }: VisitorDeps, session: Session, conversationId: string): Promise<boolean> => {
  if (session.conversationId === conversationId) return true;
  const { orgId, widgetId, contactId, visitorId } = session;
  const begun = await store.state(conversationId);
  if (begun !== undefined) {
    return begun.orgId === orgId && begun.state.widgetId === widgetId && begun.state.contactId === contactId;
  }
  const ownership = await store.documents.ownerships.get(orgId, conversationId);
  return ownership?.visitorId === visitorId && ownership.widgetId === widgetId;
};

/** Points the session at another conversation: one of the visitor's own, or a new one. @throws ChatError `not_found` */
export const moveSession = async (
  deps: VisitorDeps,
  session: Session,
  conversationId: string | null,
): Promise<Session> => {
  if (conversationId !== null && !(await owns(deps, session, conversationId))) {
    throw new ChatError('not_found', 'No such conversation');
  }
  const moved = { ...session, conversationId: conversationId ?? newId('conv'), lastSeenAt: deps.clock.now() };
  const [stored] = await Promise.all([
    // Tokens as stored: the old ones must stay dead.
    changeSession(deps, session, ({ hash, lockedUntil }) => ({
      ...moved,
      hash,
      ...(lockedUntil === undefined ? {} : { lockedUntil }),
    })),
    conversationId === null ? own(deps, moved) : undefined,
    beganIn(deps, moved),
  ]);
  return stored ?? moved;
};

/** The session opens nothing any more; what it was in stays. */
export const closeSession = async (deps: VisitorDeps, session: Session): Promise<void> => {
  const hash = hashOf(newSecret('sess'));
  await changeSession(deps, session, (stored) => ({ ...stored, hash }));
};
