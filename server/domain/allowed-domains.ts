// On which pages a widget may live, from one reading of its list: REST, the WebSocket upgrade and `frame-ancestors` ask here.

interface Rule {
  protocol: 'http:' | 'https:';
  /** Punycode, lower case; what follows `*.` where `isWildcard`. */
  hostname: string;
  isWildcard: boolean;
  /** A decimal port, or `*`. */
  port: string;
}

const defaultPorts: Record<string, string> = { 'http:': '80', 'https:': '443' };

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';

/** Letters, digits, `-` and `_` between dots. Hosts may hold more by the URL standard (`;`), but no name in use does. */
const isName = (hostname: string): boolean => /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/.test(hostname);
const isAddress = (hostname: string): boolean => hostname.startsWith('[') || /^[\d.]+$/.test(hostname);

/** The host of a URL as browsers write it; undefined for what is none. */
const hostnameOf = (name: string): string | undefined => {
  // Escapes would be resolved to another text than was written.
  if (name.includes('%') || !URL.canParse(`https://${name}`)) return undefined;
  const { hostname } = new URL(`https://${name}`);
  return isName(hostname) || hostname.startsWith('[') ? hostname : undefined;
};

/**
 * One entry of the list: a host (`example.com`, `*.example.com`, `host:8080`, `host:*`) or an origin. A bare host means
 * https, http where it is this machine. Anything else, a bare `*` included, is no rule and so allows nothing.
 */
const ruleOf = (entry: string): Rule | undefined => {
  if (/[\s,\\@]/.test(entry) || entry.toLowerCase() === 'null') return undefined;
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/i.exec(entry) ?? [];
  const host = scheme === undefined ? rest : rest.replace(/\/$/, '');
  const [, wildcard, name = '', port] = /^(\*\.)?(\[[0-9a-f:.]+\]|[^:/?#[\]*]+)(?::(\d{1,5}|\*))?$/i.exec(host) ?? [];
  const hostname = hostnameOf(name);
  if (hostname === undefined) return undefined;
  const isWildcard = wildcard !== undefined;
  // `*.com` would be as good as no list at all, and nothing lies below an address.
  if (isWildcard && hostname !== 'localhost' && (!/\w\.\w/.test(hostname) || isAddress(hostname))) return undefined;
  const isLocal = isLoopback(hostname) || hostname.endsWith('.localhost');
  const protocol = scheme?.slice(0, -2).toLowerCase() ?? (isLocal ? 'http:' : 'https:');
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  if (port !== undefined && port !== '*' && (Number(port) > 65_535 || Number(port) === 0)) return undefined;
  const chosen = port === undefined ? defaultPorts[protocol]! : port === '*' ? '*' : String(Number(port));
  return { protocol, hostname, isWildcard, port: chosen };
};

/** Blanks around an entry are not meant: lists are pasted. */
const rulesOf = (allowedDomains: readonly string[]): Rule[] =>
  allowedDomains.map((entry) => ruleOf(entry.trim())).filter((rule) => rule !== undefined);

/** Whether an entry of a list can allow anything; what takes lists refuses the others, so that a slip is seen at once. */
export const isDomainRule = (entry: string): boolean => ruleOf(entry.trim()) !== undefined;

const matches = (rule: Rule, origin: URL): boolean => {
  if (rule.protocol !== origin.protocol) return false;
  const port = origin.port === '' ? defaultPorts[origin.protocol] : origin.port;
  if (rule.port !== '*' && rule.port !== port) return false;
  return rule.isWildcard ? origin.hostname.endsWith(`.${rule.hostname}`) : origin.hostname === rule.hostname;
};

/** An Origin header as a URL, where it is one http(s) origin in its own serialisation. */
const originOf = (header: string): URL | undefined => {
  if (!/^https?:\/\//.test(header) || !URL.canParse(header)) return undefined;
  const url = new URL(header);
  return url.origin === header ? url : undefined;
};

/** The installation's own address, also under its other loopback names: `localhost` is `127.0.0.1` to whoever types it. */
const isOwn = (origin: URL, ownOrigin: string): boolean => {
  if (origin.origin === ownOrigin) return true;
  const own = originOf(ownOrigin);
  if (own === undefined || !isLoopback(own.hostname) || !isLoopback(origin.hostname)) return false;
  return own.protocol === origin.protocol && own.port === origin.port;
};

/**
 * Whether a page of this origin may use the widget. An empty list allows every page. It limits browsers alone: any other
 * program writes whatever Origin it likes. `secFetchSite` stands for the Origin that a same-origin GET does not carry.
 */
export const isOriginAllowed = (
  allowedDomains: readonly string[],
  originHeader: string | undefined,
  { ownOrigin, secFetchSite }: { ownOrigin: string; secFetchSite?: string | undefined },
): boolean => {
  if (allowedDomains.length === 0) return true;
  if (originHeader === undefined) return secFetchSite === 'same-origin';
  const origin = originOf(originHeader);
  if (origin === undefined) return false;
  return isOwn(origin, ownOrigin) || rulesOf(allowedDomains).some((rule) => matches(rule, origin));
};

/**
 * The same list as sources of a `frame-ancestors` directive: `*` for an empty one, else our own pages and what the rules
 * allow. The directive has no form for an IPv6 address or a name that ends in a dot: pages there cannot frame.
 */
export const frameAncestorsOf = (allowedDomains: readonly string[], ownOrigin: string): string[] => {
  if (allowedDomains.length === 0) return ['*'];
  const own = originOf(ownOrigin);
  const sources = rulesOf(allowedDomains)
    .filter(({ hostname }) => isName(hostname) && !hostname.endsWith('.'))
    .map(({ protocol, hostname, isWildcard, port }) => {
      const host = `${protocol}//${isWildcard ? '*.' : ''}${hostname}`;
      return port === defaultPorts[protocol] ? host : `${host}:${port}`;
    });
  return [...new Set(["'self'", ...(own === undefined ? [] : [own.origin]), ...sources])];
};
