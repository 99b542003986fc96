// Brings rows and texts after the commits that they are made from, in the background, and marks the commits as done.
import { foldRow } from '../../../shared/inbox.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Commit, Entry } from '../../ports/store.ts';
import type { Log } from '../../ports/telemetry.ts';
import { Recent } from './mongo-commits.ts';
import type { Known } from './mongo-commits.ts';
import type { Projection } from './mongo-derived.ts';
import type { RowWriter } from './mongo-rows.ts';
import { createWork } from './mongo-work.ts';
import type { Work } from './mongo-work.ts';

/** Conversations whose rows are written at once. */
const AT_ONCE = 256;
/**
 * Rows and texts are written so often at most, ms, unless somebody asks for them: what comes meanwhile goes together, and a
 * conversation with several commits writes its row once.
 */
const WINDOW_MS = 150;
/** Beyond this a burst is left to whoever looks for undone commits. */
const WAITING = 20_000;
/** A row that others keep moving is given up to the next who looks. */
const TRIES = 6;

/** How long a reader waits for rows that are being written, ms, and for how many. */
const MOMENT_MS = 250;
const LOOKED_AT = 2 * AT_ONCE;

type Named = Pick<Commit, 'id' | 'conversationId'>;

export interface Projector {
  /** These commits are in the log now. Never throws, never waits. */
  add(entries: readonly Entry[]): void;
  /** Resolves once rows and texts hold these commits. @throws what the server did, or why the log cannot be read */
  follow(commits: readonly Named[]): Promise<void>;
  /**
   * Resolves once the rows hold what this process has appended so far (of one conversation, or of all), or after a moment:
   * who has just written finds it in the lists.
   */
  caughtUp(conversationId?: string): Promise<void>;
  /** Resolves once what was added is written or given up. */
  idle(): Promise<void>;
  /** What is known of rows may be wrong: the next of each is made from the database. */
  forget(): void;
}

/** `written` is told which of the added commits rows and texts hold now. */
export const createProjector = (
  rows: RowWriter,
  known: Known,
  { clock, log }: { clock: Pick<Clock, 'monotonic'>; log: Pick<Log, 'warn'> },
  written: (orgIds: Set<string>, own: Commit[]) => void,
): Projector => {
  /** Rows as they are in the database, or older. */
  const cache = new Recent<Projection>(4096);
  /** Commits whose texts are written: of this process, lately. */
  const followed = new Recent<true>(100_000);
  const waiting = new Map<string, Work>();
  const running = new Map<string, Work>();
  /** Of those that wait, whose turn it is. */
  const due = new Set<string>();
  let active: Promise<void> | undefined;
  let beganAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const workFor = (conversationId: string): Work => {
    let work = waiting.get(conversationId);
    if (work === undefined) waiting.set(conversationId, (work = createWork()));
    return work;
  };

  /** The row after these entries, without asking, where it follows what is known. */
  const foldOwn = (conversationId: string, entries: readonly Entry[]): Projection | undefined => {
    let projection = cache.get(conversationId);
    if (entries.length === 0) return undefined;
    for (const { commit, state } of entries) {
      const head = projection?.state.head.seq ?? 0;
      if (state.head.seq <= head) continue;
      if (commit.first !== head + 1) return undefined;
      projection = { orgId: commit.orgId, row: foldRow(projection?.row, commit.facts, state), state };
    }
    return projection;
  };

  const writeTexts = async (batch: ReadonlyMap<string, Work>): Promise<void> => {
    const all = [...batch.values()].flatMap(({ entries }) => entries.map(({ commit }) => commit));
    const fresh = all.filter(({ id }) => followed.get(id) === undefined);
    await rows.insertTexts(fresh);
    for (const { id } of fresh) followed.set(id, true);
  };

  const giveUp = (batch: Map<string, Work>, conversationId: string, error: unknown): void => {
    const work = batch.get(conversationId)!;
    batch.delete(conversationId);
    cache.delete(conversationId);
    work.reject(error);
  };

  /** Rows of a batch, out of which it takes those that cannot be read; resolves to those to be looked at again. */
  const writeRows = async (batch: Map<string, Work>): Promise<Set<string>> => {
    const fresh: Projection[] = [];
    const moved: Projection[] = [];
    const unknown: string[] = [];
    for (const [id, { entries, isLost }] of batch) {
      const isNew = cache.get(id) === undefined;
      const projection = isLost ? undefined : foldOwn(id, entries);
      if (projection === undefined) unknown.push(id);
      else (isNew ? fresh : moved).push(projection);
    }
    const found = await rows.find(unknown);
    await Promise.all(
      unknown.map(async (id) => {
        try {
          const document = found.get(id);
          const projection = await rows.foldAfresh(id, document);
          if (document === undefined) fresh.push(projection);
          else if (document.head < projection.state.head.seq) moved.push(projection);
          else cache.set(id, projection);
        } catch (error) {
          log.warn({ err: error, conversationId: id }, 'the log of a row cannot be read');
          giveUp(batch, id, error);
        }
      }),
    );
    const [refused] = await Promise.all([rows.insertRows(fresh), rows.updateRows(moved)]);
    const again = new Set([...refused, ...(await rows.overtaken([...fresh, ...moved]))]);
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

  const putBack = (id: string, work: Work): void => {
    work.isLost = true;
    due.add(id);
    const later = waiting.get(id);
    if (later === undefined) {
      waiting.set(id, work);
      return;
    }
    later.entries.unshift(...work.entries);
    later.isLost = true;
    later.tries = work.tries;
    void later.done.then(work.resolve, work.reject);
  };

  const write = async (batch: Map<string, Work>): Promise<void> => {
    const texts = writeTexts(batch);
    texts.catch(() => {});
    const again = await writeRows(batch);
    await texts;
    for (const id of again) {
      const work = batch.get(id)!;
      work.tries += 1;
      if (work.tries > TRIES) giveUp(batch, id, new Error('others keep moving this row'));
      else {
        batch.delete(id);
        putBack(id, work);
      }
    }
    tellWritten(batch);
    for (const work of batch.values()) work.resolve();
  };

  const run = async (): Promise<void> => {
    for (;;) {
      // A burst does not wait for its turn.
      if (waiting.size >= AT_ONCE) for (const id of waiting.keys()) due.add(id);
      const batch = new Map([...waiting].filter(([id]) => due.has(id)).slice(0, AT_ONCE));
      if (batch.size === 0) break;
      beganAt = clock.monotonic();
      for (const [id, work] of batch) {
        waiting.delete(id);
        due.delete(id);
        running.set(id, work);
      }
      try {
        await write(batch);
      } catch (error) {
        log.warn({ err: error, rows: batch.size }, 'rows lag behind their logs');
        for (const id of batch.keys()) giveUp(batch, id, error);
      }
      running.clear();
    }
    active = undefined;
    if (waiting.size > 0) start();
  };

  /** Writes what waits now. */
  const hurry = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.size === 0) return;
    for (const id of waiting.keys()) due.add(id);
    active ??= run();
  };

  /** Writes what waits in its turn: at once where nothing was written lately. */
  const start = (): void => {
    if (active !== undefined) return;
    const restMs = waiting.size >= AT_ONCE ? 0 : beganAt + WINDOW_MS - clock.monotonic();
    if (restMs <= 0) hurry();
    else timer ??= setTimeout(hurry, restMs).unref();
  };

  const idle = async (): Promise<void> => {
    hurry();
    if (active === undefined) return;
    await active;
    await idle();
  };

  /** Commits of others, or of an earlier life: their texts may be missing too. */
  const followTexts = async (some: readonly Named[]): Promise<void> => {
    const missing = some.filter(({ id }) => followed.get(id) === undefined).map(({ id }) => id);
    const found = await rows.commitsById(missing);
    await rows.insertTexts(found);
    for (const { id } of found) followed.set(id, true);
  };

  const isFollowed = ({ id, conversationId }: Named): boolean => {
    const last = known.commits.get(id)?.facts.at(-1)?.seq;
    const head = cache.get(conversationId)?.state.head.seq ?? 0;
    return followed.get(id) === true && last !== undefined && last <= head;
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
      const left = some.filter((one) => !isFollowed(one));
      if (left.length === 0) return;
      await followTexts(left);
      const works = [...new Set(left.map(({ conversationId }) => conversationId))].map(workFor);
      start();
      await Promise.all(works.map(async (work) => work.done));
    },

    caughtUp: async (conversationId) => {
      if (conversationId === undefined || waiting.has(conversationId)) hurry();
      if (active === undefined) return;
      const works =
        conversationId === undefined
          ? [...running.values(), ...waiting.values()].slice(0, LOOKED_AT)
          : [waiting.get(conversationId) ?? running.get(conversationId)];
      let late: NodeJS.Timeout | undefined;
      const moment = new Promise<void>((resolve) => {
        late = setTimeout(resolve, MOMENT_MS);
      });
      await Promise.race([Promise.allSettled(works.map(async (work) => work?.done)), moment]);
      clearTimeout(late);
    },

    idle,

    forget: () => {
      cache.clear();
      followed.clear();
    },
  };
};
