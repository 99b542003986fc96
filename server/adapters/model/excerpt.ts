// The part of a passage that answers a question: whole blocks of markdown where they are short, else the sentences that fit.
import type { Passage } from '../../ports/model.ts';

/** Characters: a passage up to `whole` is given as it is; of a longer one about `part`; of all passages together at most `most`. */
const size = { whole: 520, part: 420, most: 3200 } as const;

const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });
const wordRun = /[\p{L}\p{N}]+/gu;
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u;

/** Beginnings of words, so that "cancel" meets "cancellation"; pairs of characters where words have no spaces. */
const stemsOf = (text: string): Set<string> => {
  const stems = new Set<string>();
  for (const [run] of text.normalize('NFKC').toLowerCase().matchAll(wordRun)) {
    if (unspaced.test(run)) for (let at = 0; at + 1 < run.length; at++) stems.add(run.slice(at, at + 2));
    else if (run.length > 3 || /\d/.test(run)) stems.add(run.slice(0, 5));
    else if (run.length === 3) stems.add(run);
  }
  return stems;
};

const overlap = (text: string, wanted: ReadonlySet<string>): number => {
  let met = 0;
  for (const stem of stemsOf(text)) if (wanted.has(stem)) met += 1;
  return met;
};

/** The heading that `knowledge` puts before a passage, as bold text: an answer has no headings. */
export const partsOf = (text: string): { heading: string; body: string } => {
  const match = /^#{1,6}\s+(.+?)\s*\n+([\s\S]*)$/.exec(text);
  return match === null
    ? { heading: '', body: text.trim() }
    : { heading: match[1] ?? '', body: (match[2] ?? '').trim() };
};

/** Units that must not be torn: list items and table rows by line, prose by sentence. `glue` stands before each. */
const unitsOf = (body: string): { text: string; glue: string; isStructure: boolean }[] =>
  body.split(/\n{2,}/).flatMap((block, blockAt) => {
    const between = blockAt === 0 ? '' : '\n\n';
    const isStructure = /^\s*(?:[-*+]\s|\d+[.)]\s|\||>)/m.test(block);
    const parts = isStructure
      ? block.split('\n')
      : Array.from(sentences.segment(block.replaceAll('\n', ' ')), (part) => part.segment.trim());
    return parts
      .filter((text) => text !== '')
      .map((text, at) => ({ text, glue: at === 0 ? between : isStructure ? '\n' : ' ', isStructure }));
  });

/** About `size.part` characters of a long passage around what the question names, in the passage's own order. */
const select = (body: string, question: string): string => {
  const wanted = stemsOf(question);
  const units = unitsOf(body);
  const ranked = units
    .map((unit, at) => ({ at, met: overlap(unit.text, wanted), length: unit.text.length }))
    .sort((a, b) => b.met - a.met || a.at - b.at);
  const chosen = new Set<number>();
  let length = 0;
  for (const { at, met, length: own } of ranked) {
    if (length > 0 && (length + own > size.part || (met === 0 && length > size.part / 2))) continue;
    chosen.add(at);
    length += own;
    // What introduces a list, or heads a table, makes no sense to leave out.
    if (units[at]?.isStructure === true) {
      const first = units.findLastIndex((unit, before) => before < at && !unit.isStructure);
      if (first !== -1 && units[first]?.text.endsWith(':') === true) chosen.add(first);
    }
  }
  let text = '';
  let last = -1;
  for (const [at, unit] of units.entries()) {
    if (!chosen.has(at)) continue;
    const glue =
      text === ''
        ? ''
        : unit.isStructure && units[last]?.isStructure === false && unit.glue === '\n'
          ? '\n\n'
          : unit.glue;
    text += (glue === '' && text !== '' ? ' ' : glue) + unit.text;
    last = at;
  }
  return text;
};

/** Markdown that answers a single question from one passage. */
export const excerptOf = (passage: Passage, question: string): string => {
  const { heading, body } = partsOf(passage.text);
  const text = body.length <= size.whole ? body : select(body, question);
  // A list alone does not say what it lists.
  return heading !== '' && /^(?:[-*+]\s|\d+[.)]\s|\|)/.test(text) ? `**${heading}**\n\n${text}` : text;
};

/** Markdown with all that the passages hold, in the order of their article, headings kept in bold. */
export const joinPassages = (passages: readonly Passage[]): string => {
  const parts: string[] = [];
  let length = 0;
  for (const passage of passages.toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))) {
    const { heading, body } = partsOf(passage.text);
    const title = heading === '' || parts.some((part) => part.startsWith(`**${heading}**`)) ? '' : `**${heading}**\n\n`;
    if (length > 0 && length + body.length > size.most) break;
    parts.push(title + body);
    length += body.length;
  }
  return parts.join('\n\n');
};
