// The caller's address as limits count it, and as logs may keep it.
import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import ipaddr from 'ipaddr.js';
import { hostnameOf } from '../../../shared/host-name.ts';
import type { Config } from '../../config.ts';
import { hostsNamedBy, isLoopback } from './hosts.ts';

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

/** What proxies and content networks add to a request that they pass on. A header too many only means that limits count. */
const proxyHeader =
  /^(?:x-)?forwarded|^via$|^cdn-loop$|^cf-|^x-(?:original|envoy|proxy)-|(?:real|client|connecting|remote|user)-?(?:ip|addr)/;

export const isPassedOn = ({ headers }: IncomingMessage): boolean =>
  Object.keys(headers).some((name) => proxyHeader.test(name));

/** Sent by this machine itself to one of its own names, and by nothing that says to speak for somebody else. */
export const isFromThisMachine = (request: IncomingMessage): boolean => {
  if (parsed(request.socket.remoteAddress ?? '')?.range() !== 'loopback' || isPassedOn(request)) return false;
  const hosts = hostsNamedBy(request)?.map(hostnameOf);
  return hosts?.every((hostname) => hostname !== undefined && isLoopback(hostname)) === true;
};

/**
 * Whom the limits per address leave alone: this machine itself, where the installation has no address for others. Where it
 * has one, a proxy on this machine that adds nothing to what it passes on cannot be told from a local caller.
 */
export const isLocalCaller = (request: IncomingMessage, { publicUrl }: Pick<Config, 'publicUrl'>): boolean =>
  (publicUrl === undefined || isLoopback(new URL(publicUrl).hostname)) && isFromThisMachine(request);

/** The address that limits count; undefined for this machine itself, which they leave alone. */
export const countedAddress = (request: Request, config: Pick<Config, 'publicUrl'>): string | undefined =>
  isLocalCaller(request, config) ? undefined : addressKey(request.ip ?? '');
