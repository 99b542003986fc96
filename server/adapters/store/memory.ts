// The keeper without durability: every promise of the port but [S1], in maps. For tests, and to measure what durability costs.
import type { ConversationState } from '../../../shared/conversation.ts';
import { ChatError } from '../../../shared/errors.ts';
import type { Fact } from '../../../shared/facts.ts';
import { foldRow } from '../../../shared/inbox.ts';
import type { InboxRow } from '../../../shared/inbox.ts';
import type { Reads } from '../../../shared/view.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Appended, Checkpoint, Commit, Entry, Store } from '../../ports/store.ts';
import { createMemoryDocuments } from './memory-documents.ts';
import { createMemoryInbox } from './memory-inbox.ts';
import { isUnfinished } from './row-shape.ts';
import { createLocalExclusive } from './write-batch.ts';

/** A conversation in memory. `row` lags behind the log until somebody looks: `entries` from `folded` on are not in it. */
export interface Kept {
  /** The order of making. */
  n: number;
  orgId: string;
  conversationId: string;
  facts: Fact[];
  commits: Map<string, Commit>;
  state: ConversationState;
  row: InboxRow | undefined;
  unfolded: Entry[];
}

const NO_READS: Reads = { visitor: 0, staff: 0 };

/** Everything is lost with the process. */
export const openMemoryStore: (options: { clock: Clock }) => Promise<Store> = async () => {
  const logs = new Map<string, Kept>();
  const dirty = new Set<Kept>();
  const checkpoints = new Map<string, Checkpoint>();
  const marks = new Map<string, Reads>();
  let sizes: number[] = [];
  let isClosed = false;

  const assertOpen = (): void => {
    if (isClosed) throw new ChatError('unavailable', 'The store is closed');
  };

  const appendOne = (entry: Entry): Appended => {
    const { commit, state } = entry;
    let log = logs.get(commit.conversationId);
    if (log?.commits.has(commit.key) === true) return 'repeated';
    if (commit.first !== (log?.facts.length ?? 0) + 1) return 'outrun';
    if (log === undefined) {
      const { orgId, conversationId } = commit;
      log = {
        n: logs.size,
        orgId,
        conversationId,
        facts: [],
        commits: new Map(),
        state,
        row: undefined,
        unfolded: [],
      };
      logs.set(conversationId, log);
    }
    for (const fact of commit.facts) log.facts.push(fact);
    log.commits.set(commit.key, commit);
    log.state = state;
    log.unfolded.push(entry);
    dirty.add(log);
    return 'appended';
  };

  const inbox = createMemoryInbox(logs, dirty, (log) => {
    for (const { commit, state } of log.unfolded) log.row = foldRow(log.row, commit.facts, state);
    log.unfolded = [];
    return log.row!;
  });
  const documents = createMemoryDocuments(assertOpen);
  const slice = (conversationId: string, from: number, to: number): Fact[] =>
    logs.get(conversationId)?.facts.slice(Math.max(0, from), Math.max(0, to)) ?? [];

  return {
    commitsPerConversation: Number.POSITIVE_INFINITY,
    append: async (entries) => {
      assertOpen();
      const results = entries.map(appendOne);
      if (sizes.length < 10_000) sizes.push(results.filter((result) => result === 'appended').length);
      return results;
    },
    commitsByKey: async (keys) => keys.map(({ conversationId, key }) => logs.get(conversationId)?.commits.get(key)),
    state: async (conversationId) => {
      const log = logs.get(conversationId);
      return log && { orgId: log.orgId, state: log.state };
    },
    logAfter: async (conversationId, after, limit) => {
      const log = logs.get(conversationId);
      return log && { orgId: log.orgId, state: log.state, facts: slice(conversationId, after, after + limit) };
    },
    factsAfter: async (conversationId, after, limit) => slice(conversationId, after, after + limit),
    factsBefore: async (conversationId, before, limit) => {
      const end = Math.min(before - 1, logs.get(conversationId)?.facts.length ?? 0);
      return slice(conversationId, end - limit, end);
    },
    unfinished: async (limit) => {
      const found: { orgId: string; conversationId: string }[] = [];
      for (const { orgId, conversationId, state } of logs.values()) {
        if (found.length < limit && isUnfinished(state)) found.push({ orgId, conversationId });
      }
      return found;
    },
    held: async (after, limit) =>
      [...logs.values()]
        .flatMap(({ orgId, conversationId, state: { status, control } }) =>
          status === 'open' && control.agentId !== null && conversationId > after
            ? [{ orgId, conversationId, agentId: control.agentId }]
            : [],
        )
        .toSorted((a, b) => (a.conversationId < b.conversationId ? -1 : 1))
        .slice(0, limit),
    ...inbox,
    saveCheckpoint: async (conversationId, checkpoint) => {
      assertOpen();
      checkpoints.set(conversationId, { ...checkpoint });
    },
    checkpoint: async (conversationId) => checkpoints.get(conversationId),
    advanceRead: async (conversationId, who, seq) => {
      assertOpen();
      const before = marks.get(conversationId) ?? NO_READS;
      const after = before[who] >= seq ? before : { ...before, [who]: seq };
      marks.set(conversationId, after);
      return after;
    },
    reads: async (conversationIds) => conversationIds.map((id) => marks.get(id) ?? NO_READS),
    collection: (kind) => documents.collections[kind],
    documents: documents.collections,
    exclusively: createLocalExclusive(documents.writeAll),
    purge: documents.purge,
    ping: async () => assertOpen(),
    takeBatchSizes: () => {
      const taken = sizes;
      sizes = [];
      return taken.filter((size) => size > 0);
    },
    close: async () => {
      isClosed = true;
    },
  };
};
