// Takes what another keeper held into a MongoDB, any number of times, and compares the two log by log.
import { createHash } from 'node:crypto';
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
import { createMongoDocuments } from './mongo-documents.ts';
import { prepareSchema } from './mongo-schema.ts';
import type {
  CommitDocument,
  KeptDocument,
  MetaDocument,
  ReadsDocument,
  RowDocument,
  TextDocument,
} from './mongo-schema.ts';
import { connectServer } from './mongo-server.ts';
import type { Kept, Server } from './mongo-server.ts';
import type { Export, ExportedCommit, ExportedConversation, ExportedDocument } from './sqlite-export.ts';

/** Commits written at once; a conversation is written whole before the next. */
const AT_ONCE = 500;
const DOCUMENTS_AT_ONCE = 16;
/** Differences that are named. */
const NAMED = 20;

export interface Differences {
  /** What was compared. */
  conversations: number;
  commits: number;
  documents: number;
  /** Named, the first of them; empty where both hold the same. */
  found: string[];
}

export interface Import {
  /** Conversations copied and those that were there already. */
  copyLogs(source: Export, told: (done: number) => void): Promise<{ copied: number; skipped: number }>;
  copyDocuments(source: Export): Promise<number>;
  copyReads(source: Export): Promise<void>;
  compare(source: Export): Promise<Differences>;
  close(): Promise<void>;
}

/** What is hashed of a log: everything that a reader could tell. */
const createDigest = () => {
  const hash = createHash('sha256');
  let count = 0;
  return {
    add: ({ id, first, key, hash: body, at, facts, result }: ExportedCommit): void => {
      hash.update(JSON.stringify([id, first, key, body, at, facts, result]));
      count += 1;
    },
    end: (): { count: number; digest: string } => ({ count, digest: hash.digest('hex') }),
  };
};

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
  return createImport(server);
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

const createImport = (server: Server): Import => {
  const commits = server.collection<CommitDocument>('commits');
  const rows = server.collection<RowDocument>('conversations');
  const texts = server.collection<TextDocument>('texts');
  const documents = server.collection<KeptDocument>('documents');
  const { collections } = createMongoDocuments(server);

  const copyCommits = async (orgId: string, conversationId: string, some: readonly ExportedCommit[]): Promise<void> => {
    const parsed = some.map((one) => ({ ...one, parsed: JSON.parse(one.facts) as Fact[] }));
    await insertMissing(
      commits,
      parsed.map(({ id, first, key, hash, at, facts, result, parsed: all }) => ({
        _id: id,
        orgId,
        conversationId,
        first,
        last: all.at(-1)!.seq,
        key,
        hash,
        at,
        facts,
        ...(result === null ? {} : { result }),
        // Old to every reader of the feed, and nothing is to be done any more.
        bucket: 0,
        todo: 0,
      })),
    );
    const said = parsed.flatMap(
      ({ id, at, parsed: facts }) => toTextDocument({ id, orgId, conversationId, at, facts }) ?? [],
    );
    await insertMissing(texts, said);
  };

  const copyLog = async (conversation: ExportedConversation, log: Iterable<ExportedCommit>): Promise<void> => {
    const { id, orgId } = conversation;
    let batch: ExportedCommit[] = [];
    for (const commit of log) {
      batch.push(commit);
      if (batch.length < AT_ONCE) continue;
      await copyCommits(orgId, id, batch);
      batch = [];
    }
    await copyCommits(orgId, id, batch);
    // Last: where the row is there, so is all the rest.
    const row = toRowDocument({
      orgId,
      row: JSON.parse(conversation.row) as InboxRow,
      state: JSON.parse(conversation.state) as ConversationState,
    });
    await rows.replaceOne({ _id: id }, row, { upsert: true });
  };

  const bodyOf = async ({ kind, orgId, id }: ExportedDocument): Promise<string | undefined> =>
    (await documents.findOne({ _id: `${kind}/${orgId}/${id}` }, { projection: { body: 1 } }))?.body;

  const compareLogs = async (source: Export, found: string[]): Promise<{ conversations: number; commits: number }> => {
    const total = { conversations: 0, commits: 0 };
    for (const { id, head } of source.conversations()) {
      const [original, copy] = [createDigest(), createDigest()];
      for (const commit of source.commits(id)) original.add(commit);
      for await (const one of commits.find({ conversationId: id }).sort({ first: 1 })) {
        copy.add({ ...one, id: one._id, result: one.result ?? null });
      }
      const [wanted, held] = [original.end(), copy.end()];
      total.conversations += 1;
      total.commits += wanted.count;
      if (held.count !== wanted.count) found.push(`${id}: ${held.count} commits instead of ${wanted.count}`);
      else if (held.digest !== wanted.digest) found.push(`${id}: another log of the same length`);
      else if ((await rows.findOne({ _id: id }, { projection: { head: 1 } }))?.head !== head)
        found.push(`${id}: no row`);
    }
    return total;
  };

  return {
    copyLogs: async (source, told) => {
      const total = { copied: 0, skipped: 0 };
      for (const conversation of source.conversations()) {
        const row = await rows.findOne({ _id: conversation.id }, { projection: { head: 1 } });
        if (row !== null && row.head >= conversation.head) total.skipped += 1;
        else {
          await copyLog(conversation, source.commits(conversation.id));
          total.copied += 1;
        }
        told(total.copied + total.skipped);
      }
      return total;
    },

    copyDocuments: async (source) => {
      let batch: ExportedDocument[] = [];
      let total = 0;
      const flush = async (): Promise<void> => {
        await Promise.all(
          batch.map(async (one) => {
            if (!(kinds as string[]).includes(one.kind) || (await bodyOf(one)) === one.body) return;
            await collections[one.kind as Kind].put(JSON.parse(one.body) as never);
          }),
        );
        total += batch.length;
        batch = [];
      };
      for (const one of source.documents()) {
        batch.push(one);
        if (batch.length === DOCUMENTS_AT_ONCE) await flush();
      }
      await flush();
      return total;
    },

    copyReads: async (source) => {
      const marks = [...source.reads()].map(({ id, visitor, staff }): ReadsDocument => ({ _id: id, visitor, staff }));
      await insertMissing(server.collection<ReadsDocument>('reads'), marks);
    },

    compare: async (source) => {
      const found: string[] = [];
      const logs = await compareLogs(source, found);
      let count = 0;
      for (const one of source.documents()) {
        count += 1;
        const body = await bodyOf(one);
        if (body !== one.body) found.push(`${one.kind} ${one.id}: ${body === undefined ? 'missing' : 'not the same'}`);
      }
      const totals = [
        ['conversations', logs.conversations, await rows.countDocuments({})],
        ['commits', logs.commits, await commits.countDocuments({})],
        ['documents', count, await documents.countDocuments({})],
      ] as const;
      for (const [name, wanted, held] of totals) {
        if (held !== wanted) found.push(`${held} ${name} in all instead of ${wanted}`);
      }
      return { ...logs, documents: count, found: found.slice(0, NAMED) };
    },

    close: async () => server.close(),
  };
};
