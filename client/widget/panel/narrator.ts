// Decides what is worth saying aloud, and hands it to the announcer.
import { effect } from './signals.ts';
import type { VisibleFact } from '../../../shared/facts.ts';
import type { Announcer } from './announcer.ts';
import { fill } from './i18n/words.ts';
import type { PanelModel } from './model.ts';
import { createSentences } from './sentences.ts';
import type { Sentences } from './sentences.ts';
import { firstName } from './situation.ts';

/** Follows the model until the returned undo. */
export const narrate = (model: PanelModel, announcer: Announcer): (() => void) => {
  let spoken: { replyId: string; sentences: Sentences; isNamed: boolean } | null = null;
  let holder = model.state.peek()?.control.agentName ?? null;
  const failed = new Set<string>();

  const speak = (name: string, sentences: string[], isNamed: boolean): void =>
    sentences.forEach((sentence, index) => announcer.say(index === 0 && !isNamed ? `${name}: ${sentence}` : sentence));

  const onReply = (): void => {
    const reply = model.reply.value;
    if (reply === null) return;
    if (spoken?.replyId !== reply.replyId)
      spoken = { replyId: reply.replyId, sentences: createSentences(model.locale.peek()), isNamed: false };
    const ready = spoken.sentences.take(reply.text, false);
    if (ready.length === 0) return;
    speak(model.widget.peek().assistantName || model.words.peek().aiName, ready, spoken.isNamed);
    spoken.isNamed = true;
  };

  const onFact = (fact: VisibleFact, how: 'live' | 'loaded'): void => {
    const words = model.words.peek();
    if (fact.type === 'control.changed') {
      const joined = fact.agentName !== null && fact.agentName !== holder;
      if (joined && how === 'live')
        announcer.interrupt(fill(words.joined, { name: firstName(fact.agentName ?? '') || words.someone }));
      holder = fact.agentName;
      return;
    }
    if (how === 'loaded' || fact.type !== 'message.created' || fact.author.kind === 'visitor') return;
    const mine = spoken?.replyId === fact.messageId ? spoken : null;
    // What was cut is not read on: the next thing said is who came.
    if (fact.status === 'interrupted') return;
    const sentences = mine?.sentences ?? createSentences(model.locale.peek());
    const name =
      fact.author.kind === 'ai' ? fact.author.name || words.aiName : firstName(fact.author.name ?? '') || words.team;
    speak(name, sentences.take(fact.text, true), mine?.isNamed ?? false);
  };

  const undo = [
    effect(onReply),
    model.client.onFact(onFact),
    effect(() => {
      for (const { clientId, status } of model.outbox.value) {
        if (status !== 'failed') failed.delete(clientId);
        else if (!failed.has(clientId)) {
          failed.add(clientId);
          announcer.alert(model.words.peek().failedAnnounce);
        }
      }
    }),
    effect(() => {
      const words = model.words.peek();
      const notice = model.notice.value;
      if (notice === 'person') announcer.say(words.waitingPerson);
      else if (notice === 'approval') announcer.say(words.waitingApproval);
      else if (notice === 'failed') announcer.say(words.waitingFailed);
    }),
  ];
  return () => undo.forEach((stop) => stop());
};
