// One question to the model: asked again where that is safe, given up where it falls silent, gathered beside its text.
import type { Action, Source, Usage } from '../../shared/facts.ts';
import { ModelError } from '../ports/model.ts';
import type { Model, ModelEvent, ModelRequest } from '../ports/model.ts';
import { drawUntilSilent, pause } from './stall.ts';

/** What an answer is beside its text. */
export interface Collected {
  sources: Source[];
  actions: Action[];
  usage: Usage;
  /** Why the model asks for a person, where it does. */
  handoff: string | undefined;
}

export interface Asking {
  model: Model;
  request: ModelRequest;
  /** Aborts the whole: the answer was cut, or took too long. */
  signal: AbortSignal;
  /** No event in this time: ModelError `stalled`. */
  stallMs: number;
  /** Takes the text; returns how long the answer is by now. */
  write(text: string): number;
}

const askLimits = { characters: 16_000, retries: 2, retryWaitMs: 5000 } as const;

const collect = (event: Exclude<ModelEvent, { type: 'text' }>, collected: Collected): void => {
  switch (event.type) {
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
};

const streamOnce = async (asking: Asking, spoke: () => void): Promise<Collected | undefined> => {
  const { model, request, stallMs } = asking;
  const collected: Collected = { sources: [], actions: [], usage: { model: model.name }, handoff: undefined };
  // Each try has its own signal, so that a stalled request is closed without ending the answer.
  const attempt = new AbortController();
  const signal = AbortSignal.any([attempt.signal, asking.signal]);
  try {
    const take = (event: ModelEvent): boolean => {
      if (event.type !== 'text') {
        collect(event, collected);
        return true;
      }
      if (event.text === '') return true;
      spoke();
      return asking.write(event.text) <= askLimits.characters;
    };
    await drawUntilSilent(model.stream(request, signal), { ms: stallMs, signal, take });
  } finally {
    attempt.abort();
  }
  return asking.signal.aborted ? undefined : collected;
};

/**
 * Asks, and again after a failure that may pass, but only while nothing was said: a second text is never put behind a
 * first. Undefined after an abort.
 * @throws ModelError
 */
export const askModel = async (asking: Asking): Promise<Collected | undefined> => {
  let hasSpoken = false;
  for (let tries = 0; ; tries += 1) {
    try {
      return await streamOnce(asking, () => {
        hasSpoken = true;
      });
    } catch (error) {
      if (asking.signal.aborted) return undefined;
      const mayPass = error instanceof ModelError && error.isRetryable && !hasSpoken;
      if (!mayPass || tries >= askLimits.retries) throw error;
      const wait = error.retryAfterMs ?? 250 * 2 ** tries;
      if (wait > askLimits.retryWaitMs) throw error;
      await pause(wait, asking.signal);
      if (asking.signal.aborted) return undefined;
    }
  }
};
