// The keeper of everything durable. One contract suite (test/contract) holds every keeper to the promises numbered here.
import type { ConversationState } from '../../shared/conversation.ts';
import type { Fact } from '../../shared/facts.ts';
import type { InboxCounts, InboxFilter, InboxRow } from '../../shared/inbox.ts';
import type { Reads } from '../../shared/view.ts';
import type { Collections, DocumentOf, Kind } from './documents.ts';

/** One command's facts: all or none, one row or one document. */
export interface Commit {
  id: string;
  orgId: string;
  conversationId: string;
  /** `seq` of the first fact. */
  first: number;
  /** The idempotency key, prefixed by the actor. Unique per conversation. */
  key: string;
  /** A digest of the command's body, so that a repeat with another body is found out. */
  hash: string;
  at: number;
  facts: Fact[];
  /** What the command's ack said; a repeat gives it again. */
  result: unknown;
}

/** A commit and the fold of the log after it, from which the keeper derives its rows. */
export interface Entry {
  commit: Commit;
  state: ConversationState;
}

/**
 * `appended`: durable. `outrun`: another commit has this `first`; fold what is new and decide again.
 * `repeated`: this key is in the log already.
 */
export type Appended = 'appended' | 'outrun' | 'repeated';

export interface InboxQuery {
  orgId: string;
  filter: InboxFilter;
  /** The member who looks (for `mine`). */
  memberId: string;
  label?: string;
  /** Only conversations that this member holds. */
  agentId?: string;
  /** What the page before gave. */
  cursor?: string;
  limit: number;
}

export interface SearchHit {
  row: InboxRow;
  /** The text around the match, at most 200 characters, without markup. */
  excerpt: string;
}

/** The text of an answer in flight, kept beside the log without a `seq` and without an fsync. */
export interface Checkpoint {
  replyId: string;
  attempt: number;
  text: string;
}

/** Ids of one organisation's documents of a kind, all promises as in `Store`. */
export interface Collection<T> {
  get(orgId: string, id: string): Promise<T | undefined>;
  /** By one of the lookups of the kind (`documents.ts`), over all organisations: a key's hash, an e-mail. */
  find(lookup: string): Promise<T | undefined>;
  /** In the order of their ids, which is that of their making. `group` narrows to documents of that group. */
  list(orgId: string, options?: { group?: string; limit?: number; after?: string; reverse?: boolean }): Promise<T[]>;
  /**
   * Inserts or replaces, whatever is there: for what is new or has one writer. An edit of what is stored is `update`.
   * @throws ChatError `conflict` where a lookup belongs to another document
   */
  put(document: T): Promise<void>;
  /**
   * [S13] Replaces a document by what `change` makes of it, as one step over all nodes: nothing written in between is undone,
   * and what was deleted in between does not come back. Updates of one document follow each other as a node asked for them.
   * @param change is given what is stored, or undefined where there is nothing, and gives what to store under the same id, or
   *   undefined to leave everything as it is. Called again with what is there now where another writer was faster, so it
   *   does nothing but decide; it must not update this document itself. What it throws is thrown.
   * @returns what is stored then; undefined where there is nothing
   * @throws ChatError `conflict` where a lookup belongs to another document
   */
  update(
    orgId: string,
    id: string,
    change: (before: T | undefined) => T | undefined | Promise<T | undefined>,
  ): Promise<T | undefined>;
  /** Gone or not there at all: both fine. [S13] Of several who delete it at once exactly one is told `true`. */
  delete(orgId: string, id: string): Promise<boolean>;
}

/**
 * What a task under a lock writes. Nothing of it is there before the task has resolved; then all of it is, as one step, or
 * nothing where the lock was lost meanwhile. Of several writes of one document the last counts.
 */
export interface WriteBatch {
  /** Inserts or replaces. */
  put<K extends Kind>(kind: K, document: DocumentOf<K>): void;
  /** Gone or not there at all: both fine. */
  delete(kind: Kind, orgId: string, id: string): void;
}

/**
 * Promises, for every keeper:
 * - [S1] What a promise that resolved has written survives kill -9 of the process and of the machine.
 * - [S2] A commit is all or none; `first` is unique per conversation and so is `key`. Which of the two refused is told apart.
 * - [S3] The entries of one `append` are tried in order; one that is refused harms no other. At most
 *   `commitsPerConversation` entries of one conversation may be in one call.
 * - [S4] Where the outcome is unknown (full disk, lost server) the call rejects with ChatError `unavailable`, and the
 *   caller finds out by the key.
 * - [S5] `state` is the fold of the log to its head at the time of the call, whatever projections lag behind.
 * - [S6] Rows, counts and search hold every commit at latest when the commit's own promise resolves (a keeper without
 *   multi-document transactions may lag, and then heals by itself from the log).
 * - [S7] Every read is by organisation or by an id that a credential led to; foreign ids are simply not found.
 * - [S12] Of the tasks given to `exclusively` with one key one runs at a time, over all nodes, those of a node in the order of
 *   asking, and each sees all that those before it wrote. A node that dies or freezes in a task holds the others up for 12 s at
 *   most, and what it has not written by then is never written, however late it comes.
 * - [S13] `update` and `delete` of a document are one step each, over all nodes (`Collection`).
 */
export interface Store {
  /** 1 where a batch is unordered (MongoDB); Infinity where it is one transaction. */
  readonly commitsPerConversation: number;

  append(entries: readonly Entry[]): Promise<Appended[]>;
  /** The commits with these keys, in the order asked; undefined where there is none. */
  commitsByKey(keys: readonly { conversationId: string; key: string }[]): Promise<(Commit | undefined)[]>;

  /** [S5] Undefined where the log is empty. */
  state(conversationId: string): Promise<{ orgId: string; state: ConversationState } | undefined>;
  /** [S5] As `state`, with the facts after `after` as they are up to that head: what closes a gap, in one question. */
  logAfter(
    conversationId: string,
    after: number,
    limit: number,
  ): Promise<{ orgId: string; state: ConversationState; facts: Fact[] } | undefined>;
  /** Facts with `seq` > `after`, oldest first. */
  factsAfter(conversationId: string, after: number, limit: number): Promise<Fact[]>;
  /** The last `limit` facts with `seq` < `before` (Infinity: the end of the log), oldest first. */
  factsBefore(conversationId: string, before: number, limit: number): Promise<Fact[]>;

  /** `needs-person`: longest waiting first; else latest first. `cursor` is null at the end. Spam is in the list `spam` alone. */
  inbox(query: InboxQuery): Promise<{ rows: InboxRow[]; cursor: string | null }>;
  row(orgId: string, conversationId: string): Promise<InboxRow | undefined>;
  /** Spam counts nowhere, its labels neither. */
  counts(orgId: string): Promise<InboxCounts>;
  /** The conversations of one contact, spam too, latest first. */
  conversationsOf(orgId: string, contactId: string, limit: number): Promise<InboxRow[]>;
  /**
   * Words in messages, notes, names and e-mails; finds Chinese and Arabic too, and parts of words of 3 letters or more.
   * What is marked as spam is not found.
   */
  search(orgId: string, words: string, limit: number): Promise<SearchHit[]>;
  /** Labels in use, most used first. */
  labels(orgId: string, limit: number): Promise<string[]>;

  /**
   * Conversations in which an answer may be owed or claimed: `state.reply` is set or `owes(state)` is not `none`.
   * What a node looks through after a start or another's death.
   */
  unfinished(limit: number): Promise<{ orgId: string; conversationId: string }[]>;

  /**
   * Open conversations that a member holds, over all organisations, by id from after `after` (`''`: the beginning).
   * Rows may lag, so whoever acts on one reads its state.
   */
  held(after: string, limit: number): Promise<{ orgId: string; conversationId: string; agentId: string }[]>;

  saveCheckpoint(conversationId: string, checkpoint: Checkpoint): Promise<void>;
  checkpoint(conversationId: string): Promise<Checkpoint | undefined>;

  /** Moves a read mark forward, never back; resolves to the marks. Need not survive a power cut. */
  advanceRead(conversationId: string, who: keyof Reads, seq: number): Promise<Reads>;
  reads(conversationIds: readonly string[]): Promise<Reads[]>;

  /** Documents: everything that is not a log. */
  collection<K extends Kind>(kind: K): Collection<DocumentOf<K>>;
  readonly documents: Collections;
  /**
   * [S12] Runs what concerns several documents alone; an edit of one document needs no lock but `update`. Costs a shared keeper
   * four writes beside its own, so it is for what people do now and then. A task reads, decides, and gives its writes to the
   * batch; documents that are written so are not written in any other way, but deleted. It must not ask for its own key again,
   * and takes a second or two at most.
   * @throws ChatError `unavailable` where its turn did not come or was lost: nothing was written then, or all of it (the outcome
   *   is unknown); `conflict` where a lookup belongs to another document; and whatever the task throws, when nothing was written
   */
  exclusively<T>(key: string, task: (batch: WriteBatch) => Promise<T>): Promise<T>;

  /** Deletes documents whose `expiresAt` has passed; resolves to how many. */
  purge(now: number): Promise<number>;

  /** Resolves while the store answers; rejects otherwise (readiness). */
  ping(): Promise<void>;
  /** Commits per batch since the last call, for metrics. */
  takeBatchSizes(): number[];
  close(): Promise<void>;
}

/** Where one reader of the feed is. Opaque, kept in the reader's memory, never stored; a reader without one begins at now. */
export interface FeedCursor {
  readonly kind: 'feed';
}

export interface FeedPage {
  /** Not those of before the cursor; of one conversation in the order of `first`, among conversations in any order. */
  commits: Commit[];
  cursor: FeedCursor;
  /** There is more right now: ask again at once. */
  more: boolean;
  /** [S14] With what the cursor was given before, this is all that was acknowledged when the page was asked for. */
  isCurrent: boolean;
}

/** A node's sign of life. */
export interface Beat {
  node: string;
  /** Rises with every beat; what it says is only that it changed. */
  counter: number;
  /** What the node tells the others of itself, as it wrote it (JSON, at most 64 KiB). */
  about: string;
}

/**
 * A keeper that several nodes share. Beyond `Store` it promises:
 * - [S8] `feed`: every commit that is in the log reaches every reader, at least once, whatever the nodes' clocks say: within
 *   5 s of its being visible where somebody's `append` resolved with it, else with its repair (S9). A page holds a commit
 *   at most once, and repeats of what a cursor was given lately are left out. A look costs what was written of late, not
 *   what is open. After an outage a cursor goes on where it was.
 * - [S9] A commit is undone from its append until it is settled. `undone` gives each that has been so for `olderThanMs` to
 *   one caller at a time, which then has as long to settle it; and whatever it gives comes by every feed once more.
 * - [S10] `settle` resolves once the rows hold the commits and they are undone no more, after a burst maybe seconds later.
 *   Again, or by two at once: fine.
 * - [S11] `beats` gives the latest beat of each node that did not `leave`; a node silent for an hour is dropped.
 * - [S14] A page is `isCurrent` only where it, with the pages before it, holds every commit that was acknowledged to anybody before
 *   `feed` was called: also where the server that answers was outvoted and does not know it. Where a page must be asked for
 *   so (`mustBeCurrent`, of a server with members), it costs a write to this node's own sign of life (`beat`) and a
 *   majority's answer to it; without a sign of life, or where no majority answers within 0.7 s, the page comes all the same
 *   and is not current. Elsewhere every page is.
 */
export interface SharedStore extends Store {
  /** @param mustBeCurrent what this is asked for must be known to be current, at a price (S14) */
  feed(after: FeedCursor | null, limit: number, mustBeCurrent?: boolean): Promise<FeedPage>;
  undone(olderThanMs: number, limit: number): Promise<Commit[]>;
  settle(commits: readonly Pick<Commit, 'id' | 'conversationId'>[]): Promise<void>;

  beat(node: string, counter: number, about: string): Promise<void>;
  beats(): Promise<Beat[]>;
  leave(node: string): Promise<void>;

  /**
   * Calls `wake` when there may be news of others in the feed, where the server can tell (change streams); elsewhere never. A
   * hint for looking now instead of at the next tick: may come often, late or not at all. It costs the server a wake-up for
   * each commit of anybody, so it is for whoever hears of them no other way. Returns what ends it.
   */
  onChange(wake: () => void): () => void;
}

export const isShared = (store: Store): store is SharedStore => 'feed' in store;
