// One answer: asks the model, streams what it says in coalesced deltas, and commits the whole or tells why there is none.
import type { ConversationState } from '../../shared/conversation.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Action, FactOf, ReplyMode, Source, Usage } from '../../shared/facts.ts';
import type { Signal } from '../../shared/signals.ts';
import type { ReplyCommand } from '../domain/conversation.ts';
import { maxAttempts } from '../domain/decide-reply.ts';
import type { Said } from '../domain/decision.ts';
import { buildPrompt, deltaWindowMs, safeEnd } from '../domain/reply.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import { ModelError } from '../ports/model.ts';
import type { Knowledge, Model, ModelEvent, ModelRequest } from '../ports/model.ts';
import type { Store } from '../ports/store.ts';
import type { Log, Metrics } from '../ports/telemetry.ts';
import type { Committer } from './commit.ts';
import type { Directory } from './directory.ts';
import { pause, withStallLimit } from './stall.ts';

export interface AnswerDeps {
  store: Store;
  bus: Bus;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  committer: Committer;
  directory: Directory;
  knowledge: Knowledge;
  model: Model;
  node: string;
  /** No token in this time: the provider is given up. Default 20,000. */
  stallMs: number;
}

type Claimed = Pick<FactOf<'reply.claimed'>, 'replyId' | 'turn' | 'attempt' | 'mode' | 'answers'>;

const answerLimits = { wholeMs: 60_000, characters: 16_000, retries: 2, retryWaitMs: 5000 } as const;
const checkpointEvery = { ms: 500, characters: 1024 } as const;
const historyFacts = 120;
const passageCount = 6;

/** Answers per conversation and day; after that a person is asked (SECURITY.md). */
export const answersPerDay = 60;

const apology = 'Sorry, I cannot answer right now. I have asked a person to take a look; you can keep writing here.';
const enough = 'I have reached my limit for today, so I have asked a person to take over; you can keep writing here.';

export class Answer {
  readonly #deps: AnswerDeps;
  readonly #orgId: string;
  readonly #conversationId: string;
  readonly #claim: Claimed;
  readonly #activeAnswers: () => number;
  readonly #controller = new AbortController();
  readonly #startedAt: number;
  #text = '';
  #published = 0;
  #isHeld = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #checkpointAt = 0;
  #checkpointed = 0;
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
    this.#activeAnswers = activeAnswers;
    this.#startedAt = deps.clock.monotonic();
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
      this.#stopTimer();
      this.#end();
    }
  }

  hold(): Said | null {
    this.#isHeld = true;
    const { replyId, attempt } = this.#claim;
    return this.#published === 0 ? null : { replyId, attempt, text: this.#text.slice(0, this.#published) };
  }

  resume(): void {
    this.#isHeld = false;
    if (this.#published < this.#text.length) this.#schedule();
  }

  /** Outdated by a fact: the provider's request is closed and nothing more is published. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isHeld = true;
    this.#stopTimer();
    this.#controller.abort();
    this.#deps.metrics.answer('interrupted');
    this.#signal({ type: 'reply.ended', replyId: this.#claim.replyId, turn: this.#claim.turn, outcome: 'interrupted' });
  }

  /** This node goes; the claim stays in the log for whoever comes next. */
  async leave(): Promise<void> {
    this.#isHeld = true;
    this.#stopTimer();
    this.#controller.abort();
    await this.#checkpoint();
  }

  get #isOver(): boolean {
    return this.#controller.signal.aborted;
  }

  async #speak(): Promise<void> {
    const state = await this.#state();
    if (this.#isOver || state === undefined) return;
    if (this.#claim.attempt > maxAttempts) throw new ModelError('stalled', 'Gave up after several attempts');
    const request = await this.#prepare(state);
    if (this.#isOver) return;
    const overall = setTimeout(
      () => this.#controller.abort(new ModelError('stalled', 'Took too long')),
      answerLimits.wholeMs,
    );
    try {
      const said = await this.#ask(request);
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

  async #prepare(state: ConversationState): Promise<ModelRequest> {
    const { store, knowledge, directory, clock } = this.#deps;
    const history = await store.factsBefore(this.#conversationId, Number.MAX_SAFE_INTEGER, historyFacts);
    const isToday = (at: number): boolean => clock.now() - at < 86_400_000;
    const answered = history.filter((fact) => fact.type === 'reply.claimed' && isToday(fact.at)).length;
    if (answered > answersPerDay) throw new ModelError('refused', enough);
    const questions = history.filter((fact) => fact.type === 'message.created' && fact.author.kind === 'visitor');
    const latest = questions.slice(-2).map((fact) => (fact.type === 'message.created' ? fact.text : ''));
    const widget = state.widgetId === null ? undefined : await directory.widget(this.#orgId, state.widgetId);
    const assistantId = widget?.assistantId ?? state.assistantId ?? '';
    const assistant = await directory.assistant(this.#orgId, assistantId);
    // The last question alone first; a follow-up such as "and for two?" needs the one before.
    const last = latest.at(-1) ?? '';
    const direct = await knowledge.search(this.#orgId, assistantId, last, passageCount);
    const wider = last.length < 40 && latest.length > 1 && (direct[0]?.score ?? 0) < 0.5;
    const passages = wider ? await knowledge.search(this.#orgId, assistantId, latest.join(' '), passageCount) : direct;
    const opened = history.find((fact) => fact.type === 'conversation.opened');
    const { name } = state.visitor;
    const canHandOff = state.control.waiting === null && state.control.agentId === null;
    const prompt = buildPrompt({
      assistant: {
        name: assistant?.name ?? 'Assistant',
        instructions: assistant?.instructions ?? '',
        tone: assistant?.tone ?? '',
      },
      passages,
      history,
      ...(name === undefined ? {} : { visitor: { name } }),
      ...(opened?.type === 'conversation.opened' && opened.page !== undefined ? { page: opened.page } : {}),
      canHandOff,
      now: clock.now(),
    });
    return {
      ...prompt,
      passages,
      assistantName: assistant?.name ?? 'Assistant',
      ...(assistant === undefined || assistant.model === '' ? {} : { model: assistant.model }),
      canHandOff,
    };
  }

  /** Asks the model, again where that is safe: only while nothing was said. Undefined after a cancel. */
  async #ask(request: ModelRequest): Promise<Collected | undefined> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.#stream(request);
      } catch (error) {
        if (this.#isOver) return undefined;
        const isSafe = error instanceof ModelError && error.isRetryable && this.#text === '';
        if (!isSafe || tries >= answerLimits.retries) throw error;
        const wait = error.retryAfterMs ?? 250 * 2 ** tries;
        if (wait > answerLimits.retryWaitMs) throw error;
        await pause(wait, this.#controller.signal);
        if (this.#isOver) return undefined;
      }
    }
  }

  async #stream(request: ModelRequest): Promise<Collected | undefined> {
    const { model, stallMs } = this.#deps;
    const collected: Collected = { sources: [], actions: [], usage: { model: model.name }, handoff: undefined };
    // Each try has its own signal, so that a stalled request is closed without ending the answer.
    const attempt = new AbortController();
    const signal = AbortSignal.any([attempt.signal, this.#controller.signal]);
    try {
      for await (const event of withStallLimit(model.stream(request, signal), stallMs, signal)) {
        if (this.#isOver) return undefined;
        this.#collect(event, collected);
        if (this.#text.length > answerLimits.characters) break;
      }
    } finally {
      attempt.abort();
    }
    return this.#isOver ? undefined : collected;
  }

  #collect(event: ModelEvent, collected: Collected): void {
    switch (event.type) {
      case 'text':
        if (event.text === '') return;
        if (this.#firstTokenMs === undefined) {
          this.#firstTokenMs = Math.round(this.#deps.clock.monotonic() - this.#startedAt);
          this.#deps.metrics.firstToken(this.#firstTokenMs);
        }
        this.#text += event.text.replaceAll('\u0000', '');
        this.#schedule();
        return;
      case 'sources':
        collected.sources = event.sources;
        return;
      case 'actions':
        collected.actions = event.actions;
        return;
      case 'handoff':
        collected.handoff = event.reason;
        return;
      case 'usage': {
        const { type: _, ...usage } = event;
        collected.usage = usage;
        return;
      }
    }
  }

  /** The first delta goes at once; then what comes within a window goes together. */
  #schedule(): void {
    if (this.#isHeld || this.#timer !== null) return;
    if (this.#published === 0) {
      this.#publish();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#publish();
    }, deltaWindowMs(this.#activeAnswers()));
  }

  #publish(isLast = false): void {
    if (this.#isHeld || this.#isOver) return;
    const end = isLast ? this.#text.length : safeEnd(this.#text);
    if (end <= this.#published) return;
    const { replyId, turn, attempt } = this.#claim;
    const text = this.#text.slice(this.#published, end);
    const offset = this.#published;
    this.#published = end;
    this.#signal({ type: 'reply.delta', replyId, turn, attempt, offset, text });
    // The window after a delta begins with it, or a slow model would get one packet per token.
    if (offset === 0) {
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#publish();
      }, deltaWindowMs(this.#activeAnswers()));
    }
    const now = this.#deps.clock.monotonic();
    const isDue =
      now - this.#checkpointAt >= checkpointEvery.ms || end - this.#checkpointed >= checkpointEvery.characters;
    if (isDue) void this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    if (this.#published === 0 || this.#published === this.#checkpointed) return;
    this.#checkpointAt = this.#deps.clock.monotonic();
    this.#checkpointed = this.#published;
    const { replyId, attempt } = this.#claim;
    try {
      await this.#deps.store.saveCheckpoint(this.#conversationId, {
        replyId,
        attempt,
        text: this.#text.slice(0, this.#published),
      });
    } catch (error) {
      this.#deps.log.warn({ err: error, conversationId: this.#conversationId }, 'checkpoint not saved');
    }
  }

  async #complete(said: Collected): Promise<void> {
    this.#stopTimer();
    const text = this.#text.toWellFormed();
    if (text.trim() === '' && said.handoff === undefined) throw new ModelError('refused', 'The model said nothing');
    this.#publish(true);
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
    if (!isCommitted) return;
    this.isComplete = true;
    const outcome = said.handoff === undefined ? 'complete' : 'handoff';
    this.#deps.metrics.answer(outcome);
    this.#signal({ type: 'reply.ended', replyId, turn, outcome });
  }

  async #fail(error: unknown): Promise<void> {
    this.#stopTimer();
    const known = error instanceof ModelError ? error : undefined;
    const { replyId, turn, attempt } = this.#claim;
    const { log, metrics } = this.#deps;
    log.warn({ err: error, conversationId: this.#conversationId, failure: known?.failure }, 'answer failed');
    const isCommitted = await this.#commit('failed', {
      type: 'reply.fail',
      claim: { replyId, turn, attempt },
      why: known?.failure ?? 'internal',
      ...(known === undefined ? {} : { detail: known.message.slice(0, 300) }),
      sentence: known?.message === enough ? enough : apology,
    });
    if (!isCommitted) return;
    metrics.answer('failed');
    this.#signal({ type: 'reply.ended', replyId, turn, outcome: 'failed' });
  }

  /** Commits under a key of this attempt, again while the outcome is unknown; false where a newer fact was first. */
  async #commit(what: string, command: ReplyCommand): Promise<boolean> {
    const { committer, directory, log } = this.#deps;
    const { replyId, attempt } = this.#claim;
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

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #signal(fields: DistributiveOmit<Signal, 'conversationId'>): void {
    const signal = { ...fields, conversationId: this.#conversationId } as Signal;
    const to = this.#mode === 'answer' ? 'both' : 'staff';
    this.#deps.bus.publish({ kind: 'signal', orgId: this.#orgId, to, signal });
  }
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;

/** What an answer is beside its text. */
interface Collected {
  sources: Source[];
  actions: Action[];
  usage: Usage;
  handoff: string | undefined;
}
