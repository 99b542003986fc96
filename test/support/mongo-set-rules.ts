// What a pretended set of members does to requests by rule, and MongoDB's own documents for it.
import type { Document } from 'mongodb';
import { aboutOf } from './mongo-wire.ts';

const codeNames: Record<number, string> = {
  6: 'HostUnreachable',
  20: 'IllegalOperation',
  43: 'CursorNotFound',
  50: 'MaxTimeMSExpired',
  64: 'WriteConcernTimeout',
  86: 'IndexKeySpecsConflict',
  91: 'ShutdownInProgress',
  189: 'PrimarySteppedDown',
  225: 'TransactionTooOld',
  286: 'ChangeStreamHistoryLost',
  8000: 'AtlasError',
  10107: 'NotWritablePrimary',
  11600: 'InterruptedAtShutdown',
  11602: 'InterruptedDueToReplStateChange',
  13435: 'NotPrimaryNoSecondaryOk',
};

/** What a server calls a write that may be sent again. */
const retryable = new Set([6, 7, 89, 91, 189, 262, 9001, 10_107, 11_600, 11_602, 13_435, 13_436]);
/** And a change stream that may be opened again where it was. */
const resumable = new Set([...retryable, 63, 133, 150, 234, 13_388]);
/** Of these a driver learns that the member is not what it was. */
const stateChanges = new Set([91, 189, 10_107, 11_600, 11_602, 13_435, 13_436]);

/** With the name that belongs to its code. */
const named = (error: Document): Document => ({
  ...(codeNames[Number(error['code'])] === undefined ? {} : { codeName: codeNames[Number(error['code'])] }),
  ...error,
});

/** What a failing reply needs to know of its request and its member. */
export interface Failing {
  /** It has a number by which a server knows its repetition. */
  isRetryable: boolean;
  isStream: boolean;
  topologyVersion: Document;
}

const labelsOf = (code: number, { isRetryable, isStream }: Failing): string[] => [
  ...(isRetryable && retryable.has(code) ? ['RetryableWriteError'] : []),
  ...(isStream && resumable.has(code) ? ['ResumableChangeStreamError'] : []),
  ...(code === 286 ? ['NonResumableChangeStreamError'] : []),
];

/** `ok: 0` with this error, as a server sends it. */
export const failure = (error: Document, about: Failing): Document => {
  const code = Number(error['code']);
  const labels = labelsOf(code, about);
  return {
    ...(labels.length === 0 ? {} : { errorLabels: labels }),
    ...(stateChanges.has(code) ? { topologyVersion: about.topologyVersion } : {}),
    ok: 0,
    ...named(error),
  };
};

/** A reply of a write that was done here, and of which it is not known whether it lasts. */
export const withConcern = (reply: Document, error: Document, about: Failing): Document => {
  const labels = labelsOf(Number(error['code']), about);
  return {
    ...reply,
    ...(labels.length === 0 ? {} : { errorLabels: labels }),
    writeConcernError: named(error),
  };
};

export interface Matcher {
  /** Names of commands; any where absent. */
  command?: string | readonly string[];
  collection?: string;
  /** The line of a client; see `line` of the set. */
  line?: string;
  member?: number;
  where?: (command: Document) => boolean;
}

/**
 * `error`: refused with it, and not done. `writeConcernError`: done, and answered with it. `reset`: the connection is reset
 * instead. `lost`: done, and the connection is reset instead of an answer. `stallMs`: waits so long before it arrives, also
 * where the client has gone meanwhile. `lateMs`: done at once, answered so much later.
 */
export type Outcome =
  | { error: Document }
  | { writeConcernError: Document }
  | 'reset'
  | 'lost'
  | { stallMs: number }
  | { lateMs: number };

export interface Arrived {
  command: Document;
  line: string;
  member: number;
}

export interface Rules {
  /** Of what matches the next `times`. Returns what ends it, and how often it was applied. */
  add(matcher: Matcher, outcome: Outcome, times: number): { end: () => void; applied: () => number };
  /** The rule that holds for a request, which it uses up. */
  take(arrived: Arrived): Outcome | undefined;
}

export const createRules = (): Rules => {
  const rules = new Set<{ matcher: Matcher; outcome: Outcome; left: number; applied: number }>();
  const matches = ({ command, collection, line, member, where }: Matcher, arrived: Arrived): boolean => {
    const about = aboutOf(arrived.command);
    const names = command === undefined ? undefined : [command].flat();
    return (
      (names === undefined || names.includes(about.name)) &&
      (collection === undefined || collection === about.collection) &&
      (line === undefined || line === arrived.line) &&
      (member === undefined || member === arrived.member) &&
      (where === undefined || where(arrived.command))
    );
  };
  return {
    add: (matcher, outcome, times) => {
      const rule = { matcher, outcome, left: times, applied: 0 };
      rules.add(rule);
      return { end: () => void rules.delete(rule), applied: () => rule.applied };
    },
    take: (arrived) => {
      for (const rule of rules) {
        if (!matches(rule.matcher, arrived)) continue;
        rule.left -= 1;
        rule.applied += 1;
        if (rule.left <= 0) rules.delete(rule);
        return rule.outcome;
      }
      return undefined;
    },
  };
};
