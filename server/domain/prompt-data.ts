// Text of others inside the delimiters of a prompt: it can neither end them nor begin new ones, however it spells them.

const tags = ['knowledge', 'passage', 'visit', 'name', 'page', 'title', 'url', 'instructions'];

/** Signs that a reader may take for `<`, beside those that Unicode itself calls a form of it. */
const brackets = '<‹«〈⟨〈《❬❮❰⧼⦑⪡≪⋖˂ᐸ\u227A\u276C\uFE3D\uFE3F';
const slashes = '/\\⁄∕⧸⧹╱╲⟋⟍';
/** Letters of other scripts that look like those of our tags. */
const lookalikes: Record<string, string> = Object.fromEntries(
  (
    [
      ['a', 'аαɑ'],
      ['c', 'сϲᴄ'],
      ['d', 'ԁɗ'],
      ['e', 'еєεҽ'],
      ['g', 'ɡցԍ'],
      ['i', 'іιıɪ'],
      ['k', 'кκᴋ'],
      ['l', 'ӏ|ǀ'],
      ['m', 'мᴍ'],
      ['n', 'пηոɴ'],
      ['o', 'оοσօ'],
      ['p', 'рρ'],
      ['r', 'гᴦ'],
      ['s', 'ѕꜱ'],
      ['t', 'тτᴛ'],
      ['u', 'υսᴜ'],
      ['v', 'νѵᴠ'],
      ['w', 'ԝωᴡш'],
    ] as const
  ).flatMap(([letter, others]) => Array.from(others, (other) => [other, letter])),
);

/** Marks, and what nobody sees: joiners, directions, fillers, variation selectors, tags, control characters but white space. */
const unseen = /[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]|(?!\s)\p{Cc}/u;

/** What a reader makes of one character: plain lower case letters and signs; '' of what is not seen. */
const foldedOf = (character: string): string => {
  if (/^[\u0020-\u007E]$/.test(character)) return character === '\\' ? '/' : character.toLowerCase();
  let folded = '';
  for (const part of character.normalize('NFKD').toLowerCase()) {
    if (unseen.test(part)) continue;
    if (brackets.includes(part)) folded += '<';
    else if (slashes.includes(part)) folded += '/';
    else folded += lookalikes[part] ?? part;
  }
  return folded;
};

/** Ways to write `<` that a model reads as one: as it is, for HTML, in an address, in a program. */
const opening = String.raw`(?:<|&(?:lt|#0*60|#x0*3c);?|%3c|/u003c|/x3c|/u\{3c\})`;
const between = String.raw`[\s/!?.,:;_*#~"'\x60-]*`;
/** One of our tags behind an opening bracket, its letters as far apart as somebody likes. */
const delimiter = new RegExp(
  `${opening}(?=${between}(?:${tags.map((tag) => Array.from(tag).join(String.raw`\s*`)).join('|')})(?![a-z0-9]))`,
  'g',
);

/** What every opening begins with, in all its forms: most texts hold none of them, and are taken as they are. */
const mayOpen = new RegExp(
  `[${brackets}\\uFF1C\\uFE64\\u226E\\u2329&\\uFF06\\uFE60%\\uFF05\\uFE6A\\\\\\uFF3C\\uFE68]`,
  'u',
);

/** The text with every bracket that would open one of our delimiters made a `[`; all else stays as it was written. */
export const asData = (text: string): string => {
  if (!mayOpen.test(text)) return text;
  let folded = '';
  /** For each unit of the folded text where its character stands in the text. */
  const places: number[] = [];
  let at = 0;
  for (const character of text) {
    const signs = foldedOf(character);
    folded += signs;
    for (let n = 0; n < signs.length; n += 1) places.push(at);
    at += character.length;
  }
  places.push(text.length);
  let data = '';
  let from = 0;
  for (const { index, 0: found } of folded.matchAll(delimiter)) {
    const [begin = from, end = text.length] = [places[index], places[index + found.length]];
    // One character may have been read as several signs, of which a bracket is one.
    if (begin < from) continue;
    data += `${text.slice(from, begin)}[`;
    from = Math.max(end, begin + 1);
  }
  return data + text.slice(from);
};

/** As `asData`, on one line of at most `max` characters. */
export const asLine = (text: string, max: number): string =>
  asData(text.replaceAll(/\s+/g, ' ').trim().slice(0, max).toWellFormed());
