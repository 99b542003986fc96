// `npm run doctor -- [url]`: looks at a running installation from outside, as a browser and a proxy would.
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join, resolve } from 'node:path';
import { styleText } from 'node:util';
import { root } from './build.mjs';
import { clusterChecks } from './doctor-cluster.mjs';

if (existsSync(join(root, '.env'))) process.loadEnvFile(join(root, '.env'));
const { env } = process;
const dataDir = resolve(root, env['DATA_DIR'] || './data');
const timeoutMs = 5000;
const colour = (name, text) => (process.stdout.isTTY && !env['NO_COLOR'] ? styleText(name, text) : text);

const firstRun = () => {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'first-run.json'), 'utf8'));
  } catch {
    return {};
  }
};

const given = process.argv[2];
const url = new URL(
  given ?? (env['PUBLIC_URL'] || firstRun().url) ?? `http://${env['HOST'] || '127.0.0.1'}:${env['PORT'] || 3000}`,
).origin;
/** What lies on this machine says something about the installation only where that runs here. */
const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname) || url === env['PUBLIC_URL'];

/** One request without a library in between: Origin and Upgrade are sent as written. */
const ask = (path, headers = {}, method = 'GET') =>
  new Promise((done, fail) => {
    const target = new URL(path, url);
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const asked = send(target, { method, headers, timeout: timeoutMs }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.once('end', () => done({ status: response.statusCode, headers: response.headers, body }));
    });
    asked.once('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    asked.once('upgrade', (response, socket) => {
      socket.destroy();
      done({ status: response.statusCode, headers: response.headers, body: '' });
    });
    asked.once('error', fail);
    asked.end();
  });

const upgrade = (query, headers) =>
  ask(`/socket.io/?EIO=4&transport=websocket&${query}`, {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  });

class Problem extends Error {}
/** Nothing to look at from here: said, but no failure. */
class Skipped extends Error {}

const must = (isFine, problem) => {
  if (!isFine) throw new Problem(problem);
};

/** The demo widget's key: from the first run on this machine, else from the demo page. */
let widgetKey;
const findWidgetKey = async () => {
  if (isHere && firstRun().widgetKey !== undefined) widgetKey = firstRun().widgetKey;
  const seen = await ask('/demo').catch(() => undefined);
  widgetKey = /data-widget-key="([^"]+)"/.exec(seen?.body ?? '')?.[1] ?? widgetKey;
};

const checks = {
  'The process answers': async () => {
    const { status, body } = await ask('/healthz');
    must(
      status === 200 && body.includes('"ok"'),
      `/healthz gave ${status}: is this a Tiller, and not the proxy's own page?`,
    );
  },
  'It is ready for traffic': async () => {
    const { status } = await ask('/readyz');
    must(status === 200, `/readyz gave ${status}: it is starting or draining, or its store does not answer`);
  },
  'The embed script can be loaded by other sites': async () => {
    const { status, headers } = await ask('/widget.js', { Origin: 'https://site.example' });
    must(status === 200, `/widget.js gave ${status}: were the pages built? (npm run build)`);
    must(/javascript; charset=utf-8/i.test(headers['content-type'] ?? ''), `its type is ${headers['content-type']}`);
    must(headers['cross-origin-resource-policy'] === 'cross-origin', 'the proxy replaces Cross-Origin-Resource-Policy');
    must(headers['access-control-allow-origin'] === '*', 'the proxy removes Access-Control-Allow-Origin');
  },
  'The console is closed to frames and foreign scripts': async () => {
    const { status, headers, body } = await ask('/console');
    const policy = headers['content-security-policy'] ?? '';
    must(status === 200, `/console gave ${status}${status === 403 ? `: ${body.trim()}` : ''}`);
    must(policy.includes("frame-ancestors 'none'"), 'the proxy removes or replaces Content-Security-Policy');
    must(!policy.includes('unsafe'), 'the proxy weakens Content-Security-Policy');
  },
  'The console answers under its own names alone': async () => {
    const own = await ask('/console');
    const foreign = await ask('/console', { Host: 'rebound.example' });
    const isSame = foreign.status === 200 && foreign.body === own.body;
    must(!isSame, 'it was served under the Host rebound.example too: does the proxy rewrite Host?');
  },
  'Metrics are closed to strangers': async () => {
    if (isHere) throw new Skipped('on this machine they may be read');
    const { status } = await ask('/metrics');
    must(status !== 200, '/metrics can be read by everybody: set METRICS_TOKEN, and let the proxy refuse the path');
  },
  'The widget’s public view is served': async () => {
    await findWidgetKey();
    if (widgetKey === undefined) throw new Skipped('no widget key known here: run it where DATA_DIR is');
    const { status, headers } = await ask(`/w/${widgetKey}`, { Origin: url });
    must(
      status === 200,
      `/w/… gave ${status} to our own origin ${url}: set PUBLIC_URL to the address that browsers use`,
    );
    must(headers.etag !== undefined, 'the proxy removes ETag');
    const preflight = await ask(`/w/${widgetKey}`, { Origin: 'https://site.example' }, 'OPTIONS');
    must(preflight.status === 204, `a preflight gave ${preflight.status}: the proxy answers OPTIONS itself`);
  },
  'WebSocket passes through the proxy': async () => {
    if (widgetKey === undefined) throw new Skipped('no widget key known here');
    const { status } = await upgrade(`widgetKey=${widgetKey}`, { Origin: url });
    must(
      status === 101,
      `the upgrade gave ${status}: the proxy must pass Upgrade and Connection on (nginx: proxy_http_version 1.1 and both headers)`,
    );
  },
  'A foreign site cannot reach the console’s socket': async () => {
    const { status } = await upgrade('', { Origin: 'https://evil.example' });
    must(
      status !== 101,
      'an upgrade from https://evil.example without a widget was let in: does the proxy rewrite Origin?',
    );
  },
  'A foreign site cannot act in the console': async () => {
    const { status } = await ask('/api/console/logout', { Origin: 'https://evil.example' }, 'POST');
    must(status === 403, `a POST from https://evil.example gave ${status}: does the proxy rewrite Origin or Host?`);
  },
  'The clocks agree': async () => {
    const before = Date.now();
    const { headers } = await ask('/healthz');
    const skew = Math.abs(Date.parse(headers.date ?? '') - (before + Date.now()) / 2);
    must(!Number.isNaN(skew), 'there is no Date header');
    must(skew < 5000, `they are ${Math.round(skew / 1000)} s apart: signed tokens and links will fail; run NTP`);
  },
  'Addresses are https where they are public': async () => {
    if (isHere && url.startsWith('http:')) throw new Skipped('on this machine http is fine');
    must(url.startsWith('https:'), 'sign-in cookies and chats travel readable: put TLS in front and set PUBLIC_URL');
    const { headers } = await ask('/console');
    must(
      headers['strict-transport-security'] !== undefined,
      'PUBLIC_URL is not this https address: cookies stay unprotected',
    );
  },
  'The data folder can be written': async () => {
    if (!isHere || !existsSync(dataDir)) throw new Skipped('the data folder is not on this machine');
    try {
      accessSync(dataDir, constants.W_OK);
    } catch {
      throw new Problem(`${dataDir} is not writable for this user`);
    }
    const { bavail, bsize } = statfsSync(dataDir);
    must(bavail * bsize > 500e6, `less than 500 MB are free on the disk of ${dataDir}`);
  },
  'The model answers': async () => {
    const { AI_BASE_URL: base, AI_API_KEY: key, OPENAI_API_KEY: openai } = env;
    if (!base && !openai) throw new Skipped('the built-in answerer, or a provider that is not asked from here');
    const address = `${(base || 'https://api.openai.com/v1').replace(/\/+$/, '')}/models`;
    const answer = await fetch(address, {
      headers: key || openai ? { authorization: `Bearer ${key || openai}` } : {},
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error) => {
      throw new Problem(`no answer from ${new URL(address).origin}: ${error.cause?.code ?? error.message}`);
    });
    must(answer.status !== 401 && answer.status !== 403, `the key was refused (${answer.status})`);
    must(answer.status < 500, `the provider gave ${answer.status}`);
  },
  ...clusterChecks(env, { Problem, Skipped, must }),
};

console.log(`Looking at ${url}\n`);
let problems = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`${colour('green', '✓')} ${name}`);
  } catch (error) {
    if (error instanceof Skipped) {
      console.log(`${colour('gray', '–')} ${name}: ${error.message}`);
      continue;
    }
    problems += 1;
    const why =
      error instanceof Problem
        ? error.message
        : error.code === 'ECONNREFUSED'
          ? 'nothing listens there'
          : error.message;
    console.log(`${colour('red', '✗')} ${name}: ${why}`);
    // Without an answer everything else would fail the same way.
    if (name === 'The process answers') break;
  }
}
console.log(problems === 0 ? '\nAll is well' : `\n${problems} problem${problems === 1 ? '' : 's'}`);
process.exitCode = problems === 0 ? 0 : 1;
