// A real HTTP server on a free port with a real store, without the sockets: what the HTTP tests talk to.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { ConsoleRoute } from '../../shared/console-api.ts';
import { Admission } from '../../server/usecases/admission.ts';
import { Bans } from '../../server/usecases/bans.ts';
import { Committer } from '../../server/usecases/commit.ts';
import { Directory } from '../../server/usecases/directory.ts';
import { Limits } from '../../server/usecases/limits.ts';
import { Presence } from '../../server/usecases/presence.ts';
import { Spending } from '../../server/usecases/spending.ts';
import { newSecret, publicIdsOf } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import { createLocalBus } from '../../server/adapters/bus/local.ts';
import { openDiskFiles } from '../../server/adapters/files/disk.ts';
import { mediaTypeOf } from '../../server/adapters/files/media-type.ts';
import { createModel } from '../../server/adapters/model/index.ts';
import { createMetrics } from '../../server/adapters/metrics/prom.ts';
import { createIdentities } from '../../server/adapters/identity/jose.ts';
import { createPasswords } from '../../server/adapters/passwords/argon2.ts';
import { openSqliteStore } from '../../server/adapters/store/sqlite.ts';
import { createHttpApp, hardenServer } from '../../server/edges/http/app.ts';
import type { HttpDeps } from '../../server/edges/http/app.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Delivery } from '../../server/ports/bus.ts';
import type { Member } from '../../server/ports/documents.ts';
import type { Log } from '../../server/ports/telemetry.ts';
import { seed } from '../../server/seed/demo.ts';
import type { Seeded } from '../../server/seed/demo.ts';
import { grant } from '../../server/usecases/secret.ts';
import { openSession } from '../../server/usecases/sessions.ts';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // Tests read whatever an answer holds.
  // eslint-disable-next-line typescript/no-explicit-any
  json: any;
}

export interface HttpTest {
  url: string;
  deps: HttpDeps;
  seeded: Seeded;
  owner: Member;
  /** Everything published on the bus so far. */
  deliveries: Delivery[];
  /** Everything logged so far: fields and message. */
  logged: { fields: Record<string, unknown>; message: string }[];
  changed: { widget: Widget; before: Widget }[];
  fetch(path: string, init?: RequestInit): Promise<Answer>;
  /** Calls a route of the console with a cookie. */
  call(route: ConsoleRoute, options?: CallOptions): Promise<Answer>;
  /** The cookie header of a fresh session of a member. */
  cookieOf(member: Member): Promise<string>;
  /** A member made behind the scenes. */
  addMember(more: Partial<Member> & Pick<Member, 'id' | 'email'>): Promise<Member>;
  tokenOf(member: Member): Promise<string>;
  dist: string;
}

export interface CallOptions {
  cookie?: string;
  id?: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Sent in the place of a body. */
  form?: FormData;
  headers?: Record<string, string>;
}

const files: Record<string, string> = {
  'site/index.html': '<!doctype html><title>Tiller</title><script>let page = 1;</script><style>p{}</style>',
  'site/demo/index.html':
    '<!doctype html><title>Demo</title><script async src="/widget.js" data-widget-key="__WIDGET_KEY__"></script>',
  'site/assets/site-abcdefgh.css': 'p{color:#000}',
  'site/frame/index.html': '<!doctype html><title>__TITLE__</title><body data-state="__STATE__"></body>',
  'console/index.html': '<!doctype html><title>Console</title>',
  'console/preview.html': '<!doctype html><title>Preview</title>',
  'console/assets/index-abcd1234.js': '// a console\n'.repeat(200),
  'widget/widget.js': `/* ü */ ${'void 0;'.repeat(300)}`,
  'widget/panel.js': 'export {};',
  'widget/.secret': 'no',
  'secret.txt': 'no',
};

type Options = Pick<HttpDeps['config'], 'publicUrl' | 'hosts' | 'metricsToken'>;

const start = async (options: Options & { limits: 'default' | 'off'; trustProxy: boolean }) => {
  const dir = mkdtempSync(join(tmpdir(), 'tiller-http-'));
  const dist = join(dir, 'dist');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dist, name)), { recursive: true });
    writeFileSync(join(dist, name), text);
  }
  const store = await openSqliteStore({ dataDir: join(dir, 'data'), clock: systemClock });
  const logged: HttpTest['logged'] = [];
  const note = (fields: Record<string, unknown>, message: string): void => void logged.push({ fields, message });
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const bus = createLocalBus({ log });
  const deliveries: Delivery[] = [];
  bus.subscribe((delivery) => deliveries.push(delivery));
  const changed: HttpTest['changed'] = [];
  const server = createServer();
  const metrics = createMetrics();
  const committer = new Committer({ store, bus, clock: systemClock, log, metrics, node: 'node_http' });
  const limits = new Limits(systemClock, options.limits === 'off');
  const deps: HttpDeps = {
    store,
    clock: systemClock,
    bus,
    identities: createIdentities('a-secret-of-this-test-0123456789-abcdef'),
    files: openDiskFiles(join(dir, 'data', 'files')),
    mediaTypeOf,
    secret: 'a-secret-of-this-test-0123456789-abcdef',
    passwords: createPasswords(),
    knowledge: { search: async () => [], forget: () => {} },
    presence: { isStaffOnline: () => false },
    config: { host: '127.0.0.1', ...options },
    log,
    metrics,
    model: createModel({ provider: 'builtin', wordsPerSecond: 0 }),
    committer,
    admission: new Admission({ clock: systemClock, pulse: { lateMs: () => 0 }, log, metrics }),
    directory: new Directory({ store, clock: systemClock, presence: new Presence() }),
    limits,
    bans: new Bans({ store, bus, clock: systemClock, log }),
    spending: new Spending({ store, clock: systemClock, log, limits, node: 'node_http' }),
    listening: { listen: () => () => {}, reply: () => undefined },
    baseUrl: () => options.publicUrl ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    isReady: () => true,
    onWidgetChanged: (widget, before) => void changed.push({ widget, before }),
    distDir: dist,
  };
  hardenServer(server);
  server.on('request', createHttpApp(deps));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const seeded = await seed(deps, { isDemo: true, whenSeeded: async () => {} });
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { deps, seeded: seeded!, stop, deliveries, logged, changed, dist, url };
};

/** Starts one server for the tests of a file. */
export const httpTest = (options: Options & { limits?: 'default' | 'off'; trustProxy?: boolean } = {}): HttpTest => {
  const test = {} as HttpTest;
  let stop = async (): Promise<void> => {};
  beforeAll(async () => {
    const begun = await start({ limits: 'default', trustProxy: false, ...options });
    stop = begun.stop;
    const { deps, seeded } = begun;
    const owner = await deps.store.documents.members.get(seeded.installation.orgId, seeded.installation.ownerId);
    Object.assign(test, begun, { owner });
    test.fetch = async (path, init) => {
      const response = await fetch(`${begun.url}${path}`, { redirect: 'manual', ...init });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
    };
    test.call = (route, { cookie, id = '', query, body, form, headers = {} } = {}) => {
      const [method = '', path = ''] = route.split(' ');
      const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
      return test.fetch(`/api/console${path.replace(':id', encodeURIComponent(id))}${search}`, {
        method,
        headers: {
          ...(cookie === undefined ? {} : { cookie }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(form === undefined ? {} : { body: form }),
      });
    };
    test.cookieOf = async (member) => `tiller=${(await openSession(deps, member)).secret}`;
    test.addMember = async (more) => {
      const member: Member = {
        ...publicIdsOf(more.id),
        orgId: owner!.orgId,
        createdAt: Date.now(),
        name: 'Someone',
        role: 'agent',
        isDisabled: false,
        ...more,
      };
      await deps.store.documents.members.put(member);
      return member;
    };
    test.tokenOf = async (member) => {
      const secret = newSecret('con');
      await grant(deps, { orgId: member.orgId, memberId: member.id, kind: 'token', name: 'Test', secret });
      return secret;
    };
  });
  afterAll(() => stop());
  return test;
};
