// A message's answer as server-sent events: `started`, `delta`, `reset`, and `done` with the whole answer, or `error`.
import type { Response } from 'express';
import type { TurnEar } from '../../../../usecases/turn.ts';

const heartbeatMs = 10_000;
/** A reader who is this far behind gets no more deltas until it has drained; then one with all that it missed. */
const fullBytes = 64 * 1024;
/** Without draining for so long the reader is gone. */
const stuckMs = 5000;

export interface AnswerStream extends TurnEar {
  /** Aborts when the reader has gone. */
  readonly signal: AbortSignal;
  /** The last event; `name` is `error` where there is no answer. */
  end(name: 'done' | 'error', body: unknown): void;
}

/** The open stream of each session on this node. */
const open = new Map<string, () => void>();

/**
 * Opens with the first event, so that what is refused before is refused with its own status. One stream per session: an
 * older one of the same session ends with `replaced`, because the newer one carries the answer to both.
 */
export const openStream = (response: Response, sessionId: string): AnswerStream => {
  const gone = new AbortController();
  let isOpen = false;
  let heartbeat: NodeJS.Timeout | undefined;
  let stuck: NodeJS.Timeout | undefined;
  /** What has been said of the answer that streams, and how much of it was written. */
  let text = '';
  let written = 0;

  const write = (name: string, data: unknown): void => {
    if (response.destroyed || response.writableEnded) return;
    if (!isOpen) begin();
    response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    if (response.writableLength > fullBytes) wait();
  };
  const begin = (): void => {
    isOpen = true;
    response.status(200).set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
    response.flushHeaders();
    heartbeat = setInterval(() => {
      if (response.writableLength === 0) response.write(': still here\n\n');
    }, heartbeatMs);
    open.get(sessionId)?.();
    open.set(sessionId, replace);
  };
  const replace = (): void => {
    write('replaced', {});
    close();
    gone.abort();
    response.end();
  };
  const wait = (): void => {
    if (stuck !== undefined) return;
    stuck = setTimeout(() => response.destroy(), stuckMs);
    response.once('drain', () => {
      clearTimeout(stuck);
      stuck = undefined;
      flush();
    });
  };
  const flush = (): void => {
    if (stuck !== undefined || written === text.length) return;
    const offset = written;
    written = text.length;
    write('delta', { offset, text: text.slice(offset) });
  };
  const close = (): void => {
    clearInterval(heartbeat);
    clearTimeout(stuck);
    if (open.get(sessionId) === replace) open.delete(sessionId);
  };
  response.once('close', () => {
    close();
    gone.abort();
  });

  return {
    signal: gone.signal,
    started: (replyId) => write('started', { message_id: replyId }),
    delta(offset, more) {
      if (offset !== text.length) return;
      text += more;
      flush();
    },
    reset() {
      text = '';
      written = 0;
      write('reset', {});
    },
    end(name, body) {
      if (gone.signal.aborted) return;
      // What was held back for a slow reader comes before the end.
      clearTimeout(stuck);
      stuck = undefined;
      flush();
      write(name, body);
      close();
      response.end();
    },
  };
};

/** Whether the caller asks for events: by name, not by accepting anything. */
export const wantsStream = (accept: string | undefined): boolean =>
  accept?.split(',').some((part) => part.trim().toLowerCase().startsWith('text/event-stream')) ?? false;
