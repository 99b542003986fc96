// Asks a model and gathers what it said.
import type { Action, Source } from '../../shared/facts.ts';
import type { Model, ModelEvent, ModelRequest } from '../../server/ports/model.ts';

export const askFor = (text: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
  system: 'You are Sel. Answer from the knowledge.',
  messages: [{ role: 'user', text }],
  passages: [],
  assistantName: 'Sel',
  canHandOff: true,
  ...more,
});

export interface Answer {
  text: string;
  sources: Source[];
  actions: Action[];
  handOff?: string;
  usage?: Extract<ModelEvent, { type: 'usage' }>;
  /** The kinds of events in their order, text once per run. */
  order: string[];
}

export const answerOf = async (
  model: Model,
  request: ModelRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<Answer> => {
  const answer: Answer = { text: '', sources: [], actions: [], order: [] };
  for await (const event of model.stream(request, signal)) {
    if (event.type !== 'text' || answer.order.at(-1) !== 'text') answer.order.push(event.type);
    if (event.type === 'text') answer.text += event.text;
    else if (event.type === 'sources') answer.sources = event.sources;
    else if (event.type === 'actions') answer.actions = event.actions;
    else if (event.type === 'handoff') answer.handOff = event.reason;
    else answer.usage = event;
  }
  return answer;
};

/** What a promise was rejected with; fails where it was not. */
export const rejectionOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('Was not rejected');
};
