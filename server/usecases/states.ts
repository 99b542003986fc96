// Folded states of the logs that are in use, so that a decision needs no read. Only durable states are kept here.
import type { ConversationState } from '../../shared/conversation.ts';
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

  /** Loads what is not kept. Resolves to the logs that cannot be folded here, with why: they harm no other. */
  async load(conversationIds: Iterable<string>): Promise<Map<string, unknown>> {
    const broken = new Map<string, unknown>();
    const missing = new Set([...conversationIds].filter((id) => !this.#kept.has(id)));
    await Promise.all(
      [...missing].map(async (conversationId) => {
        try {
          const found = await this.#store.state(conversationId);
          if (found !== undefined) this.keep(found.orgId, found.state);
        } catch (error) {
          broken.set(conversationId, error);
        }
      }),
    );
    return broken;
  }
}
