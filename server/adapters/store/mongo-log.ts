// The log in MongoDB: one document a commit, whose two unique indexes are the lock and the idempotency.
import { evolve, initialState } from '../../../shared/conversation.ts';
import type { ConversationState } from '../../../shared/conversation.ts';
import type { Fact } from '../../../shared/facts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Appended, Entry, Store } from '../../ports/store.ts';
import { unavailable } from './answering.ts';
import { DEADLINE_MS, duplicatesOf, unlessAborted } from './mongo-answering.ts';
import { factsOf, toCommit, toDocument } from './mongo-commits.ts';
import type { Known } from './mongo-commits.ts';
import { snapshotOf } from './mongo-derived.ts';
import type { CommitDocument, RowDocument } from './mongo-schema.ts';
import { findAny } from './mongo-server.ts';
import type { Server } from './mongo-server.ts';

/** Commits read at once where a log is folded. */
const PAGE = 200;
/** Batch sizes kept for metrics where nobody takes them. */
const SIZES = 10_000;
/** Most commits have no more facts than this. */
const USUAL = 8;

type Log = Pick<
  Store,
  'append' | 'commitsByKey' | 'state' | 'logAfter' | 'factsAfter' | 'factsBefore' | 'unfinished' | 'held'
>;

export interface MongoLog extends Log {
  takeBatchSizes: () => number[];
}

/** The state of a log from a snapshot on, page by page; `each` sees every commit on the way. */
export const foldLog = async (
  server: Server,
  conversationId: string,
  from: ConversationState | undefined,
  each?: (document: CommitDocument, facts: Fact[], state: ConversationState) => void,
): Promise<{ orgId: string | undefined; state: ConversationState | undefined }> => {
  const commits = server.collection<CommitDocument>('commits');
  let state = from;
  let orgId: string | undefined;
  for (;;) {
    const page = await commits
      .find({ conversationId, first: { $gt: state?.head.seq ?? 0 } })
      .sort({ first: 1 })
      .limit(PAGE)
      .toArray();
    for (const document of page) {
      const facts = factsOf(document);
      state = facts.reduce(evolve, state ?? initialState(conversationId, true));
      orgId = document.orgId;
      each?.(document, facts, state);
    }
    if (page.length < PAGE) return { orgId, state };
  }
};

/** `appended` is told of what is in the log now. */
export const createMongoLog = (
  server: Server,
  known: Known,
  clock: Clock,
  appended: (entries: Entry[]) => void,
): MongoLog => {
  const commits = server.collection<CommitDocument>('commits');
  const rows = server.collection<RowDocument>('conversations');
  let sizes: number[] = [];

  /** Where the log ends before `first`: the unique index alone would let a commit leave a gap. */
  const headBefore = async (conversationId: string, first: number): Promise<number> => {
    const found = await commits
      .find({ conversationId, first: { $lt: first } }, { projection: { last: 1 } })
      .sort({ first: -1 })
      .limit(1)
      .next();
    return found?.last ?? 0;
  };

  /** Which of the documents follow a commit that is there. What is outrun for certain is not even tried. */
  const follows = async (documents: readonly CommitDocument[]): Promise<boolean[]> =>
    Promise.all(
      documents.map(async ({ conversationId, first }) => {
        if (first === 1) return true;
        const head = known.heads.get(conversationId);
        if (head !== undefined && head >= first - 1) return head === first - 1;
        return (await headBefore(conversationId, first)) === first - 1;
      }),
    );

  /** The refused say no index: whoever has the key tells. */
  const tellApart = async (refused: readonly CommitDocument[]): Promise<Map<string, Appended>> => {
    const found = await findAny(
      server,
      commits,
      refused.map(({ conversationId, key }) => ({ conversationId, key })),
      { conversationId: 1, key: 1 },
    );
    const idOf = new Map(found.map(({ _id, conversationId, key }) => [`${conversationId} ${key}`, _id]));
    return new Map(
      refused.map((document) => {
        const id = idOf.get(`${document.conversationId} ${document.key}`);
        // Our own: the driver asked again after a lost answer.
        return [document._id, id === undefined ? 'outrun' : id === document._id ? 'appended' : 'repeated'];
      }),
    );
  };

  /** Inserts, and gives back those that an index refused. */
  const insert = async (documents: CommitDocument[]): Promise<CommitDocument[]> => {
    if (documents.length === 0) return [];
    try {
      for (const { _id } of documents) known.writing.add(_id);
      await unlessAborted(async () => commits.insertMany(documents, { ordered: false }));
      return [];
    } catch (error) {
      const places = duplicatesOf(error);
      if (places === undefined) throw error;
      return places.map((place) => documents[place]!);
    } finally {
      for (const { _id } of documents) known.writing.delete(_id);
    }
  };

  const keep = (entries: readonly Entry[], results: readonly Appended[]): void => {
    const done = entries.filter((_, i) => results[i] === 'appended');
    for (const { commit, state } of done) {
      known.heads.set(commit.conversationId, state.head.seq);
      known.commits.set(commit.id, commit);
    }
    // What is known of a log that refused is old.
    for (const [i, { commit }] of entries.entries()) {
      if (results[i] !== 'appended') known.heads.delete(commit.conversationId);
    }
    if (done.length === 0) return;
    if (sizes.length < SIZES) sizes.push(done.length);
    appended(done);
  };

  /** A conversation's row as far as its state goes; null where there is none. */
  const readRow = async (
    conversationId: string,
  ): Promise<{ orgId: string; snapshot: ConversationState | undefined } | null> => {
    const row = await rows.findOne({ _id: conversationId }, { projection: { orgId: 1, state: 1, fold: 1 } });
    return row && { orgId: row.orgId, snapshot: snapshotOf(row) };
  };

  const headOf = (
    conversationId: string,
    row: { orgId: string } | null,
    { orgId = row?.orgId, state }: Awaited<ReturnType<typeof foldLog>>,
  ): { orgId: string; state: ConversationState } | undefined => {
    if (orgId === undefined || state === undefined) return undefined;
    known.heads.set(conversationId, state.head.seq);
    return { orgId, state };
  };

  /**
   * The commits that hold the first `limit` facts after `after`, in order, with some before. A commit may begin before the
   * first fact that is wanted: for most a range that begins a little earlier finds it too, and it is one question.
   */
  const commitsAfter = async (
    conversationId: string,
    after: number,
    limit: number,
  ): Promise<{ documents: CommitDocument[]; isLast: boolean }> => {
    const from = Math.max(0, after - USUAL);
    const page = await commits
      .find({ conversationId, first: { $gt: from } })
      .sort({ first: 1 })
      .limit(limit + USUAL)
      .toArray();
    const isLast = page.length < limit + USUAL;
    if (from === 0 || (page[0]?.first ?? Number.POSITIVE_INFINITY) <= after + 1) return { documents: page, isLast };
    const before = await commits
      .find({ conversationId, first: { $lte: from } })
      .sort({ first: -1 })
      .limit(1)
      .toArray();
    return { documents: [...before, ...page], isLast };
  };

  const cut = (facts: readonly Fact[], after: number, limit: number): Fact[] =>
    facts.filter(({ seq }) => seq > after).slice(0, limit);

  return {
    append: async (entries) => {
      if (entries.length === 0) return [];
      const from = clock.monotonic();
      const documents = entries.map((entry) => toDocument(entry, 0));
      if (new Set(documents.map(({ conversationId }) => conversationId)).size < documents.length) {
        throw new TypeError('a batch that is not in order holds one commit of a conversation at most');
      }
      const isNext = await follows(documents);
      // The caller was told that it is unknown: what has not begun by now must not begin any more.
      if (clock.monotonic() - from >= DEADLINE_MS) throw unavailable();
      const bucket = Math.floor(server.now() / 1000);
      for (const document of documents) document.bucket = bucket;
      const refused = [
        ...documents.filter((_, i) => !isNext[i]),
        ...(await insert(documents.filter((_, i) => isNext[i]))),
      ];
      const told = refused.length === 0 ? new Map<string, Appended>() : await tellApart(refused);
      const results = documents.map(({ _id }): Appended => told.get(_id) ?? 'appended');
      keep(entries, results);
      return results;
    },

    commitsByKey: async (keys) => {
      if (keys.length === 0) return [];
      const filters = keys.map(({ conversationId, key }) => ({ conversationId, key }));
      const found = await findAny(server, commits, filters);
      const byKey = new Map(found.map((one) => [`${one.conversationId} ${one.key}`, one]));
      return keys.map(({ conversationId, key }) => {
        const document = byKey.get(`${conversationId} ${key}`);
        return document && toCommit(document);
      });
    },

    state: async (conversationId) => {
      const row = await readRow(conversationId);
      return headOf(conversationId, row, await foldLog(server, conversationId, row?.snapshot));
    },

    logAfter: async (conversationId, after, limit) => {
      const [row, page] = await Promise.all([readRow(conversationId), commitsAfter(conversationId, after, limit)]);
      let state = row?.snapshot;
      const begun = (state?.head.seq ?? 0) + 1;
      const parts = page.documents.map((document) => ({ first: document.first, facts: factsOf(document) }));
      for (const { first, facts } of parts) {
        if (first === (state?.head.seq ?? 0) + 1) {
          state = facts.reduce(evolve, state ?? initialState(conversationId, true));
        }
      }
      // The row is far behind, or the page is full: what lies between, or beyond, is not folded yet.
      const isWhole = page.isLast && (parts[0]?.first ?? begun) <= begun;
      const folded = isWhole ? { orgId: undefined, state } : await foldLog(server, conversationId, state);
      const orgId = page.documents[0]?.orgId ?? folded.orgId;
      const head = headOf(conversationId, row, { ...folded, orgId });
      if (head === undefined) return undefined;
      // The row may be of a moment after the page.
      const last = parts.at(-1)?.facts.at(-1)?.seq ?? 0;
      const isOld = page.isLast && last < head.state.head.seq;
      const found = isOld
        ? (await commitsAfter(conversationId, after, limit)).documents.flatMap(factsOf)
        : parts.flatMap(({ facts }) => facts);
      const facts = cut(found, after, limit).filter(({ seq }) => seq <= head.state.head.seq);
      return { ...head, facts };
    },

    factsAfter: async (conversationId, after, limit) => {
      const { documents } = await commitsAfter(conversationId, after, limit);
      return cut(documents.flatMap(factsOf), after, limit);
    },

    factsBefore: async (conversationId, before, limit) => {
      const page = await commits
        .find({ conversationId, ...(Number.isFinite(before) ? { first: { $lt: before } } : {}) })
        .sort({ first: -1 })
        .limit(limit)
        .toArray();
      return page
        .toReversed()
        .flatMap(factsOf)
        .filter((fact) => fact.seq < before)
        .slice(-limit);
    },

    unfinished: async (limit) => {
      const found = await rows
        .find({ unfinished: 1 }, { projection: { orgId: 1 } })
        .limit(limit)
        .toArray();
      return found.map(({ _id, orgId }) => ({ orgId, conversationId: _id }));
    },

    held: async (after, limit) => {
      const found = await rows
        .find({ list: 'held', _id: { $gt: after } }, { projection: { orgId: 1, holder: 1 } })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      return found.map(({ _id, orgId, holder }) => ({ orgId, conversationId: _id, agentId: holder }));
    },

    takeBatchSizes: () => {
      const taken = sizes;
      sizes = [];
      return taken;
    },
  };
};
