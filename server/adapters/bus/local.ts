// The bus of a single process: a synchronous call, so nothing can be lost between a commit and its edges.
import type { Bus, Delivery } from '../../ports/bus.ts';
import type { Log } from '../../ports/telemetry.ts';

export const createLocalBus = ({ log }: { log: Log }): Bus => {
  const receivers: ((delivery: Delivery) => void)[] = [];
  return {
    publish(delivery) {
      for (const receive of receivers) {
        try {
          receive(delivery);
        } catch (error) {
          // One receiver's fault must not keep a fact from the others, nor reach the committer.
          log.error({ err: error, kind: delivery.kind }, 'delivery failed');
        }
      }
    },
    subscribe(receive) {
      receivers.push(receive);
    },
    // There is no other node to hear from.
    follow: () => () => undefined,
    async close() {
      receivers.length = 0;
    },
  };
};
