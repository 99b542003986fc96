// Members: signing in, one-time links, invitations, roles.
import { avatarOf } from '../../shared/avatars.ts';
import type { LinkView, MemberView } from '../../shared/console-api.ts';
import { ChatError } from '../../shared/errors.ts';
import { newId, newSecret, publicIdsOf } from '../../shared/ids.ts';
import { mayChangeMember } from '../domain/permit.ts';
import type { Member } from '../ports/documents.ts';
import type { Passwords } from '../ports/passwords.ts';
import { isKnownFrom, nowKnownFrom } from './known-addresses.ts';
import { keysOfMember, revokeKeysOf } from './keys.ts';
import { grant } from './secret.ts';
import { memberOfCookie, openSession, revokeCredential, revokeCredentials, signedInBy } from './sessions.ts';
import type { SessionDeps, SignedIn } from './sessions.ts';

export interface AccountDeps extends SessionDeps {
  passwords: Passwords;
  /** The installation's address, without a trailing slash. */
  baseUrl(): string;
}

const linkLifeMs = 24 * 3_600_000;

/** A member as colleagues may see them. */
export const memberViewOf = (member: Member): MemberView => ({
  id: member.id,
  name: member.name,
  email: member.email,
  ...avatarOf(member.avatarUrl),
  role: member.role,
  isDisabled: member.isDisabled,
  hasSignedIn: member.passwordHash !== undefined,
});

const accountOf = (deps: SessionDeps, email: string): Promise<Member | undefined> =>
  deps.store.documents.members.find(`email:${email.toLowerCase()}`);

const wrong = (): ChatError => new ChatError('unauthenticated', 'E-mail or password is wrong');

/**
 * Opens a session. `from`: the tag of the caller's address, remembered for `isKnownCaller`.
 * @throws ChatError `unauthenticated`, the same for an unknown account, a wrong password and a disabled member
 */
export const signIn = async (
  deps: AccountDeps,
  input: { email: string; password: string },
  from?: string,
): Promise<SignedIn & { secret: string }> => {
  const member = await accountOf(deps, input.email);
  const isRight = await deps.passwords.verify(member?.passwordHash, input.password);
  if (member === undefined || !isRight || member.isDisabled) throw wrong();
  const session = await openSession(deps, member);
  // A password that was replaced while it was being checked opens nothing: whoever replaced it may have ended the other
  // sessions before this one began.
  const now = await remember(deps, member, from);
  if (now !== undefined && !now.isDisabled && now.passwordHash === member.passwordHash) return session;
  await revokeCredential(deps, session.credential);
  throw wrong();
};

/** The member as stored now, with the address noted where it is new. */
const remember = ({ store, clock }: SessionDeps, member: Member, from?: string): Promise<Member | undefined> =>
  store.documents.members.update(member.orgId, member.id, (before) =>
    before === undefined || from === undefined ? undefined : nowKnownFrom(before, from, clock.now()),
  );

/** Whether a caller has lately been let into this account: by the session that it shows, or from the address of this tag. */
export const isKnownCaller = async (
  deps: SessionDeps,
  email: string,
  { cookie, from }: { cookie: string | undefined; from: string | undefined },
): Promise<boolean> => {
  const member = await accountOf(deps, email);
  if (member === undefined) return false;
  if (from !== undefined && isKnownFrom(member, from, deps.clock.now())) return true;
  return cookie !== undefined && (await memberOfCookie(deps, cookie))?.member.id === member.id;
};

const gone = (): ChatError => new ChatError('not_found', 'This link was used already or has expired');

/** What a one-time link stands for. @throws ChatError `not_found` */
export const readLink = async (deps: AccountDeps, token: string): Promise<LinkView> => {
  const found = await signedInBy(deps, token, ['link']);
  if (found === undefined) throw gone();
  const { member } = found;
  const organisation = await deps.store.documents.organisations.get(member.orgId, member.orgId);
  const keys = await keysOfMember(deps, member);
  const isNew = member.passwordHash === undefined;
  return { organisation: organisation?.name ?? '', name: member.name, email: member.email, isNew, keys };
};

/**
 * Uses a one-time link: name, e-mail and password are set, every older session of the member ends, and with `revokeKeys` every
 * key of theirs; a new session begins.
 * @throws ChatError `not_found` where it was used or expired, `conflict` where the e-mail is in use
 */
export const useLink = async (
  deps: AccountDeps,
  input: { token: string; name: string; email: string; password: string; revokeKeys?: boolean | undefined },
  from?: string,
): Promise<SignedIn & { secret: string; revokedKeys: number }> => {
  const found = await signedInBy(deps, input.token, ['link']);
  if (found === undefined) throw gone();
  const { id: usedLink, orgId, memberId } = found.credential;
  const { name, email } = input;
  const passwordHash = await deps.passwords.hash(input.password);
  const change = (before: Member | undefined): Member => {
    if (before === undefined || before.isDisabled || before.usedLink === usedLink) throw gone();
    const { isInvited: _, ...rest } = before;
    const changed: Member = { ...rest, name, email, passwordHash, usedLink };
    return (from === undefined ? undefined : nowKnownFrom(changed, from, deps.clock.now())) ?? changed;
  };
  // One sentence whoever has the e-mail: the holder of a link is not told who uses this server.
  const taken = 'This e-mail address cannot be used here: choose another one';
  const member = await orTaken(deps.store.documents.members.update(orgId, memberId, change), taken);
  if (member === undefined) throw gone();
  await revokeCredentials(deps, member, ['link', 'cookie']);
  const revokedKeys = input.revokeKeys === true ? await revokeKeysOf(deps, member) : 0;
  return { ...(await openSession(deps, member)), revokedKeys };
};

/** Says so where the e-mail is the trouble. */
const orTaken = async <T>(writing: Promise<T>, message: string): Promise<T> => {
  try {
    return await writing;
  } catch (error) {
    if (!(error instanceof ChatError) || error.code !== 'conflict') throw error;
    throw new ChatError('conflict', message, { cause: error, details: [{ path: 'email', message }] });
  }
};

/** The token travels in the fragment, which browsers send to nobody and proxies never log. */
const linkAddress = (baseUrl: string, secret: string): string => `${baseUrl}/console/link#token=${secret}`;

/** A fresh one-time link; older ones of the member end. */
export const makeLink = async (deps: SessionDeps & Pick<AccountDeps, 'baseUrl'>, member: Member): Promise<string> => {
  await revokeCredentials(deps, member, ['link']);
  const secret = newSecret('link');
  const { orgId, id: memberId } = member;
  await grant(deps, { orgId, memberId, kind: 'link', name: 'One-time link', secret, lifetimeMs: linkLifeMs });
  return linkAddress(deps.baseUrl(), secret);
};

const noMember = (): ChatError => new ChatError('not_found', 'There is no such member');

const memberOf = async (deps: AccountDeps, actor: Member, id: string): Promise<Member> => {
  const member = await deps.store.documents.members.get(actor.orgId, id);
  if (member === undefined) throw noMember();
  return member;
};

export const listMembers = async (deps: AccountDeps, actor: Member): Promise<Member[]> =>
  deps.store.documents.members.list(actor.orgId);

const alreadyHere = 'Somebody with this e-mail address is in your team already';

/**
 * A new member with a one-time link. What other organisations have is neither told nor in the way: the e-mail is claimed when
 * the link is used.
 * @throws ChatError `conflict` where a member or another invitation of this organisation has the e-mail
 */
export const invite = async (
  deps: AccountDeps,
  actor: Member,
  input: { name: string; email: string; role: 'admin' | 'agent' },
): Promise<{ member: Member; link: string }> => {
  const { orgId } = actor;
  const id = newId('mem');
  const createdAt = deps.clock.now();
  const member: Member = { id, ...publicIdsOf(id), orgId, createdAt, ...input, isInvited: true, isDisabled: false };
  const isMember = (await accountOf(deps, input.email))?.orgId === orgId;
  const writing = isMember
    ? Promise.reject(new ChatError('conflict', alreadyHere))
    : deps.store.documents.members.put(member);
  await orTaken(writing, alreadyHere);
  return { member, link: await makeLink(deps, member) };
};

/** A fresh one-time link for a member, which also resets a lost password. */
export const renewLink = async (deps: AccountDeps, actor: Member, id: string): Promise<string> => {
  const member = await memberOf(deps, actor, id);
  if (!mayChangeMember(actor, member, 'link')) {
    throw new ChatError('forbidden', 'Only a member of the same standing may do this');
  }
  if (member.isDisabled) throw new ChatError('conflict', 'This member may not sign in: allow that first');
  return makeLink(deps, member);
};

/** Role, or whether they may sign in; either ends their sessions and live sockets, so that the new rights hold at once. */
export const changeMember = async (
  deps: AccountDeps,
  actor: Member,
  id: string,
  change: { role?: 'admin' | 'agent' | undefined; isDisabled?: boolean | undefined },
): Promise<Member> => {
  let isOther = false;
  const member = await deps.store.documents.members.update(actor.orgId, id, (before) => {
    if (before === undefined) throw noMember();
    if (!mayChangeMember(actor, before, 'access')) {
      throw new ChatError('forbidden', 'The owner and yourself cannot be changed here');
    }
    const { role = before.role, isDisabled = before.isDisabled } = change;
    isOther = role !== before.role || isDisabled !== before.isDisabled;
    return isOther ? { ...before, role, isDisabled } : undefined;
  });
  if (member === undefined) throw noMember();
  if (!isOther) return member;
  if (member.isDisabled) await revokeCredentials(deps, member, ['cookie', 'link']);
  deps.bus.publish({ kind: 'revoked', what: 'member', id });
  return member;
};

const refuseToken = ({ credential }: SignedIn): void => {
  if (credential.kind !== 'cookie') throw new ChatError('forbidden', 'A token has no session to end');
};

/** Ends this session on every tab. @throws ChatError `forbidden` for a token */
export const signOut = async (deps: AccountDeps, signedIn: SignedIn): Promise<void> => {
  refuseToken(signedIn);
  await revokeCredential(deps, signedIn.credential);
};

/**
 * Ends every other session of this member, on live sockets too, and one-time links that were not used. Gives how many sessions.
 * @throws ChatError `forbidden` for a token
 */
export const signOutElsewhere = async (deps: AccountDeps, signedIn: SignedIn): Promise<number> => {
  refuseToken(signedIn);
  const ended = await revokeCredentials(deps, signedIn.member, ['cookie', 'link'], signedIn.credential.id);
  return ended.filter(({ kind }) => kind === 'cookie').length;
};
