// The knowledge of the demo organisation: one markdown file an article, with a title and perhaps an address above it.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface SeedArticle {
  /** The file's name without `.md`. */
  slug: string;
  title: string;
  /** Relative to the installation (`/demo#prices`). */
  url?: string;
  /** Markdown without the front matter. */
  text: string;
}

const parseArticle = (slug: string, file: string): SeedArticle => {
  const match = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(file);
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:[ \\t]*(.+?)[ \\t]*$`, 'm').exec(match?.[1] ?? '')?.[1];
  const title = field('title');
  if (match === null || title === undefined) throw new Error(`${slug}.md needs front matter with a title`);
  const url = field('url');
  return { slug, title, text: (match[2] ?? '').trim(), ...(url === undefined ? {} : { url }) };
};

/**
 * All articles of a directory (that of this repository is `server/seed/articles`), in the order of their slugs. The
 * caller names the directory because a built server does not stand where this file does.
 * @throws where the directory cannot be read or an article has no title
 */
export const readSeedArticles = (directory: string): SeedArticle[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => parseArticle(name.slice(0, -'.md'.length), readFileSync(join(directory, name), 'utf8')));
