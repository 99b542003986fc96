// Keys that people make for programs: named, listed, rotated and revoked; a secret is shown once and kept as SHA-256.
import type { KeyKind, KeyView } from '../../shared/console-provisioning.ts';
import { ChatError } from '../../shared/errors.ts';
import { newSecret } from '../../shared/ids.ts';
import type { SecretPrefix } from '../../shared/ids.ts';
import { mayChangeMember } from '../domain/permit.ts';
import type { Credential, Member } from '../ports/documents.ts';
import { grant } from './secret.ts';
import { revokeCredential, revokeCredentials } from './sessions.ts';
import type { SessionDeps } from './sessions.ts';

/** What a secret of each kind begins with: who finds one in a log can tell what to revoke. */
const prefixes: Record<KeyKind, SecretPrefix> = { token: 'con', functions: 'pat', v1: 'in', webchats: 'pat' };

type Key = Credential & { kind: KeyKind };

/** More than anybody tells apart; also keeps a stolen admin token from filling the store. */
const maxKeys = 200;

/** A key with its secret, which is never to be had again. */
export interface ShownKey {
  key: KeyView;
  secret: string;
}

const isKey = (credential: Credential): credential is Key => Object.hasOwn(prefixes, credential.kind);

const viewOf = (key: Key, member: Member | undefined): KeyView => ({
  id: key.id,
  kind: key.kind,
  name: key.name,
  hint: key.hint,
  member: { id: key.memberId, name: member?.name ?? '' },
  createdAt: key.createdAt,
  ...(key.lastUsedAt === undefined ? {} : { lastUsedAt: key.lastUsedAt }),
  ...(key.expiresAt === undefined ? {} : { expiresAt: key.expiresAt }),
});

const isAlive = ({ expiresAt }: Key, now: number): boolean => expiresAt === undefined || expiresAt > now;

/** All living keys of an organisation, in the order of their making. */
const keysOf = async ({ store, clock }: SessionDeps, orgId: string): Promise<Key[]> => {
  const now = clock.now();
  return (await store.documents.credentials.list(orgId)).filter(isKey).filter((key) => isAlive(key, now));
};

/** A living key. @throws ChatError `not_found` */
const known = ({ clock }: SessionDeps, found: Credential | undefined): Key => {
  if (found === undefined || !isKey(found) || !isAlive(found, clock.now())) {
    throw new ChatError('not_found', 'There is no such key');
  }
  return found;
};

/** Of this organisation, living. @throws ChatError `not_found` */
const keyOf = async (deps: SessionDeps, orgId: string, id: string): Promise<Key> =>
  known(deps, await deps.store.documents.credentials.get(orgId, id));

const memberOf = (deps: SessionDeps, { orgId, memberId }: Key): Promise<Member | undefined> =>
  deps.store.documents.members.get(orgId, memberId);

export const listKeys = async (deps: SessionDeps, orgId: string): Promise<KeyView[]> => {
  const members = new Map((await deps.store.documents.members.list(orgId)).map((member) => [member.id, member]));
  return (await keysOf(deps, orgId)).map((key) => viewOf(key, members.get(key.memberId)));
};

/** A member's own living keys, whatever their role: an agent may have some from when they were an admin. */
export const keysOfMember = async ({ store, clock }: SessionDeps, member: Member): Promise<KeyView[]> => {
  const now = clock.now();
  const all = await store.documents.credentials.list(member.orgId, { group: member.id });
  return all
    .filter(isKey)
    .filter((key) => isAlive(key, now))
    .map((key) => viewOf(key, member));
};

/** Ends all keys of a member, on live sockets too. Gives how many were alive. */
export const revokeKeysOf = async (deps: SessionDeps, member: Member): Promise<number> => {
  const now = deps.clock.now();
  const ended = await revokeCredentials(deps, member, Object.keys(prefixes) as KeyKind[]);
  return ended.filter(isKey).filter((key) => isAlive(key, now)).length;
};

/** A new key with the rights of `actor`. @throws ChatError `conflict` where there are too many */
export const makeKey = async (
  deps: SessionDeps,
  actor: Member,
  { kind, name }: { kind: KeyKind; name: string },
): Promise<ShownKey> => {
  const { orgId, id: memberId } = actor;
  if ((await keysOf(deps, orgId)).length >= maxKeys) {
    throw new ChatError('conflict', `There are ${maxKeys} keys already: revoke one first`);
  }
  const secret = newSecret(prefixes[kind]);
  const key = (await grant(deps, { orgId, memberId, kind, name, secret })) as Key;
  return { key: viewOf(key, actor), secret };
};

/** @throws ChatError `not_found` */
export const renameKey = async (deps: SessionDeps, orgId: string, id: string, name: string): Promise<KeyView> => {
  const { credentials } = deps.store.documents;
  const key = known(deps, await credentials.update(orgId, id, (stored) => ({ ...known(deps, stored), name })));
  return viewOf(key, await memberOf(deps, key));
};

/**
 * A new secret under the same name and with the same rights: a key of its own. The old one stops at once, or works on for
 * `graceSeconds`; its live sockets end with it.
 * @throws ChatError `not_found`; `forbidden` for a key of a member of higher standing, whose rights the secret would hand
 *   over; `conflict` where it was rotated already
 */
export const rotateKey = async (deps: SessionDeps, actor: Member, id: string, graceSeconds = 0): Promise<ShownKey> => {
  const { orgId } = actor;
  const { credentials } = deps.store.documents;
  const old = await keyOf(deps, orgId, id);
  const member = await memberOf(deps, old);
  if (member === undefined || (member.id !== actor.id && !mayChangeMember(actor, member, 'link'))) {
    throw new ChatError('forbidden', 'Only a member of the same standing may do this');
  }
  if (old.expiresAt !== undefined) throw rotatedAlready();
  const { kind, name, memberId } = old;
  const secret = newSecret(prefixes[kind]);
  // The new one first: where the second step fails, two keys work instead of none, and the list shows both.
  const key = (await grant(deps, { orgId, memberId, kind, name, secret })) as Key;
  // Of several who rotate it at once one ends the old one; what the others made goes again, unseen.
  if (!(await endKey(deps, old, graceSeconds))) {
    await credentials.delete(orgId, key.id);
    throw rotatedAlready();
  }
  return { key: viewOf(key, member), secret };
};

const rotatedAlready = (): ChatError => new ChatError('conflict', 'This key was rotated already');

/** Whether it was this call that ended it, or set its end. */
const endKey = async (deps: SessionDeps, old: Key, graceSeconds: number): Promise<boolean> => {
  if (graceSeconds <= 0) return revokeCredential(deps, old);
  const { orgId, id } = old;
  const expiresAt = deps.clock.now() + graceSeconds * 1000;
  let isMine = false;
  await deps.store.documents.credentials.update(orgId, id, (stored) => {
    isMine = stored !== undefined && stored.expiresAt === undefined;
    return isMine && stored !== undefined ? { ...stored, expiresAt } : undefined;
  });
  if (isMine) deps.bus.publish({ kind: 'revoked', what: 'credential', id, at: expiresAt });
  return isMine;
};

/** It stops working at once, on live sockets too. @throws ChatError `not_found` */
export const revokeKey = async (deps: SessionDeps, orgId: string, id: string): Promise<void> => {
  await revokeCredential(deps, await keyOf(deps, orgId, id));
};
