// Who speaks: runs the answers that this node has claimed, and falls silent in the same step in which a fact outdates them.
import type { ConversationState } from '../../shared/conversation.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Fact, FactOf } from '../../shared/facts.ts';
import { planDelay } from '../domain/reply.ts';
import type { Said } from '../domain/decision.ts';
import type { Delivery } from '../ports/bus.ts';
import { Answer } from './answer.ts';
import type { AnswerDeps } from './answer.ts';
import type { Asking } from './asking.ts';
import type { Speaker } from './commit.ts';

/** A message this soon after the one before belongs to the same burst. */
const burstMs = 6000;
const sweepBatch = 500;
/** Several nodes: those of the living are among them and cost nothing. */
const sharedBatch = 5000;
/** Taken up together, so that their commits share a write. */
const sweptAtOnce = 50;
const maxOwners = 50_000;
const maxBursts = 10_000;
/** Another node that decides about an answer tells within this; after it the answer goes on. */
const heldMs = 1000;

interface Burst {
  at: number;
  replans: number;
}

export class Answers implements Speaker {
  readonly #deps: AnswerDeps;
  readonly #running = new Map<string, Answer>();
  readonly #bursts = new Map<string, Burst>();
  /** Several nodes: who speaks where, as far as the feed told, so that looking for what is left over reads little. */
  readonly #owners = new Map<string, string>();
  /** Checkpoints of answers whose owner is gone: what a cut before the next claim freezes. */
  readonly #left = new Map<string, Said>();
  #isDraining = false;
  #sweeping: Promise<void> | null = null;

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
    if (delivery.kind === 'ask') this.#tell(delivery);
    if (delivery.kind !== 'facts') return;
    for (const fact of delivery.facts) this.#follow(delivery.orgId, fact);
  }

  /** Facts of any node, in any order: who speaks where. */
  note(facts: readonly Fact[]): void {
    for (const fact of facts) {
      if (fact.type === 'reply.claimed') this.#remember(fact.conversationId, fact.owner);
      else if (fact.type !== 'note.created' && fact.type !== 'label.changed') this.#owners.delete(fact.conversationId);
    }
  }

  /** Bans have changed: what is being said to somebody who is banned now ends, and no more of it is paid for. */
  async stopBanned(orgId: string | undefined): Promise<void> {
    const concerned = [...this.#running.values()].filter((answer) => orgId === undefined || answer.orgId === orgId);
    const outcomes = await Promise.allSettled(concerned.map((answer) => answer.stopIfBanned()));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        this.#deps.log.warn({ err: outcome.reason }, 'answer to a banned visitor not stopped');
    }
  }

  #remember(conversationId: string, owner: string): void {
    this.#owners.delete(conversationId);
    this.#owners.set(conversationId, owner);
    if (this.#owners.size > maxOwners) this.#owners.delete(this.#owners.keys().next().value!);
  }

  /** Another node asks what the answer has said. */
  #tell({ conversationId, id, from, holds }: Extract<Delivery, { kind: 'ask' }>): void {
    const answer = this.#running.get(conversationId);
    if (answer === undefined || from === this.#deps.node) return;
    this.#deps.bus.publish({ kind: 'told', to: from, id, reply: holds ? answer.holdFor(heldMs) : answer.live });
  }

  /** What an answer of another node has said: from its owner where that is there, else as it was last written down. */
  async saidBy(
    asking: Asking,
    conversationId: string,
    reply: NonNullable<ConversationState['reply']>,
  ): Promise<Said | null> {
    const { shared, store } = this.#deps;
    const told = shared?.isGone(reply.owner) === true ? undefined : await asking.ask(conversationId, { holds: true });
    const said = told?.replyId === reply.replyId ? told : await store.checkpoint(conversationId);
    if (said?.replyId !== reply.replyId || said.attempt !== reply.attempt || said.text === '') return null;
    return { replyId: said.replyId, attempt: said.attempt, text: said.text };
  }

  /** Claims again what an earlier boot or a dead owner left, and what is owed but was never claimed. */
  async sweep(): Promise<void> {
    if (this.#isDraining) return;
    this.#sweeping ??= this.#sweepAll().finally(() => {
      this.#sweeping = null;
    });
    await this.#sweeping;
  }

  async #sweepAll(): Promise<void> {
    const { store, log, shared } = this.#deps;
    const left = await store.unfinished(shared === undefined ? sweepBatch : sharedBatch);
    // Several nodes look at the same time: each begins somewhere else, so that they seldom want the same.
    const from = shared === undefined ? 0 : Math.floor(Math.random() * left.length);
    const all = [...left.slice(from), ...left.slice(0, from)];
    for (let i = 0; i < all.length; i += sweptAtOnce) {
      await Promise.all(
        all.slice(i, i + sweptAtOnce).map(async ({ orgId, conversationId }) => {
          try {
            await this.#takeUp(orgId, conversationId);
          } catch (error) {
            // A store that is away concerns them all; a log that this build cannot read is a newer one's to answer.
            if (error instanceof ChatError) throw error;
            log.warn({ err: error, conversationId }, 'left to a newer server');
          }
        }),
      );
    }
  }

  async #takeUp(orgId: string, conversationId: string): Promise<void> {
    const { store, committer, node, shared } = this.#deps;
    if (this.#running.has(conversationId)) return;
    const owner = this.#owners.get(conversationId);
    if (shared !== undefined && owner !== undefined && owner !== node && !shared.isGone(owner)) return;
    const state = committer.current(conversationId) ?? (await store.state(conversationId))?.state;
    if (state === undefined || this.#running.has(conversationId)) return;
    // What somebody speaks who lives is theirs.
    if (shared !== undefined && state.reply !== null) {
      this.#remember(conversationId, state.reply.owner);
      if (state.reply.owner !== node && !shared.isGone(state.reply.owner)) return;
    }
    if (state.reply?.owner === node) {
      // Ours by the log, yet not running: its commit was in doubt when it was begun.
      this.#begin(orgId, conversationId, state.reply, 0);
      return;
    }
    await this.#reclaim(orgId, state);
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
        command: {
          type: 'reply.claim',
          isOwnerGone: true,
          ...(state.reply === null ? {} : { owner: state.reply.owner }),
        },
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
        this.#cancel(conversationId, fact.replyId);
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
    const { shared, committer } = this.#deps;
    const answer = new Answer(this.#deps, orgId, conversationId, claim, () => this.#running.size);
    this.#running.set(conversationId, answer);
    const unfollow = shared?.follow(conversationId, committer.peek(conversationId)?.head.seq ?? 0);
    void answer.run(delayMs).finally(() => {
      unfollow?.();
      if (this.#running.get(conversationId) === answer) this.#running.delete(conversationId);
      if (answer.isComplete) this.#bursts.delete(conversationId);
    });
  }

  #cancel(conversationId: string, by?: string): void {
    this.#left.delete(conversationId);
    const answer = this.#running.get(conversationId);
    if (answer === undefined) return;
    this.#running.delete(conversationId);
    answer.cancel(by);
  }
}
