// The log in SQLite: commits under their two unique keys, and facts read back by their numbers.
import type { ConversationState } from '../../../shared/conversation.ts';
import type { Fact } from '../../../shared/facts.ts';
import type { Appended, Commit, Entry, Store } from '../../ports/store.ts';
import type { Rows } from './sqlite-rows.ts';
import type { Database } from './sqlite-schema.ts';
import type { Writer } from './sqlite-writer.ts';

interface CommitRow {
  id: string;
  first: number;
  key: string;
  hash: string;
  at: number;
  facts: string;
  result: string | null;
  orgId: string;
}

const toCommit = (row: CommitRow, conversationId: string): Commit => ({
  id: row.id,
  orgId: row.orgId,
  conversationId,
  first: row.first,
  key: row.key,
  hash: row.hash,
  at: row.at,
  facts: JSON.parse(row.facts) as Fact[],
  result: row.result === null ? undefined : (JSON.parse(row.result) as unknown),
});

/** An entry whose texts are made already: what cannot be encoded is refused before it reaches a transaction with others. */
interface Encoded {
  entry: Entry;
  facts: string;
  result: string | null;
}

const encode = (entry: Entry): Encoded => {
  const { commit, state } = entry;
  const last = commit.facts.at(-1);
  if (last === undefined || commit.facts[0]!.seq !== commit.first || last.seq !== state.head.seq) {
    throw new TypeError('a commit needs facts from `first` to the head of its state');
  }
  return {
    entry,
    facts: JSON.stringify(commit.facts),
    result: commit.result === undefined ? null : JSON.stringify(commit.result),
  };
};

type Log = Pick<
  Store,
  'append' | 'commitsByKey' | 'state' | 'logAfter' | 'factsAfter' | 'factsBefore' | 'unfinished' | 'held'
>;

export const createLog = (db: Database, writer: Writer, rows: Rows, appended: (commits: number) => void): Log => {
  const insert = db.prepare(
    'INSERT OR IGNORE INTO commits (n, first, key, id, hash, at, facts, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const hasKey = db.prepare('SELECT 1 FROM commits WHERE n = ? AND key = ?');
  const byKey = db.prepare(
    `SELECT m.id, m.first, m.key, m.hash, m.at, m.facts, m.result, o.id AS orgId
     FROM conversations c JOIN commits m ON m.n = c.n JOIN orgs o ON o.n = c.org WHERE c.id = ? AND m.key = ?`,
  );
  const selectState = db.prepare(
    'SELECT o.id AS orgId, c.state FROM conversations c JOIN orgs o ON o.n = c.org WHERE c.id = ?',
  );
  const selectHead = db.prepare('SELECT n, head FROM conversations WHERE id = ?');
  // A commit may begin before the first fact that is wanted.
  const selectFacts = db.prepare(
    `SELECT facts FROM commits WHERE n = ?1 AND first <= ?3
     AND first >= (SELECT max(first) FROM commits WHERE n = ?1 AND first <= ?2) ORDER BY first`,
  );
  const selectUnfinished = db.prepare(
    `SELECT o.id AS orgId, c.id AS conversationId FROM conversations c JOIN orgs o ON o.n = c.org
     WHERE c.unfinished = 1 ORDER BY c.n LIMIT ?`,
  );
  const selectHeld = db.prepare(
    `SELECT o.id AS orgId, c.id AS conversationId, c.agent AS agentId FROM conversations c JOIN orgs o ON o.n = c.org
     WHERE c.agent IS NOT NULL AND c.id > ? ORDER BY c.id LIMIT ?`,
  );

  const appendOne = ({ entry, facts, result }: Encoded): Appended => {
    const { commit } = entry;
    const live = rows.live(commit.orgId, commit.conversationId);
    if (commit.first === live.head + 1) {
      const { changes } = insert.run(
        live.n,
        commit.first,
        commit.key,
        commit.id,
        commit.hash,
        commit.at,
        facts,
        result,
      );
      if (changes === 0) return 'repeated';
      rows.fold(live, entry);
      return 'appended';
    }
    return hasKey.get(live.n, commit.key) === undefined ? 'outrun' : 'repeated';
  };

  const range = (n: number, from: number, to: number): Fact[] => {
    if (to < from) return [];
    const facts: Fact[] = [];
    for (const row of selectFacts.all(n, from, to) as { facts: string }[]) {
      for (const fact of JSON.parse(row.facts) as Fact[]) if (fact.seq >= from && fact.seq <= to) facts.push(fact);
    }
    return facts;
  };

  const headOf = (conversationId: string): { n: number; head: number } | undefined =>
    selectHead.get(conversationId) as { n: number; head: number } | undefined;

  const stateOf = (conversationId: string): { orgId: string; state: ConversationState } | undefined => {
    const row = selectState.get(conversationId) as { orgId: string; state: string } | undefined;
    return row && { orgId: row.orgId, state: JSON.parse(row.state) as ConversationState };
  };

  const factsAfter = (conversationId: string, after: number, limit: number): Fact[] => {
    const found = headOf(conversationId);
    if (found === undefined) return [];
    const from = Math.max(1, after + 1);
    return range(found.n, from, Math.min(found.head, from + limit - 1));
  };

  return {
    append: async (entries) => {
      if (entries.length === 0) return [];
      const encoded = entries.map(encode);
      const written = writer.write(() => {
        const results = encoded.map(appendOne);
        appended(results.filter((result) => result === 'appended').length);
        return results;
      });
      // A batch has gathered what its turn brings already: waiting for more would only delay it.
      if (entries.length > 1) writer.flush();
      return written;
    },

    commitsByKey: async (keys) =>
      keys.map(({ conversationId, key }) => {
        const row = byKey.get(conversationId, key) as CommitRow | undefined;
        return row && toCommit(row, conversationId);
      }),

    state: async (conversationId) => stateOf(conversationId),

    logAfter: async (conversationId, after, limit) => {
      const head = stateOf(conversationId);
      return head && { ...head, facts: factsAfter(conversationId, after, limit) };
    },

    factsAfter: async (conversationId, after, limit) => factsAfter(conversationId, after, limit),

    factsBefore: async (conversationId, before, limit) => {
      const found = headOf(conversationId);
      if (found === undefined) return [];
      const to = Math.min(found.head, before - 1);
      return range(found.n, Math.max(1, to - limit + 1), to);
    },

    unfinished: async (limit) => selectUnfinished.all(limit) as { orgId: string; conversationId: string }[],

    held: async (after, limit) =>
      selectHeld.all(after, limit) as { orgId: string; conversationId: string; agentId: string }[],
  };
};
