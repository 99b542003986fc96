// Who speaks: runs the answers that this node has claimed, and falls silent in the same step in which a fact outdates them.
import type { ConversationState } from '../../shared/conversation.ts';
import type { Fact, FactOf } from '../../shared/facts.ts';
import { planDelay } from '../domain/reply.ts';
import type { Said } from '../domain/decision.ts';
import type { Delivery } from '../ports/bus.ts';
import { Answer } from './answer.ts';
import type { AnswerDeps } from './answer.ts';
import type { Speaker } from './commit.ts';

/** A message this soon after the one before belongs to the same burst. */
const burstMs = 6000;
const sweepBatch = 500;
const maxBursts = 10_000;

interface Burst {
  at: number;
  replans: number;
}

export class Answers implements Speaker {
  readonly #deps: AnswerDeps;
  readonly #running = new Map<string, Answer>();
  readonly #bursts = new Map<string, Burst>();
  /** Checkpoints of answers whose owner is gone: what a cut before the next claim freezes. */
  readonly #left = new Map<string, Said>();
  #isDraining = false;

  constructor(deps: AnswerDeps) {
    this.#deps = deps;
  }

  get active(): number {
    return this.#running.size;
  }

  hold(conversationId: string): Said | null {
    return this.#running.get(conversationId)?.hold() ?? this.#left.get(conversationId) ?? null;
  }

  resume(conversationId: string): void {
    this.#running.get(conversationId)?.resume();
  }

  /** Follows the log: called synchronously with every publish, after the edges have enqueued the facts. */
  receive(delivery: Delivery): void {
    if (delivery.kind !== 'facts') return;
    for (const fact of delivery.facts) this.#follow(delivery.orgId, fact);
  }

  /** Claims again what an earlier boot or a dead owner left, and what is owed but was never claimed. */
  async sweep(): Promise<void> {
    if (this.#isDraining) return;
    const { store, committer, node } = this.#deps;
    for (const { orgId, conversationId } of await store.unfinished(sweepBatch)) {
      if (this.#running.has(conversationId)) continue;
      const state = committer.peek(conversationId) ?? (await store.state(conversationId))?.state;
      if (state === undefined || this.#running.has(conversationId)) continue;
      if (state.reply?.owner === node) {
        // Ours by the log, yet not running: its commit was in doubt when it was begun.
        this.#begin(orgId, conversationId, state.reply, 0);
        continue;
      }
      await this.#reclaim(orgId, state);
    }
  }

  /** Remembers what was said by an earlier boot, so that a cut before the next claim freezes just that. */
  async recall(): Promise<void> {
    for (const { conversationId } of await this.#deps.store.unfinished(sweepBatch)) {
      const checkpoint = await this.#deps.store.checkpoint(conversationId);
      if (checkpoint !== undefined) this.#left.set(conversationId, checkpoint);
    }
  }

  /** Lets answers end for up to `ms`; the rest are left to the next owner where they stand. */
  async drain(ms: number): Promise<void> {
    this.#isDraining = true;
    const ends = [...this.#running.values()].map((answer) => answer.ended);
    const timeout = AbortSignal.timeout(ms);
    const late = new Promise<void>((resolve) => timeout.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([Promise.allSettled(ends), late]);
    await Promise.allSettled([...this.#running.values()].map((answer) => answer.leave()));
    this.#running.clear();
  }

  async #reclaim(orgId: string, state: ConversationState): Promise<void> {
    const { conversationId } = state;
    const { committer, directory, log } = this.#deps;
    try {
      await committer.perform({
        orgId,
        conversationId,
        key: `r:${this.#deps.node}:claim:${state.head.seq}`,
        body: { type: 'claim' },
        command: { type: 'reply.claim', isOwnerGone: true },
        surroundings: await directory.forState(orgId, state),
      });
    } catch (error) {
      log.warn({ err: error, conversationId }, 'claim refused');
    }
  }

  #follow(orgId: string, fact: Fact): void {
    const { conversationId } = fact;
    switch (fact.type) {
      case 'message.created':
        if (fact.author.kind === 'visitor') this.#cancel(conversationId);
        return;
      case 'control.changed':
      case 'conversation.closed':
      case 'conversation.reopened':
      case 'reply.failed':
        this.#cancel(conversationId);
        return;
      case 'reply.claimed':
        this.#cancel(conversationId);
        if (fact.owner === this.#deps.node && !this.#isDraining) {
          this.#begin(orgId, conversationId, fact, this.#delay(fact));
        }
        return;
      default:
        return;
    }
  }

  /** How long to wait, so that a burst of messages gets one answer. Drafts asked for and second attempts start at once. */
  #delay(fact: FactOf<'reply.claimed'>): number {
    const now = this.#deps.clock.monotonic();
    const before = this.#bursts.get(fact.conversationId);
    const inBurst = before !== undefined && now - before.at < burstMs;
    const replans = inBurst ? before.replans + 1 : 0;
    this.#bursts.delete(fact.conversationId);
    this.#bursts.set(fact.conversationId, { at: now, replans });
    if (this.#bursts.size > maxBursts) this.#bursts.delete(this.#bursts.keys().next().value!);
    if (fact.attempt > 1) return 0;
    return planDelay({ isQuiet: !inBurst, replans, sinceLastMessageMs: 0 });
  }

  #begin(
    orgId: string,
    conversationId: string,
    claim: Pick<FactOf<'reply.claimed'>, 'replyId' | 'turn' | 'attempt' | 'mode' | 'answers'>,
    delayMs: number,
  ): void {
    const answer = new Answer(this.#deps, orgId, conversationId, claim, () => this.#running.size);
    this.#running.set(conversationId, answer);
    void answer.run(delayMs).finally(() => {
      if (this.#running.get(conversationId) === answer) this.#running.delete(conversationId);
      if (answer.isComplete) this.#bursts.delete(conversationId);
    });
  }

  #cancel(conversationId: string): void {
    this.#left.delete(conversationId);
    const answer = this.#running.get(conversationId);
    if (answer === undefined) return;
    this.#running.delete(conversationId);
    answer.cancel();
  }
}
