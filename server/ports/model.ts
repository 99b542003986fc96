// Whoever writes answers: the built-in answerer or a provider. One answer is one stream that can be aborted at any time.
import type { Action, Source } from '../../shared/facts.ts';

/** A passage of the assistant's knowledge that matched the question. `score` falls with the match, 0 to 1. */
export interface Passage {
  articleId: string;
  title: string;
  url?: string;
  text: string;
  score: number;
  /** Its place in the article, from 0, so that several can be read in their order. */
  position?: number;
}

export interface ModelRequest {
  /** The whole system prompt: instructions, rules, passages. Models other than the built-in one read only this and `messages`. */
  system: string;
  /** Oldest first; begins and ends with `user`. */
  messages: { role: 'user' | 'assistant'; text: string }[];
  passages: Passage[];
  assistantName: string;
  /** The model's name where the assistant names one; else the installation's. */
  model?: string;
  /** Whether a person could take over, so that an offer of one is honest. */
  canHandOff: boolean;
}

export type ModelEvent =
  | { type: 'text'; text: string }
  | { type: 'sources'; sources: Source[] }
  | { type: 'actions'; actions: Action[] }
  /** The model asks for a person. It may have said something before; nothing follows but `usage`. */
  | { type: 'handoff'; reason: string }
  | { type: 'usage'; model: string; inputTokens?: number; outputTokens?: number };

/** Why a provider gave no answer. Its text goes to staff and the log, never to a visitor, and holds no secret. */
export type ModelFailure = 'rate_limited' | 'overloaded' | 'misconfigured' | 'refused' | 'stalled' | 'network';

export class ModelError extends Error {
  readonly failure: ModelFailure;
  /** Trying again at once or after `retryAfterMs` may help. */
  readonly isRetryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    failure: ModelFailure,
    message: string,
    more: { isRetryable?: boolean; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'ModelError';
    this.failure = failure;
    this.isRetryable =
      more.isRetryable ??
      (failure === 'rate_limited' || failure === 'overloaded' || failure === 'network' || failure === 'stalled');
    this.retryAfterMs = more.retryAfterMs;
  }
}

/**
 * Promises: [M1] `stream` yields text in order and ends, or throws ModelError; [M2] after `signal` aborts, the request to
 * the provider is closed at once and the iteration ends soon (an abort is not an error); [M3] it retries nothing itself.
 */
export interface Model {
  /** `builtin`, or `provider/model`: for logs, `usage` and /metrics. */
  readonly name: string;
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
}

/** Retrieval over an assistant's articles. Indexes are built when first needed and dropped by `forget`. */
export interface Knowledge {
  /**
   * Best first. `before` is the visitor's message before this one: it is read with a question that says too little by
   * itself ("and for two?"), never with one about something else.
   */
  search(orgId: string, assistantId: string, question: string, limit: number, before?: string): Promise<Passage[]>;
  /** The articles of this assistant have changed. */
  forget(assistantId: string): void;
}
