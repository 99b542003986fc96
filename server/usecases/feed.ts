// The sure way: every node reads the new commits of all, about twice a second; less often where nothing was written lately and
// Redis is well, and at once where Redis is not and the store can tell. What Redis lost is delivered by it, caches are put
// right, and what a dead node left undone is done (R7, R8, R10).
import type { Clock } from '../ports/clock.ts';
import type { Commit, FeedCursor, SharedStore } from '../ports/store.ts';
import type { Log } from '../ports/telemetry.ts';

export interface FeedDeps {
  store: Pick<SharedStore, 'feed' | 'undone' | 'onChange'>;
  clock: Clock;
  log: Log;
  /** New commits, each at least once. */
  deliver: (commits: readonly Commit[]) => void;
  /** Does what must follow these commits, once more if need be; they are settled when it resolves. */
  followUp: (commits: readonly Commit[]) => Promise<void>;
  /** Whether this node speaks: then it looks more often, because it may speak only so long after a look. */
  isSpeaking(): boolean;
  /** Whether commits of other nodes come by another way too, as far as anybody can tell, or there are no others. */
  isTold(): boolean;
  /** Whether a node died or left a moment ago. */
  isRestless(): boolean;
}

const pageSize = 500;
/** `calm`: nothing was written lately, and Redis brings what will be. Well within the 5 s of R7, should it be lost there. */
const tickMs = { calm: 2000, idle: 700, speaking: 300 } as const;
/** How long after the last commit it is calm. */
const calmAfterMs = 5000;
const retryMs = 250;
/** Several changes are looked at together, and the next ones not before so long after a look began. */
const wakeMs = 30;
const wakeGapMs = 150;
/**
 * A commit this old that nobody settled is left over. Where all nodes live, whoever wrote it is only slow, and twice the work
 * would make it slower.
 */
const undoneMs = { restless: 4000, quiet: 8000 } as const;
const undoneEveryMs = 2000;
const undoneBatch = 100;
/** Who speaks lets a majority confirm a look so often: what wakes it in between costs no more than elsewhere. */
const proofMs = 250;
/** After a look that is older, or that may not have seen all, nothing is spoken: somebody may have taken over (R10, S14). */
export const fenceMs = 1000;

export class Feed {
  readonly #deps: FeedDeps;
  #cursor: FeedCursor | null = null;
  /** When the last look was begun, and the last one that saw all there was. */
  #begunAt = Number.NEGATIVE_INFINITY;
  #currentAt = Number.NEGATIVE_INFINITY;
  #newsAt = Number.NEGATIVE_INFINITY;
  #undoneAt = Number.NEGATIVE_INFINITY;
  #beganAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #isWoken = false;
  #isSoon = false;
  #isStopped = false;
  #isDoing: Promise<void> | null = null;
  #isFailing = false;
  #unwatch: (() => void) | null = null;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  /** Resolves after the first look: nothing that is written from then on is missed. @throws ChatError `unavailable` */
  async start(): Promise<void> {
    this.#beganAt = this.#deps.clock.monotonic();
    await this.#look();
    this.#watch();
    this.#schedule(tickMs.idle);
  }

  /** There may be news. */
  wake(inMs = Math.max(wakeMs, this.#begunAt + wakeGapMs - this.#deps.clock.monotonic())): void {
    if (this.#isStopped) return;
    if (this.#isLooking) {
      this.#isWoken = true;
      return;
    }
    if (this.#isSoon) return;
    this.#isSoon = true;
    this.#schedule(inMs);
  }

  /** Somebody is about to speak: a look that grows old is made anew. */
  prepare(): void {
    if (this.#deps.clock.monotonic() - this.#currentAt > tickMs.speaking) this.wake(0);
  }

  /** Whether this node has looked recently enough to speak, at what is known to be all there was. */
  isFresh(): boolean {
    return this.#deps.clock.monotonic() - this.#currentAt < fenceMs;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#unwatch?.();
    await this.#isDoing;
  }

  #schedule(ms: number): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tick(), ms);
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    if (this.#isLooking || this.#isStopped) return;
    this.#isLooking = true;
    this.#isWoken = false;
    this.#isSoon = false;
    try {
      await this.#look();
      if (this.#isFailing) this.#deps.log.info({}, 'the feed is read again');
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#deps.log.warn({ err: error }, 'the feed cannot be read');
      this.#isFailing = true;
    } finally {
      this.#isLooking = false;
    }
    if (this.#isStopped) return;
    this.#watch();
    this.#mendUndone();
    this.#schedule(this.#isFailing ? retryMs : this.#isWoken ? wakeMs : tickMs[this.#pace()]);
  }

  /** The store wakes every node for every commit: that is for those whom nothing else tells. */
  #watch(): void {
    const isWanted = !this.#deps.isTold();
    if (isWanted) this.#unwatch ??= this.#deps.store.onChange(() => this.wake());
    else {
      this.#unwatch?.();
      this.#unwatch = null;
    }
  }

  #pace(): keyof typeof tickMs {
    const deps = this.#deps;
    if (deps.isSpeaking()) return 'speaking';
    return deps.isTold() && deps.clock.monotonic() - this.#newsAt > calmAfterMs ? 'calm' : 'idle';
  }

  async #look(): Promise<void> {
    const { store, clock, deliver } = this.#deps;
    for (;;) {
      // Counted from before the question: what comes after it is not in the answer.
      const began = clock.monotonic();
      this.#begunAt = began;
      const isProofDue = this.#deps.isSpeaking() && began - this.#currentAt >= proofMs;
      const page = await store.feed(this.#cursor, pageSize, isProofDue);
      if (this.#isStopped) return;
      this.#cursor = page.cursor;
      if (page.commits.length > 0) this.#newsAt = began;
      deliver(page.commits);
      if (page.more) continue;
      if (page.isCurrent) this.#currentAt = began;
      return;
    }
  }

  #mendUndone(): void {
    const now = this.#deps.clock.monotonic();
    if (this.#isDoing !== null || this.#isFailing || now - this.#undoneAt < undoneEveryMs) return;
    this.#undoneAt = now;
    const mend = async (): Promise<void> => {
      const { store, deliver, followUp, log } = this.#deps;
      // Of those that died before this node began it knows nothing.
      const isRestless = this.#deps.isRestless() || now - this.#beganAt < undoneMs.quiet;
      try {
        const commits = await store.undone(undoneMs[isRestless ? 'restless' : 'quiet'], undoneBatch);
        if (commits.length === 0) return;
        log.info({ commits: commits.length }, 'finishing what another node left undone');
        deliver(commits);
        await followUp(commits);
      } catch (error) {
        log.warn({ err: error }, 'undone commits not finished yet');
      }
    };
    this.#isDoing = mend().finally(() => {
      this.#isDoing = null;
    });
  }
}
