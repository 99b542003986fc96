// Who else is there: one heartbeat a second each, judged by nobody's clock but the observer's own (R9).
import type { StaffSeat } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { SharedStore } from '../ports/store.ts';
import type { Log } from '../ports/telemetry.ts';

/** What a node says of itself. */
export interface About {
  seats: StaffSeat[];
  /** It commits but claims nothing: what is owed there, others must answer. */
  isDraining?: boolean;
  /** It has let go of its answers. */
  isLeaving?: boolean;
}

export interface NodesDeps {
  store: SharedStore;
  clock: Clock;
  log: Log;
  /** This process. */
  node: string;
  seats: () => StaffSeat[];
}

interface Seen {
  counter: number;
  /** For how long, as this node has seen it, the counter has stood still. */
  silentMs: number;
  about: About;
}

const beatMs = 1000;
/** A node that is silent for so long is dead to this one. */
export const deadMs = 4000;
/** Two looks further apart than this count as no more: nobody looked meanwhile, so nobody can know. */
const gapMs = 1500;
/** After a death or a leave it is looked for what is left for so long: rows may lag behind the log. */
const restlessMs = 8000;
/** So long a name that is gone is remembered. */
const forgetMs = 600_000;
const maxSeats = 400;

const nobody: About = { seats: [] };

const parse = (about: string): About => {
  try {
    const read = JSON.parse(about) as Partial<About>;
    const { seats = [], isDraining = false, isLeaving = false } = read;
    return { seats, isDraining, isLeaving };
  } catch {
    return nobody;
  }
};

export class Nodes {
  readonly #deps: NodesDeps;
  readonly #seen = new Map<string, Seen>();
  readonly #listeners: (() => void)[] = [];
  #counter = 0;
  #lookedAt: number | null = null;
  #going: Pick<About, 'isDraining' | 'isLeaving'> = {};
  #release: () => void = () => undefined;
  #isRestless = false;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(deps: NodesDeps) {
    this.#deps = deps;
  }

  /** Called after every look that succeeded. */
  onLook(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The first beat is in the store when this resolves: from then on others know this node. */
  async start(): Promise<void> {
    await this.#look();
    this.#schedule();
  }

  /** Whether its answers may be claimed: dead, gone, or leaving. */
  isGone(node: string): boolean {
    if (node === this.#deps.node) return false;
    const seen = this.#seen.get(node);
    if (seen === undefined) {
      // Never heard of: it is given as long as one that fell silent.
      this.#seen.set(node, { counter: -1, silentMs: 0, about: nobody });
      return false;
    }
    return seen.silentMs >= deadMs || seen.about.isLeaving === true;
  }

  /** Whether this node's store knows it: another installation's node is told apart by that. */
  knows(node: string): boolean {
    const seen = this.#seen.get(node);
    return seen !== undefined && seen.counter >= 0;
  }

  /** The others that live, with who is there. */
  living(): { node: string; seats: StaffSeat[] }[] {
    return [...this.#seen]
      .filter(([, { counter, silentMs }]) => counter >= 0 && silentMs < deadMs)
      .map(([node, { about }]) => ({ node, seats: about.seats }));
  }

  /** Whether nobody else is there; one that has just begun is known after its first beat. */
  isAlone(): boolean {
    for (const { counter, silentMs } of this.#seen.values()) if (counter >= 0 && silentMs < deadMs) return false;
    return true;
  }

  /** Of the living nodes, this one is the first by name: what one of them should do is done by it. */
  isFirst(): boolean {
    return this.living().every(({ node }) => this.#deps.node <= node);
  }

  /** Whether another node died or left a moment ago: what it began may have been left undone. */
  isRestless(): boolean {
    return this.#isRestless;
  }

  /** Called when answers of others may have become free, or are owed where nobody claims them. */
  onRelease(listener: () => void): void {
    this.#release = listener;
  }

  /** Tells the others how far this node is on its way out. Never rejects. */
  async announce(going: Pick<About, 'isDraining' | 'isLeaving'>): Promise<void> {
    this.#going = { ...this.#going, ...going };
    await this.#look().catch((error: unknown) => this.#deps.log.warn({ err: error }, 'leaving not announced'));
  }

  /** Another node said so itself, ahead of its heartbeat. */
  hearLeaving(node: string): void {
    const seen = this.#seen.get(node);
    if (seen === undefined) return;
    seen.about = { ...seen.about, isLeaving: true };
    this.#release();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#deps.store
      .leave(this.#deps.node)
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'the others will find out by themselves'));
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#look().then(
        () => this.#schedule(),
        (error: unknown) => {
          if (!this.#isStopped) this.#deps.log.warn({ err: error }, 'no heartbeat');
          this.#schedule();
        },
      );
    }, beatMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const { store, clock, node, seats } = this.#deps;
    const about: About = { seats: seats().slice(0, maxSeats), ...this.#going };
    this.#counter += 1;
    const began = clock.monotonic();
    const [beats] = await Promise.all([store.beats(), store.beat(node, this.#counter, JSON.stringify(about))]);
    if (this.#isStopped) return;
    const passed = this.#lookedAt === null ? 0 : Math.min(gapMs, began - this.#lookedAt);
    this.#lookedAt = began;
    const present = new Set<string>();
    let isRestless = false;
    for (const beat of beats) {
      if (beat.node === node) continue;
      present.add(beat.node);
      const before = this.#seen.get(beat.node);
      const isSilent = before?.counter === beat.counter;
      const silentMs = isSilent ? before.silentMs + passed : 0;
      const said = isSilent ? before.about : parse(beat.about);
      this.#seen.set(beat.node, { counter: beat.counter, silentMs, about: said });
      const isDying = silentMs >= deadMs && silentMs < deadMs + restlessMs;
      if (isDying || (silentMs < deadMs && (said.isDraining === true || said.isLeaving === true))) isRestless = true;
    }
    for (const [other, seen] of this.#seen) {
      if (present.has(other)) continue;
      // It left, and said so; or nobody ever heard of it.
      if (seen.counter >= 0) {
        this.#seen.set(other, { counter: -1, silentMs: deadMs, about: nobody });
        isRestless = true;
      } else if (seen.silentMs > forgetMs) this.#seen.delete(other);
      else {
        seen.silentMs += passed;
        if (seen.silentMs >= deadMs && seen.silentMs < deadMs + restlessMs) isRestless = true;
      }
    }
    this.#isRestless = isRestless;
    for (const listen of this.#listeners) listen();
    if (isRestless) this.#release();
  }
}
