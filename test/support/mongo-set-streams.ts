// Change streams of a pretended replica set, out of the inserts that passed through it.
import { BSON } from 'mongodb';
import type { Document } from 'mongodb';

/** Events that a stream may be resumed from; what is older is lost. */
const KEPT = 20_000;
const AT_ONCE = 1000;
const AWAIT_MS = 1000;

interface Event {
  at: number;
  namespace: string;
  document: Document;
}

interface Cursor {
  namespace: string;
  /** The last event that was given or passed over. */
  at: number;
  stages: Document[];
}

export interface Streams {
  /** Documents were inserted; of an upsert only the id is known. */
  inserted(namespace: string, documents: readonly Document[]): void;
  /** Answers an `aggregate` that begins with `$changeStream`. */
  open(namespace: string, command: Document): Document;
  has(cursorId: unknown): boolean;
  /** Answers a `getMore`, after a while where nothing happens. */
  more(command: Document): Promise<Document>;
  /** Those of these ids that were there. */
  kill(ids: readonly unknown[]): unknown[];
  /** Whoever waits gets what there is. */
  release(): void;
}

const tokenOf = (at: number): Document => ({ _data: at.toString(16).padStart(16, '0') });

const valueAt = (document: Document, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Document | undefined)?.[key], document);

/** Equalities and `$in` are all that is known here. */
const holds = (document: Document, filter: Document): boolean =>
  Object.entries(filter).every(([path, wanted]) => {
    const value = valueAt(document, path);
    if (typeof wanted !== 'object' || wanted === null) return value === wanted;
    if (Array.isArray((wanted as Document)['$in'])) return ((wanted as Document)['$in'] as unknown[]).includes(value);
    throw new Error(`this change stream cannot match ${JSON.stringify(filter)}`);
  });

const pick = (document: Document, shown: Document): Document =>
  Object.fromEntries(Object.entries(document).filter(([key]) => key === '_id' || Boolean(shown[key])));

const through = (stages: readonly Document[], document: Document): Document | undefined => {
  let found: Document | undefined = document;
  for (const stage of stages) {
    if (found === undefined) break;
    if (stage['$match'] !== undefined) found = holds(found, stage['$match'] as Document) ? found : undefined;
    else if (stage['$project'] !== undefined) found = pick(found, stage['$project'] as Document);
    else throw new Error(`this change stream has no stage ${JSON.stringify(stage)}`);
  }
  return found;
};

export const createStreams = (): Streams => {
  const events: Event[] = [];
  const cursors = new Map<string, Cursor>();
  const waiting = new Set<() => void>();
  let last = 0;
  let lastCursor = 0;

  const take = (cursor: Cursor): Document[] => {
    const given: Document[] = [];
    const from = events.findIndex(({ at }) => at > cursor.at);
    for (let i = from; i >= 0 && i < events.length && given.length < AT_ONCE; i++) {
      const { at, namespace, document } = events[i]!;
      cursor.at = at;
      const isMine = namespace === cursor.namespace;
      const found = isMine ? through(cursor.stages, document) : undefined;
      if (found !== undefined) given.push(found);
    }
    return given;
  };

  const reply = (id: string, cursor: Cursor, name: 'firstBatch' | 'nextBatch', batch: Document[]): Document => ({
    cursor: {
      id: BSON.Long.fromString(id),
      ns: cursor.namespace,
      [name]: batch,
      postBatchResumeToken: tokenOf(cursor.at),
    },
    ok: 1,
  });

  return {
    inserted: (namespace, documents) => {
      const [db = '', coll = ''] = namespace.split(/\.(.*)/);
      for (const fullDocument of documents) {
        last += 1;
        const about = {
          operationType: 'insert',
          ns: { db, coll },
          documentKey: { _id: fullDocument['_id'] as unknown },
        };
        events.push({ at: last, namespace, document: { _id: tokenOf(last), ...about, fullDocument } });
      }
      if (events.length > KEPT) events.splice(0, events.length - KEPT);
      for (const wake of waiting) wake();
    },
    open: (namespace, command) => {
      const [first, ...stages] = command['pipeline'] as Document[];
      const { resumeAfter, startAfter } = first!['$changeStream'] as Document;
      const token = (resumeAfter ?? startAfter) as Record<'_data', string> | undefined;
      const at = token === undefined ? last : Number.parseInt(token['_data'], 16);
      const oldest = events[0]?.at ?? last + 1;
      if (at < oldest - 1 || Number.isNaN(at)) {
        const errmsg = 'Resume of change stream was not possible, as the resume point may no longer be in the oplog.';
        return { ok: 0, code: 286, errmsg };
      }
      lastCursor += 1;
      // Apart from the ids of the server behind.
      const id = BSON.Long.fromNumber(2 ** 60)
        .add(lastCursor)
        .toString();
      const cursor = { namespace, at, stages };
      cursors.set(id, cursor);
      return reply(id, cursor, 'firstBatch', take(cursor));
    },
    has: (id) => cursors.has(String(id)),
    more: async (command) => {
      const id = String(command['getMore']);
      const cursor = cursors.get(id)!;
      let batch = take(cursor);
      const end = performance.now() + Number(command['maxTimeMS'] ?? AWAIT_MS);
      for (let left = end - performance.now(); batch.length === 0 && left > 0; left = end - performance.now()) {
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            clearTimeout(timer);
            waiting.delete(wake);
            resolve();
          };
          const timer = setTimeout(wake, left);
          waiting.add(wake);
        });
        if (!cursors.has(id)) return { ok: 0, code: 43, errmsg: `cursor id ${id} not found` };
        batch = take(cursor);
      }
      return reply(id, cursor, 'nextBatch', batch);
    },
    kill: (ids) => ids.filter((id) => cursors.delete(String(id))),
    release: () => {
      cursors.clear();
      for (const wake of waiting) wake();
    },
  };
};
