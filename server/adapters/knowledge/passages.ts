// An article cut into passages that can stand alone: the heading stays with what is under it.
import type { Article } from '../../ports/documents.ts';

export interface ArticlePassage {
  heading: string;
  /** Markdown: the heading as `## …` where there is one, an empty line, the text. */
  text: string;
  /** 0 for the first passage of the article. */
  position: number;
}

/** Characters. Neighbours under one heading are joined up to `usual` (what is below `least` always), longer blocks split. */
const size = { least: 120, usual: 520, most: 900 };

interface Section {
  heading: string;
  blocks: string[];
}

const sectionsOf = (markdown: string): Section[] => {
  const sections: Section[] = [{ heading: '', blocks: [] }];
  let block: string[] = [];
  let isFenced = false;
  const endBlock = (): void => {
    const text = block.join('\n').trimEnd();
    if (text.trim() !== '') sections.at(-1)?.blocks.push(text);
    block = [];
  };
  for (const line of markdown.split(/\r\n?|\n/)) {
    if (/^\s*(?:```|~~~)/.test(line)) isFenced = !isFenced;
    const heading = isFenced ? null : /^#{1,6}\s+(.*?)\s*#*\s*$/.exec(line);
    if (heading !== null) {
      endBlock();
      sections.push({ heading: heading[1] ?? '', blocks: [] });
    } else if (line.trim() === '' && !isFenced) endBlock();
    else block.push(line);
  }
  endBlock();
  return sections.filter((section) => section.blocks.length > 0);
};

/** A block that is too long, by lines (lists, tables), else by sentences, else by force. */
const piecesOf = (block: string): string[] => {
  if (block.length <= size.most) return [block];
  const parts = block.includes('\n')
    ? block.split('\n').map((line) => `${line}\n`)
    : (block.match(/[^.!?。！？؟]+(?:[.!?。！？؟]+\s*|$)/gu) ?? [block]);
  const pieces: string[] = [];
  let piece = '';
  for (const part of parts) {
    if (piece !== '' && piece.length + part.length > size.most) {
      pieces.push(piece);
      piece = '';
    }
    if (part.length > size.most) {
      for (let at = 0; at < part.length; at += size.most) pieces.push(part.slice(at, at + size.most).toWellFormed());
    } else piece += part;
  }
  if (piece !== '') pieces.push(piece);
  return pieces.map((text) => text.trimEnd()).filter((text) => text.trim() !== '');
};

const gather = (section: Section): string[] => {
  const texts: string[] = [];
  let open = '';
  for (const piece of section.blocks.flatMap((block) => piecesOf(block))) {
    const joined = open === '' ? piece : `${open}\n\n${piece}`;
    const isFull = joined.length > size.usual && open.length >= size.least && piece.length >= size.least;
    // What ends in a colon introduces the list that follows.
    if (open !== '' && (joined.length > size.most || (isFull && !open.endsWith(':')))) {
      texts.push(open);
      open = piece;
    } else open = joined;
  }
  if (open !== '') texts.push(open);
  return texts;
};

/** The passages of an article in their order; an article without text gives none. */
export const passagesOf = (article: Pick<Article, 'text'>): ArticlePassage[] => {
  const passages = sectionsOf(article.text).flatMap((section) =>
    gather(section).map((body) => ({
      heading: section.heading,
      text: section.heading === '' ? body : `## ${section.heading}\n\n${body}`,
    })),
  );
  return passages.map((passage, position) => Object.assign(passage, { position }));
};
