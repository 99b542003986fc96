// What a member changes about themselves: name, picture, password.
import { ChatError } from '../../shared/errors.ts';
import type { Member } from '../ports/documents.ts';
import type { AccountDeps } from './accounts.ts';
import { dropAvatars, storeAvatar } from './files.ts';
import type { FileDeps } from './files.ts';
import { revokeKeysOf } from './keys.ts';
import { revokeCredentials } from './sessions.ts';
import type { SignedIn } from './sessions.ts';

const gone = (): ChatError => new ChatError('not_found', 'There is no such member');

export interface SelfChange {
  name?: string | undefined;
  /** Empty takes the picture away; the address that the member has leaves it. */
  avatarUrl?: string | undefined;
  password?: string | undefined;
  currentPassword?: string | undefined;
  /** With a new password: end the member's keys too. */
  revokeKeys?: boolean | undefined;
}

/**
 * Own name, picture or password. A new password needs the current one, and ends the other sessions and, where asked for, the
 * keys, all on live sockets too.
 * @throws ChatError `invalid`, `forbidden`
 */
export const changeSelf = async (
  deps: AccountDeps & FileDeps,
  { member: actor, credential }: SignedIn,
  change: SelfChange,
): Promise<{ member: Member; revokedKeys: number }> => {
  const { password, avatarUrl } = change;
  if (change.revokeKeys === true && password === undefined) {
    throw invalid('revokeKeys', 'Goes with a new password');
  }
  if (avatarUrl !== undefined && avatarUrl !== '' && avatarUrl !== actor.avatarUrl) {
    throw invalid('avatarUrl', 'Upload a picture instead; an empty text takes it away');
  }
  const member = await deps.store.documents.members.update(actor.orgId, actor.id, async (before) => {
    if (before === undefined) throw gone();
    const changed = avatarUrl === '' ? withoutPicture(before) : { ...before };
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
  if (member === undefined) throw gone();
  if (avatarUrl === '') await dropAvatars(deps, member, 0);
  if (password === undefined) return { member, revokedKeys: 0 };
  await revokeCredentials(deps, member, ['cookie', 'link'], credential.id);
  return { member, revokedKeys: change.revokeKeys === true ? await revokeKeysOf(deps, member) : 0 };
};

const invalid = (path: string, message: string): ChatError =>
  new ChatError('invalid', 'Validation failed', { details: [{ path, message }] });

const withoutPicture = (member: Member): Member => {
  const { avatarUrl: _, ...rest } = member;
  return rest;
};

/** Messages that were written under an earlier picture still show it. */
const keptPictures = 3;

/** Takes a picture in and shows it from now on. @throws ChatError, see `storeAvatar` */
export const setPicture = async (
  deps: AccountDeps & FileDeps,
  { member: actor }: SignedIn,
  bytes: Uint8Array,
): Promise<Member> => {
  const { key } = await storeAvatar(deps, actor, bytes);
  const member = await deps.store.documents.members.update(
    actor.orgId,
    actor.id,
    (before) => before && { ...before, avatarUrl: `/${key}` },
  );
  if (member === undefined) throw gone();
  await dropAvatars(deps, member, keptPictures);
  return member;
};
