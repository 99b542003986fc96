// Who a visitor is: signing in by a token of the site's owner, and signing out. docs/identity.md says it as a table.
import { ChatError } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import { signableFields, signedFieldsOf } from '../../shared/identity.ts';
import type { Widget } from '../../shared/widget.ts';
import type { Bus } from '../ports/bus.ts';
import type { Contact, Session, Visitor } from '../ports/documents.ts';
import type { Identities, Identity } from '../ports/identity.ts';
import { bansFollow } from './ban-changes.ts';
import type { Bans } from './bans.ts';
import { mergeContacts } from './contact-merge.ts';
import { visitorDoes } from './conversations.ts';
import type { ConversationDeps } from './conversations.ts';
import type { Limits } from './limits.ts';
import { beganIn, claimPerson, latestOpenOf, readPerson } from './persons.ts';
import {
  changeSession,
  contactMs,
  freshSessionToken,
  isLive,
  newContact,
  newVisitor,
  own,
  presentedBy,
  resumed,
  seen,
  sessionFor,
} from './visitors.ts';
import type { OpenInput, OpenSession, Presented, Tokens, VisitorDeps } from './visitors.ts';

export interface IdentityDeps extends VisitorDeps, ConversationDeps {
  bus: Bus;
  bans: Bans;
}

export interface SignInInput extends OpenInput {
  /** Ends the other connections of a session, where the caller is one of its connections. Default: ends all of them. */
  endOthers?: ((sessionId: string) => void) | undefined;
}

/** How long a session may be in the middle of a sign-in that a crash has cut. */
const lockMs = 10_000;
/** Sessions of one signed visitor, one a page view at most; the oldest end first. */
const sessionsPerVisitor = 20;
const conversationsJoined = 200;

/** What an identity token says. @throws ChatError `unauthenticated` with what is wrong with it; `rate_limited` */
export const verifiedIdentity = async (
  { identities, limits }: { identities: Identities; limits: Limits },
  widget: Widget,
  token: string,
): Promise<Identity> => {
  const identity = await identities.verify(token, widget);
  const refusal = await limits.checkShared('signIn', `${widget.orgId} ${identity.subject}`);
  if (refusal !== undefined) throw refusal;
  return identity;
};

const revokeSession = ({ bus }: IdentityDeps, id: string): void =>
  bus.publish({ kind: 'revoked', what: 'session', id });

/** Writes down what the token said. A contact that was erased or forgotten meanwhile comes back under its own id. */
const keepSigned = async (
  deps: IdentityDeps,
  widget: Widget,
  contactId: string,
  { subject, name, email, signed }: Identity,
  input: OpenInput,
): Promise<Contact> => {
  const next = (before: Contact | undefined): Contact => {
    const isSame = before?.subject === subject;
    // What an earlier token of the same person signed stays signed.
    const known = isSame ? signedFieldsOf(before) : [];
    return {
      ...(before ?? { ...newContact(deps, widget, input), id: contactId }),
      subject,
      verified: true,
      signed: signableFields.filter((field) => known.includes(field) || signed.includes(field)),
      ...(name === undefined ? {} : { name }),
      ...(email === undefined ? {} : { email }),
      expiresAt: deps.clock.now() + contactMs,
    };
  };
  return (await deps.store.documents.contacts.update(widget.orgId, contactId, next)) ?? next(undefined);
};

/** Tells a conversation whose it is. Nothing is written where its log has not begun: then the contact says it later. */
const tellConversation = async (
  deps: IdentityDeps,
  widget: Widget,
  session: Session,
  contact: Contact,
  conversationId: string,
): Promise<void> => {
  const signed = [...signedFieldsOf(contact)];
  const fields = Object.fromEntries(signed.map((field) => [field, contact[field]]));
  const actor = { session: { ...session, contactId: contact.id }, widget, contact };
  const command = { type: 'visitor.identify', verified: true, signed, contactId: contact.id, ...fields } as const;
  await visitorDoes(deps, actor, conversationId, command);
};

/**
 * Ends a visitor: their token, then their sessions with the connections, on every node; all of them, or all but one. What is opened by
 * the token meanwhile finds that out itself (`returning`).
 */
const endVisitor = async (deps: IdentityDeps, orgId: string, visitorId: string, except?: string): Promise<void> => {
  const { visitors, sessions } = deps.store.documents;
  await visitors.delete(orgId, visitorId);
  for (const { id } of await sessions.list(orgId, { group: visitorId })) {
    if (id === except) continue;
    await sessions.delete(orgId, id);
    revokeSession(deps, id);
  }
};

/**
 * Ends a visitor: every session, token and connection of this browser or app. The conversations stay with their contact.
 * Nobody comes back by anything that was given out here.
 */
export const signOut = async (
  deps: IdentityDeps,
  session: Session,
  endOthers: (sessionId: string) => void = (id) => revokeSession(deps, id),
): Promise<void> => {
  const { orgId, visitorId, id } = session;
  await endVisitor(deps, orgId, visitorId, id);
  await deps.store.documents.sessions.delete(orgId, id);
  endOthers(id);
};

/** Nobody else goes on in a session, or comes back to it, while somebody signs in on it. */
const lock = async (deps: IdentityDeps, session: Session): Promise<void> => {
  const now = deps.clock.now();
  const locked = await changeSession(deps, session, (stored) => {
    if ((stored.lockedUntil ?? 0) > now || stored.hash !== session.hash) {
      throw new ChatError('unavailable', 'Somebody is signing in here', { retryAfterMs: 500 });
    }
    return { ...stored, lockedUntil: now + lockMs };
  });
  if (locked === undefined) throw new ChatError('unauthenticated', 'This session has ended');
};

const unlocked = (session: Session): Session => {
  const { lockedUntil: _until, ...rest } = session;
  return rest;
};

/**
 * An anonymous visitor signs in: what was said so far is the person's, in every conversation of this visitor, and nobody but
 * the connection that asked goes on in it. Last of all the old tokens die: before that a crash leaves a session that can try again.
 */
const joinLocked = async (
  deps: IdentityDeps,
  widget: Widget,
  session: Session,
  identity: Identity,
  input: SignInInput,
): Promise<OpenSession> => {
  const { orgId } = widget;
  const endOthers = input.endOthers ?? ((id: string) => revokeSession(deps, id));
  endOthers(session.id);
  // First. The person gets a visitor of their own, so that nothing which was given out for this one, or is on its way to
  // somebody, is theirs.
  await endVisitor(deps, orgId, session.visitorId, session.id);
  const person = await claimPerson(deps, orgId, identity.subject, session.contactId);
  const { contactId } = person;
  const contact = await keepSigned(deps, widget, contactId, identity, input);
  const rows = await deps.store.conversationsOf(orgId, session.contactId, conversationsJoined);
  const theirs = new Set([session.conversationId, ...rows.map(({ conversationId }) => conversationId)]);
  for (const conversationId of theirs) {
    await tellConversation(deps, widget, session, contact, conversationId);
  }
  await bansFollow(deps, orgId, session.contactId, contactId);
  await mergeContacts(deps, orgId, session.contactId, contactId);
  const hasBegun = (await deps.store.state(session.conversationId)) !== undefined;
  const other = hasBegun ? undefined : await latestOpenOf(deps, person, widget.id, session.channel);
  const conversationId = other ?? session.conversationId;
  const { subject, secretVersion } = identity;
  const { visitor, visitorToken } = newVisitor(deps, widget, contactId);
  await deps.store.documents.visitors.put({ ...visitor, subject });
  const signed = { subject, secretVersion, contactId, conversationId, visitorId: visitor.id };
  const opened = await freshSessionToken(deps, session, input, (stored) => unlocked({ ...stored, ...signed }));
  endOthers(session.id);
  await beganIn(deps, opened.session);
  return { ...opened, contact: seen(deps, opened.session, input, contact), visitorToken };
};

const join = async (
  deps: IdentityDeps,
  widget: Widget,
  session: Session,
  identity: Identity,
  input: SignInInput,
): Promise<OpenSession> => {
  await lock(deps, session);
  try {
    return await joinLocked(deps, widget, session, identity, input);
  } catch (error) {
    // The caller comes again, and must find the session.
    await changeSession(deps, session, unlocked).catch(() => undefined);
    throw error;
  }
};

/** A person signs in where nothing of theirs is open: their latest open conversation, or a new one, in a session of its own. */
const begin = async (
  deps: IdentityDeps,
  widget: Widget,
  known: { visitor: Visitor; visitorToken: string } | undefined,
  identity: Identity,
  input: SignInInput,
): Promise<OpenSession> => {
  const { orgId } = widget;
  const { documents } = deps.store;
  const person = await claimPerson(deps, orgId, identity.subject, newContact(deps, widget, input).id);
  const { contactId } = person;
  const contact = await keepSigned(deps, widget, contactId, identity, input);
  const { visitor: before, visitorToken } = known ?? newVisitor(deps, widget, contactId);
  const visitor = { ...before, contactId, subject: identity.subject };
  const older = known === undefined ? [] : await documents.sessions.list(orgId, { group: visitor.id, reverse: true });
  for (const { id } of older.slice(sessionsPerVisitor - 1)) {
    await documents.sessions.delete(orgId, id);
    revokeSession(deps, id);
  }
  const open = await latestOpenOf(deps, person, widget.id, input.channel);
  // A page view without a word leaves nothing behind but its session.
  const unused = older.find(({ channel }) => channel === input.channel)?.conversationId;
  const isUnused = open === undefined && unused !== undefined && (await deps.store.state(unused)) === undefined;
  const conversationId = open ?? (isUnused ? unused : newId('conv'));
  const { session: made, sessionToken } = sessionFor(deps, visitor, conversationId, undefined, input);
  const session = { ...made, secretVersion: identity.secretVersion };
  await Promise.all([
    documents.visitors.put(visitor),
    documents.sessions.put(session),
    open === undefined ? own(deps, session) : undefined,
    beganIn(deps, session),
  ]);
  if (open !== undefined) await tellConversation(deps, widget, session, contact, open);
  return { session, contact: seen(deps, session, input, contact), sessionToken, visitorToken };
};

/** The same person again, in their own session: only what the token says of them may be new. */
const refresh = async (
  deps: IdentityDeps,
  widget: Widget,
  session: Session,
  presented: Pick<Presented, 'isHolder'>,
  tokens: Tokens,
  identity: Identity,
  input: SignInInput,
): Promise<OpenSession> => {
  const { secretVersion } = identity;
  const contact = await keepSigned(deps, widget, session.contactId, identity, input);
  await tellConversation(deps, widget, session, contact, session.conversationId);
  const isSame = (session.secretVersion ?? 0) === secretVersion;
  const stored = isSame ? session : await changeSession(deps, session, (before) => ({ ...before, secretVersion }));
  return resumed(deps, stored ?? session, { contact, isHolder: presented.isHolder }, tokens, input);
};

/**
 * Signs a visitor in. An anonymous session becomes the person's, with what was said in it. Another person's session ends, with
 * everything that was given out for it, and this person begins in one of their own.
 * @param presented what the caller came with; `tokens` are the tokens of it
 */
export const signIn = async (
  deps: IdentityDeps,
  widget: Widget,
  presented: Presented,
  tokens: Tokens,
  identity: Identity,
  input: SignInInput,
): Promise<OpenSession> => {
  const { session, subject, visitor, visitorSubject } = presented;
  const person = await readPerson(deps, widget.orgId, identity.subject);
  const holder = session ?? visitor;
  for (const of of [person, holder]) if (of !== undefined) await input.admitContact?.(of.contactId);
  if (session !== undefined && session.subject === identity.subject) {
    return refresh(deps, widget, session, presented, tokens, identity, input);
  }
  // Anonymous, or signed by the same person before sessions said so.
  const isTheirs = subject === undefined || subject === identity.subject;
  if (session !== undefined && isTheirs) return join(deps, widget, session, identity, input);
  if (session !== undefined) await signOut(deps, session, input.endOthers);
  if (visitor === undefined) return begin(deps, widget, undefined, identity, input);
  if (visitorSubject === identity.subject) {
    return begin(deps, widget, { visitor, visitorToken: tokens.visitorToken! }, identity, input);
  }
  if (visitorSubject !== undefined) {
    // Another person's browser until now.
    await endVisitor(deps, visitor.orgId, visitor.id);
    return begin(deps, widget, undefined, identity, input);
  }
  // An anonymous visitor, whose latest session may be live.
  const [last] = await deps.store.documents.sessions.list(widget.orgId, { group: visitor.id, limit: 1, reverse: true });
  return last !== undefined && last.channel === input.channel && isLive(last, widget, deps.clock.now())
    ? join(deps, widget, last, identity, input)
    : begin(deps, widget, undefined, identity, input);
};

/** Signs in by what the tokens stand for. */
export const openSigned = async (
  deps: IdentityDeps,
  widget: Widget,
  tokens: Tokens,
  identity: Identity,
  input: SignInInput,
): Promise<OpenSession> => {
  const presented = await presentedBy(deps, widget, tokens, input.channel);
  return signIn(deps, widget, presented, tokens, identity, input);
};
