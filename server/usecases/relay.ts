// Between the bus and everybody on this node who listens: facts of a followed conversation go on strictly by `seq` and each
// once, whether they came from this node, by Redis or by the feed; a gap is read from the log (R7, R11).
import type { Fact } from '../../shared/facts.ts';
import type { Bus, Delivery } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { Log } from '../ports/telemetry.ts';

export interface RelayDeps {
  bus: Bus;
  store: Store;
  clock: Clock;
  log: Log;
}

type Facts = Extract<Delivery, { kind: 'facts' }>;

interface Followed {
  /** The last fact that went on; null until the first one, or until a view says where it stands. */
  seq: number | null;
  /** How many follow it here; at 0 it is kept for a moment, because a page that reloads comes back. */
  followers: number;
  idleSince: number;
  /** Facts behind a gap. */
  held: Map<number, Fact>;
  isMending: boolean;
  stop: () => void;
}

const lingerMs = 3000;
/** What is missing is usually on its way: commits of two nodes cross. */
const mendAfterMs = 25;
const page = 200;
const maxHeld = 500;

const isConversation = (id: string): boolean => id.startsWith('conv_');

export class Relay implements Bus {
  readonly #deps: RelayDeps;
  readonly #receivers: ((delivery: Delivery) => void)[] = [];
  readonly #followed = new Map<string, Followed>();
  #observe: (delivery: Facts) => void = () => undefined;
  #unfollowed: (conversationId: string) => void = () => undefined;
  #isClosed = false;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
    deps.bus.subscribe((delivery) => this.#receive(delivery));
  }

  /**
   * `observe` sees every commit that this node hears of, in any order and perhaps again: caches are put right by it.
   * `unfollowed`: nobody here listens to this conversation any more, and what is remembered of it grows old.
   */
  attach(listeners: { observe: (delivery: Facts) => void; unfollowed: (conversationId: string) => void }): void {
    this.#observe = listeners.observe;
    this.#unfollowed = listeners.unfollowed;
  }

  publish(delivery: Delivery): void {
    this.#deps.bus.publish(delivery);
  }

  subscribe(receive: (delivery: Delivery) => void): void {
    this.#receivers.push(receive);
  }

  follow(id: string): () => void {
    if (!isConversation(id)) return this.#deps.bus.follow(id);
    const followed = this.#followed.get(id) ?? this.#begin(id);
    followed.followers += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      followed.followers -= 1;
      followed.idleSince = this.#deps.clock.monotonic();
    };
  }

  /** Follows from a place in the log that the caller knows of. */
  followFrom(conversationId: string, seq: number): () => void {
    const stop = this.follow(conversationId);
    const followed = this.#followed.get(conversationId)!;
    followed.seq ??= seq;
    return stop;
  }

  /**
   * Somebody here has read the log up to `seq`. Resolves to what went on meanwhile and is not in what they read: facts
   * that they must be given for themselves (hardly ever any).
   */
  async place(conversationId: string, seq: number): Promise<Fact[]> {
    const followed = this.#followed.get(conversationId);
    if (followed === undefined) return [];
    followed.seq ??= seq;
    const went = followed.seq;
    // Others here have not got so far: what they miss is on its way, or was lost.
    if (went < seq) setTimeout(() => void this.#mend(conversationId, followed), mendAfterMs).unref();
    if (went <= seq) return [];
    const facts = await this.#deps.store.factsAfter(conversationId, seq, page);
    return facts.filter((fact) => fact.seq <= went);
  }

  /** A commit that the feed tells of. */
  offer(delivery: Facts): void {
    this.#take(delivery);
  }

  /** Rows of these conversations have changed: for whoever looks at an inbox here. */
  tellTouched(
    commits: readonly { orgId: string; conversationId: string; first: number; facts: readonly Fact[] }[],
  ): void {
    for (const { orgId, conversationId, first, facts } of commits) {
      this.#tell({ kind: 'touched', orgId, heads: [{ conversationId, seq: first + facts.length - 1 }] });
    }
  }

  /** Lets go of what nobody has followed for a moment. Called about once a second. */
  tick(): void {
    const now = this.#deps.clock.monotonic();
    for (const [conversationId, followed] of this.#followed) {
      if (followed.followers > 0 || now - followed.idleSince < lingerMs) continue;
      this.#followed.delete(conversationId);
      followed.stop();
      this.#unfollowed(conversationId);
    }
  }

  isFollowed(conversationId: string): boolean {
    return this.#followed.has(conversationId);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#receivers.length = 0;
    await this.#deps.bus.close();
  }

  #begin(conversationId: string): Followed {
    const followed: Followed = {
      seq: null,
      followers: 0,
      idleSince: this.#deps.clock.monotonic(),
      held: new Map(),
      isMending: false,
      stop: this.#deps.bus.follow(conversationId),
    };
    this.#followed.set(conversationId, followed);
    return followed;
  }

  #receive(delivery: Delivery): void {
    if (delivery.kind === 'facts') this.#take(delivery, true);
    else this.#tell(delivery);
  }

  /** `isPublished`: by the bus, so that also those hear it who act on every commit of this node. */
  #take(delivery: Facts, isPublished = false): void {
    this.#observe(delivery);
    const followed = this.#followed.get(delivery.conversationId);
    if (followed !== undefined) this.#sequence(delivery, followed);
    else if (isPublished) this.#tell(delivery);
  }

  #sequence(delivery: Facts, followed: Followed): void {
    const { orgId, conversationId, facts } = delivery;
    const last = facts.at(-1)?.seq ?? 0;
    if (followed.seq === null) {
      followed.seq = last;
      this.#tell(delivery);
      return;
    }
    const before = followed.seq;
    if (last <= before) return;
    const fresh = (facts[0]?.seq ?? 0) > before ? facts : facts.filter(({ seq }) => seq > before);
    if (fresh[0]?.seq !== before + 1) {
      this.#hold(orgId, conversationId, followed, fresh);
      return;
    }
    followed.seq = last;
    this.#tell(fresh === facts ? delivery : { ...delivery, facts: fresh });
    if (followed.held.size > 0) this.#release(orgId, conversationId, followed);
  }

  /** What was held and follows now. */
  #release(orgId: string, conversationId: string, followed: Followed): void {
    const facts: Fact[] = [];
    for (const seq of [...followed.held.keys()].toSorted((a, b) => a - b)) {
      const at = (followed.seq ?? 0) + facts.length;
      if (seq > at + 1) break;
      if (seq === at + 1) facts.push(followed.held.get(seq)!);
      followed.held.delete(seq);
    }
    if (facts.length === 0) return;
    followed.seq = facts.at(-1)!.seq;
    this.#tell({ kind: 'facts', orgId, conversationId, facts });
  }

  #hold(orgId: string, conversationId: string, followed: Followed, facts: readonly Fact[]): void {
    if (followed.held.size < maxHeld) for (const fact of facts) followed.held.set(fact.seq, fact);
    if (followed.isMending) return;
    setTimeout(() => {
      if (followed.held.size > 0) void this.#mend(conversationId, followed, orgId);
    }, mendAfterMs).unref();
  }

  /** Reads what is missing from the log and lets it go on in its place. */
  async #mend(conversationId: string, followed: Followed, org?: string): Promise<void> {
    if (followed.isMending || followed.seq === null || this.#isClosed) return;
    followed.isMending = true;
    try {
      const orgId = org ?? (await this.#deps.store.state(conversationId))?.orgId;
      if (orgId === undefined) return;
      for (;;) {
        const facts = await this.#deps.store.factsAfter(conversationId, followed.seq, page);
        if (facts.length > 0) this.#sequence({ kind: 'facts', orgId, conversationId, facts }, followed);
        if (facts.length < page) break;
      }
      for (const seq of followed.held.keys()) if (seq <= followed.seq) followed.held.delete(seq);
    } catch (error) {
      // The feed comes by again.
      this.#deps.log.warn({ err: error, conversationId }, 'gap not mended yet');
    } finally {
      followed.isMending = false;
    }
  }

  #tell(delivery: Delivery): void {
    for (const receive of this.#receivers) {
      try {
        receive(delivery);
      } catch (error) {
        this.#deps.log.error({ err: error, kind: delivery.kind }, 'delivery failed');
      }
    }
  }
}
