// Under which names the console and what belongs to it are served. A name that is pointed at this server by a stranger (DNS
// rebinding) would let the stranger's page read what is meant for our own pages.
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import ipaddr from 'ipaddr.js';
import { ChatError } from '../../../shared/errors.ts';
import { hostnameOf } from '../../../shared/host-name.ts';
import type { Config } from '../../config.ts';

/** Whether the peer at this address may be believed about the hop before it (Express's compiled `trust proxy`). */
export type Trust = (address: string, hop: number) => boolean;

export const foreignHost =
  'This is not served under this host name: set PUBLIC_URL to the address that browsers use, or add the name to TILLER_HOSTS';

/** The address that a hostname is; undefined for a name. */
const addressIn = (hostname: string) => {
  const text = hostname.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
};

/** `localhost`, a name below it, or an address of this machine itself. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname.endsWith('.localhost') || addressIn(hostname)?.range() === 'loopback';

/** Express takes the path where a router is mounted off `url`; the target as it was sent is in `originalUrl`. */
const targetOf = (request: IncomingMessage): string =>
  (request as IncomingMessage & { originalUrl?: string }).originalUrl ?? request.url ?? '/';

/**
 * Every host that a request says it is for, as it was sent: `Host`, and the target where that is a whole address.
 * Undefined where there is none, or more than one `Host`.
 */
export const hostsNamedBy = (request: IncomingMessage): string[] | undefined => {
  const headers = request.headersDistinct['host'] ?? [];
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(targetOf(request))?.[1];
  const named = authority === undefined ? headers : [...headers, authority];
  return headers.length > 1 || named.length === 0 ? undefined : named;
};

export interface Hosts {
  /** Whether a request is for a host of this installation. */
  serves(request: IncomingMessage): boolean;
  /** Whether the page that sends a request is one of ours: from `PUBLIC_URL`, or from the host that the request is for. */
  isOwnOrigin(request: IncomingMessage, origin: string): boolean;
}

export interface HostDeps {
  config: Pick<Config, 'host' | 'publicUrl' | 'hosts'>;
  trust: Trust;
  baseUrl(): string;
}

/**
 * Addresses and `localhost` are always ours: no DNS server decides where they lead. Names are those of `PUBLIC_URL`, `HOST`
 * and `TILLER_HOSTS`. A trusted proxy that sends `X-Forwarded-Host` must name a host of ours there too; it does not make up
 * for `Host`, because a proxy that does not set the header passes on what a page has put there.
 */
export const createHosts = (deps: HostDeps): Hosts => {
  const { config, trust } = deps;
  const configured = [
    ...(config.publicUrl === undefined ? [] : [new URL(config.publicUrl).hostname]),
    config.host,
    ...(config.hosts ?? []),
  ];
  const names = new Set(configured.map(hostnameOf).filter((name) => name !== undefined));
  const isNameless = (hostname: string): boolean => isLoopback(hostname) || addressIn(hostname) !== undefined;
  const isOurs = (host: string): boolean => {
    const hostname = hostnameOf(host);
    return hostname !== undefined && (isNameless(hostname) || names.has(hostname));
  };

  const serves = (request: IncomingMessage): boolean => {
    const isBelieved = trust(request.socket.remoteAddress ?? '', 0);
    const forwarded = isBelieved ? (request.headersDistinct['x-forwarded-host'] ?? []) : [];
    const hosts = hostsNamedBy(request);
    return (
      hosts !== undefined &&
      [...hosts, ...forwarded.flatMap((list) => list.split(','))].every((host) => isOurs(host.trim()))
    );
  };

  return {
    serves,
    isOwnOrigin(request, origin) {
      const base = new URL(deps.baseUrl());
      if (origin === base.origin) return true;
      const host = request.headers.host ?? '';
      const hostname = hostnameOf(host);
      if (hostname === undefined || !serves(request)) return false;
      // Where the installation has TLS, a page of one of its names over plain HTTP may be somebody's on the way.
      const schemes = base.protocol === 'https:' && !isNameless(hostname) ? ['https:'] : ['http:', 'https:'];
      return schemes.some((scheme) => new URL(`${scheme}//${host}`).origin === origin);
    },
  };
};

/** For what answers in JSON. @throws ChatError `forbidden` */
export const ownHostsOnly =
  (hosts: Hosts): RequestHandler =>
  (request, _response, next) => {
    if (!hosts.serves(request)) throw new ChatError('forbidden', foreignHost);
    next();
  };

/** For pages that people open: the same refusal as a line of text. */
export const ownHostPagesOnly =
  (hosts: Hosts): RequestHandler =>
  (request, response, next) => {
    if (hosts.serves(request)) return next();
    response.set('Cache-Control', 'no-store').status(403).type('text/plain').send(`${foreignHost}\n`);
  };
