// A web site of somebody else, on another port, with the widget on it; and a link that can be cut.
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

const listen = (server: Server): Promise<number> =>
  new Promise((done) => server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port)));

/** How the page embeds the widget. `contract`: the snippet of contract 000, under any name. `own`: our one line. */
export interface Embed {
  kind: 'contract' | 'own';
  name?: string;
}

interface PageOptions {
  origin: string;
  widgetKey: string;
  embed: Embed;
  /** What the page's own style sheet does. */
  css?: string;
  /** Serves the page under a policy that allows the widget's server and nothing else. */
  strict?: boolean;
  body?: string;
}

const snippetOf = ({ origin, widgetKey, embed }: PageOptions, nonce: string): string =>
  embed.kind === 'own'
    ? `<script nonce="${nonce}" async src="${origin}/widget.js" data-widget-key="${widgetKey}"></script>`
    : `<script nonce="${nonce}">(function(w,d,s,o,f,js,fjs){w['PatWidget']=o;w[o]=w[o]||function(){(w[o].q=w[o].q||[]).push(arguments)};js=d.createElement(s);fjs=d.getElementsByTagName(s)[0];js.id=o;js.src=f;js.async=1;fjs.parentNode.insertBefore(js,fjs);}(window,document,'script','${embed.name ?? 'PatChat'}','${origin}/widget/pat-chat.js'));${embed.name ?? 'PatChat'}('init',{widgetKey:'${widgetKey}'});</script>`;

const htmlOf = (options: PageOptions, nonce: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>A shop</title>${options.css === undefined ? '' : `<style nonce="${nonce}">${options.css}</style>`}</head>
<body><main><h1>A shop</h1><p><a href="#first">First link</a></p>${options.body ?? ''}</main>${snippetOf(options, nonce)}</body></html>`;

export interface HostSite {
  /** The address of a page made as asked. */
  page(options: PageOptions): string;
  stop(): Promise<void>;
}

export const startHostSite = async (): Promise<HostSite> => {
  const pages: PageOptions[] = [];
  const server = createServer((request, response) => {
    const options = pages[Number(/^\/page\/(\d+)/.exec(request.url ?? '')?.[1] ?? -1)];
    if (options === undefined) return void response.writeHead(404).end();
    const { origin } = options;
    const sources = `${origin} ${origin.replace('http', 'ws')}`;
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      ...(options.strict === true && {
        'Content-Security-Policy': `default-src 'none'; script-src 'nonce-n0nce' ${origin}; connect-src ${sources}; style-src 'nonce-n0nce'; require-trusted-types-for 'script'; base-uri 'none'`,
      }),
    });
    response.end(htmlOf(options, 'n0nce'));
  });
  const port = await listen(server);
  return {
    page: (options) => `http://127.0.0.1:${port}/page/${pages.push(options) - 1}`,
    stop: () => new Promise((done) => (server.close(() => done()), server.closeAllConnections())),
  };
};

export interface Site {
  port: number;
  /** Serves this body under this path. */
  put(path: string, body: string, head?: string): void;
  stop(): Promise<void>;
}

/** Serves whatever was put under a path: a site of somebody else, under each of its names an origin of its own. */
export const startSite = async (): Promise<Site> => {
  const pages = new Map<string, string>();
  const server = createServer((request, response) => {
    const html = pages.get(request.url ?? '');
    response.writeHead(html === undefined ? 404 : 200, { 'Content-Type': 'text/html; charset=utf-8' }).end(html);
  });
  return {
    port: await listen(server),
    put: (path, body, head = '') =>
      void pages.set(
        path,
        `<!doctype html><html lang="en"><head><title>A shop</title>${head}</head><body>${body}</body></html>`,
      ),
    stop: () => new Promise((done) => (server.close(() => done()), server.closeAllConnections())),
  };
};

export interface Wire {
  url: string;
  /** Ends what is open and refuses what comes. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

/** A loopback relay in front of a server: the visitor's unreliable network. */
export const startWire = async (target: string): Promise<Wire> => {
  const { port: targetPort, hostname } = new URL(target);
  const open = new Set<Socket>();
  let isCut = false;
  const server = createTcpServer((near) => {
    if (isCut) return void near.destroy();
    const far = connect(Number(targetPort), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  const port = await listen(server);
  const drop = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    cut() {
      isCut = true;
      drop();
    },
    mend: () => void (isCut = false),
    stop: () => new Promise((done) => (server.close(() => done()), drop())),
  };
};
