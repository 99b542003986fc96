// What a node needs where it is not alone: the shared log's feed, heartbeats, Redis where there is one, and who does what.
import type { createAdapter } from '@socket.io/redis-adapter';
import { newHexId } from '../shared/ids.ts';
import { createLocalBus } from './adapters/bus/local.ts';
import { createRoomAdapter, createSharedCounter, watchNeighbours } from './adapters/bus/redis-cluster.ts';
import { createRedisBus } from './adapters/bus/redis.ts';
import { openRedis, RedisStartError } from './adapters/bus/redis-link.ts';
import type { RedisLink } from './adapters/bus/redis-link.ts';
import { StoreUnreachableError } from './adapters/store/mongo-start.ts';
import type { SharedEdge } from './edges/socket/gateway.ts';
import type { Hub } from './edges/socket/hub.ts';
import type { Bus } from './ports/bus.ts';
import type { Clock } from './ports/clock.ts';
import type { SharedCounter } from './ports/counter.ts';
import type { Knowledge } from './ports/model.ts';
import type { SharedStore } from './ports/store.ts';
import type { Log } from './ports/telemetry.ts';
import type { SharedAnswers } from './usecases/answer.ts';
import type { Owing } from './usecases/admission.ts';
import type { Answers } from './usecases/answers.ts';
import { Asking } from './usecases/asking.ts';
import type { Committer, SharedLogs } from './usecases/commit.ts';
import { Feed } from './usecases/feed.ts';
import { FollowUps } from './usecases/follow-ups.ts';
import { valueOnce } from './usecases/installation.ts';
import { Nodes } from './usecases/nodes.ts';
import type { Presence } from './usecases/presence.ts';
import { Relay } from './usecases/relay.ts';

export interface ClusterDeps {
  store: SharedStore;
  clock: Clock;
  log: Log;
  node: string;
  presence: Presence;
  redisUrl: string | undefined;
  /** What a test puts between this node and the bus. */
  tapBus?: ((bus: Bus) => Bus) | undefined;
}

/** Made in steps, because the parts of a node know each other. */
export interface Cluster {
  bus: Bus;
  counter: SharedCounter | undefined;
  nodes: Nodes;
  logs: SharedLogs;
  answers: SharedAnswers;
  edge: SharedEdge;
  /** Knowledge whose changes on one node are known to all. */
  share(knowledge: Knowledge): Knowledge;
  /** How far what must follow this node's commits is behind. */
  owing: Owing;
  /** Begins to listen to the others. Resolves when nothing that is written from then on is missed. */
  join(parts: { committer: Committer; answers: Answers; hub: Hub }): Promise<void>;
  /** New answers go to the others from now on. */
  drain(): Promise<void>;
  /** The answers that are left may be claimed at once. */
  release(): Promise<void>;
  /** Before the bus and the store are closed. */
  leave(): Promise<void>;
}

/** What is kept of articles is read again after so long: the word that they have changed may be lost. */
const knowledgeMs = 60_000;
const firstWaitMs = 500;
const longestWaitMs = 10_000;

const mayPass = (error: unknown): error is Error =>
  error instanceof StoreUnreachableError || (error instanceof RedisStartError && error.mayPass);

/** Opens a server that may not be there yet: tries again, ever less often, and says so. @throws what waiting does not mend */
export const waitFor = async <T>(log: Log, open: () => Promise<T>): Promise<T> => {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, waitMs * 2)) {
    try {
      return await open();
    } catch (error) {
      if (!mayPass(error)) throw error;
      log.warn(
        { retryMs: waitMs },
        `${error.message.replace(/\.$/, '')}. Waiting for it; next try in ${waitMs / 1000} s.`,
      );
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
};

const warnOf = (log: Log, link: RedisLink): void => {
  const { evictionPolicy, role, version } = link.facts;
  if (role === 'slave') link.refused(new Error('READONLY'));
  if (evictionPolicy !== '' && evictionPolicy !== 'noeviction') {
    log.warn(
      { redis: link.address, evictionPolicy },
      `The Redis at ${link.address} may evict keys (maxmemory-policy ${evictionPolicy}): limits that count over all nodes would be forgotten early. Set maxmemory-policy to noeviction.`,
    );
  }
  log.info({ redis: link.address, version, sharded: link.facts.isSharded }, 'Redis carries deliveries between nodes');
};

export const joinCluster = async (deps: ClusterDeps): Promise<Cluster> => {
  const { store, clock, log, node, presence, redisUrl } = deps;
  const nodes = new Nodes({ store, clock, log, node, seats: () => presence.seats() });
  await nodes.start();
  const installation = await valueOnce(deps, 'cluster', newHexId);
  const prefix = `tiller:${installation}`;

  /** A node on a copy of this database shares the id of the installation but not its heartbeats. */
  const strangers = new Map<string, number>();
  const accepts = (other: string): boolean => {
    if (nodes.knows(other)) {
      if (strangers.size > 0) strangers.delete(other);
      return true;
    }
    const since = strangers.get(other) ?? clock.monotonic();
    if (!strangers.has(other) && strangers.size < 1000) strangers.set(other, since);
    if (since !== Number.POSITIVE_INFINITY && clock.monotonic() - since > 5000) {
      strangers.set(other, Number.POSITIVE_INFINITY);
      log.error(
        { other },
        'A node of another database speaks on this Redis as if it were of this installation (a copy of the database?). It is not listened to: give each its own Redis (REDIS_URL).',
      );
    }
    return false;
  };

  const link = redisUrl === undefined ? undefined : await waitFor(log, () => openRedis({ url: redisUrl, log }));
  let adapter: ReturnType<typeof createAdapter> | undefined;
  let counter: SharedCounter | undefined;
  let stopWatching = (): void => undefined;
  let raw: Bus;
  if (link === undefined) {
    log.info({}, 'no REDIS_URL: what other nodes do is seen through the feed, within a second');
    raw = createLocalBus({ log });
  } else {
    warnOf(log, link);
    raw = createRedisBus({ link, log, node, prefix, accepts });
    adapter = await createRoomAdapter(link, prefix);
    counter = createSharedCounter(link, prefix);
    stopWatching = watchNeighbours(link, installation, log);
  }

  const bus = new Relay({ bus: deps.tapBus?.(raw) ?? raw, store, clock, log });
  const asking = new Asking(bus, node);
  const followUps = new FollowUps({ store, bus, clock, log });
  let speaking: Answers | undefined;

  const feed = new Feed({
    store,
    clock,
    log,
    deliver: (commits) => {
      for (const { orgId, conversationId, facts } of commits)
        bus.offer({ kind: 'facts', orgId, conversationId, facts });
      bus.tellTouched(commits);
    },
    followUp: (commits) => followUps.redo(commits),
    isSpeaking: () => (speaking?.active ?? 0) > 0,
    // A node that is alone writes all there is.
    isTold: () => link?.isFlowing() === true || nodes.isAlone(),
    isRestless: () => nodes.isRestless(),
  });
  link?.onBack(() => {
    feed.wake();
    // Who looked at what may have changed unheard, here and there.
    presence.forgetElsewhere();
    bus.publish({ kind: 'seats', node, seats: presence.seats(), isBack: true });
    presence.tellAgain();
  });

  const shared: SharedAnswers = {
    isGone: (other) => nodes.isGone(other),
    maySpeak: () => feed.isFresh(),
    follow: (conversationId, seq) => {
      feed.prepare();
      return bus.followFrom(conversationId, seq);
    },
  };
  const logs: SharedLogs = {
    said: async (conversationId, reply) => speaking?.saidBy(asking, conversationId, reply) ?? null,
    appended: (commit, state) => followUps.appended(commit, state),
  };
  const edge: SharedEdge = {
    adapter,
    gaps: () => link?.gaps() ?? null,
    rooms: {
      follow: (id) => bus.follow(id),
      place: (conversationId, seq) => bus.place(conversationId, seq),
      ask: (conversationId) => asking.ask(conversationId, { holds: false }),
    },
  };

  let ticking: NodeJS.Timeout | undefined;

  return {
    bus,
    counter,
    nodes,
    logs,
    answers: shared,
    edge,
    owing: followUps,
    share: (knowledge) => {
      const readAt = new Map<string, number>();
      const forget = (assistantId: string): void => {
        readAt.delete(assistantId);
        knowledge.forget(assistantId);
      };
      bus.subscribe((delivery) => {
        if (delivery.kind === 'stale' && delivery.what === 'articles') forget(delivery.assistantId);
      });
      return {
        search(orgId, assistantId, question, limit, before) {
          const now = clock.monotonic();
          if (now - (readAt.get(assistantId) ?? now) > knowledgeMs) forget(assistantId);
          if (!readAt.has(assistantId)) readAt.set(assistantId, now);
          return knowledge.search(orgId, assistantId, question, limit, before);
        },
        // This node hears itself too.
        forget: (assistantId) => bus.publish({ kind: 'stale', what: 'articles', assistantId }),
      };
    },
    async join({ committer, answers, hub }) {
      speaking = answers;
      bus.attach({
        observe: ({ conversationId, facts }) => {
          committer.observe(conversationId, facts);
          answers.note(facts);
        },
        unfollowed: (conversationId) => {
          hub.forget(conversationId);
          presence.forgetViewers(conversationId);
        },
      });
      bus.subscribe((delivery) => {
        asking.receive(delivery);
        if (delivery.kind === 'viewers' && delivery.node !== node) presence.hearViewers(delivery);
        if (delivery.kind === 'seats' && delivery.node !== node) {
          if (delivery.isBack === true) presence.forgetViewersOf(delivery.node);
          presence.hearSeats(delivery.node, delivery.seats);
        }
        if (delivery.kind === 'leaving' && delivery.node !== node) nodes.hearLeaving(delivery.node);
      });
      presence.announce({
        seats: () => bus.publish({ kind: 'seats', node, seats: presence.seats() }),
        viewers: (orgId, conversationId, agents, asks) =>
          bus.publish({ kind: 'viewers', orgId, conversationId, node, agents, asks }),
      });
      const sweep = (): void =>
        void answers.sweep().catch((error: unknown) => log.warn({ err: error }, 'left answers not looked for'));
      nodes.onLook(() => {
        const living = nodes.living();
        presence.keepOnly(new Set(living.map((other) => other.node)));
        for (const other of living) presence.hearSeats(other.node, other.seats);
      });
      nodes.onRelease(sweep);
      await feed.start();
      let ticks = 0;
      ticking = setInterval(() => {
        bus.tick();
        ticks += 1;
        // What was lost on the way is said again, and whoever does not belong here is heard of.
        if (ticks % 3 === 0) bus.publish({ kind: 'seats', node, seats: presence.seats() });
      }, 1000);
      ticking.unref();
    },
    drain: () => nodes.announce({ isDraining: true }),
    async release() {
      await followUps.settled();
      await nodes.announce({ isLeaving: true });
      bus.publish({ kind: 'leaving', node });
    },
    async leave() {
      clearInterval(ticking);
      stopWatching();
      await feed.stop();
      await followUps.settled();
      await nodes.stop();
      await bus.close();
      await link?.close();
    },
  };
};
