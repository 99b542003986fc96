// The answerer that needs no key: retrieval over the assistant's knowledge, honest about what it is and does not know.
import { setTimeout as wait } from 'node:timers/promises';
import type { Action, Source } from '../../../shared/facts.ts';
import { chipWords, languageOf } from '../../../shared/language.ts';
import type { Language } from '../../../shared/language.ts';
import { asksForHelp, smallTalkOf, wantsEverything } from '../../../shared/small-talk.ts';
import { clip } from '../../../shared/text.ts';
import { systemClock } from '../../ports/clock.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Model, ModelEvent, ModelRequest, Passage } from '../../ports/model.ts';
import { excerptOf, joinPassages } from './excerpt.ts';
import { offersPerson, phrases } from './phrases.ts';
import type { Phrases } from './phrases.ts';

/** The score below which a passage does not answer the question (`Knowledge` says what a score is). */
const answersFrom = 0.45;
/** A passage of the same article that is nearly as good belongs to the answer. */
const nearly = 0.93;
/** Another article is offered where its best passage is this close to the one that answered. */
const related = { least: 0.3, share: 0.7 } as const;

/** What will be said, before it is paced. */
interface Draft {
  text: string;
  sources?: Source[];
  actions?: Action[];
  handOff?: string;
}

const sourcesOf = (passages: readonly Passage[]): Source[] => {
  const sources = new Map<string, Source>();
  for (const { articleId, title, url } of passages) {
    sources.set(articleId, url === undefined ? { title } : { title, url });
  }
  return [...sources.values()];
};

const personChip = (language: Language, canHandOff: boolean): Action[] =>
  canHandOff ? [{ label: chipWords[language].person, action: 'handoff' }] : [];

/** Other articles that touch the question, as questions of their own. */
const relatedChips = (passages: readonly Passage[], used: readonly Passage[]): Action[] => {
  const seen = new Set(used.map((passage) => passage.articleId));
  const least = Math.max(related.least, (used[0]?.score ?? 0) * related.share);
  const chips: Action[] = [];
  for (const { articleId, title, score } of passages) {
    if (seen.has(articleId) || score < least) continue;
    seen.add(articleId);
    chips.push({ label: clip(title, 60), action: 'message' });
  }
  return chips;
};

const answerOf = (request: ModelRequest, question: string, language: Language): Draft => {
  const say: Phrases = phrases[language];
  const top = request.passages[0];
  if (top === undefined || top.score < answersFrom) {
    if (asksForHelp(question)) return { text: say.help, actions: personChip(language, request.canHandOff) };
    const text = `${say.unknown} ${request.canHandOff ? say.offer : say.rephrase}`;
    const others = relatedChips(request.passages, []).slice(0, request.canHandOff ? 1 : 2);
    return { text, actions: [...personChip(language, request.canHandOff), ...others] };
  }
  const ofArticle = request.passages.filter((passage) => passage.articleId === top.articleId);
  const isBroad = wantsEverything(question);
  const used = isBroad ? ofArticle : ofArticle.filter((passage) => passage.score >= top.score * nearly).slice(0, 2);
  const text = isBroad
    ? joinPassages(used)
    : used
        .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))
        .map((passage) => excerptOf(passage, question))
        .join('\n\n');
  // The less the passage covers of the question, the likelier that a person is needed.
  const person = top.score < 0.6 ? personChip(language, request.canHandOff) : [];
  const others = relatedChips(request.passages, used).slice(0, 2 - person.length);
  return { text, sources: sourcesOf(used), actions: [...others, ...person] };
};

const draftOf = (request: ModelRequest): Draft => {
  const question = request.messages.findLast((message) => message.role === 'user')?.text ?? '';
  const before = request.messages.findLast((message) => message.role === 'assistant')?.text ?? '';
  const offered = offersPerson(before);
  // "ok" is no language of its own: the conversation's is meant.
  const short = question.trim().length < 12 && /^[\p{sc=Latin}\s\p{P}]*$/u.test(question);
  const told = short ? request.messages.map((message) => message.text).join('\n') : question;
  const language = languageOf(told);
  const say = phrases[language];
  const name = request.assistantName.trim() || 'Tiller';
  switch (smallTalkOf(question, offered)) {
    case 'greet':
      return { text: say.greet(name) };
    case 'thanks':
      return { text: say.thanks };
    case 'bye':
      return { text: say.bye };
    case 'acknowledge':
      return { text: say.acknowledge };
    case 'no':
      return { text: say.declined };
    case 'bot':
      return request.canHandOff
        ? { text: `${say.bot(name)} ${say.botHandOff}`, actions: personChip(language, true) }
        : { text: say.bot(name) };
    case 'yes':
    case 'person':
      return request.canHandOff
        ? { text: say.handOff, handOff: 'The visitor asked for a person' }
        : { text: say.nobody };
    case 'question':
      return answerOf(request, question, language);
  }
};

/** Words with the white space after them; a few characters at a time where words have no spaces. */
const wordsOf = (text: string): string[] =>
  text.match(
    /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]{1,2}\p{P}?\s*|(?:(?![\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}])\S)+\s*|\s+/gu,
  ) ?? (text === '' ? [] : [text]);

/** Text at a pace: the n-th word is due n intervals after the first, so that slow timers do not slow it down. */
async function* pace(text: string, wordsPerSecond: number, clock: Clock, signal: AbortSignal): AsyncGenerator<string> {
  if (wordsPerSecond <= 0) {
    yield text;
    return;
  }
  const words = wordsOf(text);
  const interval = 1000 / wordsPerSecond;
  const start = clock.monotonic();
  let said = 0;
  while (said < words.length) {
    const due = Math.min(words.length, Math.floor((clock.monotonic() - start) / interval) + 1);
    if (due > said) {
      yield words.slice(said, due).join('');
      said = due;
    } else await wait(start + said * interval - clock.monotonic(), undefined, { signal });
    if (signal.aborted) return;
  }
}

/**
 * Answers from `request.passages` alone. `wordsPerSecond` is the pace of the stream, 0 gives the whole text at once.
 * Promises of `Model`; it throws nothing but what the clock throws.
 */
export const createBuiltinModel = ({
  wordsPerSecond,
  clock = systemClock,
}: {
  wordsPerSecond: number;
  clock?: Clock;
}): Model => ({
  name: 'builtin',
  async *stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    if (signal.aborted) return;
    const draft = draftOf(request);
    try {
      for await (const text of pace(draft.text, wordsPerSecond, clock, signal)) yield { type: 'text', text };
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (signal.aborted) return;
    if (draft.sources !== undefined && draft.sources.length > 0) yield { type: 'sources', sources: draft.sources };
    if (draft.actions !== undefined && draft.actions.length > 0) yield { type: 'actions', actions: draft.actions };
    if (draft.handOff !== undefined) yield { type: 'handoff', reason: draft.handOff };
    yield { type: 'usage', model: 'builtin' };
  },
});
