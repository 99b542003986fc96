// What a widget is before anybody changed it, on which pages it may live, and the code that puts it there.
import type { WidgetSettings } from '../../shared/widget.ts';

/** The settings of a new widget but for its name and assistant; texts and colours follow contract 000's documented defaults. */
export const widgetDefaults: Omit<WidgetSettings, 'assistantId'> = {
  name: 'Website Chat',
  description: '',
  type: 'chat',
  isEnabled: true,
  isAutopilot: true,
  position: 'bottom-right',
  offsetX: 24,
  offsetY: 24,
  zIndex: 9999,
  scheme: 'auto',
  colors: { primary: '#6366f1' },
  texts: {
    title: 'Chat with us',
    welcome: 'Hi! How can I help you today?',
    offline: "Leave a message and we'll get back to you.",
    status: '',
    placeholder: 'Write a message',
    bubble: '',
    csatThanks: 'Thank you for your feedback.',
  },
  form: { name: true, email: true, when: 'after-answer' },
  openingMessages: [],
  actionButtons: [],
  allowedDomains: [],
  typingPreview: false,
  hideBranding: false,
  proactive: { isEnabled: false, cooldownSeconds: 300, triggers: [] },
};

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';

const defaultPorts: Record<string, string> = { 'http:': '80', 'https:': '443' };

interface Rule {
  protocol: string;
  /** Punycode, lower case; after `*.` where `isWildcard`. */
  hostname: string;
  isWildcard: boolean;
  /** A decimal port, or `*`. */
  port: string;
}

/**
 * One entry of the list: a host (`example.com`, `*.example.com`, `host:8080`, `host:*`) or an origin. A bare host means
 * https, http where it is this machine. Anything else, a bare `*` included, is no rule and so allows nothing.
 */
const ruleOf = (entry: string): Rule | undefined => {
  if (/[\s,\\@]/.test(entry)) return undefined;
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/i.exec(entry) ?? [];
  const host = scheme === undefined ? rest : rest.replace(/\/$/, '');
  const [, wildcard, name = '', port] = /^(\*\.)?(\[[0-9a-f:.]+\]|[^:/?#[\]*]+)(?::(\d{1,5}|\*))?$/i.exec(host) ?? [];
  if (name === '') return undefined;
  const protocol = scheme?.slice(0, -2).toLowerCase();
  if (protocol !== undefined && !(protocol in defaultPorts)) return undefined;
  if (!URL.canParse(`https://${name}`)) return undefined;
  const { hostname } = new URL(`https://${name}`);
  // `*.com` would be as good as no list at all.
  if (wildcard !== undefined && !hostname.includes('.') && hostname !== 'localhost') return undefined;
  const chosen = protocol ?? (isLoopback(hostname) || hostname.endsWith('.localhost') ? 'http:' : 'https:');
  if (port !== undefined && port !== '*' && Number(port) > 65_535) return undefined;
  return {
    protocol: chosen,
    hostname,
    isWildcard: wildcard !== undefined,
    port: port === undefined ? defaultPorts[chosen]! : port === '*' ? '*' : String(Number(port)),
  };
};

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
  if (isOwn(origin, ownOrigin)) return true;
  return allowedDomains.some((entry) => {
    const rule = ruleOf(entry.trim());
    return rule !== undefined && matches(rule, origin);
  });
};

/** A link that a page may offer: http(s), mail, phone, or a path of the page's own site. Never `//`, `\` or another scheme. */
export const isSafeLink = (url: string): boolean => {
  if (/[\\\s]/.test(url) || url.startsWith('//')) return false;
  if (url.startsWith('/')) return true;
  return /^(https?:\/\/|mailto:|tel:)/i.test(url) && URL.canParse(url);
};

/** The one-line embed code in the queue form: calls made before the script has loaded are kept and replayed. */
export const embedCode = (baseUrl: string, widgetKey: string): string =>
  "<script>(function(w,d,s,o,f,js,fjs){w['PatWidget']=o;w[o]=w[o]||function(){(w[o].q=w[o].q||[]).push(arguments)};" +
  'js=d.createElement(s);fjs=d.getElementsByTagName(s)[0];js.id=o;js.src=f;js.async=1;fjs.parentNode.insertBefore(js,fjs);' +
  `}(window,document,'script','PatChat','${baseUrl}/widget/pat-chat.js'));PatChat('init',{widgetKey:'${widgetKey}'});</script>`;

/** The short embed code: one tag, for pages that need no queue. */
export const shortEmbedCode = (baseUrl: string, widgetKey: string): string =>
  `<script async src="${baseUrl}/widget.js" data-widget-key="${widgetKey}"></script>`;
