// The examples of the four documents, kept as files: nothing of an example is typed into a test.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A field of a request as its document describes it. */
export interface Field {
  name: string;
  type: string;
  isRequired: boolean;
  default?: string | boolean;
  options?: string[];
}

/** One request and its answer. `{"...": "..."}` stands for any object, `"..."` for any timestamp. */
export interface RestFixture {
  /** The document's file name. */
  document: string;
  method: string;
  path: string;
  /** The line as printed, where the document prints one. */
  curl?: string;
  /** The credential's header, where the document names it apart. */
  headers?: Record<string, string>;
  request?: unknown;
  response: unknown;
  /** The answer's field that the document shows apart, and that `response` is about. */
  part?: string;
  fields?: Field[];
}

/** Code to paste into a page. */
export interface EmbedFixture {
  document: string;
  code: string;
}

export type Fixture = RestFixture | EmbedFixture;

/** A fixture as stored; the documents do not name statuses. */
export type Stored = { name: string } & (EmbedFixture | (RestFixture & { status: number }));

const folder = join(import.meta.dirname, 'fixtures');

/** What the fixtures must be, by document; kept apart so that a lost file is noticed. */
export const fixtureIndex = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Record<string, string[]>;

export const storedFixtures: Stored[] = readdirSync(folder)
  .filter((file) => file !== 'index.json')
  .toSorted()
  .map((file) => ({
    ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Stored),
    name: file.replace('.json', ''),
  }));

export const restFixtures = storedFixtures.filter((fixture) => 'method' in fixture);
export const embedFixtures = storedFixtures.filter((fixture) => 'code' in fixture);
