// Cuts a growing text into finished sentences, each given once: what a screen reader hears of a streaming answer.
export interface Sentences {
  /** The sentences that are finished now and were not given before; with `isFinal` the rest too. */
  take(text: string, isFinal: boolean): string[];
}

const segments = (text: string, locale: string): string[] => {
  if (typeof Intl.Segmenter !== 'function') return text.match(/[^.!?。！？\n]+[.!?。！？\n]*\s*/g) ?? [];
  return Array.from(new Intl.Segmenter(locale, { granularity: 'sentence' }).segment(text), (part) => part.segment);
};

export const createSentences = (locale: string): Sentences => {
  let given = 0;
  return {
    take(text, isFinal) {
      const rest = text.slice(given);
      const parts = segments(rest, locale);
      // The last one may go on: "e.g." is an end only until the next word.
      if (!isFinal) parts.pop();
      given += parts.join('').length;
      return parts.map(plainOf).filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
    },
  };
};

/** What a screen reader should hear of a text: the words without the mark-up. */
export const plainOf = (markdown: string): string =>
  markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\s{0,3}(?:#{1,6}|>|[-*+]|```\w*)\s?/gm, '')
    .replace(/(\*\*|__|~~|`)/g, '')
    .replace(/\s+/g, ' ')
    .trim();
