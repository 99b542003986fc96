// A proxy that does not say for whom it speaks, or is not believed, makes all visitors one address to the limits. Said once.
import type { IncomingMessage, Server } from 'node:http';
import ipaddr from 'ipaddr.js';
import type { Config } from '../../config.ts';
import type { Log } from '../../ports/telemetry.ts';
import { isLocalCaller, isPassedOn } from './address.ts';
import type { Trust } from './hosts.ts';

/** Asked by load balancers, containers and Prometheus for themselves. */
const operations = new Set(['/healthz', '/readyz', '/metrics']);
/** Where proxies live; a stranger out on the internet may send any header. */
const near = new Set(['loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat']);

const allAreOne = 'Limits per address count all of its visitors together.';
const isSilent = `A proxy in front sends no X-Forwarded-For. ${allAreOne} Make it append the header, and set TRUST_PROXY.`;
const isNotBelieved = `A proxy in front sends X-Forwarded-For, and TRUST_PROXY does not name it. ${allAreOne} Set TRUST_PROXY to the number of proxies or to their addresses.`;

/** What a request tells about the proxy in front, where that is a problem. */
const problemOf = (
  request: IncomingMessage,
  { config, trust }: { config: Pick<Config, 'publicUrl'>; trust: Trust },
): string | undefined => {
  const peer = request.socket.remoteAddress ?? '';
  if (operations.has(request.url?.split('?')[0] ?? '') || isLocalCaller(request, config)) return undefined;
  const range = ipaddr.isValid(peer) ? ipaddr.process(peer).range() : 'unknown';
  if (!near.has(range)) return undefined;
  if (request.headers['x-forwarded-for'] !== undefined) return trust(peer, 0) ? undefined : isNotBelieved;
  return range === 'loopback' || isPassedOn(request) ? isSilent : undefined;
};

/** Looks at each request and upgrade until there was something to warn of. */
export const watchProxies = (
  server: Server,
  { log, ...deps }: { config: Pick<Config, 'publicUrl'>; trust: Trust; log: Log },
): void => {
  const look = (request: IncomingMessage): void => {
    const problem = problemOf(request, deps);
    if (problem === undefined) return;
    server.off('request', look);
    server.off('upgrade', look);
    log.warn({}, problem);
  };
  server.on('request', look);
  server.on('upgrade', look);
};
