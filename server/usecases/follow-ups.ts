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
 * How fast work is done is judged over so long, and not before it has been in hand for `least`, ms. Fewer than `few` commits
 * are no backlog, whatever the last seconds did: with little to do little is done.
 */
const judged = { overMs: 5000, leastMs: 1000, few: 50 } as const;

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
  /** Commits that wait or are in work, and since when there always were some. */
  #owed = 0;
  #busySince = 0;
  /** What was done lately, oldest first. */
  #done: { at: number; commits: number }[] = [];

  constructor(deps: FollowUpDeps) {
    this.#deps = deps;
  }

  /** A commit of this node is durable and published. */
  appended(commit: Commit, state: ConversationState): void {
    // Too many to do now (the store is away): whoever reads the undone ones does it.
    if (this.#waiting.length >= maxWaiting) return;
    this.#waiting.push({ commit, contactId: state.contactId });
    if (this.#owed === 0) this.#busySince = this.#deps.clock.monotonic();
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

  /**
   * How long this node's commits wait for what must follow them, ms: the oldest has waited so long, or one that came now would,
   * at the speed of the last seconds. Looking ahead spares the store the swing between everything and nothing.
   */
  owedMs(): number {
    const [oldest] = this.#begun;
    if (oldest === undefined) return 0;
    const now = this.#deps.clock.monotonic();
    const waitedMs = now - oldest.at;
    if (waitedMs < judged.leastMs || this.#owed < judged.few) return waitedMs;
    const since = Math.max(this.#busySince, now - judged.overMs);
    const commits = this.#done.reduce((sum, one) => (one.at > since ? sum + one.commits : sum), 0);
    return commits === 0 ? waitedMs : Math.max(waitedMs, (this.#owed * (now - since)) / commits);
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
    while (this.#done[0]!.at < at - judged.overMs) this.#done.shift();
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
