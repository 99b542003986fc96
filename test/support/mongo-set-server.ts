// How a member of a pretended replica set answers: by its role, by the rules of the moment, and each numbered write once.
import type { Binary, Document } from 'mongodb';
import { writing } from './mongo-set-behind.ts';
import type { Behind } from './mongo-set-behind.ts';
import type { Member, Members } from './mongo-set-members.ts';
import { failure, withConcern } from './mongo-set-rules.ts';
import type { Failing, Outcome, Rules } from './mongo-set-rules.ts';
import type { Streams } from './mongo-set-streams.ts';
import { aboutOf } from './mongo-wire.ts';

/** `hang`: the connection is reset, for nobody knows what came of it. */
export type Answer = Document | 'reset';

export interface Arrival {
  command: Document;
  line: string;
  member: Member;
}

/** Written by one session and number, as the last ones were answered. */
const REMEMBERED = 20_000;
const STEPPED_DOWN = { code: 189, errmsg: 'Primary stepped down while waiting for replication' };
const INTERRUPTED = { code: 11_602, errmsg: 'operation was interrupted' };
const WAITED_IN_VAIN = { code: 64, errmsg: 'waiting for replication timed out', errInfo: { wtimeout: true } };
const TOOK_TOO_LONG = { code: 50, errmsg: 'operation exceeded time limit' };

const reads = new Set(['find', 'aggregate', 'count', 'distinct', 'listIndexes', 'listCollections', 'explain']);
const pause = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The time of a member instead of what stands for it. */
const withTime = (value: unknown, now: Date): unknown => {
  if (value === '$$NOW') return now;
  if (Array.isArray(value)) return value.map((one) => withTime(one, now));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withTime(one, now)]));
};

/** `$currentDate`, and a pipeline that only sets, as an update that says the time itself: FerretDB 1 has no pipelines. */
const withoutClock = (update: unknown, now: Date): unknown => {
  const timed = withTime(update, now) as Document;
  if (Array.isArray(timed))
    return { $set: Object.assign({}, ...timed.map((stage) => (stage as Document)['$set'])) as Document };
  const { $currentDate: dates, ...rest } = timed;
  if (dates === undefined) return timed;
  const set = Object.fromEntries(Object.keys(dates as Document).map((field) => [field, now]));
  return { ...rest, $set: { ...(rest['$set'] as Document | undefined), ...set } };
};

const atTimeOf = (command: Document, member: Member): Document => {
  const now = new Date(Date.now() + member.clockOffsetMs);
  if (command['updates'] !== undefined) {
    const updates = (command['updates'] as Document[]).map((one) => ({ ...one, u: withoutClock(one['u'], now) }));
    return { ...command, updates };
  }
  if (command['update'] !== undefined) return { ...command, update: withoutClock(command['update'], now) };
  return command['pipeline'] === undefined ? command : { ...command, pipeline: withTime(command['pipeline'], now) };
};

/** What a write put there that was not there. */
const insertedBy = (command: Document, reply: Document): Document[] => {
  const errors = (reply['writeErrors'] ?? []) as Document[];
  if (command['insert'] !== undefined) {
    const failed = new Set(errors.map(({ index }) => Number(index)));
    const end = command['ordered'] === false || errors.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...failed);
    return (command['documents'] as Document[]).filter((_, i) => !failed.has(i) && i < end);
  }
  const upserted = ((reply['upserted'] ?? []) as Document[]).map(({ _id }) => ({ _id: _id as unknown }));
  const made = (reply['lastErrorObject'] as Document | undefined)?.['upserted'] as unknown;
  return made === undefined ? upserted : [{ _id: made }];
};

/** Without what was inserted where the member is not. */
const unseeing = (command: Document, { unseen }: Member, namespace: string): Document => {
  const ids = unseen?.get(namespace);
  if (ids === undefined) return command;
  const hiding = { _id: { $nin: ids } };
  if (command['pipeline'] !== undefined) {
    return { ...command, pipeline: [{ $match: hiding }, ...(command['pipeline'] as Document[])] };
  }
  const field = command['find'] === undefined ? 'query' : 'filter';
  const filter = (command[field] ?? {}) as Document;
  return { ...command, [field]: { ...filter, $and: [...((filter['$and'] ?? []) as Document[]), hiding] } };
};

export const createAnswering = (
  behind: Behind,
  members: Members,
  rules: Rules,
  streams: Streams,
  isNative: boolean,
) => {
  /** By session and number: known to every member, as what a majority has. */
  const written = new Map<string, Promise<Document | undefined>>();
  const latest = new Map<string, number>();
  let interruptions = 0;

  const failingOf = ({ command, member }: Arrival): Failing => ({
    isRetryable: command['txnNumber'] !== undefined,
    isStream:
      (command['getMore'] !== undefined && streams.has(command['getMore'])) ||
      (command['pipeline'] as Document[] | undefined)?.[0]?.['$changeStream'] !== undefined,
    topologyVersion: members.topologyVersion(member),
  });
  const fail = (arrival: Arrival, error: Document): Document => failure(error, failingOf(arrival));

  /** A write of a primary that the others went on without: it is never replicated, and rolled back when it is healed. */
  const writeAlone = async (arrival: Arrival, term: number): Promise<Document> => {
    const { command, member } = arrival;
    const n = ((command['documents'] ?? command['updates'] ?? command['deletes'] ?? [0]) as unknown[]).length;
    const done = { n, ...(command['updates'] === undefined ? {} : { nModified: n }), ok: 1 };
    const concern = (command['writeConcern'] ?? { w: 'majority' }) as Document;
    if (typeof concern['w'] === 'number' && concern['w'] <= 1) return done;
    const limits = [concern['wtimeout'], command['maxTimeMS']].map((ms) => Number(ms ?? 0) || Number.POSITIVE_INFINITY);
    const end = performance.now() + Math.min(...limits);
    while (member.term === term && performance.now() < end) {
      await members.untilChanged(member, member.counter, Math.min(3_600_000, end - performance.now()));
    }
    const error = member.term === term ? (limits[0]! <= limits[1]! ? WAITED_IN_VAIN : TOOK_TOO_LONG) : INTERRUPTED;
    return withConcern(done, error, failingOf(arrival));
  };

  const writeOnce = async (arrival: Arrival): Promise<Document> => {
    const { member } = arrival;
    const { term } = member;
    if (member.unseen !== undefined) return writeAlone(arrival, term);
    const command = atTimeOf(arrival.command, member);
    const { namespace } = aboutOf(command);
    const run = async (): Promise<Document | undefined> => {
      const reply = await behind.write(command, () => member.term === term && member.unseen === undefined);
      if (reply === undefined || Number(reply['ok']) !== 1) return reply;
      const documents = insertedBy(command, reply);
      if (documents.length === 0) return reply;
      streams.inserted(namespace, documents);
      for (const { unseen } of members.all) {
        unseen?.set(namespace, [...(unseen.get(namespace) ?? []), ...documents.map(({ _id }) => _id as unknown)]);
      }
      return reply;
    };
    const number = command['txnNumber'] === undefined ? undefined : Number(command['txnNumber']);
    let running: Promise<Document | undefined>;
    if (number === undefined) running = run();
    else {
      const session = ((command['lsid'] as Document)['id'] as Binary).toString('hex');
      if (number < (latest.get(session) ?? 0)) {
        return fail(arrival, { code: 225, errmsg: `txnNumber ${number} is too old for this session` });
      }
      latest.set(session, number);
      const key = `${session} ${number}`;
      const before = written.get(key);
      running = before ?? run();
      if (before === undefined) {
        written.set(key, running);
        if (written.size > REMEMBERED) written.delete(written.keys().next().value!);
        const isDone = await running.catch(() => undefined);
        if (isDone === undefined || Number(isDone['ok']) !== 1) written.delete(key);
      }
    }
    const reply = await running;
    // It had not begun, so it never will.
    if (reply === undefined) return fail(arrival, INTERRUPTED);
    const isStill = member.term === term;
    return isStill
      ? reply
      : withConcern(reply, (interruptions += 1) % 2 === 0 ? INTERRUPTED : STEPPED_DOWN, failingOf(arrival));
  };

  const read = async (arrival: Arrival): Promise<Document> => {
    const { command, member } = arrival;
    const { namespace } = aboutOf(command);
    const stages = command['pipeline'] as Document[] | undefined;
    if (stages?.[0]?.['$changeStream'] !== undefined) {
      const opened = streams.open(namespace, command);
      return Number(opened['ok']) === 1 ? opened : fail(arrival, opened);
    }
    const level = (command['readConcern'] as Document | undefined)?.['level'] as unknown;
    if (level === 'linearizable' && member.unseen !== undefined) {
      // It waits for a majority, which it does not reach.
      const { writeConcernError } = await writeAlone(
        { ...arrival, command: { maxTimeMS: command['maxTimeMS'] } },
        member.term,
      );
      return fail(arrival, writeConcernError as Document);
    }
    return behind.read(unseeing(atTimeOf(command, member), member, namespace));
  };

  const getMore = async (arrival: Arrival): Promise<Document> => {
    const { command, member } = arrival;
    if (!streams.has(command['getMore'])) return behind.ask(command);
    const { counter } = member;
    const change = members.untilChanged(member, counter, 3_600_000).then(() => undefined);
    const reply = await Promise.race([streams.more(command), change]);
    if (reply === undefined) return fail(arrival, INTERRUPTED);
    return Number(reply['ok']) === 1 ? reply : fail(arrival, reply);
  };

  const killCursors = async (command: Document): Promise<Document> => {
    const ids = command['cursors'] as unknown[];
    const killed = streams.kill(ids);
    const rest = ids.filter((id) => !killed.includes(id));
    if (rest.length === 0)
      return { cursorsKilled: killed, cursorsNotFound: [], cursorsAlive: [], cursorsUnknown: [], ok: 1 };
    return behind.ask({ ...command, cursors: rest });
  };

  const buildInfo = async (command: Document): Promise<Document> => {
    const { ferretdbVersion: _version, ferretdbFeatures: _features, ...rest } = await behind.ask(command);
    return isNative ? { ...rest, version: '7.0.14', versionArray: [7, 0, 14, 0] } : behind.ask(command);
  };

  const obey = async (arrival: Arrival): Promise<Document> => {
    const { command, member } = arrival;
    const { name } = aboutOf(command);
    if (name === 'buildInfo' || name === 'buildinfo') return buildInfo(command);
    if (name === 'endSessions' || name === 'refreshSessions') return { ok: 1 };
    if (name === 'getMore') return getMore(arrival);
    if (name === 'killCursors') return killCursors(command);
    if (command['autocommit'] === false)
      return fail(arrival, { code: 20, errmsg: 'transactions are not pretended here' });
    if (writing.has(name)) {
      if (member.role !== 'primary') return fail(arrival, { code: 10_107, errmsg: 'not primary' });
      return writeOnce(arrival);
    }
    if (!reads.has(name)) return behind.ask(command);
    const mode = (command['$readPreference'] as Document | undefined)?.['mode'] as unknown;
    if (member.role !== 'primary' && (mode === undefined || mode === 'primary')) {
      return fail(arrival, { code: 13_435, errmsg: 'not primary and secondaryOk=false' });
    }
    return read(arrival);
  };

  const under = async (outcome: Outcome | undefined, arrival: Arrival): Promise<Answer> => {
    if (outcome === undefined) return obey(arrival);
    if (outcome === 'reset') return 'reset';
    if (outcome === 'lost') {
      await obey(arrival);
      return 'reset';
    }
    if ('error' in outcome) return fail(arrival, outcome.error);
    if ('writeConcernError' in outcome)
      return withConcern(await obey(arrival), outcome.writeConcernError, failingOf(arrival));
    if ('lateMs' in outcome) {
      const reply = await obey(arrival);
      await pause(outcome.lateMs);
      return reply;
    }
    await pause(outcome.stallMs);
    return obey(arrival);
  };

  /** Answers everything but `hello`. @throws where the server behind does not answer */
  return async (arrival: Arrival): Promise<Answer> => {
    const { command, line, member } = arrival;
    return under(rules.take({ command, line, member: member.index }), arrival);
  };
};
