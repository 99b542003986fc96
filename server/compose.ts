// The only file that knows every adapter: from a configuration to a node that listens, and back down again.
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { newId } from '../shared/ids.ts';
import { createLocalBus } from './adapters/bus/local.ts';
import { openDiskFiles } from './adapters/files/disk.ts';
import { mediaTypeOf } from './adapters/files/media-type.ts';
import { openS3Files } from './adapters/files/s3.ts';
import { createIdentities } from './adapters/identity/jose.ts';
import { createKnowledge } from './adapters/knowledge/minisearch.ts';
import { createLog } from './adapters/log/pino.ts';
import { createMetrics } from './adapters/metrics/prom.ts';
import { createModel } from './adapters/model/index.ts';
import { createPasswords } from './adapters/passwords/argon2.ts';
import { watchEventLoop } from './adapters/pulse/event-loop.ts';
import { openMongoStore } from './adapters/store/mongo.ts';
import { openSqliteStore } from './adapters/store/sqlite.ts';
import { joinCluster, waitFor } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import type { Config } from './config.ts';
import { createHttpApp, hardenServer } from './edges/http/app.ts';
import { cleanForwarded } from './edges/http/forwarded.ts';
import { exposureWarnings } from './edges/http/exposure.ts';
import type { Trust } from './edges/http/hosts.ts';
import { watchProxies } from './edges/http/proxies.ts';
import { watchRequests } from './edges/http/requests-in-flight.ts';
import { openGateway } from './edges/socket/gateway.ts';
import { systemClock } from './ports/clock.ts';
import type { Bus } from './ports/bus.ts';
import type { Clock } from './ports/clock.ts';
import type { Files } from './ports/files.ts';
import type { Model } from './ports/model.ts';
import type { Pulse } from './ports/pulse.ts';
import { isShared } from './ports/store.ts';
import type { Store } from './ports/store.ts';
import type { Log } from './ports/telemetry.ts';
import { firstRun } from './seed/first-run.ts';
import type { FirstRunFacts } from './seed/first-run.ts';
import { Absence } from './usecases/absence.ts';
import { Admission } from './usecases/admission.ts';
import { Answers } from './usecases/answers.ts';
import { Bans } from './usecases/bans.ts';
import { Committer } from './usecases/commit.ts';
import { followWidget } from './usecases/conversations.ts';
import { Directory } from './usecases/directory.ts';
import { followContacts } from './usecases/follow.ts';
import { installationSecret } from './usecases/installation.ts';
import { Limits } from './usecases/limits.ts';
import { Presence } from './usecases/presence.ts';
import { forgetWidgets } from './usecases/public-widget.ts';
import { Spending } from './usecases/spending.ts';

/** What a test or a benchmark may put in the place of what the configuration names. */
export interface Parts {
  clock?: Clock;
  /** How late the process is said to be. */
  pulse?: Pulse;
  log?: Log;
  store?: Store;
  bus?: Bus;
  /** Something between this node and the bus of a cluster. */
  tapBus?: (bus: Bus) => Bus;
  files?: Files;
  model?: Model;
  /** Where the built pages lie. */
  distDir: string;
  /** Silence of a model after which it is given up, ms. Default 20,000. */
  stallMs?: number;
  /** How long a message over REST waits for its answer, ms. Default 25,000. */
  turnMs?: number;
  /** A fresh one-time link for an owner who lost the password. */
  renewsLink?: boolean;
}

export interface Node {
  url: string;
  store: Store;
  facts: FirstRunFacts;
  isFirst: boolean;
  /** Whether `first-run.json` still holds keys that an owner with a password no longer needs there. */
  keepsKeys: boolean;
  /** What the configuration leaves open to others, in sentences. */
  warnings: string[];
  /** Drains: answers get up to 7 s to end, commits are written, sockets are let go. Resolves within 10 s. */
  stop(): Promise<void>;
}

/** Of several nodes each also looks when another one goes. */
const sweepMs = { alone: 2000, shared: 5000 } as const;
const purgeMs = 3_600_000;
const drainMs = { answers: 7000, sockets: 400, requests: 800 } as const;

/** The embedded store, or the one that nodes share: that is waited for. */
const openStore = ({ dataDir, mongodbUrl: url }: Config, { clock, log }: { clock: Clock; log: Log }): Promise<Store> =>
  url === undefined
    ? openSqliteStore({ dataDir, clock })
    : waitFor(log, () => openMongoStore({ url, clock, log, follows: true }));

/** An address as a browser reaches it: one that listens everywhere is reached on this machine. */
const urlOf = ({ address, port, family }: AddressInfo): string => {
  if (address === '::' || address === '0.0.0.0') return `http://localhost:${port}`;
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`;
};

/** Before the stores are there the process answers, and gets no traffic. */
const notReady: RequestListener = (request, response) => {
  if (request.url === '/healthz') {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end('{"status":"ok"}');
    return;
  }
  response.writeHead(503, { 'Content-Type': 'application/json', 'Retry-After': '1' });
  response.end('{"error":{"code":"unavailable","message":"Starting"}}');
};

/**
 * Listens first, so that a port in use leaves nothing half-made; then opens the store, seeds it, takes up what an earlier
 * boot left, and only then is ready. @throws what made a start impossible
 */
export const startNode = async (config: Config, parts: Parts): Promise<Node> => {
  const clock = parts.clock ?? systemClock;
  const log = parts.log ?? createLog(config.logLevel);
  let handle: RequestListener = notReady;
  const server = createServer((request, response) => handle(request, response));
  hardenServer(server);
  cleanForwarded(server);
  const requests = watchRequests(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const url = config.publicUrl ?? urlOf(server.address() as AddressInfo);
  const baseUrl = (): string => url;

  const node = newId('node');
  const metrics = createMetrics();
  const presence = new Presence();
  let store: Store | undefined;
  let cluster: Cluster | undefined;
  try {
    store = parts.store ?? (await openStore(config, { clock, log }));
    if (isShared(store)) {
      const { redisUrl } = config;
      cluster = await joinCluster({ store, clock, log, node, presence, redisUrl, tapBus: parts.tapBus });
    }
  } catch (error) {
    await Promise.allSettled([store?.close(), new Promise((resolve) => server.close(resolve))]);
    throw error;
  }

  const bus = cluster?.bus ?? parts.bus ?? createLocalBus({ log });
  const directory = new Directory({ store, clock, presence });
  const limits = new Limits(clock, config.limits === 'off', cluster?.counter);
  const articles = createKnowledge({ store });
  const knowledge = cluster?.share(articles) ?? articles;
  const model = parts.model ?? createModel(config.model);
  const spending = new Spending({ store, clock, log, limits, node });
  const bans = new Bans({ store, bus, clock, log });
  const watch = watchEventLoop();
  const pulse = parts.pulse ?? watch;
  const admission = new Admission({
    clock,
    pulse,
    log,
    metrics,
    ...(cluster === undefined ? {} : { owing: cluster.owing }),
  });
  const committer = new Committer({
    store,
    bus,
    clock,
    log,
    metrics,
    node,
    admission,
    ...(cluster === undefined ? {} : { shared: cluster.logs }),
  });
  const answers = new Answers({
    store,
    bus,
    clock,
    log,
    metrics,
    committer,
    directory,
    limits,
    spending,
    bans,
    knowledge,
    model,
    node,
    stallMs: parts.stallMs ?? 20_000,
    ...(cluster === undefined ? {} : { shared: cluster.answers }),
  });
  committer.attach(answers);

  const secret = await installationSecret({ store, clock }, config.secret);
  const identities = createIdentities(secret);
  const files =
    parts.files ??
    (config.files === undefined ? openDiskFiles(join(config.dataDir, 'files')) : openS3Files(config.files));
  if (config.redisUrl !== undefined && config.files === undefined) {
    log.warn(
      {},
      'pictures are kept on this node: name a bucket (FILES_S3_…) or share DATA_DIR/files between the nodes',
    );
  }
  const seeded = await firstRun({ store, clock, bus, knowledge, baseUrl, log }, config, url, {
    renewsLink: parts.renewsLink ?? false,
  });

  let isReady = false;
  const conversations = { store, committer, directory, log };
  const app = createHttpApp({
    store,
    clock,
    bus,
    log,
    metrics,
    knowledge,
    model,
    presence,
    identities,
    files,
    mediaTypeOf,
    secret,
    passwords: createPasswords(),
    committer,
    admission,
    directory,
    counter: cluster?.counter,
    limits,
    spending,
    bans,
    // The gateway is made from the app, and hears for it.
    listening: {
      listen: (conversationId, ear) => gateway.hub.listen(conversationId, ear),
      reply: (conversationId) => gateway.hub.reply(conversationId),
    },
    ...(parts.turnMs === undefined ? {} : { turnMs: parts.turnMs }),
    config,
    baseUrl,
    distDir: parts.distDir,
    isReady: () => isReady,
    onWidgetChanged: async (widget, before) => {
      directory.forget();
      gateway.tellAvailability(widget);
      if (widget.isAutopilot !== before.isAutopilot) await followWidget(conversations, widget);
    },
  });
  const trust = app.get('trust proxy fn') as Trust;
  const gateway = openGateway(server, {
    store,
    bus,
    clock,
    log,
    metrics,
    config,
    committer,
    admission,
    directory,
    presence,
    limits,
    spending,
    bans,
    model,
    identities,
    baseUrl,
    trust,
    ...(cluster === undefined ? {} : { shared: cluster.edge }),
  });
  if (config.limits === 'default') watchProxies(server, { config, trust, log });
  // After the edges, which must have enqueued a fact before anybody acts on it.
  bus.subscribe((delivery) => answers.receive(delivery));
  bans.listen((orgId) => void answers.stopBanned(orgId));
  bans.start();
  if (cluster === undefined) {
    bus.subscribe(followContacts({ store, clock, log, committer }));
    await answers.recall();
  } else {
    bus.subscribe((delivery) => {
      if (delivery.kind !== 'stale') return;
      directory.forget();
      if (delivery.what === 'widgets') forgetWidgets(store);
    });
    await cluster.join({ committer, answers, hub: gateway.hub });
  }
  const failed = (what: string) => (error: unknown) => log.warn({ err: error }, what);
  await answers.sweep().catch(failed('sweep failed'));
  const sweeping = setInterval(
    () => void answers.sweep().catch(failed('sweep failed')),
    cluster === undefined ? sweepMs.alone : sweepMs.shared,
  );
  const absence = new Absence({
    store,
    clock,
    log,
    committer,
    directory,
    presence,
    isMine: () => cluster?.nodes.isFirst() ?? true,
    graceMs: config.absenceMs,
  });
  if (config.absenceMs > 0) absence.start();
  const purging = setInterval(() => void store.purge(clock.now()).catch(failed('purge failed')), purgeMs);
  handle = app;
  isReady = true;
  const warnings = exposureWarnings(config);
  for (const warning of warnings) log.warn({}, warning);
  log.info({ url, model: model.name, limits: config.limits }, 'ready');

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    isReady = false;
    log.info({}, 'draining');
    clearInterval(sweeping);
    clearInterval(purging);
    bans.stop();
    absence.stop();
    committer.stopClaiming();
    requests.keepNoConnections();
    await cluster?.drain();
    await answers.drain(drainMs.answers);
    await committer.settled();
    await spending.flush();
    await cluster?.release();
    await gateway.drain(drainMs.sockets);
    await requests.end(drainMs.requests);
    server.closeAllConnections();
    await gateway.close();
    await cluster?.leave();
    watch.close();
    await bus.close();
    await store.close();
    log.info({}, 'stopped');
  };
  return { url, store, ...seeded, warnings, stop: () => (stopping ??= stop()) };
};
