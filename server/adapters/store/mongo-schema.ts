// The collections of the shared keeper and their indexes, made at every start where they are missing; and the schema's number.
import type { Log } from '../../ports/telemetry.ts';
import { StoreStartError } from './data-lock.ts';
import { isDuplicate } from './mongo-answering.ts';
import { makeIndexes } from './mongo-indexes.ts';
import type { Index } from './mongo-indexes.ts';
import type { Kept, Server } from './mongo-server.ts';

/** Raised where an older build could not work on what this one writes; a migration leads there from the number before. */
export const SCHEMA = 1;

/**
 * A commit: facts and result are texts of JSON, so that every server gives back what was put in, whatever its keys and signs.
 * `bucket` is the second of its append by the clock that the nodes share. `todo` is 1 until it is settled.
 */
export interface CommitDocument extends Kept {
  orgId: string;
  conversationId: string;
  first: number;
  last: number;
  key: string;
  hash: string;
  at: number;
  facts: string;
  /** Absent where the command had none. */
  result?: string;
  bucket: number;
  todo: 0 | 1;
  /** Whom `undone` gave it to last. */
  mender?: string;
}

/** `ai`, `idle` (nobody's), `held`, `closed` or `spam`: what the inbox lists by. */
export type ListName = 'ai' | 'idle' | 'held' | 'closed' | 'spam';

/** A conversation's row with its snapshot: version `head`, made from the log, and made again from it where it lags. */
export interface RowDocument extends Kept {
  orgId: string;
  contactId: string;
  head: number;
  list: ListName;
  /** Who holds it; '' for nobody. */
  holder: string;
  lastAt: number;
  /** 1 where it needs a person, since `waitingSince`. */
  waits: 0 | 1;
  waitingSince: number;
  unfinished: 0 | 1;
  labels: string[];
  /** Grams of the visitor's name and addresses. */
  names: string[];
  /** The counters that it raises, as JSON. */
  shape: string;
  row: string;
  state: string;
  /** Which build's fold `row` and `state` are. */
  fold: string;
}

/** What search looks at: the texts of a commit. */
export interface TextDocument extends Kept {
  orgId: string;
  conversationId: string;
  at: number;
  text: string;
  grams: string[];
}

/** `_id` is kind/organisation/id, `shelf` kind/organisation. */
export interface KeptDocument extends Kept {
  shelf: string;
  id: string;
  group: string;
  expiresAt?: number;
  /** Rises by one with each write, also where the document is deleted and made anew. */
  version: number;
  /** The token of the write that made this version. Absent in what older builds wrote. */
  writer?: string;
  /** With the claim by which each was taken. */
  lookups: { lookup: string; token: string }[];
  body: string;
}

/** A lookup that was taken: `_id` is kind/lookup, which is what makes it unique. */
export interface ClaimDocument extends Kept {
  owner: string;
  token: string;
  /** By the server's clock, ms. */
  at: number;
}

/** A lock that is held: `_id` is the token of this hold. */
export interface LockDocument extends Kept {
  key: string;
  /** By the server's clock, ms; only to find what was left for good. */
  at: number;
}

/**
 * How a hold of a lock ended: `_id` is its token. Whoever inserts it first decides for good: the holder with what it writes
 * (`writes`, JSON), or whoever breaks the lock.
 */
export interface JournalDocument extends Kept {
  outcome: 'written' | 'broken';
  writes?: string;
  /** By the server's clock, ms; only to find what is of no use any more. */
  at: number;
}

export interface ReadsDocument extends Kept {
  visitor: number;
  staff: number;
}

export interface CheckpointDocument extends Kept {
  body: string;
  at: number;
}

export interface NodeDocument extends Kept {
  counter: number;
  about: string;
  /** By the clock that the nodes share, ms. */
  at: number;
  /** Rises with each proof that a majority follows the server; begins anew with every beat. */
  proofs?: number;
}

export interface MetaDocument extends Kept {
  version?: number;
  [field: string]: unknown;
}

/** By collection. Those that are not unique serve reads alone; all begin with what is asked for equality. */
export const indexes: Record<string, Index[]> = {
  commits: [
    { name: 'first', key: { conversationId: 1, first: 1 }, unique: true },
    { name: 'key', key: { conversationId: 1, key: 1 }, unique: true },
    { name: 'feed', key: { bucket: 1, _id: 1 } },
    { name: 'todo', key: { todo: 1, bucket: 1 } },
  ],
  conversations: [
    { name: 'list', key: { orgId: 1, list: 1, lastAt: -1, _id: -1 } },
    { name: 'waiting', key: { orgId: 1, waits: 1, waitingSince: 1, _id: 1 } },
    { name: 'held', key: { orgId: 1, holder: 1, lastAt: -1, _id: -1 } },
    { name: 'contact', key: { orgId: 1, contactId: 1 } },
    { name: 'label', key: { orgId: 1, labels: 1, lastAt: -1, _id: -1 } },
    { name: 'names', key: { orgId: 1, names: 1, _id: -1 } },
    { name: 'shape', key: { orgId: 1, shape: 1 } },
    { name: 'unfinished', key: { unfinished: 1 } },
    { name: 'everywhere', key: { list: 1, _id: 1 } },
  ],
  texts: [{ name: 'grams', key: { orgId: 1, grams: 1, at: -1, _id: -1 } }],
  documents: [
    { name: 'shelf', key: { shelf: 1, id: 1 } },
    { name: 'group', key: { shelf: 1, group: 1, id: 1 } },
    { name: 'expiry', key: { expiresAt: 1 } },
  ],
  checkpoints: [{ name: 'age', key: { at: 1 } }],
  locks: [{ name: 'key', key: { key: 1 }, unique: true }],
};

/** Two nodes that start at the same moment on an empty database make the same things. */
const TRIES = 5;

/**
 * Brings the database to this build's schema. Any number of times, by several nodes at once.
 * @throws StoreStartError for a database of a newer version, or in which an index cannot be had
 */
export const prepareSchema = async (server: Server, log: Pick<Log, 'warn'> = { warn: () => {} }): Promise<void> => {
  const meta = server.collection<MetaDocument>('meta');
  const found = await meta.findOne({ _id: 'schema' });
  if (found?.version !== undefined && found.version > SCHEMA) {
    throw new StoreStartError(
      `The database ${server.db.databaseName} was written by a newer version of this server (schema ${found.version}, this ` +
        `build knows ${SCHEMA}). Start that version, or restore a backup made before the update.`,
    );
  }
  for (let tries = 1; ; tries++) {
    try {
      await makeIndexes(server, indexes, log);
      break;
    } catch (error) {
      if (tries === TRIES || error instanceof StoreStartError) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100 * tries));
    }
  }
  if (found === null) {
    await meta.insertOne({ _id: 'schema', version: SCHEMA }).catch((error: unknown) => {
      if (!isDuplicate(error)) throw error;
    });
  }
};
