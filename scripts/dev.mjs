// `npm run dev`: the server restarts and the widget, the console and the pages follow their sources, all behind one address.
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer as createVite } from 'vite';
import { buildStale, root } from './build.mjs';

const port = Number(process.env['PORT'] || 3000);
const host = process.env['HOST'] || '127.0.0.1';
const address = `http://${host === '0.0.0.0' ? 'localhost' : host}:${port}`;
/** Where the server itself listens; nobody else needs to know. */
const backend = { host: '127.0.0.1', port: port + 1 };

const fail = (message) => {
  console.error(message);
  process.exit(1);
};

// The landing page and the demo are served as built.
await buildStale({ onBuild: (names) => console.log(`Building ${names.join(', ')}…`) }).catch((error) =>
  fail(error.message),
);

const vite = (name, base, hmrPort) =>
  createVite({
    root: name === 'console' ? undefined : root,
    configFile: join(root, `vite.${name}.config.ts`),
    base,
    logLevel: 'warn',
    appType: name === 'console' ? 'spa' : 'custom',
    server: { middlewareMode: true, hmr: { host: '127.0.0.1', port: hmrPort, clientPort: hmrPort }, cors: true },
  });
const consoleVite = await vite('console', '/console/', port + 2);
const widgetVite = await vite('widget', '/widget-dev/', port + 3);

/** The embed script of development: a classic script, as on a real page, that loads the loader's sources as a module. */
const devLoader = `(() => {
  const origin = new URL(document.currentScript.src).origin;
  for (const path of ['/widget-dev/@vite/client', '/widget-dev/client/widget/loader/main.ts']) {
    const script = document.createElement('script');
    script.type = 'module';
    script.src = origin + path;
    document.head.append(script);
  }
})();`;

const sendScript = (response, text) => {
  response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8', 'Access-Control-Allow-Origin': '*' });
  response.end(text);
};

const toBackend = (incoming, response) => {
  const { method, url, headers } = incoming;
  const asked = request({ ...backend, method, path: url, headers }, (answer) => {
    // Vite's client needs inline styles and another port, which the real policy rightly refuses.
    const { 'content-security-policy': _policy, ...kept } = answer.headers;
    response.writeHead(answer.statusCode, kept);
    answer.pipe(response);
  });
  asked.once('error', () => {
    if (!response.headersSent) response.writeHead(503, { 'Content-Type': 'text/plain', 'Retry-After': '1' });
    response.end('The server is restarting: try again in a moment\n');
  });
  incoming.pipe(asked);
};

const front = createServer((incoming, response) => {
  const path = (incoming.url ?? '/').split('?')[0];
  if (['/widget.js', '/widget/pat-chat.js', '/widget/widget.js'].includes(path)) return sendScript(response, devLoader);
  const part = /^\/widget\/(panel|proactive)\.js$/.exec(path)?.[1];
  if (part !== undefined) return sendScript(response, `export * from '/widget-dev/client/widget/${part}/main.ts';`);
  if (path.startsWith('/widget-dev/'))
    return widgetVite.middlewares(incoming, response, () => toBackend(incoming, response));
  if (path.startsWith('/preview/')) {
    incoming.url = '/console/preview.html';
    return consoleVite.middlewares(incoming, response, () => toBackend(incoming, response));
  }
  if (path === '/console' || path.startsWith('/console/')) {
    if (path === '/console') incoming.url = incoming.url.replace('/console', '/console/');
    return consoleVite.middlewares(incoming, response, () => toBackend(incoming, response));
  }
  toBackend(incoming, response);
});

front.on('upgrade', (incoming, socket, head) => {
  const upstream = connect(backend.port, backend.host, () => {
    const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
      lines.push(`${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}`);
    }
    upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
  });
  upstream.on('error', () => socket.destroy());
  socket.on('error', () => upstream.destroy());
});

await new Promise((done) => {
  front.once('error', (error) => fail(`Cannot listen on ${address}: ${error.message}`));
  front.listen(port, host, done);
});

const child = spawn(
  process.execPath,
  [join(root, 'node_modules/tsx/dist/cli.mjs'), 'watch', '--clear-screen=false', 'server/main.ts'],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      PORT: String(backend.port),
      HOST: backend.host,
      PUBLIC_URL: process.env['PUBLIC_URL'] || address,
    },
  },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
child.once('exit', (code) => {
  front.closeAllConnections();
  front.close();
  void Promise.allSettled([consoleVite.close(), widgetVite.close()]).then(() => process.exit(code ?? 0));
});
