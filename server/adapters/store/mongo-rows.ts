// What is written of rows and texts: each can be made any number of times, by several nodes at once, and ends the same.
import { foldRow } from '../../../shared/inbox.ts';
import type { Commit } from '../../ports/store.ts';
import { duplicatesOf, unlessAborted } from './mongo-answering.ts';
import { toCommit } from './mongo-commits.ts';
import { foldLog } from './mongo-log.ts';
import { toProjection, toRowDocument, toTextDocument } from './mongo-derived.ts';
import type { Projection } from './mongo-derived.ts';
import type { CommitDocument, RowDocument, TextDocument } from './mongo-schema.ts';
import { findAmong, findAny, updateEach } from './mongo-server.ts';
import type { Server } from './mongo-server.ts';

export interface RowWriter {
  /** Rows as the database has them, by conversation. */
  find(conversationIds: readonly string[]): Promise<Map<string, RowDocument>>;
  /** The row of the whole log, from what the database has of it. @throws where the log is empty or cannot be read */
  foldAfresh(conversationId: string, document: RowDocument | undefined): Promise<Projection>;
  /** Inserts the rows of new conversations; those that were there already are given back. */
  insertRows(projections: readonly Projection[]): Promise<string[]>;
  /** Only what is newer replaces what is there. */
  updateRows(projections: readonly Projection[]): Promise<void>;
  /** Those whose row may be older than the log again. */
  overtaken(projections: readonly Projection[]): Promise<string[]>;
  insertTexts(commits: readonly Commit[]): Promise<void>;
  /** Commits that are in the log, in no order. */
  commitsById(ids: readonly string[]): Promise<Commit[]>;
}

export const createRowWriter = (server: Server): RowWriter => {
  const commits = server.collection<CommitDocument>('commits');
  const rows = server.collection<RowDocument>('conversations');
  const texts = server.collection<TextDocument>('texts');

  const foldAfresh: RowWriter['foldAfresh'] = async (conversationId, document) => {
    let projection = document && toProjection(document);
    await foldLog(server, conversationId, projection?.state, ({ orgId }, facts, state) => {
      projection = { orgId, row: foldRow(projection?.row, facts, state), state };
    });
    if (projection === undefined) throw new Error('the log is empty');
    return projection;
  };

  const insertTexts: RowWriter['insertTexts'] = async (some) => {
    const documents = some.flatMap((commit) => toTextDocument(commit) ?? []);
    if (documents.length === 0) return;
    try {
      await unlessAborted(async () => texts.insertMany(documents, { ordered: false }));
    } catch (error) {
      // There already: another node was faster.
      if (duplicatesOf(error) === undefined) throw error;
    }
  };

  const insertRows: RowWriter['insertRows'] = async (projections) => {
    if (projections.length === 0) return [];
    try {
      await unlessAborted(async () => rows.insertMany(projections.map(toRowDocument), { ordered: false }));
      return [];
    } catch (error) {
      const places = duplicatesOf(error);
      if (places === undefined) throw error;
      return places.map((place) => projections[place]!.row.conversationId);
    }
  };

  const updateRows: RowWriter['updateRows'] = async (projections) => {
    const updates = projections.map((projection) => {
      const { _id, ...fields } = toRowDocument(projection);
      return { filter: { _id, head: { $lt: fields.head } }, update: { $set: fields } };
    });
    await updateEach(rows, server.isNative, updates);
  };

  /** Where an update is two steps, an older row may have replaced a newer one: whose log goes on is looked at again. */
  const overtaken: RowWriter['overtaken'] = async (projections) => {
    if (server.isNative || projections.length === 0) return [];
    const next = projections.map(({ state }) => ({
      conversationId: state.conversationId,
      first: state.head.seq + 1,
    }));
    return (await findAny(server, commits, next, { conversationId: 1 })).map(({ conversationId }) => conversationId);
  };

  return {
    find: async (ids) => new Map((await findAmong(server, rows, '_id', ids)).map((row) => [row._id, row])),
    foldAfresh,
    insertRows,
    updateRows,
    overtaken,
    insertTexts,
    commitsById: async (ids) => (await findAmong(server, commits, '_id', ids)).map(toCommit),
  };
};
