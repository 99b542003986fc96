// The caller's address as limits count it, and as logs may keep it.
import ipaddr from 'ipaddr.js';

const parsed = (address: string) => {
  if (!ipaddr.isValid(address)) return undefined;
  return ipaddr.process(address);
};

/** One IPv4 address or one IPv6 /64, the smallest network that a single household gets. */
export const addressKey = (address: string): string => {
  const ip = parsed(address);
  if (ip === undefined) return 'unknown';
  if (ip.kind() === 'ipv4') return ip.toString();
  return `${(ip as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
};

/** The whole address in its one short form (an IPv4 address inside IPv6 is IPv4); undefined for what is none. */
export const fullAddress = (address: string | undefined): string | undefined =>
  parsed(address ?? '')
    ?.toString()
    .replace(/%.*$/, '');

/** For logs: the last byte of IPv4, all but the first 48 bits of IPv6 are gone. */
export const truncatedAddress = (address: string): string => {
  const ip = parsed(address);
  if (ip === undefined) return 'unknown';
  if (ip.kind() === 'ipv4') return ip.toString().replace(/\d+$/, '0');
  return `${(ip as ipaddr.IPv6).parts
    .slice(0, 3)
    .map((part) => part.toString(16))
    .join(':')}::`;
};

/** This machine itself, not a proxy on it that speaks for somebody else: per-address limits leave it alone. */
export const isLocalCaller = (
  peer: string | undefined,
  headers: { 'x-forwarded-for'?: string | string[] | undefined; forwarded?: string | string[] | undefined },
): boolean => {
  const ip = parsed(peer ?? '');
  if (ip === undefined || ip.range() !== 'loopback') return false;
  return headers['x-forwarded-for'] === undefined && headers.forwarded === undefined;
};
