// Bans as staff make and lift them.
import type { BanView } from '../../shared/bans.ts';
import { ChatError } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import { contains } from '../domain/network.ts';
import { may } from '../domain/permit.ts';
import type { Ban, Member } from '../ports/documents.ts';
import { banView, boundedNetwork, visitedBy } from './ban-views.ts';
import type { BanDeps } from './ban-views.ts';
import { bansAtMost, bansInForce, holds } from './bans.ts';

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

const latestTime = 8_640_000_000_000_000;

const notFound = (message: string): ChatError => new ChatError('not_found', message);

const problem = (code: 'invalid' | 'conflict', path: string, message: string): ChatError =>
  new ChatError(code, message, { details: [{ path, message }] });

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
  const ban = await store.exclusively(`bans:${orgId}`, async (batch) => {
    const known = await store.documents.bans.find(`of:${orgId}:${kind}:${value}`);
    // Apart, because every agent may ban a contact: nobody can use up the places for addresses.
    const isAlike = (one: Ban): boolean => (one.kind === 'contact') === (kind === 'contact');
    if (known === undefined && (await bansInForce(deps, orgId)).filter(isAlike).length >= bansAtMost) {
      throw new ChatError('conflict', 'There can be 1,000 bans of this kind at most: lift one first');
    }
    const { expiresAt, conversationId, ...rest } = given;
    const next: Ban = {
      ...rest,
      id: known?.id ?? newId('ban'),
      createdAt: clock.now(),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(conversationId === undefined ? {} : { conversationId }),
    };
    batch.put('bans', next);
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
  return banView(deps, written);
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

/** @throws ChatError `not_found` */
export const liftBan = async (deps: BanDeps, orgId: string, id: string): Promise<void> => {
  if (!(await deps.store.documents.bans.delete(orgId, id))) throw notFound('There is no such ban');
  await deps.bans.changed(orgId);
};
