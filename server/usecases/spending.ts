// What the AI may cost: answers a day of an organisation and of a widget, answers an hour to one address.
import type { Widget } from '../../shared/widget.ts';
import type { Clock } from '../ports/clock.ts';
import type { Tally } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import type { Log } from '../ports/telemetry.ts';
import { forgetOldest } from './limits.ts';
import type { Limits } from './limits.ts';

export interface SpendingDeps {
  store: Store;
  clock: Clock;
  log: Log;
  limits: Limits;
  node: string;
}

/** What this node has counted is written down after this long at most: a crash forgets no more. */
const writtenAfterMs = 1000;
/** What other nodes have counted, and a budget that was changed on one, is seen after at most this long. */
const freshMs = 2000;
const keptMs = 3 * 24 * 3_600_000;
const maxAddresses = 50_000;

interface Elsewhere {
  at: number;
  day: string;
  budget: number | undefined;
  /** By widget: what other nodes and earlier boots have counted today. */
  counts: Map<string, number>;
}

/**
 * Counts answers of the model in one place, whichever surface asked for them. Each node keeps documents of its own, so
 * that nodes never overwrite each other; the day is that of UTC. Several nodes may together go past a budget by what
 * they answer within three seconds.
 */
export class Spending {
  readonly #deps: SpendingDeps;
  /** This node's documents of today, by organisation and widget. */
  readonly #own = new Map<string, Tally>();
  readonly #unwritten = new Set<string>();
  readonly #elsewhere = new Map<string, Promise<Elsewhere>>();
  readonly #addresses = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: SpendingDeps) {
    this.#deps = deps;
  }

  /** A conversation is written to from this address (`addressKey`): its answers count there. Remembered on this node. */
  from(conversationId: string, address: string): void {
    this.#addresses.delete(conversationId);
    this.#addresses.set(conversationId, address);
    forgetOldest(this.#addresses, maxAddresses);
  }

  /** Whether the model may be asked once more, and counts it if so. */
  async admits(widget: Pick<Widget, 'orgId' | 'id' | 'dailyAnswers'>, conversationId: string): Promise<boolean> {
    const { orgId, id: widgetId, dailyAnswers } = widget;
    const address = this.#addresses.get(conversationId);
    // The address first: who asks too much must not use up the day of everybody else.
    if (address !== undefined && (await this.#deps.limits.checkSharedFrom('answerFrom', address)) !== undefined)
      return false;
    const day = this.#day();
    const { budget, counts } = await this.#seen(orgId, day);
    // From here to the count nothing is awaited: two answers of one tick must not both be the last.
    if (
      dailyAnswers !== undefined &&
      (counts.get(widgetId) ?? 0) + this.#counted(orgId, day, widgetId) >= dailyAnswers
    ) {
      return false;
    }
    if (budget !== undefined) {
      let others = 0;
      for (const count of counts.values()) others += count;
      if (others + this.#counted(orgId, day) >= budget) return false;
    }
    this.#count(orgId, widgetId, day);
    return true;
  }

  /** The organisation's budget was changed here: it holds at once. */
  forget(orgId: string): void {
    this.#elsewhere.delete(orgId);
  }

  /** Writes down what is not yet. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { store, log } = this.#deps;
    const keys = [...this.#unwritten];
    this.#unwritten.clear();
    for (const key of keys) {
      const tally = this.#own.get(key);
      if (tally === undefined) continue;
      try {
        await store.documents.tallies.put({ ...tally });
      } catch (error) {
        log.warn({ err: error }, 'answers not counted durably yet');
        this.#later(key);
      }
    }
  }

  #day(): string {
    return new Date(this.#deps.clock.now()).toISOString().slice(0, 10);
  }

  /** What this node has counted, of one widget or of all. */
  #counted(orgId: string, day: string, widgetId?: string): number {
    let total = 0;
    for (const tally of this.#own.values()) {
      const isMeant = tally.orgId === orgId && tally.day === day;
      if (isMeant && (widgetId === undefined || tally.widgetId === widgetId)) total += tally.count;
    }
    return total;
  }

  #count(orgId: string, widgetId: string, day: string): void {
    const key = `${orgId} ${widgetId}`;
    let tally = this.#own.get(key);
    if (tally?.day !== day) {
      const { node, clock } = this.#deps;
      const now = clock.now();
      const id = `tally_${day}_${widgetId}_${node}`;
      tally = { id, orgId, createdAt: now, expiresAt: now + keptMs, day, widgetId, count: 0 };
      this.#own.set(key, tally);
    }
    tally.count += 1;
    this.#later(key);
  }

  #later(key: string): void {
    this.#unwritten.add(key);
    this.#timer ??= setTimeout(() => void this.flush(), writtenAfterMs).unref();
  }

  #seen(orgId: string, day: string): Promise<Elsewhere> {
    const before = this.#elsewhere.get(orgId);
    const next = this.#look(orgId, day, before);
    this.#elsewhere.delete(orgId);
    this.#elsewhere.set(orgId, next);
    if (this.#elsewhere.size > 1000) this.#elsewhere.delete(this.#elsewhere.keys().next().value!);
    return next;
  }

  /** What was seen a moment ago, else a new look. A store that does not answer is no reason to fall silent. */
  async #look(orgId: string, day: string, before: Promise<Elsewhere> | undefined): Promise<Elsewhere> {
    const { store, clock, log, node } = this.#deps;
    const last = await before;
    const at = clock.monotonic();
    if (last?.day === day && at - last.at < freshMs) return last;
    try {
      const { organisations, tallies } = store.documents;
      const [organisation, all] = await Promise.all([
        organisations.get(orgId, orgId),
        tallies.list(orgId, { group: day }),
      ]);
      const counts = new Map<string, number>();
      for (const { id, widgetId, count } of all) {
        if (!id.endsWith(node)) counts.set(widgetId, (counts.get(widgetId) ?? 0) + count);
      }
      return { at, day, budget: organisation?.dailyAnswers, counts };
    } catch (error) {
      log.warn({ err: error }, 'budget not looked up');
      return last?.day === day ? last : { at: 0, day, budget: last?.budget, counts: new Map() };
    }
  }
}
