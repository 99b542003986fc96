// The bus of many nodes: a channel per conversation and organisation, so that a node hears what somebody on it wants to
// hear and nothing else. Redis is the fast way, never the sure one: what cannot go now is dropped, and the feed makes good.
import type { Bus, Delivery } from '../../ports/bus.ts';
import type { Log } from '../../ports/telemetry.ts';
import type { RedisLink } from './redis-link.ts';

export interface RedisBusDeps {
  link: RedisLink;
  log: Log;
  /** This process. */
  node: string;
  /** Begins every channel: two installations on one Redis never hear each other. */
  prefix: string;
  /** Whether a node belongs to this installation: another one may run on a copy of its database. */
  accepts(node: string): boolean;
}

/** A gap of subscriptions is mended so many channels at a time. */
const chunk = 500;

/** Where a delivery travels; undefined for what concerns this node alone. */
const subjectOf = (delivery: Delivery): string | undefined => {
  switch (delivery.kind) {
    case 'facts':
    case 'viewers':
    case 'ask':
      return delivery.conversationId;
    case 'signal':
      return delivery.signal.conversationId === '' ? delivery.orgId : delivery.signal.conversationId;
    case 'touched':
      return delivery.orgId;
    case 'told':
      return delivery.to;
    case 'seats':
    case 'stale':
    case 'leaving':
      return 'all';
    case 'revoked':
      // The adapter of Socket.IO carries what ends connections.
      return undefined;
  }
};

export const createRedisBus = (deps: RedisBusDeps): Bus => {
  const { link, log, node, prefix } = deps;
  const { commands, subscriptions } = link;
  const { isSharded } = link.facts;
  const receivers: ((delivery: Delivery) => void)[] = [];
  /** How many here follow a subject. */
  const followed = new Map<string, number>([
    ['all', 1],
    [node, 1],
  ]);
  let isClosed = false;

  const channelOf = (subject: string): string => `${prefix}:${subject}`;
  const tell = (delivery: Delivery): void => {
    for (const receive of receivers) {
      try {
        receive(delivery);
      } catch (error) {
        // One receiver's fault must not keep a fact from the others, nor reach the committer.
        log.error({ err: error, kind: delivery.kind }, 'delivery failed');
      }
    }
  };

  /** What fails with the connection is made good when it is back. */
  const harmless = (task: Promise<unknown>): void => void task.catch((error: unknown) => link.refused(error));
  const subscribe = (subjects: readonly string[]): void => {
    if (subscriptions.status !== 'ready' || subjects.length === 0) return;
    const channels = subjects.map(channelOf);
    harmless(isSharded ? subscriptions.ssubscribe(...channels) : subscriptions.subscribe(...channels));
  };
  const unsubscribe = (subject: string): void => {
    if (subscriptions.status !== 'ready') return;
    const channel = channelOf(subject);
    harmless(isSharded ? subscriptions.sunsubscribe(channel) : subscriptions.unsubscribe(channel));
  };
  const subscribeAll = (): void => {
    const subjects = [...followed.keys()];
    for (let i = 0; i < subjects.length; i += chunk) subscribe(subjects.slice(i, i + chunk));
  };

  const hear = (channel: string, message: string): void => {
    const end = message.indexOf(' ');
    const from = message.slice(0, end);
    // Redis gives a publisher its own messages too.
    if (isClosed || from === node || !followed.has(channel.slice(prefix.length + 1)) || !deps.accepts(from)) return;
    try {
      tell(JSON.parse(message.slice(end + 1)) as Delivery);
    } catch (error) {
      log.warn({ err: error, from }, 'a message on Redis is not ours');
    }
  };
  subscriptions.on(isSharded ? 'smessage' : 'message', hear);
  subscriptions.on('ready', subscribeAll);
  subscribeAll();

  const send = (delivery: Delivery): void => {
    const subject = subjectOf(delivery);
    if (subject === undefined || isClosed || !link.isFlowing()) return;
    const channel = channelOf(subject);
    const message = `${node} ${JSON.stringify(delivery)}`;
    harmless(isSharded ? commands.spublish(channel, message) : commands.publish(channel, message));
  };

  return {
    publish(delivery) {
      tell(delivery);
      send(delivery);
    },
    subscribe(receive) {
      receivers.push(receive);
    },
    follow(subject) {
      const count = followed.get(subject) ?? 0;
      followed.set(subject, count + 1);
      if (count === 0) subscribe([subject]);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        const left = (followed.get(subject) ?? 1) - 1;
        if (left > 0) {
          followed.set(subject, left);
          return;
        }
        followed.delete(subject);
        unsubscribe(subject);
      };
    },
    async close() {
      isClosed = true;
      receivers.length = 0;
      followed.clear();
      subscriptions.off('ready', subscribeAll);
    },
  };
};
