// Where a socket comes from, as far as the proxies in front may be believed.
import type { IncomingMessage } from 'node:http';
import type { Trust } from '../http/hosts.ts';

/** The address that limits count: walks `X-Forwarded-For` from the right as far as the hops are trusted. */
export const clientAddress = (request: IncomingMessage, trust: Trust): string => {
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const hops = [request.socket.remoteAddress ?? '', ...forwarded.toReversed()];
  const found = hops.findIndex((address, hop) => hop === hops.length - 1 || !trust(address, hop));
  return hops[found] ?? '';
};
