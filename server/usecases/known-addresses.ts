// From which addresses a member lately signed in: while strangers guess at their password, they are let in from these.
import { createHmac } from 'node:crypto';
import type { Member } from '../ports/documents.ts';

const day = 24 * 3_600_000;
const knownForMs = 30 * day;
/** Written again at most this often: it decides about weeks. */
const freshMs = day;
const most = 10;

/** An address as it is kept: keyed, so that a copy of the store does not tell where people live and work. */
export const addressTag = (secret: string, address: string): string =>
  createHmac('sha256', secret).update(`address\n${address}`).digest('base64url').slice(0, 22);

/** Whether this member signed in from there within the last 30 days. */
export const isKnownFrom = (member: Member, tag: string, now: number): boolean =>
  (member.knownFrom ?? []).some((known) => known.tag === tag && known.at > now - knownForMs);

/** The member after signing in from there; undefined where that changes nothing worth writing. */
export const nowKnownFrom = (member: Member, tag: string, now: number): Member | undefined => {
  const before = member.knownFrom ?? [];
  if (before.some((known) => known.tag === tag && known.at > now - freshMs)) return undefined;
  const others = before.filter((known) => known.tag !== tag && known.at > now - knownForMs);
  return { ...member, knownFrom: [{ tag, at: now }, ...others].slice(0, most) };
};
