// A file of text as an article: its first heading, or its name, is the title.

export interface ArticleDraft {
  title: string;
  text: string;
}

const most = 200_000;

/** The title that a markdown text gives itself, or null. */
const headingOf = (text: string): string | null => /^#{1,2}\s+(.+?)\s*#*\s*$/m.exec(text.slice(0, 4000))?.[1] ?? null;

/** @throws RangeError with a sentence for the person: not text, empty, too long */
export const articleOf = (name: string, text: string): ArticleDraft => {
  if (text.includes('\u0000')) throw new RangeError('This is not a text file.');
  if (text.trim() === '') throw new RangeError('This file is empty.');
  if (text.length > most) throw new RangeError(`Longer than ${most.toLocaleString()} characters. Split it.`);
  const title = headingOf(text) ?? name.replace(/\.\w+$/, '').replace(/[-_]+/g, ' ');
  return { title: (title.trim() || 'Untitled').slice(0, 200), text };
};

export const articleFrom = async (file: File): Promise<ArticleDraft> => {
  // Four bytes a character at most: what is larger need not be read.
  if (file.size > most * 4) throw new RangeError(`Longer than ${most.toLocaleString()} characters. Split it.`);
  return articleOf(file.name, (await file.text()).replace(/^\uFEFF/, ''));
};
