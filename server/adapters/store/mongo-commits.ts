// A commit as a document and back, and what has been seen of logs and commits lately, so that it is not asked again.
import type { Fact } from '../../../shared/facts.ts';
import type { Commit, Entry } from '../../ports/store.ts';
import type { CommitDocument } from './mongo-schema.ts';

/** @throws TypeError for a commit that does not lead to its state */
export const toDocument = ({ commit, state }: Entry, bucket: number): CommitDocument => {
  const last = commit.facts.at(-1);
  if (last === undefined || commit.facts[0]!.seq !== commit.first || last.seq !== state.head.seq) {
    throw new TypeError('a commit needs facts from `first` to the head of its state');
  }
  const { id, orgId, conversationId, first, key, hash, at } = commit;
  return {
    _id: id,
    orgId,
    conversationId,
    first,
    last: last.seq,
    key,
    hash,
    at,
    facts: JSON.stringify(commit.facts),
    ...(commit.result === undefined ? {} : { result: JSON.stringify(commit.result) }),
    bucket,
    todo: 1,
  };
};

export const factsOf = (document: Pick<CommitDocument, 'facts'>): Fact[] => JSON.parse(document.facts) as Fact[];

export const toCommit = (document: CommitDocument): Commit => ({
  id: document._id,
  orgId: document.orgId,
  conversationId: document.conversationId,
  first: document.first,
  key: document.key,
  hash: document.hash,
  at: document.at,
  facts: factsOf(document),
  result: document.result === undefined ? undefined : (JSON.parse(document.result) as unknown),
});

/** A map that forgets what was set longest ago. */
export class Recent<V> {
  readonly #limit: number;
  readonly #values = new Map<string, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#limit) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      break;
    }
  }

  clear(): void {
    this.#values.clear();
  }

  delete(key: string): boolean {
    return this.#values.delete(key);
  }
}

/** What this process knows of the logs, by having written or read them. */
export interface Known {
  /** The `seq` of a log's head at some moment: a commit ends there, for logs only grow. By conversation. */
  heads: Recent<number>;
  /** Commits of this process that are in the log, by id. */
  commits: Recent<Commit>;
  /** Ids of commits that this process is writing: a change stream may tell of one before it is acknowledged. */
  writing: Set<string>;
}

export const createKnown = (): Known => ({ heads: new Recent(50_000), commits: new Recent(4000), writing: new Set() });
