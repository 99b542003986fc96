// Takes what another keeper held into a MongoDB, any number of times, and compares the two log by log.
import type { Collection } from 'mongodb';
import type { ConversationState } from '../../../shared/conversation.ts';
import type { Fact } from '../../../shared/facts.ts';
import type { InboxRow } from '../../../shared/inbox.ts';
import type { Clock } from '../../ports/clock.ts';
import { kinds } from '../../ports/documents.ts';
import type { Kind } from '../../ports/documents.ts';
import { StoreStartError } from './data-lock.ts';
import { duplicatesOf } from './mongo-answering.ts';
import { toRowDocument, toTextDocument } from './mongo-derived.ts';
import { batchesOf, createComparison, SIDE_BY_SIDE } from './mongo-compare.ts';
import type { Differences } from './mongo-compare.ts';
import { createMongoDocuments } from './mongo-documents.ts';
import { prepareSchema } from './mongo-schema.ts';
import type { CommitDocument, MetaDocument, ReadsDocument, RowDocument, TextDocument } from './mongo-schema.ts';
import { connectServer, findAmong } from './mongo-server.ts';
import type { Kept, Server } from './mongo-server.ts';
import type { Export, ExportedCommit, ExportedConversation } from './sqlite-export.ts';

/** Commits written at once. */
const AT_ONCE = 500;
const CONVERSATIONS_AT_ONCE = 50;
export interface Import {
  /** Conversations copied and those that were there already. */
  copyLogs(source: Export, told: (done: number) => void): Promise<{ copied: number; skipped: number }>;
  copyDocuments(source: Export): Promise<number>;
  copyReads(source: Export): Promise<void>;
  compare(source: Export): Promise<Differences>;
  close(): Promise<void>;
}

interface Placed {
  orgId: string;
  conversationId: string;
  commit: ExportedCommit;
}

/**
 * Opens a database for an import, which must be empty or hold an earlier part of the same.
 * @throws StoreStartError where it holds anything else
 */
export const openImport = async (url: string, clock: Clock, fingerprint: string): Promise<Import> => {
  const server = await connectServer(url, clock);
  try {
    await prepareSchema(server);
    await claimDatabase(server, fingerprint);
  } catch (error) {
    await server.close();
    throw error;
  }
  return createImport(server, clock);
};

const claimDatabase = async (server: Server, fingerprint: string): Promise<void> => {
  const meta = server.collection<MetaDocument>('meta');
  const found = await meta.findOne({ _id: 'import' });
  if (found?.['fingerprint'] === fingerprint) return;
  const isUsed =
    found !== null ||
    (await server.collection('commits').findOne({})) !== null ||
    (await server.collection('documents').findOne({})) !== null;
  if (isUsed) {
    throw new StoreStartError(
      `The database ${server.db.databaseName} holds something else already. Name an empty one at the end of the address, ` +
        'and import before the first node starts on it.',
    );
  }
  await meta.insertOne({ _id: 'import', fingerprint });
};

/** Those that are there already are left as they are: whether they are the same is found out by comparing. */
const insertMissing = async <T extends Kept>(collection: Collection<T>, documents: T[]): Promise<void> => {
  for (let i = 0; i < documents.length; i += AT_ONCE) {
    try {
      await collection.insertMany(documents.slice(i, i + AT_ONCE) as never, { ordered: false });
    } catch (error) {
      if (duplicatesOf(error) === undefined) throw error;
    }
  }
};

const createImport = (server: Server, clock: Clock): Import => {
  const commits = server.collection<CommitDocument>('commits');
  const rows = server.collection<RowDocument>('conversations');
  const texts = server.collection<TextDocument>('texts');
  const { bodyOf, compare } = createComparison(server);
  const { collections } = createMongoDocuments(server, clock);

  const copyCommits = async (some: readonly Placed[]): Promise<void> => {
    const parsed = some.map((one) => ({ ...one, facts: JSON.parse(one.commit.facts) as Fact[] }));
    const logged = parsed.map(({ orgId, conversationId, commit, facts }): CommitDocument => {
      const { id, result, ...rest } = commit;
      return {
        _id: id,
        orgId,
        conversationId,
        last: facts.at(-1)!.seq,
        ...rest,
        ...(result === null ? {} : { result }),
        // Old to every reader of the feed, and nothing is to be done any more.
        bucket: 0,
        todo: 0,
      };
    });
    const said = parsed.flatMap(
      ({ orgId, conversationId, commit: { id, at }, facts }) =>
        toTextDocument({ id, orgId, conversationId, at, facts }) ?? [],
    );
    await Promise.all([insertMissing(commits, logged), insertMissing(texts, said)]);
  };

  /** Last: where the row is there, so is all the rest. */
  const copyRows = async (some: readonly ExportedConversation[], there: ReadonlyMap<string, number>): Promise<void> => {
    const made = some.map(({ orgId, row, state }) =>
      toRowDocument({
        orgId,
        row: JSON.parse(row) as InboxRow,
        state: JSON.parse(state) as ConversationState,
      }),
    );
    await insertMissing(
      rows,
      made.filter(({ _id }) => !there.has(_id)),
    );
    for (const row of made) if (there.has(row._id)) await rows.replaceOne({ _id: row._id }, row);
  };

  /** Conversations of a batch that are not there as they are in the source; resolves to how many. */
  const copySome = async (source: Export, batch: readonly ExportedConversation[]): Promise<number> => {
    const ids = batch.map(({ id }) => id);
    const found = await findAmong(server, rows, '_id', ids, { _id: 1, head: 1 });
    const there = new Map(found.map(({ _id, head }) => [_id, head]));
    const missing = batch.filter(({ id, head }) => (there.get(id) ?? 0) < head);
    let waiting: Placed[] = [];
    for (const { id: conversationId, orgId } of missing) {
      for (const commit of source.commits(conversationId)) {
        waiting.push({ orgId, conversationId, commit });
        if (waiting.length < AT_ONCE) continue;
        await copyCommits(waiting);
        waiting = [];
      }
    }
    await copyCommits(waiting);
    await copyRows(missing, there);
    return missing.length;
  };

  return {
    copyLogs: async (source, told) => {
      const total = { copied: 0, skipped: 0 };
      for (const batch of batchesOf(source.conversations(), CONVERSATIONS_AT_ONCE)) {
        const copied = await copySome(source, batch);
        total.copied += copied;
        total.skipped += batch.length - copied;
        told(total.copied + total.skipped);
      }
      return total;
    },

    copyDocuments: async (source) => {
      let total = 0;
      for (const batch of batchesOf(source.documents(), SIDE_BY_SIDE)) {
        await Promise.all(
          batch.map(async (one) => {
            if (!(kinds as string[]).includes(one.kind) || (await bodyOf(one)) === one.body) return;
            await collections[one.kind as Kind].put(JSON.parse(one.body) as never);
          }),
        );
        total += batch.length;
      }
      return total;
    },

    copyReads: async (source) => {
      const marks = [...source.reads()].map(({ id, visitor, staff }): ReadsDocument => ({ _id: id, visitor, staff }));
      await insertMissing(server.collection<ReadsDocument>('reads'), marks);
    },

    compare,
    close: async () => server.close(),
  };
};
