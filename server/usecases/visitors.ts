// Visitors and their sessions: who holds which token, and which conversations are theirs.
import { ChatError } from '../../shared/errors.ts';
import type { Page } from '../../shared/facts.ts';
import { newId, newSecret } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import type { Clock } from '../ports/clock.ts';
import type { Contact, Session, Visitor } from '../ports/documents.ts';
import type { Identity } from '../ports/identity.ts';
import type { Store } from '../ports/store.ts';
import type { Log } from '../ports/telemetry.ts';
import { changeContact } from './contacts.ts';
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

const isLive = (session: Session, widget: Widget, now: number): boolean =>
  session.widgetId === widget.id &&
  now - session.lastSeenAt < sessionLife.idleMs &&
  now - session.createdAt < sessionLife.wholeMs;

/** Whether it is worth looking up. */
const isToken = (token: string | undefined): token is string =>
  token !== undefined && token !== '' && token.length <= 200;

/** The live session of a token; undefined for an unknown, ended or another widget's. */
export const sessionOf = async (
  deps: VisitorDeps,
  widget: Widget,
  token: string | undefined,
): Promise<Session | undefined> => {
  if (!isToken(token)) return undefined;
  const session = await deps.store.documents.sessions.find(`hash:${hashOf(token)}`);
  return session !== undefined && isLive(session, widget, deps.clock.now()) ? session : undefined;
};

const visitorOf = async (
  deps: VisitorDeps,
  widget: Widget,
  token: string | undefined,
): Promise<Visitor | undefined> => {
  if (!isToken(token)) return undefined;
  const visitor = await deps.store.documents.visitors.find(`hash:${hashOf(token)}`);
  return visitor?.widgetId === widget.id ? visitor : undefined;
};

/** Writes down that a conversation is a visitor's, before its log begins. */
const own = async (deps: VisitorDeps, session: Session): Promise<void> => {
  const { orgId, visitorId, widgetId, contactId, conversationId: id } = session;
  // Of the conversation: a session may have had others before.
  const createdAt = deps.clock.now();
  const expiresAt = createdAt + 365 * day;
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
const changeSession = (
  { store }: VisitorDeps,
  { orgId, id }: Session,
  change: (stored: Session) => Session | undefined,
): Promise<Session | undefined> => store.documents.sessions.update(orgId, id, (stored) => stored && change(stored));

/** That somebody was here, and on which page, is written while they go on: nobody's answer waits for it. */
const beside = ({ log }: VisitorDeps, { conversationId }: Session, writing: Promise<unknown>): void => {
  writing.catch((error: unknown) => log.warn({ err: error, conversationId }, 'a visit was not written down'));
};

const contactOf = ({ store }: VisitorDeps, { orgId, contactId }: Session): Promise<Contact | undefined> =>
  store.documents.contacts.get(orgId, contactId);

/** The contact as it is from this visit on. */
const seen = (
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

/** Resumes what the tokens stand for, or begins anew; the log itself begins with the first word. */
export const openSession = async (
  deps: VisitorDeps,
  widget: Widget,
  tokens: Tokens,
  input: OpenInput,
): Promise<OpenSession> => {
  const live = await sessionOf(deps, widget, tokens.sessionToken);
  const [isHolder, contact] =
    live === undefined
      ? [false, undefined]
      : await Promise.all([isVisitorsToken(deps, live, tokens.visitorToken), contactOf(deps, live)]);
  const known = isHolder ? undefined : await visitorOf(deps, widget, tokens.visitorToken);
  const come = known ?? live;
  if (come !== undefined) await input.admitContact?.(come.contactId);
  if (live !== undefined && known === undefined) {
    return {
      session: usedSession(deps, live, input),
      contact: seen(deps, live, input, contact),
      sessionToken: tokens.sessionToken!,
      visitorToken: isHolder ? tokens.visitorToken! : await freshVisitorToken(deps, live),
    };
  }
  const repeated = input.clientId === undefined ? undefined : await repeatOf(deps, widget, input.clientId);
  if (repeated !== undefined && (known === undefined || known.id === repeated.visitorId)) {
    await input.admitContact?.(repeated.contactId);
    return freshTokens(deps, repeated, input);
  }
  const refusal = await input.admitNew?.();
  if (refusal !== undefined) throw refusal;
  try {
    return known === undefined
      ? await beginVisitor(deps, widget, input)
      : await returning(deps, widget, known, tokens.visitorToken!, input);
  } catch (error) {
    // The same `clientId` on another connection was a moment faster: this is its repeat.
    const first = input.clientId === undefined ? undefined : await repeatOf(deps, widget, input.clientId);
    if (first === undefined || (known !== undefined && known.id !== first.visitorId)) throw error;
    return freshTokens(deps, first, input);
  }
};

const repeatOf = async (deps: VisitorDeps, widget: Widget, clientId: string): Promise<Session | undefined> => {
  const session = await deps.store.documents.sessions.find(`open:${widget.id}:${clientId}`);
  return session !== undefined && deps.clock.now() - session.createdAt < repeatMs ? session : undefined;
};

const freshVisitorToken = async (deps: VisitorDeps, session: Session): Promise<string> => {
  const visitorToken = newSecret('vis');
  const hash = hashOf(visitorToken);
  const { orgId, visitorId } = session;
  await deps.store.documents.visitors.update(orgId, visitorId, (visitor) => visitor && { ...visitor, hash });
  return visitorToken;
};

/** New tokens for the same session: the old ones open nothing any more. */
export const freshTokens = async (deps: VisitorDeps, session: Session, input: OpenInput): Promise<OpenSession> => {
  const sessionToken = newSecret('sess');
  const hash = hashOf(sessionToken);
  const now = deps.clock.now();
  const renew = (stored: Session): Session => touched({ ...stored, hash }, input, now);
  const renewed = (await changeSession(deps, session, renew)) ?? renew(session);
  const visitorToken = await freshVisitorToken(deps, session);
  const contact = seen(deps, renewed, input, await contactOf(deps, renewed));
  return { session: renewed, contact, sessionToken, visitorToken };
};

const sessionFor = (
  deps: VisitorDeps,
  visitor: Visitor,
  conversationId: string,
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
    openKey: input.clientId ?? newId('ssn'),
    lastSeenAt: now,
    channel: input.channel,
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
  input: OpenInput,
): Promise<OpenSession> => {
  const [last] = await deps.store.documents.sessions.list(visitor.orgId, {
    group: visitor.id,
    limit: 1,
    reverse: true,
  });
  const isRecent = last !== undefined && isLive(last, widget, deps.clock.now());
  const conversationId = isRecent ? last.conversationId : newId('conv');
  const { session, sessionToken } = sessionFor(deps, visitor, conversationId, input);
  await Promise.all([deps.store.documents.sessions.put(session), isRecent ? undefined : own(deps, session)]);
  const contact = seen(deps, session, input, await contactOf(deps, session));
  return { session, contact, sessionToken, visitorToken };
};

const beginVisitor = async (deps: VisitorDeps, widget: Widget, input: OpenInput): Promise<OpenSession> => {
  const { store, clock } = deps;
  const now = clock.now();
  const { orgId, id: widgetId } = widget;
  const contact: Contact = {
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
  const visitorToken = newSecret('vis');
  const visitor: Visitor = {
    id: newId('vst'),
    orgId,
    createdAt: now,
    expiresAt: now + contactMs,
    widgetId,
    contactId: contact.id,
    hash: hashOf(visitorToken),
  };
  const { session, sessionToken } = sessionFor(deps, visitor, newId('conv'), input);
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
 * A signed identity: the contact is who the owner says, and both tokens are new, so that whoever knew the anonymous ones
 * reads nothing of what follows.
 */
export const identifyVerified = async (
  deps: VisitorDeps,
  session: Session,
  identity: Identity,
  input: OpenInput,
): Promise<OpenSession> => {
  const { subject, name, email } = identity;
  await changeContact(deps, session, () => ({
    subject,
    verified: true,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    expiresAt: deps.clock.now() + contactMs,
  }));
  return freshTokens(deps, session, input);
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

/** Whether a conversation is this visitor's. */
export const owns = async (deps: VisitorDeps, session: Session, conversationId: string): Promise<boolean> => {
  if (session.conversationId === conversationId) return true;
  const ownership = await deps.store.documents.ownerships.get(session.orgId, conversationId);
  return ownership?.visitorId === session.visitorId && ownership.widgetId === session.widgetId;
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
    changeSession(deps, session, ({ hash }) => ({ ...moved, hash })),
    conversationId === null ? own(deps, moved) : undefined,
  ]);
  return stored ?? moved;
};

/** The session opens nothing any more; what it was in stays. */
export const closeSession = async (deps: VisitorDeps, session: Session): Promise<void> => {
  const hash = hashOf(newSecret('sess'));
  await changeSession(deps, session, (stored) => ({ ...stored, hash }));
};
