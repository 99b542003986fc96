// Full-text search over the log, kept in a file of its own that is derived from the commits and catches up by itself.
import type { Fact } from '../../../shared/facts.ts';
import type { InboxRow } from '../../../shared/inbox.ts';
import type { SearchHit } from '../../ports/store.ts';
import { excerptOf, gramsOf, holds, nameText, namesVisitor, searchedText, wantedOf } from './search-text.ts';
import type { Wanted } from './search-text.ts';
import { SPAM } from './sqlite-rows.ts';
import type { Rows } from './sqlite-rows.ts';
import type { Database } from './sqlite-schema.ts';

/** Commits indexed in one transaction: large enough to be cheap, small enough (5 ms) to go unnoticed between two turns. */
const SLICE = 128;
const IDLE_MS = 200;
/** A search first indexes what is new, but no more than this: after a lost index it answers from what is there. */
const CAUGHT_UP_AT_ONCE = 2048;
/** Candidates looked at for one search. */
const EXAMINED = 2000;
const ORG = 2 ** 32;

export interface SearchIndex {
  search(orgId: string, words: string, limit: number): SearchHit[];
  /** There are new commits. */
  poke(commits: number): void;
  close(): void;
}

interface Pending {
  rid: number;
  n: number;
  org: number;
  id: string;
  facts: string;
}

const isSearched = /message\.created|note\.created|visitor\.identified|lead\.captured/;
const textOf = (facts: readonly Fact[]): string => facts.map((fact) => searchedText(fact) ?? '').join('\n');

export const createSearch = (main: Database, db: Database, rows: Rows): SearchIndex => {
  const pending = main.prepare(
    `SELECT m.rid, m.n, c.org, m.id, m.facts FROM commits m JOIN conversations c ON c.n = m.n
     WHERE m.rid > ? ORDER BY m.rid LIMIT ?`,
  );
  const rowOf = main.prepare('SELECT row FROM conversations WHERE n = ?');
  const isSpam = main.prepare(`SELECT 1 FROM conversations WHERE n = ? AND bucket = ${SPAM}`);
  const commitOf = main.prepare('SELECT n, facts FROM commits WHERE rid = ?');
  const addText = db.prepare('INSERT OR REPLACE INTO texts (rowid, grams) VALUES (CAST(? AS INTEGER), ?)');
  const addPerson = db.prepare('INSERT OR REPLACE INTO people (rowid, grams) VALUES (CAST(? AS INTEGER), ?)');
  const saveProgress = db.prepare('UPDATE progress SET rid = ?, mark = ?');
  const matching = (table: string): ReturnType<Database['prepare']> =>
    db.prepare(
      `SELECT rowid AS at FROM ${table} WHERE ${table} MATCH ?
       AND rowid BETWEEN CAST(? AS INTEGER) AND CAST(? AS INTEGER) ORDER BY rowid DESC LIMIT ?`,
    );
  const matchingTexts = matching('texts');
  const matchingPeople = matching('people');

  let { rid, mark } = db.prepare('SELECT rid, mark FROM progress').get() as { rid: number; mark: string };
  let waiting = 0;
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;
  let isClosed = false;

  const transact = (work: () => void): void => {
    db.exec('BEGIN IMMEDIATE');
    try {
      work();
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };

  const indexOne = ({ rid, n, org, facts }: Pending): void => {
    if (!isSearched.test(facts)) return;
    const parsed = JSON.parse(facts) as Fact[];
    const grams = gramsOf(textOf(parsed));
    if (grams !== '') addText.run(org * ORG + rid, grams);
    if (!parsed.some(namesVisitor)) return;
    const { row } = rowOf.get(n) as { row: string };
    addPerson.run(org * ORG + n, gramsOf(nameText((JSON.parse(row) as InboxRow).visitor)));
  };

  /** Indexes the next commits; how many there were. */
  const indexSome = (limit: number): number => {
    const found = pending.all(rid, limit) as Pending[];
    const last = found.at(-1);
    if (last === undefined) return 0;
    transact(() => {
      for (const one of found) indexOne(one);
      saveProgress.run(last.rid, last.id);
    });
    ({ rid, id: mark } = last);
    waiting = Math.max(0, waiting - found.length);
    return found.length;
  };

  const schedule = (isSoon: boolean): void => {
    if (isClosed || immediate !== undefined) return;
    if (isSoon) {
      clearTimeout(timer);
      timer = undefined;
      immediate = setImmediate(work);
    } else timer ??= setTimeout(work, IDLE_MS).unref();
  };

  const work = (): void => {
    clearTimeout(timer);
    timer = undefined;
    immediate = undefined;
    try {
      if (indexSome(SLICE) === SLICE) schedule(true);
    } catch {
      // A full disk, say. The log is not harmed; the next commit or search tries again.
    }
  };

  /** Before a search. Where the index cannot be written (a full disk), what it holds is better than no answer. */
  const catchUp = (): void => {
    try {
      for (let done = 0; done < CAUGHT_UP_AT_ONCE; done += SLICE) if (indexSome(SLICE) < SLICE) break;
    } catch {
      // As in `work`: the next commit or search tries again.
    }
  };

  // The index is of another log where the commit it reached is not there: a restored backup.
  const reached = main.prepare('SELECT id FROM commits WHERE rid = ?').get(rid) as { id: string } | undefined;
  if (rid > 0 && reached?.id !== mark) {
    transact(() => {
      db.exec(`INSERT INTO texts (texts) VALUES ('delete-all'); INSERT INTO people (people) VALUES ('delete-all');`);
      saveProgress.run(0, '');
    });
    rid = 0;
  }
  if (main.prepare('SELECT 1 FROM commits WHERE rid > ? LIMIT 1').get(rid) !== undefined) schedule(true);

  /** Conversations whose text or name holds the words, by number, with the text that does. */
  const find = (
    statement: ReturnType<Database['prepare']>,
    org: number,
    wanted: Wanted,
    limit: number,
    read: (number: number) => { n: number; text: string } | undefined,
  ): Map<number, string> => {
    const hits = new Map<number, string>();
    const match = wanted.grams.map((gram) => `"${gram}"`).join(' ');
    for (const candidate of statement.iterate(match, org * ORG, org * ORG + ORG - 1, EXAMINED)) {
      const found = read((candidate as { at: number }).at - org * ORG);
      if (found === undefined || hits.has(found.n) || !holds(found.text, wanted.words)) continue;
      if (isSpam.get(found.n) !== undefined) continue;
      hits.set(found.n, found.text);
      if (hits.size === limit) break;
    }
    return hits;
  };

  const readCommit = (words: readonly string[]) => (number: number) => {
    const found = commitOf.get(number) as { n: number; facts: string } | undefined;
    if (found === undefined) return undefined;
    const texts = (JSON.parse(found.facts) as Fact[]).map((fact) => searchedText(fact) ?? '');
    return { n: found.n, text: texts.find((text) => holds(text, words)) ?? texts.join('\n') };
  };

  const readPerson = (n: number): { n: number; text: string } | undefined => {
    const found = rowOf.get(n) as { row: string } | undefined;
    return found && { n, text: nameText((JSON.parse(found.row) as InboxRow).visitor) };
  };

  return {
    search: (orgId, words, limit) => {
      catchUp();
      const org = rows.orgOf(orgId);
      const wanted = wantedOf(words);
      if (org === undefined || wanted.grams.length === 0 || limit <= 0) return [];
      const people = [...find(matchingPeople, org, wanted, limit, readPerson)];
      const texts = [...find(matchingTexts, org, wanted, limit, readCommit(wanted.words))];
      // Names come first, but leave half of the list to texts.
      const named = people.slice(0, Math.max(Math.ceil(limit / 2), limit - texts.length));
      const hits = new Map([...texts, ...named]);
      const order = new Set([...named.map(([n]) => n), ...texts.map(([n]) => n)]);
      return [...order].slice(0, limit).map((n) => ({
        row: JSON.parse((rowOf.get(n) as { row: string }).row) as InboxRow,
        excerpt: excerptOf(hits.get(n)!, wanted.words),
      }));
    },
    poke: (commits) => {
      waiting += commits;
      schedule(waiting >= SLICE);
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      if (immediate !== undefined) clearImmediate(immediate);
    },
  };
};
