// What a model is told: the log's latest messages, the assistant, and the passages that the question finds.
import type { ConversationState } from '../../shared/conversation.ts';
import { buildPrompt, saidFirst } from '../domain/reply.ts';
import type { Clock } from '../ports/clock.ts';
import { ModelError } from '../ports/model.ts';
import type { Knowledge, ModelRequest } from '../ports/model.ts';
import type { Store } from '../ports/store.ts';
import type { Directory } from './directory.ts';
import type { Limits } from './limits.ts';
import type { Spending } from './spending.ts';

export interface RequestDeps {
  store: Store;
  clock: Clock;
  knowledge: Knowledge;
  directory: Directory;
  limits: Limits;
  spending: Spending;
}

/** Enough to count a day of answers, three facts each; the prompt takes of it what fits. */
const historyFacts = 400;
const passageCount = 8;

/** Answers per conversation and day, restarts or not; after that a person is asked (SECURITY.md). */
const answersPerDay = 60;

/** What the visitor is told at the limit. */
export const enough =
  'I have reached my limit for today, so I have asked a person to take over; you can keep writing here.';

/** Everything a model is told for the answer that this conversation is owed. @throws ModelError at the day's limit */
export const prepareRequest = async (
  deps: RequestDeps,
  orgId: string,
  state: ConversationState,
): Promise<ModelRequest> => {
  const { store, knowledge, directory, clock } = deps;
  const history = await store.factsBefore(state.conversationId, Number.MAX_SAFE_INTEGER, historyFacts);
  const isToday = (at: number): boolean => clock.now() - at < 86_400_000;
  const answered = history.filter((fact) => fact.type === 'reply.claimed' && isToday(fact.at)).length;
  // A visitor who begins conversation after conversation is the same visitor.
  const isTooMany = (await deps.limits.checkShared('answer', state.contactId ?? state.conversationId)) !== undefined;
  if (answered > answersPerDay || isTooMany) throw new ModelError('refused', enough);
  const questions = history.filter((fact) => fact.type === 'message.created' && fact.author.kind === 'visitor');
  const latest = questions.slice(-2).map((fact) => (fact.type === 'message.created' ? fact.text : ''));
  const widget = state.widgetId === null ? undefined : await directory.widget(orgId, state.widgetId);
  if (widget !== undefined && !(await deps.spending.admits(widget, state.conversationId))) {
    throw new ModelError('refused', enough);
  }
  const assistantId = widget?.assistantId ?? state.assistantId ?? '';
  const assistant = await directory.assistant(orgId, assistantId);
  const last = latest.at(-1) ?? '';
  const opened = history.find((fact) => fact.type === 'conversation.opened');
  // The message before helps a follow-up such as "and for two?", and only that. "Tell me more" to what the widget said
  // first means the page.
  const title = opened?.type === 'conversation.opened' ? opened.page?.title : undefined;
  const before = latest.length > 1 ? latest[0] : saidFirst(history) === undefined ? undefined : title;
  const passages = await knowledge.search(orgId, assistantId, last, passageCount, before);
  const { name } = state.visitor;
  const canHandOff = state.control.waiting === null && state.control.agentId === null;
  const prompt = buildPrompt({
    assistant: {
      name: assistant?.name ?? 'Assistant',
      instructions: assistant?.instructions ?? '',
      tone: assistant?.tone ?? '',
    },
    passages,
    history,
    ...(name === undefined ? {} : { visitor: { name } }),
    ...(opened?.type === 'conversation.opened' && opened.page !== undefined ? { page: opened.page } : {}),
    canHandOff,
    now: clock.now(),
  });
  return {
    ...prompt,
    passages,
    assistantName: assistant?.name ?? 'Assistant',
    ...(assistant === undefined || assistant.model === '' ? {} : { model: assistant.model }),
    canHandOff,
  };
};
