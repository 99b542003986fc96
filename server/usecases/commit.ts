// The only writer of the log. Commands of a tick are decided in order, each seeing its predecessors, and written together;
// nothing leaves (ack, refusal, publish) before the write is durable.
import { initialState } from '../../shared/conversation.ts';
import type { ConversationState } from '../../shared/conversation.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Fact } from '../../shared/facts.ts';
import { newHexId, newId } from '../../shared/ids.ts';
import { decide } from '../domain/conversation.ts';
import { isRefusal } from '../domain/decision.ts';
import type { Circumstances, Decided } from '../domain/decision.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Commit, Store } from '../ports/store.ts';
import type { Log, Metrics } from '../ports/telemetry.ts';
import type { Admission } from './admission.ts';
import { AskedKeys } from './asked-keys.ts';
import { Deadlines } from './deadlines.ts';
import { Parking } from './parking.ts';
import type { AskOwner } from './parking.ts';
import { pendingOf } from './pending.ts';
import type { Answered, Ask, Pending } from './pending.ts';
import { States } from './states.ts';
import type { KnownState } from './states.ts';

/** The runner of answers, as far as a commit concerns it. */
export interface Speaker {
  /** What was published of the answer in flight, and from now until `resume` or the commit nothing more is. */
  hold(conversationId: string): Circumstances['said'];
  /** The commit did not come about: the answer goes on. */
  resume(conversationId: string): void;
}

export interface CommitDeps {
  store: Store;
  bus: Bus;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** This process, as owner of answers. */
  node: string;
  /** Judges by how long commands wait here whether this node has too much to do. */
  admission?: Pick<Admission, 'queued' | 'take' | 'done'>;
  /** Set where other nodes write the same logs. */
  shared?: SharedLogs;
}

/** What the committer needs where it is not alone. */
export interface SharedLogs {
  said: AskOwner;
  /** A commit of this node is durable and published: what must follow it may begin. */
  appended(commit: Commit, state: ConversationState): void;
}

interface Attempt {
  pending: Pending;
  decided: Decided;
  commit: Commit;
}

const maxTries = 20;

/** Which facts end whatever answer is being spoken. */
const cuts = (facts: readonly Fact[]): boolean =>
  facts.some((fact) =>
    fact.type === 'message.created'
      ? fact.author.kind === 'visitor'
      : fact.type === 'control.changed' ||
        fact.type === 'conversation.closed' ||
        fact.type === 'conversation.reopened' ||
        fact.type === 'reply.claimed' ||
        fact.type === 'reply.failed',
  );

/** Log of one installation's conversations, as this process writes it. */
export class Committer {
  readonly #deps: CommitDeps;
  readonly #states: States;
  #queue: Pending[] = [];
  #isFlushing = false;
  #isScheduled = false;
  #speaker: Speaker | null = null;
  #claims = true;
  /** Several nodes only. */
  readonly #deadlines: Deadlines | undefined;
  readonly #parking: Parking | undefined;
  readonly #asked: AskedKeys | undefined;

  constructor(deps: CommitDeps) {
    this.#deps = deps;
    this.#states = new States(deps.store);
    const { shared, clock, node, log } = deps;
    if (shared === undefined) return;
    this.#deadlines = new Deadlines(clock, () => {
      this.#queue = this.#awaited(this.#queue);
    });
    const goOn = (waited: readonly Pending[]): void => {
      this.#queue.push(...waited);
      this.#schedule();
    };
    this.#asked = new AskedKeys();
    this.#parking = new Parking({ node, log, goOn, askOwner: (id, reply) => shared.said(id, reply) });
  }

  /** The runner of answers is made after the committer that it commits through. */
  attach(speaker: Speaker): void {
    this.#speaker = speaker;
  }

  /** A draining node commits but claims nothing. */
  stopClaiming(): void {
    this.#claims = false;
  }

  /** The state as this process last saw it, without asking the store. */
  peek(conversationId: string): ConversationState | undefined {
    return this.#states.get(conversationId)?.state;
  }

  /** Where it can be told without asking the store: of a log that other nodes write too it cannot. */
  current(conversationId: string): ConversationState | undefined {
    return this.#deps.shared === undefined ? this.peek(conversationId) : undefined;
  }

  /** As `known`, where nobody else writes. */
  latest(conversationId: string): KnownState | undefined {
    return this.#deps.shared === undefined ? this.known(conversationId) : undefined;
  }

  /** Durable facts of a conversation that this node heard of. */
  observe(conversationId: string, facts: readonly Fact[]): void {
    this.#states.follow(conversationId, facts);
  }

  /** As `peek`, with the organisation whose log it is. */
  known(conversationId: string): KnownState | undefined {
    return this.#states.get(conversationId);
  }

  /**
   * Decides and commits one command.
   * @throws ChatError: the domain's refusal, `conflict` for a key used with another body, `unavailable` where the outcome
   *   is unknown (ask again with the same key).
   */
  async perform(ask: Ask): Promise<Answered> {
    const outcome = await new Promise<Answered | ChatError>((settle) => {
      const pending = pendingOf(ask, settle);
      pending.mayRepeat = this.#asked?.remember(ask.conversationId, ask.key) ?? true;
      if (this.#deadlines?.watch(pending) === false) return;
      this.#queue.push(pending);
      this.#deps.admission?.queued();
      this.#schedule();
    });
    if (outcome instanceof ChatError) throw outcome;
    return outcome;
  }

  /** Resolves when everything queued so far is written or refused. */
  async settled(): Promise<void> {
    while (this.#queue.length > 0 || this.#isFlushing || this.#parking?.isEmpty === false)
      await new Promise((resolve) => setImmediate(resolve));
  }

  /** Without those whose askers were told that the outcome is unknown. */
  #awaited(queue: Pending[]): Pending[] {
    const deadlines = this.#deadlines;
    return deadlines === undefined ? queue : queue.filter((pending) => deadlines.isOpen(pending));
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isFlushing) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true;
    const waiting = this.#awaited(this.#queue);
    const batch = waiting.splice(0, this.#deps.admission?.take(waiting.length) ?? waiting.length);
    this.#queue = waiting;
    try {
      await this.#write(batch);
    } catch (error) {
      this.#deps.log.error({ err: error }, 'commit failed');
      const failure =
        error instanceof ChatError && error.code === 'unavailable'
          ? error
          : new ChatError('unavailable', 'The message store does not answer; try again', { cause: error });
      for (const pending of batch) {
        this.#states.forget(pending.conversationId);
        this.#speaker?.resume(pending.conversationId);
        pending.settle(failure);
      }
    } finally {
      this.#isFlushing = false;
      this.#deps.admission?.done();
      if (this.#queue.length > 0) this.#schedule();
    }
  }

  async #write(batch: Pending[]): Promise<void> {
    const { store, metrics, shared } = this.#deps;
    const fresh = shared === undefined ? undefined : new Set<string>();
    const looked = batch.filter((pending) => this.#mustLook(pending));
    const [commits, broken] = await Promise.all([
      store.commitsByKey(looked),
      this.#states.load(
        batch.map(({ conversationId }) => conversationId),
        fresh,
      ),
    ]);
    const earlier = new Map(looked.map((pending, i) => [pending, commits[i]]));
    const working = new Map<string, ConversationState>();
    const taken = new Map<string, Attempt>();
    const perConversation = new Map<string, number>();
    const attempts: Attempt[] = [];
    /** Settled only after the write: a refusal may tell of a predecessor that is not durable yet. */
    const afterwards: (() => void)[] = [];
    const later: Pending[] = [];

    for (const pending of batch) {
      const { conversationId } = pending;
      const found = earlier.get(pending);
      if (found !== undefined) {
        afterwards.push(() => this.#repeat(pending, found));
        continue;
      }
      if (broken.has(conversationId)) {
        this.#deps.log.error({ err: broken.get(conversationId), conversationId }, 'log cannot be read');
        pending.settle(new ChatError('unavailable', 'This conversation cannot be read here right now'));
        continue;
      }
      const twin = taken.get(`${conversationId} ${pending.key}`);
      const count = perConversation.get(conversationId) ?? 0;
      if (twin !== undefined || count >= store.commitsPerConversation) {
        later.push(pending);
        continue;
      }
      if (this.#parking?.takes(pending, this.peek(conversationId)?.reply ?? null) === true) continue;
      const attempt = this.#decide(pending, working, afterwards, fresh, later, earlier.has(pending));
      if (attempt === undefined) {
        // What comes after it in this conversation waits with it.
        if (later.at(-1) === pending) perConversation.set(conversationId, Number.POSITIVE_INFINITY);
        continue;
      }
      attempts.push(attempt);
      taken.set(`${conversationId} ${pending.key}`, attempt);
      perConversation.set(conversationId, count + 1);
    }

    if (attempts.length > 0) {
      const appended = await store.append(attempts.map(({ commit, decided }) => ({ commit, state: decided.state })));
      metrics.batch(attempts.length);
      const lost = new Set<string>();
      for (const [i, attempt] of attempts.entries()) {
        const { conversationId } = attempt.pending;
        if (appended[i] === 'appended') {
          this.#deliver(attempt);
          continue;
        }
        // Outrun or repeated elsewhere: what is cached is old. Fold afresh, look the key up, decide again.
        lost.add(conversationId);
        this.#retry(attempt.pending, later);
      }
      for (const conversationId of lost) {
        this.#states.forget(conversationId);
        this.#speaker?.resume(conversationId);
      }
    }
    for (const settle of afterwards) settle();
    if (later.length > 1) {
      const places = new Map(batch.map((pending, i) => [pending, i]));
      later.sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
    }
    this.#queue.unshift(...later);
  }

  /**
   * Whether the log is asked for the key before anything is decided (R3). Where several nodes write, a question costs as much
   * as the write, whose index knows the key too: so what can be decided from a kept state is tried, and what is written was no
   * repeat. The key is looked up as soon as anything else comes of it, a refusal above all; and first of all where a repeat
   * is likely, or would make an answer hold its tongue.
   */
  #mustLook({ conversationId, mayRepeat, tries, isChecked }: Pending): boolean {
    if (this.#asked === undefined || mayRepeat || tries > 0 || isChecked) return true;
    const kept = this.#states.get(conversationId);
    return kept === undefined || kept.state.reply?.mode === 'answer';
  }

  #retry(pending: Pending, later: Pending[]): void {
    pending.tries += 1;
    if (pending.tries < maxTries) later.push(pending);
    else pending.settle(new ChatError('unavailable', 'Too much at once in this conversation; try again'));
  }

  #decide(
    pending: Pending,
    working: Map<string, ConversationState>,
    afterwards: (() => void)[],
    fresh: ReadonlySet<string> | undefined,
    later: Pending[],
    isLooked: boolean,
  ): Attempt | undefined {
    const { conversationId, orgId, command, surroundings } = pending;
    const { clock, node } = this.#deps;
    const refusal = pending.isAdmitted ? undefined : pending.admit?.();
    if (refusal !== undefined && !isLooked) {
      this.#decideAfresh(pending, later);
      return undefined;
    }
    if (refusal !== undefined) {
      afterwards.push(() => pending.settle(refusal));
      return undefined;
    }
    pending.isAdmitted = true;
    const cached = this.#states.get(conversationId);
    if (cached !== undefined && cached.orgId !== orgId) {
      afterwards.push(() => pending.settle(new ChatError('not_found', 'No such conversation')));
      return undefined;
    }
    const state =
      working.get(conversationId) ?? cached?.state ?? initialState(conversationId, surroundings.opening.isAutopilot);
    const commitId = newHexId();
    const isSpeaking = state.reply !== null;
    const said = isSpeaking ? (this.#speaker?.hold(conversationId) ?? pending.said) : null;
    const decision = decide(state, command, {
      at: clock.now(),
      commitId,
      newId,
      node: this.#claims || command.type === 'reply.complete' || command.type === 'reply.fail' ? node : null,
      said,
      opening: surroundings.opening,
      assistantName: surroundings.assistantName,
      isStaffOnline: surroundings.isStaffOnline,
      draft: surroundings.draft ?? null,
      ...(surroundings.saidFirst === undefined ? {} : { saidFirst: surroundings.saidFirst }),
    });
    if (isSpeaking && (isRefusal(decision) || !cuts(decision.facts))) this.#speaker?.resume(conversationId);
    const changesNothing = isRefusal(decision) || decision.facts.length === 0;
    if (changesNothing && fresh !== undefined && !fresh.has(conversationId) && !pending.isChecked) {
      this.#decideAfresh(pending, later);
      return undefined;
    }
    if (isRefusal(decision)) {
      const { refused, message, details } = decision;
      afterwards.push(() => pending.settle(new ChatError(refused, message, { details })));
      return undefined;
    }
    const first = decision.facts[0];
    if (first === undefined) {
      afterwards.push(() => pending.settle({ result: decision.result, isNew: false, facts: [], state }));
      return undefined;
    }
    working.set(conversationId, decision.state);
    const { key, hash } = pending;
    const commit: Commit = {
      id: commitId,
      orgId,
      conversationId,
      first: first.seq,
      key,
      hash,
      at: first.at,
      facts: decision.facts,
      result: decision.result,
    };
    return { pending, decided: decision, commit };
  }

  /** Nothing will be written, so no lost race would tell that the state was old or the key taken: both are read. */
  #decideAfresh(pending: Pending, later: Pending[]): void {
    pending.isChecked = true;
    this.#states.forget(pending.conversationId);
    later.push(pending);
  }

  /** Publishing first, then the ack: whoever got the ack finds the fact delivered, and both come after the write. */
  #deliver({ pending, decided, commit }: Attempt): void {
    const { facts, state, result } = decided;
    const { orgId, conversationId } = pending;
    this.#states.keep(orgId, state);
    for (const fact of facts) if (fact.type === 'message.created') this.#deps.metrics.message(fact.author.kind);
    this.#deps.bus.publish({ kind: 'facts', orgId, conversationId, facts });
    pending.settle({ result, isNew: true, facts, state });
    this.#deps.shared?.appended(commit, state);
  }

  #repeat(pending: Pending, found: Commit): void {
    if (found.hash !== pending.hash) {
      pending.settle(new ChatError('conflict', 'This clientId was used for something else'));
      return;
    }
    const state = this.peek(pending.conversationId) ?? initialState(pending.conversationId, true);
    pending.settle({ result: found.result as Record<string, unknown>, isNew: false, facts: found.facts, state });
  }
}
