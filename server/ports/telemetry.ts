// What operators see. Never message text, never a secret: ids, codes, counts and times only.

export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

export interface Metrics {
  /** A message entered the log. */
  message(author: 'visitor' | 'ai' | 'agent' | 'system'): void;
  /** A command or request was refused with this code of `shared/errors.ts`. `surface`: a namespace, `http` or a dialect. */
  refused(surface: string, code: string): void;
  /** From the visitor's message to the first token, ms. */
  firstToken(ms: number): void;
  answer(outcome: 'complete' | 'interrupted' | 'failed' | 'handoff'): void;
  connection(namespace: 'widget' | 'console', delta: 1 | -1): void;
  /** Commits that shared one write of the store. */
  batch(commits: number): void;
  /** Sockets cut because their reader stalled. */
  stalled(): void;
  /** Whether this node has too much to do and refuses new work. */
  overloaded(isOver: boolean): void;
}
