// Brings rows and texts after the commits that they are made from, in the background, and marks the commits as done.
import { foldRow } from '../../../shared/inbox.ts';
import type { Commit, Entry } from '../../ports/store.ts';
import type { Log } from '../../ports/telemetry.ts';
import { duplicatesOf } from './mongo-answering.ts';
import { Recent, toCommit } from './mongo-commits.ts';
import type { Known } from './mongo-commits.ts';
import { foldLog } from './mongo-log.ts';
import { toProjection, toRowDocument, toTextDocument } from './mongo-row.ts';
import type { Projection } from './mongo-row.ts';
import type { CommitDocument, RowDocument, TextDocument } from './mongo-schema.ts';
import { findAmong, findAny } from './mongo-server.ts';
import type { Server } from './mongo-server.ts';

/** Conversations whose rows are written at once. */
const AT_ONCE = 256;
/** Beyond this a burst is left to whoever looks for undone commits. */
const WAITING = 20_000;
/** A row that others keep moving is given up to the next who looks. */
const TRIES = 6;

type Named = Pick<Commit, 'id' | 'conversationId'>;

/** What is to be done for one conversation. Entries are this process's own; without any the log is read. */
interface Work {
  entries: Entry[];
  tries: number;
  done: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface Projector {
  /** These commits are in the log now. Never throws, never waits. */
  add(entries: readonly Entry[]): void;
  /** Resolves once rows and texts hold these commits. @throws what the server did, or why the log cannot be read */
  follow(commits: readonly Named[]): Promise<void>;
  /** Resolves once what was added is written or given up. */
  idle(): Promise<void>;
}

const createWork = (): Work => {
  let resolve = (): void => {};
  let reject: (error: unknown) => void = () => {};
  const done = new Promise<void>((yes, no) => ([resolve, reject] = [yes, no]));
  // Nobody has to wait for it.
  done.catch(() => {});
  return { entries: [], tries: 0, done, resolve, reject };
};

/** `written` is told which of the added commits rows and texts hold now. */
export const createProjector = (
  server: Server,
  known: Known,
  log: Pick<Log, 'warn'>,
  written: (orgIds: Set<string>, own: Commit[]) => void,
): Projector => {
  const commits = server.collection<CommitDocument>('commits');
  const rows = server.collection<RowDocument>('conversations');
  const texts = server.collection<TextDocument>('texts');
  /** Rows as they are in the database, or older. */
  const cache = new Recent<Projection>(4096);
  /** Commits whose texts are written: of this process, lately. */
  const followed = new Recent<true>(100_000);
  let waiting = new Map<string, Work>();
  const running = new Map<string, Work>();
  let isRunning = false;

  const workFor = (conversationId: string): Work => {
    let work = waiting.get(conversationId);
    if (work === undefined) waiting.set(conversationId, (work = createWork()));
    return work;
  };

  /** The row after these entries, without asking, where it follows what is known. */
  const foldOwn = (conversationId: string, entries: readonly Entry[]): Projection | undefined => {
    let known = cache.get(conversationId);
    if (entries.length === 0) return undefined;
    for (const { commit, state } of entries) {
      const head = known?.state.head.seq ?? 0;
      if (state.head.seq <= head) continue;
      if (commit.first !== head + 1) return undefined;
      known = { orgId: commit.orgId, row: foldRow(known?.row, commit.facts, state), state };
    }
    return known;
  };

  /** The row of the whole log, from what the database has of it. */
  const foldAfresh = async (conversationId: string, document: RowDocument | undefined): Promise<Projection> => {
    let projection = document && toProjection(document);
    await foldLog(server, conversationId, projection?.state, ({ orgId }, facts, state) => {
      projection = { orgId, row: foldRow(projection?.row, facts, state), state };
    });
    if (projection === undefined) throw new Error('the log is empty');
    return projection;
  };

  const writeTexts = async (batch: ReadonlyMap<string, Work>): Promise<void> => {
    const all = [...batch.values()].flatMap(({ entries }) => entries.map(({ commit }) => commit));
    const fresh = all.filter(({ id }) => followed.get(id) === undefined);
    await insertTexts(fresh);
    for (const { id } of fresh) followed.set(id, true);
  };

  const insertTexts = async (some: readonly Commit[]): Promise<void> => {
    const documents = some.flatMap((commit) => toTextDocument(commit) ?? []);
    if (documents.length === 0) return;
    try {
      await texts.insertMany(documents, { ordered: false });
    } catch (error) {
      // There already: another node was faster.
      if (duplicatesOf(error) === undefined) throw error;
    }
  };

  /** Inserts the rows of new conversations; those that were there already are given back. */
  const insertRows = async (projections: readonly Projection[]): Promise<string[]> => {
    if (projections.length === 0) return [];
    try {
      await rows.insertMany(projections.map(toRowDocument), { ordered: false });
      return [];
    } catch (error) {
      const places = duplicatesOf(error);
      if (places === undefined) throw error;
      return places.map((place) => projections[place]!.row.conversationId);
    }
  };

  const updateRows = async (projections: readonly Projection[]): Promise<void> => {
    if (projections.length === 0) return;
    await rows.bulkWrite(
      projections.map((projection) => {
        const { _id, ...fields } = toRowDocument(projection);
        return { updateOne: { filter: { _id, head: { $lt: fields.head } }, update: { $set: fields } } };
      }),
      { ordered: false },
    );
  };

  /** Where an update is two steps, an older row may have replaced a newer one: whose log goes on is looked at again. */
  const overtaken = async (projections: readonly Projection[]): Promise<string[]> => {
    if (server.isNative || projections.length === 0) return [];
    const next = projections.map(({ state }) => ({
      conversationId: state.conversationId,
      first: state.head.seq + 1,
    }));
    return (await findAny(server, commits, next, { conversationId: 1 })).map(({ conversationId }) => conversationId);
  };

  const giveUp = (conversationId: string, work: Work, error: unknown): void => {
    cache.delete(conversationId);
    log.warn({ err: error, conversationId }, 'a row lags behind its log');
    work.reject(error);
  };

  /** Rows of a batch; resolves to those that are to be looked at again. */
  const writeRows = async (batch: ReadonlyMap<string, Work>): Promise<Set<string>> => {
    const fresh: Projection[] = [];
    const moved: Projection[] = [];
    const unknown: string[] = [];
    for (const [id, { entries }] of batch) {
      const isNew = cache.get(id) === undefined;
      const projection = foldOwn(id, entries);
      if (projection === undefined) unknown.push(id);
      else (isNew ? fresh : moved).push(projection);
    }
    const found = new Map((await findAmong(server, rows, '_id', unknown)).map((one) => [one._id, one]));
    await Promise.all(
      unknown.map(async (id) => {
        try {
          const document = found.get(id);
          const projection = await foldAfresh(id, document);
          if (document === undefined) fresh.push(projection);
          else if (document.head < projection.state.head.seq) moved.push(projection);
          else cache.set(id, projection);
        } catch (error) {
          batch.get(id)!.reject(error);
          giveUp(id, batch.get(id)!, error);
        }
      }),
    );
    const [refused] = await Promise.all([insertRows(fresh), updateRows(moved)]);
    const again = new Set([...refused, ...(await overtaken([...fresh, ...moved]))]);
    for (const projection of [...fresh, ...moved]) {
      const id = projection.row.conversationId;
      if (again.has(id)) cache.delete(id);
      else cache.set(id, projection);
    }
    return again;
  };

  const tellWritten = (batch: ReadonlyMap<string, Work>): void => {
    const own = [...batch.values()].flatMap(({ entries }) => entries.map(({ commit }) => commit));
    const orgIds = new Set(own.map(({ orgId }) => orgId));
    for (const id of batch.keys()) {
      const orgId = cache.get(id)?.orgId;
      if (orgId !== undefined) orgIds.add(orgId);
    }
    written(orgIds, own);
  };

  const write = async (batch: Map<string, Work>): Promise<void> => {
    await writeTexts(batch);
    const again = await writeRows(batch);
    for (const id of again) {
      const work = batch.get(id)!;
      batch.delete(id);
      work.tries += 1;
      if (work.tries > TRIES) giveUp(id, work, new Error('others keep moving this row'));
      else {
        const later = waiting.get(id);
        // Entries behind those that were just read from the log are read from there as well.
        if (later !== undefined) void later.done.then(work.resolve, work.reject);
        else waiting.set(id, work);
      }
    }
    tellWritten(batch);
    for (const work of batch.values()) work.resolve();
  };

  const run = async (): Promise<void> => {
    isRunning = true;
    while (waiting.size > 0) {
      const batch = new Map([...waiting].slice(0, AT_ONCE));
      for (const [id, work] of batch) {
        waiting.delete(id);
        running.set(id, work);
      }
      try {
        await write(new Map(batch));
      } catch (error) {
        for (const [id, work] of batch) giveUp(id, work, error);
      }
      running.clear();
    }
    isRunning = false;
  };

  const start = (): void => {
    if (!isRunning) void run();
  };

  /** Commits of others, or of an earlier life: their texts may be missing too. */
  const followTexts = async (some: readonly Named[]): Promise<void> => {
    const missing = some.filter(({ id }) => followed.get(id) === undefined).map(({ id }) => id);
    const found = await findAmong(server, commits, '_id', missing);
    await insertTexts(found.map(toCommit));
    for (const { _id } of found) followed.set(_id, true);
  };

  return {
    add: (entries) => {
      if (waiting.size > WAITING) return;
      for (const entry of entries) workFor(entry.commit.conversationId).entries.push(entry);
      start();
    },

    follow: async (some) => {
      const ids = new Set(some.map(({ conversationId }) => conversationId));
      // Own ones are in work; whoever is not, is read from the log.
      await Promise.all([...ids].map(async (id) => (waiting.get(id) ?? running.get(id))?.done.catch(() => {})));
      const isDone = (one: Named): boolean => followed.get(one.id) === true && isHeld(one);
      const isHeld = ({ id, conversationId }: Named): boolean => {
        const last = known.commits.get(id)?.facts.at(-1)?.seq;
        return last !== undefined && last <= (cache.get(conversationId)?.state.head.seq ?? 0);
      };
      const left = some.filter((one) => !isDone(one));
      if (left.length === 0) return;
      await followTexts(left);
      const works = [...new Set(left.map(({ conversationId }) => conversationId))].map(workFor);
      start();
      await Promise.all(works.map(async (work) => work.done));
    },

    idle: async () => {
      while (isRunning) await Promise.allSettled([...waiting.values(), ...running.values()].map((work) => work.done));
    },
  };
};
