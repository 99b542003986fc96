// Hearing a conversation without a socket: what waits for an answer over REST gets what a socket in its room would get.
import type { Fact } from '../../shared/facts.ts';
import type { Signal } from '../../shared/signals.ts';
import type { LiveReply } from '../../shared/view.ts';

/** Facts come unprojected and in order; signals after the fence, so that nothing of an older turn follows (R10). */
export interface Ear {
  facts(facts: readonly Fact[]): void;
  signal?(signal: Signal): void;
}

/** What this node hears of conversations; the hub implements it. Calls are synchronous and must not throw. */
export interface Listening {
  /** Hears everything published from now on, until the returned function is called. */
  listen(conversationId: string, ear: Ear): () => void;
  /** The answer in flight, with the text published so far. */
  reply(conversationId: string): LiveReply | undefined;
}
