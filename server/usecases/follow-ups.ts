// Where several nodes write: what must follow this node's commits is done by it, and settled; what another one left undone is
// done again (R8). The other nodes are told in passing which rows have changed.
import type { ConversationState } from '../../shared/conversation.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Commit, SharedStore } from '../ports/store.ts';
import type { Log } from '../ports/telemetry.ts';
import { followFacts } from './follow.ts';

export interface FollowUpDeps {
  store: SharedStore;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/**
 * Commits of one moment are told of and settled together. As long as rows are given to be written: whoever is told reads
 * them at once.
 */
const windowMs = 150;
const maxWaiting = 20_000;

/**
 * The speed of this work is the most that was done within `spanMs` of the last `overMs`: with little to do little is done, and
 * that says nothing (BBR's rule).
 */
const speed = { spanMs: 3000, overMs: 10_000 } as const;

interface Waiting {
  commit: Commit;
  contactId: string | null;
}

export class FollowUps {
  readonly #deps: FollowUpDeps;
  #waiting: Waiting[] = [];
  #isScheduled = false;
  #running: Promise<void> = Promise.resolve();
  /** When each batch was begun that is not settled yet, oldest first. */
  readonly #begun = new Set<{ at: number }>();
  /** Commits that wait or are in work. */
  #owed = 0;
  /** What was done lately, oldest first; and the speed of it, commits per ms, 0 where that is not known yet. */
  #done: { at: number; commits: number }[] = [];
  #speed = 0;

  constructor(deps: FollowUpDeps) {
    this.#deps = deps;
  }

  /** A commit of this node is durable and published. */
  appended(commit: Commit, state: ConversationState): void {
    // Too many to do now (the store is away): whoever reads the undone ones does it.
    if (this.#waiting.length >= maxWaiting) return;
    this.#waiting.push({ commit, contactId: state.contactId });
    this.#owed += 1;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => this.#flush(), windowMs).unref();
  }

  /** The same for commits of whichever node. Rejects while the store is away; what could not be done stays undone. */
  async redo(commits: readonly Commit[]): Promise<void> {
    const { store } = this.#deps;
    const done: Commit[] = [];
    for (const commit of commits) {
      const { orgId, conversationId, facts } = commit;
      const isDone = await this.#isDone(commit, async () => {
        const found = await store.state(conversationId);
        await followFacts(this.#deps, { orgId, contactId: found?.state.contactId ?? null }, facts);
      });
      if (isDone) done.push(commit);
    }
    if (done.length === 0 || (await this.#isDone(done[0]!, async () => store.settle(done)))) return;
    // One that cannot be settled must not hold up the others.
    for (const commit of done) await this.#isDone(commit, async () => store.settle([commit]));
  }

  /** Rejects where the store is away, which concerns them all. */
  async #isDone({ conversationId }: Commit, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof ChatError) throw error;
      this.#deps.log.warn({ err: error, conversationId }, 'left to a newer server');
      return false;
    }
  }

  /** Commits of this node that nothing has followed yet. */
  owed(): number {
    return this.#owed;
  }

  /** How long the oldest batch of them waits, ms. */
  owedMs(): number {
    const [oldest] = this.#begun;
    return oldest === undefined ? 0 : this.#deps.clock.monotonic() - oldest.at;
  }

  /** Commits that are followed a ms, at the best of the last seconds; 0 where that is not known yet. */
  speed(): number {
    return this.#speed;
  }

  /** Resolves when everything so far was tried. */
  async settled(): Promise<void> {
    if (this.#isScheduled) this.#flush();
    await this.#running;
  }

  #flush(): void {
    this.#isScheduled = false;
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return;
    this.#announce(batch);
    const begun = { at: this.#deps.clock.monotonic() };
    this.#begun.add(begun);
    const doing = this.#do(batch).finally(() => {
      this.#begun.delete(begun);
      this.#note(batch.length);
    });
    this.#running = Promise.allSettled([this.#running, doing]).then(() => undefined);
  }

  #note(commits: number): void {
    const at = this.#deps.clock.monotonic();
    this.#owed -= commits;
    this.#done.push({ at, commits });
    const isKnown = this.#done[0]!.at <= at - speed.spanMs;
    this.#done = this.#done.filter((one) => one.at > at - speed.overMs);
    if (!isKnown) return;
    let most = 0;
    let sum = 0;
    let first = 0;
    for (const one of this.#done) {
      sum += one.commits;
      for (; this.#done[first]!.at <= one.at - speed.spanMs; first += 1) sum -= this.#done[first]!.commits;
      most = Math.max(most, sum);
    }
    this.#speed = most / speed.spanMs;
  }

  #announce(batch: readonly Waiting[]): void {
    const heads = new Map<string, Map<string, number>>();
    for (const { commit } of batch) {
      const of = heads.get(commit.orgId) ?? new Map<string, number>();
      of.set(commit.conversationId, commit.first + commit.facts.length - 1);
      heads.set(commit.orgId, of);
    }
    for (const [orgId, of] of heads) {
      const told = [...of].map(([conversationId, seq]) => ({ conversationId, seq }));
      this.#deps.bus.publish({ kind: 'touched', orgId, heads: told });
    }
  }

  async #do(batch: readonly Waiting[]): Promise<void> {
    const done: Commit[] = [];
    for (const { commit, contactId } of batch) {
      try {
        await followFacts(this.#deps, { orgId: commit.orgId, contactId }, commit.facts);
        done.push(commit);
      } catch (error) {
        this.#deps.log.warn({ err: error, conversationId: commit.conversationId }, 'not followed yet');
      }
    }
    try {
      if (done.length > 0) await this.#deps.store.settle(done);
    } catch (error) {
      this.#deps.log.warn({ err: error, commits: done.length }, 'commits not settled yet');
    }
  }
}
