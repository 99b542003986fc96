// What a caller wants banned, read once for REST and sockets: addresses and ranges in their canonical form.
import ipaddr from 'ipaddr.js';
import type { BanInput, BanKind } from '../../../shared/bans.ts';
import { ChatError } from '../../../shared/errors.ts';
import type { BanAsk, BanTarget } from '../../usecases/ban-changes.ts';
import { fullAddress } from './address.ts';

const invalid = (path: string, message: string): ChatError =>
  new ChatError('invalid', message, { details: [{ path, message }] });

/** One spelling per address: what some programs read as octal or hexadecimal is refused, not guessed at. */
const plainAddress = (text: string): string | undefined => {
  const isPlain = text.includes(':')
    ? ipaddr.IPv6.isValid(text) && !text.includes('%')
    : ipaddr.IPv4.isValidFourPartDecimal(text) && ipaddr.IPv4.isValid(text);
  return isPlain ? fullAddress(text) : undefined;
};

/** Host bits are taken away: the network of the bits that count. */
const networkText = (address: string, bits: number): string =>
  address.includes(':')
    ? `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`).toString()}/${bits}`
    : `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`).toString()}/${bits}`;

/** One IPv4 address, or the /64 of an IPv6 one: a household gets no smaller network. @throws ChatError `invalid` */
export const addressValue = (text: string): string => {
  const address = plainAddress(text.trim());
  if (address === undefined) {
    throw invalid('address', 'This is not an address: write it as 203.0.113.7 or 2001:db8::7');
  }
  return address.includes(':') ? networkText(address, 64) : address;
};

/** @throws ChatError `invalid` */
export const rangeValue = (text: string): string => {
  const [, before = '', prefix = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text.trim()) ?? [];
  const address = plainAddress(before);
  const isMapped = before.includes(':') && address?.includes(':') === false;
  const bits = prefix === '' ? -1 : Number(prefix) - (isMapped ? 96 : 0);
  const most = address?.includes(':') === true ? 128 : 32;
  // An IPv4 network inside IPv6 that is wider than all of IPv4.
  if (address === undefined || prefix === '' || bits > most || (bits < 0 && !isMapped)) {
    throw invalid('range', 'This is not a range: write it as 203.0.113.0/24 or 2001:db8::/48');
  }
  return networkText(address, Math.max(0, bits));
};

const targetOf = (kind: BanKind, { contactId, address, range }: BanInput): BanTarget => {
  switch (kind) {
    case 'contact':
      return { kind, ...(contactId === undefined ? {} : { value: contactId }) };
    case 'address':
      return { kind, ...(address === undefined ? {} : { value: addressValue(address) }) };
    case 'range':
      if (range === undefined) throw invalid('range', 'Say which range to ban, as 203.0.113.0/24');
      return { kind, value: rangeValue(range) };
  }
};

/** Addresses in their canonical form; what is none is left out. */
export const canonical = (addresses: readonly (string | undefined)[]): string[] =>
  addresses.map(fullAddress).filter((address) => address !== undefined);

/**
 * The ban that was asked for. `mine`: the addresses that the caller was seen with, the proxy's before us among them.
 * @throws ChatError `invalid`
 */
export const banAskOf = (input: BanInput, mine: readonly (string | undefined)[]): BanAsk => {
  const { conversationId, contactId, address, range, reason = '', expiresAt, forSeconds, includesMe = false } = input;
  const named: BanKind[] = [];
  if (contactId !== undefined) named.push('contact');
  if (address !== undefined) named.push('address');
  if (range !== undefined) named.push('range');
  const kind = input.kind ?? named[0] ?? 'contact';
  if (named.length > 1 || (named[0] !== undefined && named[0] !== kind)) {
    throw invalid('kind', 'Say one thing to ban: a contact, an address or a range');
  }
  if (named.length === 0 && conversationId === undefined) {
    throw invalid('kind', 'Say whom to ban: contactId, address, range or conversationId');
  }
  if (expiresAt !== undefined && forSeconds !== undefined) {
    throw invalid('expiresAt', 'Say either expiresAt or forSeconds');
  }
  return {
    target: targetOf(kind, input),
    ...(conversationId === undefined ? {} : { conversationId }),
    reason: reason.trim(),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(forSeconds === undefined ? {} : { forMs: forSeconds * 1000 }),
    includesMe,
    mine: canonical(mine),
  };
};

/** The network that a ban of this address or range would name. @throws ChatError `invalid` */
export const networkAsked = ({ address, range }: Pick<BanInput, 'address' | 'range'>): string => {
  if (address !== undefined && range === undefined) return addressValue(address);
  if (range !== undefined && address === undefined) return rangeValue(range);
  throw invalid('address', 'Say one thing to look at: an address or a range');
};
