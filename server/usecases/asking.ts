// What another node's answer has said so far: asked over the bus, answered from its owner's memory, never waited for long.
import { newHexId } from '../../shared/ids.ts';
import type { LiveReply } from '../../shared/view.ts';
import type { Bus, Delivery } from '../ports/bus.ts';

/** An owner that is there answers in a few milliseconds; another way is taken after this (R12). */
const patienceMs = 100;
const maxWaiting = 1000;

export class Asking {
  readonly #bus: Bus;
  readonly #node: string;
  readonly #waiting = new Map<string, (reply: LiveReply | undefined) => void>();

  constructor(bus: Bus, node: string) {
    this.#bus = bus;
    this.#node = node;
  }

  receive(delivery: Delivery): void {
    if (delivery.kind === 'told' && delivery.to === this.#node) this.#waiting.get(delivery.id)?.(delivery.reply);
  }

  /** The answer in flight as its owner has it; undefined where nobody says so in time. `holds`: it falls silent meanwhile. */
  ask(conversationId: string, { holds }: { holds: boolean }): Promise<LiveReply | undefined> {
    if (this.#waiting.size >= maxWaiting) return Promise.resolve(undefined);
    const id = newHexId();
    return new Promise((resolve) => {
      const done = (reply: LiveReply | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(reply);
      };
      const timer = setTimeout(() => done(undefined), patienceMs);
      this.#waiting.set(id, done);
      this.#bus.publish({ kind: 'ask', conversationId, id, from: this.#node, holds });
    });
  }
}
