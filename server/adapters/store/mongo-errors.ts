// What an error of the MongoDB driver or server means, as one table: by code, label and system call; by wording only where one
// code says several things. Sources are named per row: MongoDB's list of codes (src/mongo/base/error_codes.yml), the drivers'
// specifications (github.com/mongodb/specifications), and the documents of services that speak the protocol.
import {
  MongoAPIError,
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoCompatibilityError,
  MongoError,
  MongoExpiredSessionError,
  MongoMissingCredentialsError,
  MongoNotConnectedError,
  MongoParseError,
  MongoServerClosedError,
  MongoServerError,
  MongoTopologyClosedError,
} from 'mongodb';

/**
 * - `unavailable`: may pass by itself; whether what was asked has happened is unknown.
 * - `duplicate`: a unique index refused it; nothing was written.
 * - `aborted`: it met another write, and the server has undone all of it: it may be tried again at once.
 * - `too_large`: the server will never take this; nothing was written.
 * - `misconfigured`: a person must change something; `remedy` says what, for an operator.
 * - `defect`: a command that no version of the server should have been sent. A mistake of ours.
 * - `unknown`: a code of the server that the table does not hold: whether it has happened is unknown, and whether it passes.
 */
export type FaultKind = 'unavailable' | 'duplicate' | 'aborted' | 'too_large' | 'misconfigured' | 'defect' | 'unknown';

export interface Fault {
  kind: FaultKind;
  /** A sentence of what to change; present where `kind` is `misconfigured`. */
  remedy?: string;
  /** Waiting may help all the same (a name that is not there yet, a disk that somebody is emptying). */
  mayPass?: true;
}

interface Row extends Fault {
  codes?: readonly (number | string)[];
  labels?: readonly string[];
  /** Of the message, where the code does not decide. */
  wording?: RegExp;
  source: string;
}

const misconfigured = (remedy: string, mayPass?: true): Pick<Row, 'kind' | 'remedy' | 'mayPass'> => ({
  kind: 'misconfigured',
  remedy,
  ...(mayPass === undefined ? {} : { mayPass }),
});

const credentials = 'It refuses the user name or the password of MONGODB_URL: correct them, and authSource if need be.';
const full = 'It takes no more data, because its disk or quota is full: free space, or raise the quota of the plan.';
const noRetries =
  'It does not support retryable writes: add retryWrites=false to MONGODB_URL (Amazon DocumentDB before version 8 needs it).';
export const readOnly =
  'It is a read-only member: let MONGODB_URL name the replica set (replicaSet=…) or the primary, without directConnection=true.';
const tls =
  'The TLS connection fails: compare tls, tlsCAFile and tlsCertificateKeyFile of MONGODB_URL with what the server demands.';

/** The first row that fits decides. */
const table: readonly Row[] = [
  {
    codes: [11_000, 11_001, 12_582],
    kind: 'duplicate',
    source: 'error_codes.yml: DuplicateKey; 11001 and 12582 by older servers (specifications: crud)',
  },
  {
    codes: [112],
    kind: 'aborted',
    source: 'error_codes.yml: WriteConflict',
  },
  {
    wording: /deadlock detected/i,
    kind: 'aborted',
    source: 'FerretDB 2 passes PostgreSQL on: 40P01 deadlock_detected, as code 16908292; seen on 2.5',
  },
  {
    codes: [8000],
    wording: /quota|space|storage/i,
    ...misconfigured(full),
    source: 'Atlas: 8000 AtlasError, "you are over your space quota"',
  },
  { codes: [8000], ...misconfigured(credentials), source: 'Atlas: 8000 AtlasError, "bad auth"' },
  {
    codes: [14_031, 'OutOfDiskSpace', 12_501],
    ...misconfigured(full, true),
    source: 'error_codes.yml: OutOfDiskSpace; 12501 "quota exceeded"',
  },
  {
    wording: /no space left on device|disk is full|over your space quota|53100/i,
    ...misconfigured(full, true),
    source: 'FerretDB passes PostgreSQL on: 53100 disk_full',
  },
  {
    codes: [18, 11, 391],
    ...misconfigured(credentials),
    source: 'error_codes.yml: AuthenticationFailed, UserNotFound',
  },
  {
    codes: [13],
    ...misconfigured('The user of MONGODB_URL may not do this: it needs the role readWrite on the database.'),
    source: 'error_codes.yml: Unauthorized',
  },
  {
    codes: [20, 301],
    wording: /retryable writes|transaction numbers/i,
    ...misconfigured(noRetries),
    source: 'mongod 20 "Transaction numbers are only allowed on a replica set member or mongos"; Amazon DocumentDB 301',
  },
  {
    wording: /does not support retryable writes/i,
    ...misconfigured(noRetries),
    source: 'driver: MongoServerError of MMAPv1 and DocumentDB, reworded',
  },
  {
    codes: [16_500, 429],
    kind: 'unavailable',
    source: 'Azure Cosmos DB: 16500 TooManyRequests; the request may be repeated later',
  },
  {
    codes: [10_334, 17_280, 17_419, 17_420, 'BSONObjectTooLarge'],
    kind: 'too_large',
    source: 'error_codes.yml: BSONObjectTooLarge; 17280 KeyTooLong',
  },
  {
    wording: /larger than the maximum size|BSONObj size|object to insert too large/i,
    kind: 'too_large',
    source: 'driver: MongoInvalidArgumentError before it sends; mongod 2 BadValue and 10334 by wording',
  },
  {
    codes: [79, 100],
    ...misconfigured(
      'Its set of members cannot give a majority: start the missing members, or correct the members of the set.',
      true,
    ),
    source: 'error_codes.yml: UnknownReplWriteConcern, UnsatisfiableWriteConcern',
  },
  {
    codes: [
      6, 7, 24, 43, 46, 50, 63, 64, 70, 83, 89, 91, 107, 110, 117, 128, 134, 150, 175, 189, 202, 216, 222, 234, 237,
      244, 246, 251, 262, 279, 286, 290, 314, 317, 365, 384, 402, 9001, 10_058, 10_107, 11_600, 11_602, 13_388, 13_435,
      13_436,
    ],
    kind: 'unavailable',
    source:
      'error_codes.yml: categories NetworkError, ShutdownError, NotPrimaryError, Interruption, ExceededTimeLimit, StaleShardVersion; ' +
      'specifications: retryable reads and writes, server discovery and monitoring ("not writable primary", "node is recovering")',
  },
  {
    codes: [133],
    ...misconfigured(readOnly, true),
    source: 'error_codes.yml: FailedToSatisfyReadPreference',
  },
  {
    labels: [
      'RetryableWriteError',
      'RetryableError',
      'TransientTransactionError',
      'ResumableChangeStreamError',
      'HandshakeError',
    ],
    kind: 'unavailable',
    source: 'specifications: labels that drivers and servers add to what may be tried again',
  },
  {
    codes: [2, 4, 9, 14, 26, 40, 48, 51, 52, 54, 57, 59, 61, 66, 72, 73, 85, 86, 115, 121, 238, 303],
    kind: 'defect',
    source:
      'error_codes.yml: ValidationError and what no command of ours may cause; 303 Amazon DocumentDB "not supported"',
  },
];

const passing = [
  MongoNotConnectedError,
  MongoExpiredSessionError,
  MongoServerClosedError,
  MongoTopologyClosedError,
  MongoClientClosedError,
];
const tooOld = 'It is too old: MongoDB 4.4 or newer is needed.';

type NodeError = { code?: string; syscall?: string };

const tlsCodes = /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;
const tlsFile = 'A file that MONGODB_URL names cannot be read: correct tlsCAFile, tlsCertificateKeyFile or tlsCRLFile.';
const names = 'Its name cannot be resolved: correct the host in MONGODB_URL, or the DNS of this machine.';

/** What a system call of this machine says: Node's own errors, which the driver passes on as they are (`cause`, or raw). */
const ofSystem = ({ code: given, syscall }: NodeError): Fault | undefined => {
  const code = typeof given === 'string' ? given : '';
  if (tlsCodes.test(code)) return misconfigured(tls);
  if (syscall === undefined) return undefined;
  if (syscall === 'open') return misconfigured(tlsFile);
  // A name that is not known may be registered in a moment: containers start.
  if (syscall === 'getaddrinfo' || syscall.startsWith('query')) return misconfigured(names, true);
  return { kind: 'unavailable' };
};

/** All that is said in one error: itself, what it wraps, and what each server of a set answered. */
const parts = (error: unknown, depth = 0): unknown[] => {
  if (typeof error !== 'object' || error === null || depth > 4) return [];
  const { cause, errors, reason } = error as { cause?: unknown; errors?: unknown[]; reason?: unknown };
  const servers = (reason as { servers?: Map<string, { error?: unknown }> } | undefined)?.servers;
  const inner = [
    cause,
    ...(Array.isArray(errors) ? errors : []),
    ...[...(servers?.values() ?? [])].map((one) => one.error),
  ];
  return [error, ...inner.flatMap((one) => parts(one, depth + 1))];
};

const matches = (row: Row, error: MongoError & { code?: unknown; codeName?: unknown }): boolean => {
  if (
    row.codes !== undefined &&
    !row.codes.includes(error.code as number) &&
    !row.codes.includes(String(error.codeName))
  )
    return false;
  if (row.labels !== undefined && !row.labels.some((label) => error.hasErrorLabel(label))) return false;
  return row.wording === undefined || row.wording.test(error.message);
};

/** What a bulk write stumbled over besides duplicates. */
const ofBulk = (error: MongoBulkWriteError): Fault | undefined => {
  const errors = [error.writeErrors].flat();
  const worse = errors.find(({ code }) => !table[0]!.codes!.includes(code));
  const concern = error.result.getWriteConcernError();
  if (concern !== undefined) return classify(new MongoErrorOf(concern.code ?? 0, concern.errmsg ?? ''));
  return worse === undefined ? undefined : classify(new MongoErrorOf(worse.code, worse.errmsg ?? ''));
};

/** One error of a list, to be looked up like any other. */
class MongoErrorOf extends MongoError {
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Errors of the driver's own that are no state of a connection: those pass. */
const ofDriver = (error: MongoError): Fault | undefined => {
  if (error instanceof MongoCompatibilityError) return misconfigured(tooOld);
  if (error instanceof MongoMissingCredentialsError) return misconfigured(credentials);
  const isOfConnection = passing.some((type) => error instanceof type);
  if (isOfConnection) return { kind: 'unavailable' };
  return error instanceof MongoAPIError || error instanceof MongoParseError ? { kind: 'defect' } : undefined;
};

const lookUp = (error: MongoError): Fault | undefined => {
  const { kind, remedy, mayPass } = table.find((row) => matches(row, error)) ?? {};
  if (kind === undefined) return undefined;
  return { kind, ...(remedy === undefined ? {} : { remedy }), ...(mayPass === undefined ? {} : { mayPass }) };
};

/**
 * What an error means; undefined for what neither the driver, the server nor the system said (an error of ours).
 * A selection of servers that failed means what the servers answered, if they did.
 */
export const classify = (error: unknown): Fault | undefined => {
  if (error instanceof MongoBulkWriteError) {
    const worse = ofBulk(error);
    if (worse !== undefined) return worse;
  }
  const all = parts(error);
  // What lies deepest is the reason of the rest.
  for (const one of all.toReversed()) {
    const found =
      (one instanceof MongoError ? (lookUp(one) ?? ofDriver(one)) : undefined) ?? ofSystem(one as NodeError);
    if (found !== undefined) return found;
  }
  const [first] = all;
  if (!(first instanceof MongoError)) return undefined;
  return { kind: first instanceof MongoServerError ? 'unknown' : 'unavailable' };
};
