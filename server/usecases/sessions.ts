// Who a cookie or a token stands for, and how that ends.
import { newSecret } from '../../shared/ids.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Credential, Member } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import { grant, hashOf } from './secret.ts';

export interface SessionDeps {
  store: Store;
  clock: Clock;
  bus: Bus;
}

const hour = 3_600_000;
/** A console session ends after 12 h without use and after 7 d in any case. */
export const cookieLife = { idleMs: 12 * hour, lifetimeMs: 7 * 24 * hour } as const;
/** Last use is written at most this often: it decides about hours. */
const touchEveryMs = 60_000;

/** A member and the credential that stands for them. */
export interface SignedIn {
  member: Member;
  credential: Credential;
}

const isAlive = (credential: Credential, now: number): boolean => {
  if (credential.expiresAt !== undefined && credential.expiresAt <= now) return false;
  return credential.idleMs === undefined || (credential.lastUsedAt ?? credential.createdAt) + credential.idleMs > now;
};

/** What was revoked in this moment, here or elsewhere, stays revoked. */
const touch = async ({ store, clock }: SessionDeps, { orgId, id }: Credential): Promise<void> => {
  await store.documents.credentials.update(orgId, id, (current) => current && { ...current, lastUsedAt: clock.now() });
};

/** The live credential of these kinds that a secret opens, with its member; undefined for anything else. */
export const signedInBy = async (
  deps: SessionDeps,
  secret: string,
  kinds: readonly Credential['kind'][],
): Promise<SignedIn | undefined> => {
  if (secret === '' || secret.length > 200) return undefined;
  const credential = await deps.store.documents.credentials.find(`hash:${hashOf(secret)}`);
  const now = deps.clock.now();
  if (credential === undefined || !kinds.includes(credential.kind) || !isAlive(credential, now)) return undefined;
  const member = await deps.store.documents.members.get(credential.orgId, credential.memberId);
  if (member === undefined || member.isDisabled || member.usedLink === credential.id) return undefined;
  if (credential.kind !== 'link' && now - (credential.lastUsedAt ?? 0) >= touchEveryMs) await touch(deps, credential);
  return { member, credential };
};

/** Who a console cookie's secret stands for. */
export const memberOfCookie = (deps: SessionDeps, secret: string): Promise<SignedIn | undefined> =>
  signedInBy(deps, secret, ['cookie']);

/** Who an API token (`con_…`) stands for. */
export const memberOfToken = (deps: SessionDeps, token: string): Promise<SignedIn | undefined> =>
  signedInBy(deps, token, ['token']);

/** Who a key of one of the contracts stands for: known, but for another surface than the console. */
export const memberOfOtherKey = (deps: SessionDeps, secret: string): Promise<SignedIn | undefined> =>
  signedInBy(deps, secret, ['functions', 'v1', 'webchats']);

/** Opens a console session; `secret` goes into the cookie and nowhere else. */
export const openSession = async (deps: SessionDeps, member: Member): Promise<SignedIn & { secret: string }> => {
  const secret = newSecret('cookie');
  const { orgId, id: memberId } = member;
  const credential = await grant(deps, { orgId, memberId, kind: 'cookie', name: 'Console', secret, ...cookieLife });
  return { member, credential, secret };
};

/** Ends one credential everywhere; its live sockets close. Of several who end it at once one is told `true`. */
export const revokeCredential = async (deps: SessionDeps, { orgId, id }: Credential): Promise<boolean> => {
  const isMine = await deps.store.documents.credentials.delete(orgId, id);
  deps.bus.publish({ kind: 'revoked', what: 'credential', id });
  return isMine;
};

/** Ends a member's credentials of these kinds, but for `except`. Gives those that this call ended. */
export const revokeCredentials = async (
  deps: SessionDeps,
  member: Member,
  kinds: readonly Credential['kind'][],
  except?: string,
): Promise<Credential[]> => {
  const all = await deps.store.documents.credentials.list(member.orgId, { group: member.id });
  const ended: Credential[] = [];
  for (const credential of all) {
    if (!kinds.includes(credential.kind) || credential.id === except) continue;
    if (await revokeCredential(deps, credential)) ended.push(credential);
  }
  return ended;
};
