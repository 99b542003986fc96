// One answer: asks the model, streams what it says in coalesced deltas, and commits the whole or tells why there is none.
import type { ConversationState } from '../../shared/conversation.ts';
import { ChatError } from '../../shared/errors.ts';
import type { FactOf, ReplyMode, Usage } from '../../shared/facts.ts';
import type { Signal } from '../../shared/signals.ts';
import type { LiveReply } from '../../shared/view.ts';
import type { ReplyCommand } from '../domain/conversation.ts';
import { maxAttempts } from '../domain/decide-reply.ts';
import type { Said } from '../domain/decision.ts';
import { deltaWindowMs } from '../domain/reply.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import { ModelError } from '../ports/model.ts';
import type { Knowledge, Model } from '../ports/model.ts';
import type { Store } from '../ports/store.ts';
import type { Log, Metrics } from '../ports/telemetry.ts';
import { enough, prepareRequest } from './answer-request.ts';
import { askModel } from './answer-stream.ts';
import type { Collected } from './answer-stream.ts';
import type { Bans } from './bans.ts';
import type { Committer } from './commit.ts';
import type { Directory } from './directory.ts';
import type { Limits } from './limits.ts';
import type { Spending } from './spending.ts';
import { pause } from './stall.ts';
import { Utterance } from './utterance.ts';

export interface AnswerDeps {
  store: Store;
  bus: Bus;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  committer: Committer;
  directory: Directory;
  limits: Limits;
  spending: Spending;
  bans: Bans;
  knowledge: Knowledge;
  model: Model;
  node: string;
  /** No token in this time: the provider is given up. Default 20,000. */
  stallMs: number;
  /** Set where other nodes answer too. */
  shared?: SharedAnswers;
}

/** What answers need where others may claim them. */
export interface SharedAnswers {
  /** Whether its answers may be claimed: it is dead, or has let go of them. */
  isGone(node: string): boolean;
  /** Whether the log was read so lately that nothing of an outdated turn can be said (R10). */
  maySpeak(): boolean;
  /** Hears of this conversation from `seq` on, until the returned function is called. */
  follow(conversationId: string, seq: number): () => void;
}

type Claimed = Pick<FactOf<'reply.claimed'>, 'replyId' | 'turn' | 'attempt' | 'mode' | 'answers'>;

/** However well it flows: after this the answer is given up, ms. */
const wholeMs = 60_000;

const apology = 'Sorry, I cannot answer right now. I have asked a person to take a look; you can keep writing here.';

export class Answer {
  readonly #deps: AnswerDeps;
  readonly #orgId: string;
  readonly #conversationId: string;
  readonly #claim: Claimed;
  readonly #controller = new AbortController();
  readonly #startedAt: number;
  readonly #utterance: Utterance;
  /** This answer's own last commit is on its way: what outdates it now is that commit itself. */
  #isClosing = false;
  #firstTokenMs: number | undefined;
  #end!: () => void;
  isComplete = false;
  /** Resolves when nothing more will be said or committed. */
  readonly ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor(deps: AnswerDeps, orgId: string, conversationId: string, claim: Claimed, activeAnswers: () => number) {
    this.#deps = deps;
    this.#orgId = orgId;
    this.#conversationId = conversationId;
    this.#claim = claim;
    this.#startedAt = deps.clock.monotonic();
    this.#utterance = new Utterance({
      publish: (offset, text) => {
        const { replyId, turn, attempt } = claim;
        this.#signal({ type: 'reply.delta', replyId, turn, attempt, offset, text });
      },
      checkpoint: (text) => this.#checkpoint(text),
      windowMs: () => deltaWindowMs(activeAnswers()),
      monotonic: () => deps.clock.monotonic(),
      maySpeak: () => deps.shared?.maySpeak() ?? true,
    });
  }

  get #mode(): ReplyMode {
    return this.#claim.mode;
  }

  /** Never rejects: every outcome is a commit, a log line or silence after a cancel. */
  async run(delayMs: number): Promise<void> {
    try {
      const { replyId, turn, attempt } = this.#claim;
      this.#signal({ type: 'reply.started', replyId, turn, attempt, mode: this.#mode });
      if (attempt > 1) this.#signal({ type: 'reply.reset', replyId, turn, attempt });
      await pause(delayMs, this.#controller.signal);
      if (this.#isOver) return;
      await this.#speak();
    } catch (error) {
      if (!this.#isOver) await this.#fail(error);
    } finally {
      this.#utterance.end();
      this.#end();
    }
  }

  /** As whoever joins now should find it. */
  get live(): LiveReply {
    const { replyId, turn, attempt, mode } = this.#claim;
    return { replyId, turn, attempt, mode, text: this.#utterance.said };
  }

  hold(): Said | null {
    this.#utterance.hold();
    const { replyId, attempt } = this.#claim;
    const { said } = this.#utterance;
    return said === '' ? null : { replyId, attempt, text: said };
  }

  resume(): void {
    this.#utterance.resume();
  }

  /** What it has said; no more for `ms`, while another node decides about it. */
  holdFor(ms: number): LiveReply {
    this.#utterance.holdFor(ms);
    return this.live;
  }

  /**
   * Outdated by a fact: the provider's request is closed and nothing more is published. `by`: the reply that was claimed
   * instead; where that is this very one by another node, the end is that node's to tell.
   */
  cancel(by?: string): void {
    this.#utterance.end();
    if (this.#isOver || this.#isClosing) return;
    this.#controller.abort();
    if (by !== this.#claim.replyId) this.#tellEnd('interrupted');
  }

  /** This node goes; the claim stays in the log for whoever comes next. */
  async leave(): Promise<void> {
    this.#utterance.end();
    this.#controller.abort();
    await this.#utterance.checkpoint();
  }

  get orgId(): string {
    return this.#orgId;
  }

  /**
   * Ends this answer where its visitor is banned by now; the fact that says so cancels it. True where it ends.
   * @throws ChatError `unavailable`
   */
  async stopIfBanned(): Promise<boolean> {
    const { bans, committer, directory } = this.#deps;
    const state = await this.#state();
    if (this.#isOver || state === undefined || !(await bans.isBannedIn(this.#orgId, state))) return false;
    const { replyId, attempt } = this.#claim;
    await committer.perform({
      orgId: this.#orgId,
      conversationId: this.#conversationId,
      key: `b:${replyId}:${attempt}`,
      body: { type: 'banned' },
      command: { type: 'reply.stop' },
      surroundings: await directory.forState(this.#orgId, state),
    });
    return true;
  }

  get #isOver(): boolean {
    return this.#controller.signal.aborted;
  }

  async #speak(): Promise<void> {
    const state = await this.#state();
    if (this.#isOver || state === undefined) return;
    if (await this.stopIfBanned()) return;
    if (this.#claim.attempt > maxAttempts) throw new ModelError('stalled', 'Gave up after several attempts');
    const request = await prepareRequest(this.#deps, this.#orgId, state);
    if (this.#isOver) return;
    const overall = setTimeout(() => this.#controller.abort(new ModelError('stalled', 'Took too long')), wholeMs);
    try {
      const said = await askModel({
        model: this.#deps.model,
        request,
        signal: this.#controller.signal,
        stallMs: this.#deps.stallMs,
        write: (text) => this.#write(text),
      });
      if (said !== undefined) await this.#complete(said);
    } finally {
      clearTimeout(overall);
    }
    // The time limit aborts like a cancel does, but somebody must be told.
    const { reason } = this.#controller.signal;
    if (reason instanceof ModelError) await this.#fail(reason);
  }

  async #state(): Promise<ConversationState | undefined> {
    return (
      this.#deps.committer.peek(this.#conversationId) ?? (await this.#deps.store.state(this.#conversationId))?.state
    );
  }

  #write(text: string): number {
    if (this.#firstTokenMs === undefined) {
      this.#firstTokenMs = Math.round(this.#deps.clock.monotonic() - this.#startedAt);
      this.#deps.metrics.firstToken(this.#firstTokenMs);
    }
    this.#utterance.write(text.replaceAll('\u0000', ''));
    return this.#utterance.text.length;
  }

  async #checkpoint(text: string): Promise<void> {
    const { replyId, attempt } = this.#claim;
    try {
      await this.#deps.store.saveCheckpoint(this.#conversationId, { replyId, attempt, text });
    } catch (error) {
      this.#deps.log.warn({ err: error, conversationId: this.#conversationId }, 'checkpoint not saved');
    }
  }

  async #complete(said: Collected): Promise<void> {
    const text = this.#utterance.text.toWellFormed();
    if (text.trim() === '' && said.handoff === undefined) throw new ModelError('refused', 'The model said nothing');
    this.#utterance.finish();
    const { replyId, turn, attempt } = this.#claim;
    const totalMs = Math.round(this.#deps.clock.monotonic() - this.#startedAt);
    const usage: Usage = {
      ...said.usage,
      totalMs,
      ...(this.#firstTokenMs === undefined ? {} : { firstTokenMs: this.#firstTokenMs }),
    };
    const isCommitted = await this.#commit('done', {
      type: 'reply.complete',
      claim: { replyId, turn, attempt },
      text,
      sources: said.sources,
      actions: said.actions,
      usage,
      ...(said.handoff === undefined ? {} : { handoff: said.handoff }),
    });
    this.isComplete = isCommitted;
    if (isCommitted) this.#tellEnd(said.handoff === undefined ? 'complete' : 'handoff');
    else this.#tellEnd('interrupted');
  }

  async #fail(error: unknown): Promise<void> {
    const known = error instanceof ModelError ? error : undefined;
    const { replyId, turn, attempt } = this.#claim;
    this.#deps.log.warn({ err: error, conversationId: this.#conversationId, failure: known?.failure }, 'answer failed');
    const isCommitted = await this.#commit('failed', {
      type: 'reply.fail',
      claim: { replyId, turn, attempt },
      why: known?.failure ?? 'internal',
      ...(known === undefined ? {} : { detail: known.message.slice(0, 300) }),
      sentence: known?.message === enough ? enough : apology,
    });
    this.#tellEnd(isCommitted ? 'failed' : 'interrupted');
  }

  /** Commits under a key of this attempt, again while the outcome is unknown; false where a newer fact was first. */
  async #commit(what: string, command: ReplyCommand): Promise<boolean> {
    const { committer, directory, log } = this.#deps;
    const { replyId, attempt } = this.#claim;
    this.#isClosing = true;
    for (let tries = 0; tries < 30; tries += 1) {
      try {
        const state = await this.#state();
        if (state === undefined) return false;
        await committer.perform({
          orgId: this.#orgId,
          conversationId: this.#conversationId,
          key: `r:${replyId}:${attempt}:${what}`,
          body: { what },
          command,
          surroundings: await directory.forState(this.#orgId, state),
        });
        return true;
      } catch (error) {
        if (error instanceof ChatError && error.code !== 'unavailable') return false;
        log.warn({ err: error, conversationId: this.#conversationId }, 'answer not committed yet');
        await pause(Math.min(2000, 100 * 2 ** tries), undefined);
      }
    }
    return false;
  }

  #tellEnd(outcome: 'complete' | 'interrupted' | 'failed' | 'handoff'): void {
    const { replyId, turn } = this.#claim;
    this.#deps.metrics.answer(outcome);
    this.#signal({ type: 'reply.ended', replyId, turn, outcome });
  }

  #signal(fields: DistributiveOmit<Signal, 'conversationId'>): void {
    const signal = { ...fields, conversationId: this.#conversationId };
    const to = this.#mode === 'answer' ? 'both' : 'staff';
    this.#deps.bus.publish({ kind: 'signal', orgId: this.#orgId, to, signal });
  }
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;
