// Bans as staff see them, and what they may know before they ban.
import type { BanView } from '../../shared/bans.ts';
import { ChatError } from '../../shared/errors.ts';
import { contains, isTooWide, networkOf } from '../domain/network.ts';
import type { Network } from '../domain/network.ts';
import { may } from '../domain/permit.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ban, Contact, Member } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import { bansInForce, sessionsIn } from './bans.ts';
import type { Bans } from './bans.ts';

export interface BanDeps {
  store: Store;
  clock: Clock;
  bans: Bans;
}

const sessionsScanned = 5000;
const scannedAtOnce = 250;

const notFound = (message: string): ChatError => new ChatError('not_found', message);

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
export const visitedBy = async (
  { store }: { store: Store },
  orgId: string,
  conversationId: string,
): Promise<Visited> => {
  const found = await store.state(conversationId);
  if (found?.orgId !== orgId) throw notFound('No such conversation');
  const sessions = await sessionsIn({ store }, orgId, found.state);
  const addresses = sessions.flatMap(({ address }) => (address === undefined ? [] : [valueOfAddress(address)]));
  return {
    contactId: found.state.contactId ?? '',
    addresses: [...new Set(addresses)].slice(0, 5),
  };
};

/** @throws ChatError `invalid` */
export const boundedNetwork = (value: string): Network => {
  const network = networkOf(value);
  if (isTooWide(network)) {
    const message = 'A range may be no wider than /16 for IPv4 and /32 for IPv6';
    throw new ChatError('invalid', message, { details: [{ path: 'range', message }] });
  }
  return network;
};

const shownContact = ({ id, name, email }: Contact): NonNullable<BanView['contact']> => ({
  id,
  ...(name === undefined ? {} : { name }),
  ...(email === undefined ? {} : { email }),
});

export const banView = async ({ store }: BanDeps, one: Ban): Promise<BanView> => {
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
  const all = (await bansInForce(deps, orgId)).toReversed();
  const rest = cursor === undefined ? all : all.filter(({ id }) => id < cursor);
  const page = rest.slice(0, limit);
  return {
    bans: await Promise.all(page.map((one) => banView(deps, one))),
    cursor: rest.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
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
