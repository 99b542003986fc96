// Bans as staff make, see and lift them.
import type { BanView } from '../../shared/bans.ts';
import { ChatError } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import { contains, isTooWide, networkOf } from '../domain/network.ts';
import type { Network } from '../domain/network.ts';
import { may } from '../domain/permit.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ban, Contact, Member } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import { bansAtMost, holds, sessionsIn } from './bans.ts';
import type { Bans } from './bans.ts';

export interface BanDeps {
  store: Store;
  clock: Clock;
  bans: Bans;
}

/** What to ban. Without a value it is that of the conversation: its contact, or the address it came from last. */
export type BanTarget = { kind: 'contact' | 'address'; value?: string } | { kind: 'range'; value: string };

export interface BanAsk {
  target: BanTarget;
  conversationId?: string;
  reason: string;
  /** ms since 1970, or from now. */
  expiresAt?: number;
  forMs?: number;
  includesMe: boolean;
  /** Addresses of whoever asks, in canonical form. */
  mine: readonly string[];
}

const sessionsScanned = 5000;
const scannedAtOnce = 250;
const latestTime = 8_640_000_000_000_000;

const notFound = (message: string): ChatError => new ChatError('not_found', message);

const problem = (code: 'invalid' | 'conflict', path: string, message: string): ChatError =>
  new ChatError(code, message, { details: [{ path, message }] });

/** Addresses as a ban names them: an IPv6 address is one of its /64. */
const valueOfAddress = (address: string): string => {
  if (!address.includes(':')) return address;
  const { hex } = networkOf(address);
  const parts = [0, 4, 8, 12].map((at) => Number.parseInt(hex.slice(at, at + 4), 16).toString(16));
  while (parts.at(-1) === '0') parts.pop();
  return `${parts.join(':')}::/64`;
};

interface Visited {
  contactId: string;
  /** As a ban of kind `address` names them, latest first. */
  addresses: string[];
}

/** Who the visitor of a conversation is now, and where they came from. @throws ChatError `not_found` */
const visitedBy = async ({ store }: { store: Store }, orgId: string, conversationId: string): Promise<Visited> => {
  const [found, sessions] = await Promise.all([
    store.state(conversationId),
    sessionsIn({ store }, orgId, conversationId),
  ]);
  if (found?.orgId !== orgId) throw notFound('No such conversation');
  const addresses = sessions.flatMap(({ address }) => (address === undefined ? [] : [valueOfAddress(address)]));
  // A session's contact is the newer word: it may have become somebody whom the site's owner knows.
  return {
    contactId: sessions[0]?.contactId ?? found.state.contactId ?? '',
    addresses: [...new Set(addresses)].slice(0, 5),
  };
};

/** @throws ChatError `not_found` */
const valueOf = async (deps: BanDeps, orgId: string, { target, conversationId }: BanAsk): Promise<string> => {
  const visited = conversationId === undefined ? undefined : await visitedBy(deps, orgId, conversationId);
  if (target.value !== undefined) {
    if (target.kind === 'contact' && (await deps.store.documents.contacts.get(orgId, target.value)) === undefined) {
      throw notFound('There is no such contact');
    }
    return target.value;
  }
  if (target.kind === 'contact') return visited!.contactId;
  const [latest] = visited!.addresses;
  if (latest === undefined) throw notFound('No address of this visitor is known');
  return latest;
};

/** @throws ChatError `invalid` */
const boundedNetwork = (value: string): Network => {
  const network = networkOf(value);
  if (isTooWide(network)) {
    throw problem('invalid', 'range', 'A range may be no wider than /16 for IPv4 and /32 for IPv6');
  }
  return network;
};

/** @throws ChatError `invalid`, `conflict` */
const judgeNetwork = (value: string, { includesMe, mine }: BanAsk): void => {
  const network = boundedNetwork(value);
  if (!includesMe && mine.some((address) => contains(network, address))) {
    throw problem('conflict', 'includesMe', 'This would ban your own address; confirm with includesMe if you mean it');
  }
};

/** @throws ChatError `invalid` */
const endOf = ({ expiresAt, forMs }: BanAsk, now: number): number | undefined => {
  const end = forMs === undefined ? expiresAt : now + forMs;
  if (end !== undefined && (end <= now || end > latestTime)) {
    throw problem('invalid', 'expiresAt', 'The end of a ban must lie in the future');
  }
  return end;
};

/** Bans in force. */
const inForce = async ({ store, clock }: BanDeps, orgId: string): Promise<Ban[]> => {
  const all = await store.documents.bans.list(orgId, { limit: bansAtMost * 2 });
  return all.filter((ban) => holds(ban, clock.now()));
};

/** Bans, or changes reason and end of what is banned already. Every node holds to it within a second. */
const write = async (
  deps: BanDeps,
  given: Pick<Ban, 'orgId' | 'kind' | 'value' | 'reason' | 'createdBy'> &
    Partial<Pick<Ban, 'expiresAt'>> & {
      conversationId?: string | undefined;
    },
): Promise<Ban> => {
  const { store, clock } = deps;
  const { orgId, kind, value } = given;
  const ban = await store.exclusively(`bans:${orgId}`, async (stillMine) => {
    const known = await store.documents.bans.find(`of:${orgId}:${kind}:${value}`);
    if (known === undefined && (await inForce(deps, orgId)).length >= bansAtMost) {
      throw new ChatError('conflict', 'There can be 1,000 bans at most: lift one first');
    }
    const { expiresAt, conversationId, ...rest } = given;
    const next: Ban = {
      ...rest,
      id: known?.id ?? newId('ban'),
      createdAt: clock.now(),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(conversationId === undefined ? {} : { conversationId }),
    };
    stillMine();
    await store.documents.bans.put(next);
    return next;
  });
  await deps.bans.changed(orgId);
  return ban;
};

/**
 * Bans what was asked for. Nothing is done where it is refused.
 * @throws ChatError `forbidden` for who may not, `not_found`, `invalid` (too wide, an end in the past), `conflict` (the
 *   caller's own address without `includesMe`, too many bans)
 */
export const ban = async (deps: BanDeps, member: Member, ask: BanAsk): Promise<BanView> => {
  const { orgId } = member;
  const { kind } = ask.target;
  if (!may(member, kind === 'contact' ? 'ban.contact' : 'ban.network')) {
    throw new ChatError('forbidden', 'Banning an address needs an admin');
  }
  const value = await valueOf(deps, orgId, ask);
  if (kind !== 'contact') judgeNetwork(value, ask);
  const expiresAt = endOf(ask, deps.clock.now());
  const { reason, conversationId } = ask;
  const written = await write(deps, {
    orgId,
    kind,
    value,
    reason,
    createdBy: member.id,
    conversationId,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  return viewOf(deps, written);
};

/** The contact `from` has become the contact `to`: a ban goes along. */
export const bansFollow = async (deps: BanDeps, orgId: string, from: string, to: string): Promise<void> => {
  const { bans } = deps.store.documents;
  const [theirs, known] = await Promise.all([
    bans.find(`of:${orgId}:contact:${from}`),
    bans.find(`of:${orgId}:contact:${to}`),
  ]);
  const now = deps.clock.now();
  if (theirs === undefined || !holds(theirs, now)) return;
  const endIn = ({ expiresAt = Number.POSITIVE_INFINITY }: Ban): number => expiresAt;
  if (known !== undefined && endIn(known) >= endIn(theirs)) return;
  const { id: _id, createdAt: _at, ...rest } = theirs;
  await write(deps, { ...rest, value: to });
};

const shownContact = ({ id, name, email }: Contact): NonNullable<BanView['contact']> => ({
  id,
  ...(name === undefined ? {} : { name }),
  ...(email === undefined ? {} : { email }),
});

const viewOf = async ({ store }: BanDeps, one: Ban): Promise<BanView> => {
  const { id, orgId, kind, value, reason, createdAt, createdBy, expiresAt, conversationId } = one;
  const [contact, member] = await Promise.all([
    kind === 'contact' ? store.documents.contacts.get(orgId, value) : undefined,
    store.documents.members.get(orgId, createdBy),
  ]);
  return {
    id,
    kind,
    value,
    ...(contact === undefined ? {} : { contact: shownContact(contact) }),
    reason,
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    by: { id: createdBy, name: member?.name ?? '' },
    ...(conversationId === undefined ? {} : { conversationId }),
  };
};

/** Those in force, latest first. */
export const listBans = async (
  deps: BanDeps,
  orgId: string,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<{ bans: BanView[]; cursor: string | null }> => {
  const all = (await inForce(deps, orgId)).toReversed();
  const rest = cursor === undefined ? all : all.filter(({ id }) => id < cursor);
  const page = rest.slice(0, limit);
  return {
    bans: await Promise.all(page.map((one) => viewOf(deps, one))),
    cursor: rest.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
};

/** @throws ChatError `not_found` */
export const liftBan = async (deps: BanDeps, orgId: string, id: string): Promise<void> => {
  if (!(await deps.store.documents.bans.delete(orgId, id))) throw notFound('There is no such ban');
  await deps.bans.changed(orgId);
};

/** Whether the visitor of a conversation is banned now. @throws ChatError `not_found` */
export const isVisitorBanned = async (
  { store, bans }: BanDeps,
  orgId: string,
  conversationId: string,
): Promise<boolean> => {
  const found = await store.state(conversationId);
  if (found?.orgId !== orgId) throw notFound('There is no such conversation');
  return bans.isBannedIn(orgId, found.state);
};

/** What may be banned out of a conversation. @throws ChatError `not_found` */
export const banChoices = async (
  deps: BanDeps,
  member: Member,
  conversationId: string,
): Promise<{
  contact: NonNullable<BanView['contact']>;
  addresses: string[];
  mayBanAddress: boolean;
  isBanned: boolean;
}> => {
  const { orgId } = member;
  const { contactId, addresses } = await visitedBy(deps, orgId, conversationId);
  const [contact, isBanned] = await Promise.all([
    deps.store.documents.contacts.get(orgId, contactId),
    isVisitorBanned(deps, orgId, conversationId),
  ]);
  const mayBanAddress = may(member, 'ban.network');
  return {
    contact: contact === undefined ? { id: contactId } : shownContact(contact),
    addresses: mayBanAddress ? addresses : [],
    mayBanAddress,
    isBanned,
  };
};

/** How many other contacts were lately seen in a network: whom a ban would hit besides. @throws ChatError */
export const reachOf = async (
  { store }: BanDeps,
  orgId: string,
  { value, conversationId, mine }: { value: string; conversationId?: string | undefined; mine: readonly string[] },
): Promise<{ value: string; others: number; includesMe: boolean }> => {
  const network = boundedNetwork(value);
  const own = conversationId === undefined ? undefined : (await visitedBy({ store }, orgId, conversationId)).contactId;
  const others = new Set<string>();
  let after: string | undefined;
  for (let read = 0; read < sessionsScanned; read += scannedAtOnce) {
    const page = await store.documents.sessions.list(orgId, {
      reverse: true,
      limit: scannedAtOnce,
      ...(after === undefined ? {} : { after }),
    });
    for (const { contactId, address } of page) {
      if (contactId !== own && address !== undefined && contains(network, address)) others.add(contactId);
    }
    after = page.at(-1)?.id;
    if (page.length < scannedAtOnce) break;
  }
  return { value, others: others.size, includesMe: mine.some((address) => contains(network, address)) };
};
