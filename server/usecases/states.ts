// Folded states of the logs that are in use, so that a decision needs no read. Only durable states are kept here.
import { evolve } from '../../shared/conversation.ts';
import type { ConversationState } from '../../shared/conversation.ts';
import type { Fact } from '../../shared/facts.ts';
import type { Store } from '../ports/store.ts';

export interface KnownState {
  orgId: string;
  state: ConversationState;
}

const maxKept = 20_000;

export class States {
  readonly #store: Store;
  readonly #kept = new Map<string, KnownState>();

  constructor(store: Store) {
    this.#store = store;
  }

  get(conversationId: string): KnownState | undefined {
    return this.#kept.get(conversationId);
  }

  /** The least recently written is forgotten first. */
  keep(orgId: string, state: ConversationState): void {
    this.#kept.delete(state.conversationId);
    this.#kept.set(state.conversationId, { orgId, state });
    if (this.#kept.size > maxKept) this.#kept.delete(this.#kept.keys().next().value!);
  }

  /** What is kept may be old: the next decision folds afresh. */
  forget(conversationId: string): void {
    this.#kept.delete(conversationId);
  }

  /** Durable facts that another node may have written: what is kept goes on with them, or is forgotten where some lack. */
  follow(conversationId: string, facts: readonly Fact[]): void {
    const kept = this.#kept.get(conversationId);
    if (kept === undefined) return;
    let { state } = kept;
    try {
      for (const fact of facts) if (fact.seq === state.head.seq + 1) state = evolve(state, fact);
    } catch {
      // A fact that this build does not know: the next decision finds out what that means.
      this.forget(conversationId);
      return;
    }
    if ((facts.at(-1)?.seq ?? 0) > state.head.seq) this.forget(conversationId);
    else if (state !== kept.state) this.#kept.set(conversationId, { orgId: kept.orgId, state });
  }

  /**
   * Loads what is not kept, and says so in `fresh`. Resolves to the logs that cannot be folded here, with why: they harm
   * no other.
   */
  async load(conversationIds: Iterable<string>, fresh?: Set<string>): Promise<Map<string, unknown>> {
    const broken = new Map<string, unknown>();
    const missing = new Set([...conversationIds].filter((id) => !this.#kept.has(id)));
    await Promise.all(
      [...missing].map(async (conversationId) => {
        try {
          const found = await this.#store.state(conversationId);
          fresh?.add(conversationId);
          if (found !== undefined) this.keep(found.orgId, found.state);
        } catch (error) {
          broken.set(conversationId, error);
        }
      }),
    );
    return broken;
  }
}
