// What became of a visitor's message, read from the facts that follow it: for callers who wait for one answer.
import type { ConversationState } from '../../shared/conversation.ts';
import type { Fact, FactOf } from '../../shared/facts.ts';
import type { Language } from '../../shared/language.ts';

type Message = FactOf<'message.created'>;

/** Who a message is with: the AI, a person who holds the conversation, or the queue of those who wait for one. */
export type HandledBy = 'ai' | 'human' | 'queue';

export type Outcome =
  /** The AI's whole answer. */
  | { kind: 'answered'; message: Message }
  /** What the AI had said when it was cut; `handledBy` says who has it now. */
  | { kind: 'cut'; message: Message; handledBy: HandledBy }
  /** Nobody will answer within the call. `said`: what the visitor was told instead, where somebody told it. */
  | { kind: 'waiting'; why: 'person' | 'queue' | 'approval' | 'closed'; said: Message | undefined }
  /** Stopped by the visitor before a word. */
  | { kind: 'stopped' };

export const handledBy = ({ control }: ConversationState): HandledBy => {
  if (control.agentId !== null) return 'human';
  return control.waiting !== null || !control.isAutopilot ? 'queue' : 'ai';
};

const isMessage = (fact: Fact): fact is Message => fact.type === 'message.created';

/**
 * The outcome of the message at `seq`, or undefined while an answer is still to come. A newer message of the visitor
 * replans the answer: both get that one.
 * @param facts of the log after `seq`, in their order, up to `state.head`
 */
export const outcomeOf = (seq: number, facts: readonly Fact[], state: ConversationState): Outcome | undefined => {
  const messages = facts.filter(isMessage).filter((message) => message.seq > seq);
  const byAi = messages.filter(({ author, answers }) => author.kind === 'ai' && (answers ?? 0) >= seq);
  const whole = byAi.find(({ status }) => status === 'complete');
  // A person may have approved it: then it is what the visitor asked for all the same.
  if (whole !== undefined) return { kind: 'answered', message: whole };
  const cut = byAi.findLast(({ status, cut: why }) => status === 'interrupted' && why !== 'message');
  if (cut !== undefined) return { kind: 'cut', message: cut, handledBy: handledBy(state) };
  const said = messages.find(({ author }) => author.kind === 'agent' || author.kind === 'system');
  if (state.status === 'closed') return { kind: 'waiting', why: 'closed', said };
  const { agentId, waiting, isAutopilot } = state.control;
  if (agentId !== null) return { kind: 'waiting', why: 'person', said };
  if (waiting !== null) return { kind: 'waiting', why: 'queue', said };
  if (!isAutopilot) return { kind: 'waiting', why: 'approval', said };
  return state.unanswered === null ? { kind: 'stopped' } : undefined;
};

type WaitingWords = Record<'person' | 'queue' | 'approval' | 'closed' | 'pending', string>;

/** What a caller who waits in vain is told, in the language of the message. `{name}`: the person who has it. */
export const waitingWords: Record<Language, WaitingWords> = {
  en: {
    person: '{name} is in this conversation and will answer here.',
    queue: 'Your message has arrived. A person will answer here; you can keep writing.',
    approval: 'A person checks answers before sending. Yours will appear here.',
    closed: 'This conversation has ended.',
    pending: 'The answer takes a little longer. It will appear here.',
  },
  de: {
    person: '{name} ist in diesem Gespräch und antwortet hier.',
    queue: 'Ihre Nachricht ist angekommen. Ein Mensch antwortet hier; Sie können weiterschreiben.',
    approval: 'Ein Mensch prüft Antworten vor dem Senden. Ihre erscheint hier.',
    closed: 'Dieses Gespräch ist beendet.',
    pending: 'Die Antwort dauert etwas länger. Sie erscheint hier.',
  },
  fr: {
    person: '{name} suit cette conversation et vous répondra ici.',
    queue: 'Votre message est bien arrivé. Une personne répondra ici ; vous pouvez continuer à écrire.',
    approval: 'Une personne vérifie les réponses avant l’envoi. La vôtre apparaîtra ici.',
    closed: 'Cette conversation est terminée.',
    pending: 'La réponse prend un peu plus de temps. Elle apparaîtra ici.',
  },
  es: {
    person: '{name} está en esta conversación y responderá aquí.',
    queue: 'Su mensaje ha llegado. Una persona responderá aquí; puede seguir escribiendo.',
    approval: 'Una persona revisa las respuestas antes de enviarlas. La suya aparecerá aquí.',
    closed: 'Esta conversación ha terminado.',
    pending: 'La respuesta tarda un poco más. Aparecerá aquí.',
  },
  ar: {
    person: '{name} في هذه المحادثة وسيجيب هنا.',
    queue: 'وصلت رسالتك. سيجيب شخص هنا، ويمكنك متابعة الكتابة.',
    approval: 'يراجع شخص الإجابات قبل إرسالها. ستظهر إجابتك هنا.',
    closed: 'انتهت هذه المحادثة.',
    pending: 'تستغرق الإجابة وقتًا أطول قليلًا. ستظهر هنا.',
  },
  zh: {
    person: '{name}正在此对话中，会在这里回复。',
    queue: '您的消息已收到。工作人员会在这里回复，您可以继续留言。',
    approval: '回复在发送前会由工作人员确认，稍后会显示在这里。',
    closed: '此对话已结束。',
    pending: '回复需要稍长时间，稍后会显示在这里。',
  },
};
