// Conversations whose holder is gone go back to the queue after a grace. Nobody counts as gone while this process could
// not have known: after an outage, a standstill or a start the grace begins anew.
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Committer } from './commit.ts';
import type { Directory } from './directory.ts';
import type { Presence } from './presence.ts';

export interface AbsenceDeps {
  store: Store;
  clock: Clock;
  log: Log;
  committer: Committer;
  directory: Directory;
  presence: Presence;
  /** Of several nodes one does it. */
  isMine: () => boolean;
  /** Without any socket for so long, ms. */
  graceMs: number;
}

const page = 200;
/** Two looks further apart than this: the process stood still, or the store did not answer. */
const gapFactor = 3;

export class Absence {
  readonly #deps: AbsenceDeps;
  /** Since when a member has been without a socket, on the monotonic clock; key: organisation and member. */
  readonly #since = new Map<string, number>();
  readonly #everyMs: number;
  #lookedAt: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(deps: AbsenceDeps) {
    this.#deps = deps;
    this.#everyMs = Math.max(100, Math.min(10_000, deps.graceMs / 6));
  }

  start(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.look()
        .catch((error: unknown) => {
          this.#restart();
          this.#deps.log.warn({ err: error }, 'absent holders not looked for');
        })
        .finally(() => this.start());
    }, this.#everyMs);
    this.#timer.unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** The store was out of reach, or who is there was not known: a full grace from now on. */
  #restart(): void {
    this.#since.clear();
    this.#lookedAt = null;
  }

  /** @throws ChatError `unavailable` */
  async look(): Promise<void> {
    const { store, clock, presence, isMine, graceMs } = this.#deps;
    const now = clock.monotonic();
    if (this.#lookedAt !== null && now - this.#lookedAt > this.#everyMs * gapFactor + 1000) this.#restart();
    this.#lookedAt = now;
    const holders = new Set<string>();
    let after = '';
    for (;;) {
      const held = await store.held(after, page);
      for (const { orgId, conversationId, agentId } of held) {
        const key = `${orgId} ${agentId}`;
        holders.add(key);
        if (presence.isConnected(orgId, agentId)) {
          this.#since.delete(key);
          continue;
        }
        const since = this.#since.get(key) ?? now;
        this.#since.set(key, since);
        if (now - since >= graceMs && isMine()) await this.#release(orgId, conversationId, agentId);
      }
      if (held.length < page) break;
      after = held.at(-1)!.conversationId;
    }
    for (const key of this.#since.keys()) if (!holders.has(key)) this.#since.delete(key);
  }

  async #release(orgId: string, conversationId: string, agentId: string): Promise<void> {
    const { store, committer, directory, log } = this.#deps;
    const state = (await store.state(conversationId))?.state;
    if (state === undefined || state.control.agentId !== agentId) return;
    log.info({ conversationId, agentId }, 'the holder is gone: back to the queue');
    await committer.perform({
      orgId,
      conversationId,
      key: `a:${state.controlSeq}`,
      body: { type: 'holder.absent', agentId },
      command: { type: 'holder.absent', agentId },
      surroundings: await directory.forState(orgId, state),
    });
  }
}
