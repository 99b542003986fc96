// What a message wants, out of a closed list, by words of six languages. Pure: the same text gives the same answer.
import { smallTalkOf } from '../../shared/small-talk.ts';
import type { SmallTalk } from '../../shared/small-talk.ts';
import { intentWords } from './intent-words.ts';

type Wish = keyof typeof intentWords;

const wishes = Object.keys(intentWords) as Wish[];

/** The closed list, as contract 003 tells it. */
export const intents = [
  ...wishes,
  'human_request',
  'bot_question',
  'greeting',
  'thanks',
  'goodbye',
  'acknowledgement',
  'unknown',
] as const;
export type Intent = (typeof intents)[number];

export interface Classified {
  intent: Intent;
  /** 0 to 1 in hundredths: how strong the evidence is, less what speaks for another intent. 0 where there is none. */
  confidence: number;
}

const letters = '[\\p{L}\\p{N}]';
/** Scripts whose words take articles and particles without a space, or have no spaces at all. */
const isUnspaced = /[\p{sc=Han}\p{sc=Arabic}]/u;

const bodyOf = (word: string): string => word.replaceAll('*', `${letters}*`);
const spaced = (bodies: string): RegExp => new RegExp(`(?<!${letters})(?:${bodies})(?!${letters})`, 'iu');

/** Words of one kind: one look tells whether any is there, and only then which, because most messages hold none. */
interface Words {
  any: RegExp[];
  /** Each a pattern of its own, so that two different words count as two pieces of evidence. */
  each: RegExp[];
}

const wordsOf = (languages: Record<string, string>): Words => {
  const all = Object.values(languages).flatMap((alternatives) => alternatives.split(/\|(?![^(]*\))/));
  const free = all.filter((word) => isUnspaced.test(word)).map(bodyOf);
  const bound = all.filter((word) => !isUnspaced.test(word)).map(bodyOf);
  return {
    any: [spaced(bound.join('|')), new RegExp(free.join('|'), 'iu')],
    each: [...bound.map(spaced), ...free.map((body) => new RegExp(body, 'iu'))],
  };
};

const compiled: { wish: Wish; strong: Words; weak: Words }[] = wishes.map((wish) => ({
  wish,
  strong: wordsOf(intentWords[wish].strong),
  weak: wordsOf(intentWords[wish].weak),
}));

/** What one piece of evidence is worth; pieces add up as independent ones do: 1 − ∏(1 − w). */
const weight = { strong: 0.78, weak: 0.4, whole: 0.95, person: 0.93 } as const;
/** A question about the wish, rather than its mention in passing. */
const questionWeight = 0.25;
/** How much of the runner-up's evidence is held against the best. */
const doubt = 0.25;
const mostWords = 1000;

/** What is done to a thing outweighs its name: "cancel my booking" wishes for no booking, "where is my booking" neither. */
const outweighs: { clear: Wish; things: readonly Wish[] }[] = [
  { clear: 'order_status', things: ['booking_request'] },
  { clear: 'cancellation_request', things: ['booking_request', 'order_status'] },
];
/** What is left of the thing's evidence. */
const namedOnly = 0.5;

const asks =
  /[?？؟]|^\W*(?:what|how|which|when|where|who|can|could|do|does|is|are|was|wie|was|welche|wann|wo|kann|können|gibt|quel|quelle|quels|quelles|comment|est-ce|pouvez|qué|cuál|cuáles|cómo|puedo|pueden|hay|ما|هل|كم|كيف)(?![\p{L}])/iu;

const talk: Partial<Record<SmallTalk, { intent: Intent; weight: number }>> = {
  person: { intent: 'human_request', weight: weight.person },
  bot: { intent: 'bot_question', weight: weight.person },
  greet: { intent: 'greeting', weight: weight.whole },
  thanks: { intent: 'thanks', weight: weight.whole },
  bye: { intent: 'goodbye', weight: weight.whole },
  acknowledge: { intent: 'acknowledgement', weight: weight.whole },
  yes: { intent: 'acknowledgement', weight: weight.whole },
  no: { intent: 'acknowledgement', weight: weight.whole },
};

/** Occurrences of words that another match covers already ("price" in "price list") are one piece of evidence. */
const distinct = (text: string, { any, each }: Words): string[] => {
  if (!any.some((pattern) => pattern.test(text))) return [];
  const found = new Set<string>();
  for (const pattern of each) {
    const match = pattern.exec(text);
    if (match !== null) found.add(match[0].toLowerCase());
  }
  return [...found].filter((word) => ![...found].some((other) => other !== word && other.includes(word)));
};

const evidence = (text: string, strong: Words, weak: Words, isQuestion: boolean): number => {
  const clear = distinct(text, strong);
  const leaning = distinct(text, weak).filter((word) => !clear.some((other) => other.includes(word)));
  if (clear.length + leaning.length === 0) return 0;
  const against =
    (1 - weight.strong) ** clear.length * (1 - weight.weak) ** leaning.length * (isQuestion ? 1 - questionWeight : 1);
  return 1 - against;
};

/**
 * The intent of a visitor's message. `hasOffer`: the assistant's last message ended by offering a person, so that "yes"
 * asks for one.
 */
export const classifyIntent = (text: string, { hasOffer = false }: { hasOffer?: boolean } = {}): Classified => {
  const words = text.normalize('NFC').replaceAll(/\s+/g, ' ').trim().slice(0, mostWords);
  const isQuestion = asks.test(words);
  const found: { intent: Intent; weight: number }[] = compiled
    .map(({ wish, strong, weak }) => ({ intent: wish, weight: evidence(words, strong, weak, isQuestion) }))
    .filter((candidate) => candidate.weight > 0);
  for (const { clear, things } of outweighs) {
    if ((found.find(({ intent }) => intent === clear)?.weight ?? 0) < weight.strong) continue;
    for (const candidate of found)
      if (things.some((thing) => thing === candidate.intent)) candidate.weight *= namedOnly;
  }
  const said = smallTalkOf(words, hasOffer);
  const small = said === 'yes' && hasOffer ? ({ intent: 'human_request', weight: weight.person } as const) : talk[said];
  // "Not a person, please" is no acknowledgement where something else is asked for in the same breath.
  if (small !== undefined && (found.length === 0 || said !== 'no')) found.push(small);
  // Of equals the first of the list is meant: sorting keeps their order.
  const [best, next] = found.toSorted((a, b) => b.weight - a.weight);
  if (best === undefined) return { intent: 'unknown', confidence: 0 };
  const confidence = best.weight * (1 - doubt * (next?.weight ?? 0));
  return { intent: best.intent, confidence: Math.round(confidence * 100) / 100 };
};
