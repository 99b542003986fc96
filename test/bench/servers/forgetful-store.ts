// The store without durability and without a past: of each conversation only the newest is kept, so that a run measures
// what a message costs and not how the collector copes with everything that was ever said.
import { openMemoryStore } from '../../../server/adapters/store/memory.ts';
import type { ConversationState } from '../../../shared/conversation.ts';
import type { Fact } from '../../../shared/facts.ts';
import type { Clock } from '../../../server/ports/clock.ts';
import type { Appended, Commit, Entry, Store } from '../../../server/ports/store.ts';

const kept = 1;

interface Log {
  orgId: string;
  state: ConversationState;
  commits: Map<string, Commit>;
}

/** Documents and read marks are those of the memory store; rows, counts and search find nothing. */
export const openForgetfulStore = async (options: { clock: Clock }): Promise<Store> => {
  const base = await openMemoryStore(options);
  const logs = new Map<string, Log>();

  const appendOne = ({ commit, state }: Entry): Appended => {
    const { conversationId, orgId, key } = commit;
    let log = logs.get(conversationId);
    if (log?.commits.has(key) === true) return 'repeated';
    if (commit.first !== (log?.state.head.seq ?? 0) + 1) return 'outrun';
    if (log === undefined) {
      log = { orgId, state, commits: new Map() };
      logs.set(conversationId, log);
    }
    log.state = state;
    log.commits.set(key, commit);
    if (log.commits.size > kept) log.commits.delete(log.commits.keys().next().value!);
    return 'appended';
  };

  const factsOf = (conversationId: string): Fact[] =>
    [...(logs.get(conversationId)?.commits.values() ?? [])].flatMap(({ facts }) => facts);

  return {
    ...base,
    append: async (entries) => entries.map(appendOne),
    commitsByKey: async (keys) => keys.map(({ conversationId, key }) => logs.get(conversationId)?.commits.get(key)),
    state: async (conversationId) => logs.get(conversationId),
    factsAfter: async (conversationId, after, limit) =>
      factsOf(conversationId)
        .filter(({ seq }) => seq > after)
        .slice(0, limit),
    factsBefore: async (conversationId, before, limit) =>
      factsOf(conversationId)
        .filter(({ seq }) => seq < before)
        .slice(-limit),
    unfinished: async () => [],
  };
};
