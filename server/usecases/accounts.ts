// Members: signing in, one-time links, invitations, roles.
import type { MemberView } from '../../shared/console-api.ts';
import { ChatError } from '../../shared/errors.ts';
import { newId, newSecret, publicIdsOf } from '../../shared/ids.ts';
import { isSafeLink } from '../domain/widget.ts';
import { mayChangeMember } from '../domain/permit.ts';
import type { Member } from '../ports/documents.ts';
import type { Passwords } from '../ports/passwords.ts';
import { grant } from './secret.ts';
import { openSession, revokeCredential, revokeCredentials, signedInBy } from './sessions.ts';
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
  ...(member.avatarUrl === undefined ? {} : { avatarUrl: member.avatarUrl }),
  role: member.role,
  isDisabled: member.isDisabled,
  hasSignedIn: member.passwordHash !== undefined,
});

/** @throws ChatError `unauthenticated`, the same for an unknown account, a wrong password and a disabled member */
export const signIn = async (
  deps: AccountDeps,
  input: { email: string; password: string },
): Promise<SignedIn & { secret: string }> => {
  const member = await deps.store.documents.members.find(`email:${input.email.toLowerCase()}`);
  const isRight = await deps.passwords.verify(member?.passwordHash, input.password);
  if (member === undefined || !isRight || member.isDisabled) {
    throw new ChatError('unauthenticated', 'E-mail or password is wrong');
  }
  return openSession(deps, member);
};

const gone = (): ChatError => new ChatError('not_found', 'This link was used already or has expired');

/** What a one-time link stands for. @throws ChatError `not_found` */
export const readLink = async (
  deps: AccountDeps,
  token: string,
): Promise<{ organisation: string; name: string; email: string }> => {
  const found = await signedInBy(deps, token, ['link']);
  if (found === undefined) throw gone();
  const organisation = await deps.store.documents.organisations.get(found.member.orgId, found.member.orgId);
  return { organisation: organisation?.name ?? '', name: found.member.name, email: found.member.email };
};

/**
 * Uses a one-time link: name, e-mail and password are set, every older session of the member ends, a new one begins.
 * @throws ChatError `not_found` where it was used or expired, `conflict` where the e-mail is another member's
 */
export const useLink = async (
  deps: AccountDeps,
  input: { token: string; name: string; email: string; password: string },
): Promise<SignedIn & { secret: string }> => {
  const found = await signedInBy(deps, input.token, ['link']);
  if (found === undefined) throw gone();
  const { id: usedLink, orgId, memberId } = found.credential;
  const { name, email } = input;
  const passwordHash = await deps.passwords.hash(input.password);
  const member = await orTaken(
    deps.store.documents.members.update(orgId, memberId, (before) => {
      if (before === undefined || before.isDisabled || before.usedLink === usedLink) throw gone();
      return { ...before, name, email, passwordHash, usedLink };
    }),
  );
  if (member === undefined) throw gone();
  await revokeCredentials(deps, member, ['link', 'cookie']);
  return openSession(deps, member);
};

/** Says whose the e-mail is, where that is the trouble. */
const orTaken = async <T>(writing: Promise<T>): Promise<T> => {
  try {
    return await writing;
  } catch (error) {
    if (!(error instanceof ChatError) || error.code !== 'conflict') throw error;
    throw new ChatError('conflict', 'This e-mail belongs to another member', { cause: error });
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

/** @throws ChatError `conflict` where the e-mail is taken */
export const invite = async (
  deps: AccountDeps,
  actor: Member,
  input: { name: string; email: string; role: 'admin' | 'agent' },
): Promise<{ member: Member; link: string }> => {
  const createdAt = deps.clock.now();
  const id = newId('mem');
  const member: Member = { id, ...publicIdsOf(id), orgId: actor.orgId, createdAt, ...input, isDisabled: false };
  await orTaken(deps.store.documents.members.put(member));
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

/**
 * Own name, picture or password; a new password needs the current one and ends the other sessions.
 * @throws ChatError `invalid`, `forbidden`
 */
export const changeSelf = async (
  deps: AccountDeps,
  { member: actor, credential }: SignedIn,
  change: {
    name?: string | undefined;
    avatarUrl?: string | undefined;
    password?: string | undefined;
    currentPassword?: string | undefined;
  },
): Promise<Member> => {
  if (change.avatarUrl !== undefined && change.avatarUrl !== '') refuseBadPicture(change.avatarUrl);
  const { password } = change;
  const member = await deps.store.documents.members.update(actor.orgId, actor.id, async (before) => {
    if (before === undefined) throw noMember();
    const { avatarUrl: oldPicture, ...rest } = before;
    const picture = change.avatarUrl ?? oldPicture ?? '';
    const changed: Member = { ...rest, ...(picture === '' ? {} : { avatarUrl: picture }) };
    if (change.name !== undefined) changed.name = change.name;
    if (password !== undefined) {
      if (!(await deps.passwords.verify(before.passwordHash, change.currentPassword ?? ''))) {
        throw new ChatError('forbidden', 'The current password is wrong', {
          details: [{ path: 'currentPassword', message: 'Is wrong' }],
        });
      }
      changed.passwordHash = await deps.passwords.hash(password);
    }
    return changed;
  });
  if (member === undefined) throw noMember();
  if (password !== undefined) await revokeCredentials(deps, member, ['cookie', 'link'], credential.id);
  return member;
};

const refuseBadPicture = (address: string): void => {
  if (isSafeLink(address) && /^(https?:|\/)/i.test(address)) return;
  throw new ChatError('invalid', 'The picture needs an http(s) address', {
    details: [{ path: 'avatarUrl', message: 'Must be an http(s) address' }],
  });
};

/** Ends this session on every tab. */
export const signOut = async (deps: AccountDeps, { credential }: SignedIn): Promise<void> => {
  await revokeCredential(deps, credential);
};
