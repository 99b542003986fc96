// Compares what a MongoDB holds with what another keeper held: every log by its length and hash, every document as it is.
import { createHash } from 'node:crypto';
import type { CommitDocument, KeptDocument, RowDocument } from './mongo-schema.ts';
import type { Server } from './mongo-server.ts';
import type { Export, ExportedCommit, ExportedConversation, ExportedDocument } from './sqlite-export.ts';

/** Questions asked at once where each is of its own. */
export const SIDE_BY_SIDE = 16;
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

export function* batchesOf<T>(all: Iterable<T>, size: number): IterableIterator<T[]> {
  let batch: T[] = [];
  for (const one of all) {
    batch.push(one);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
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

export interface Comparison {
  /** What is there of a document of the source. */
  bodyOf: (document: ExportedDocument) => Promise<string | undefined>;
  compare: (source: Export) => Promise<Differences>;
}

export const createComparison = (server: Server): Comparison => {
  const commits = server.collection<CommitDocument>('commits');
  const rows = server.collection<RowDocument>('conversations');
  const documents = server.collection<KeptDocument>('documents');

  const bodyOf = async ({ kind, orgId, id }: ExportedDocument): Promise<string | undefined> =>
    (await documents.findOne({ _id: `${kind}/${orgId}/${id}` }, { projection: { body: 1 } }))?.body;

  const compareLog = async (
    source: Export,
    { id, head }: ExportedConversation,
  ): Promise<{ commits: number; found: string | undefined }> => {
    const [original, copy] = [createDigest(), createDigest()];
    for (const commit of source.commits(id)) original.add(commit);
    for await (const one of commits.find({ conversationId: id }).sort({ first: 1 })) {
      copy.add({ ...one, id: one._id, result: one.result ?? null });
    }
    const row = await rows.findOne({ _id: id }, { projection: { head: 1 } });
    const [wanted, held] = [original.end(), copy.end()];
    const tell = (found?: string) => ({ commits: wanted.count, found: found && `${id}: ${found}` });
    if (held.count !== wanted.count) return tell(`${held.count} commits instead of ${wanted.count}`);
    if (held.digest !== wanted.digest) return tell('another log of the same length');
    return row?.head === head ? tell() : tell('no row');
  };

  const compareLogs = async (source: Export, found: string[]): Promise<{ conversations: number; commits: number }> => {
    const total = { conversations: 0, commits: 0 };
    for (const batch of batchesOf(source.conversations(), SIDE_BY_SIDE)) {
      const compared = await Promise.all(batch.map(async (one) => compareLog(source, one)));
      total.conversations += batch.length;
      for (const one of compared) {
        total.commits += one.commits;
        if (one.found !== undefined) found.push(one.found);
      }
    }
    return total;
  };

  return {
    bodyOf,
    compare: async (source) => {
      const found: string[] = [];
      const logs = await compareLogs(source, found);
      let count = 0;
      for (const batch of batchesOf(source.documents(), SIDE_BY_SIDE)) {
        count += batch.length;
        for (const [i, body] of (await Promise.all(batch.map(bodyOf))).entries()) {
          const { kind, id, body: wanted } = batch[i]!;
          if (body !== wanted) found.push(`${kind} ${id}: ${body === undefined ? 'missing' : 'not the same'}`);
        }
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
  };
};
