// Why the shared keeper cannot start, told to a person; and whether waiting may help.
import { MongoClient, MongoServerError, MongoServerSelectionError } from 'mongodb';
import type { MongoClientOptions } from 'mongodb';
import { StoreStartError } from './data-lock.ts';

/** Nothing answers at the address, or no primary: the same start may succeed in a moment. */
export class StoreUnreachableError extends StoreStartError {
  constructor(message: string, cause?: unknown) {
    super(message, cause);
    this.name = 'StoreUnreachableError';
  }
}

const AUTHENTICATION_FAILED = 18;
/** What Atlas says instead. */
const ATLAS_ERROR = 8000;
const UNAUTHORIZED = 13;

/** @throws StoreStartError for what is no address of a MongoDB; the message does not repeat it, for it may hold a password */
export const createClient = (url: string, options: MongoClientOptions): MongoClient => {
  try {
    return new MongoClient(url, options);
  } catch (error) {
    throw new StoreStartError(
      `MONGODB_URL is not an address of a MongoDB (mongodb://host:27017/name): ${(error as Error).message}`,
      error,
    );
  }
};

/** The hosts of an address, without user and password. */
export const hostsOf = (client: MongoClient): string =>
  client.options.srvHost ?? client.options.hosts.map(String).join(', ');

/** What the servers answered while none could be chosen. */
const errorsOf = (error: MongoServerSelectionError): Error[] =>
  [...(error.reason?.servers.values() ?? [])].flatMap((server) =>
    server.error === null || server.error === undefined ? [] : [server.error],
  );

/** What a failed start means. Errors of ours are passed on. */
export const toMongoStartError = (error: unknown, hosts: string): StoreStartError => {
  if (error instanceof StoreStartError) return error;
  if (error instanceof MongoServerSelectionError) return ofSelection(error, hosts);
  if (error instanceof MongoServerError) {
    if (error.code === AUTHENTICATION_FAILED || error.code === ATLAS_ERROR) {
      return new StoreStartError(`MongoDB at ${hosts} refuses the user name or the password of MONGODB_URL.`, error);
    }
    if (error.code === UNAUTHORIZED) {
      return new StoreStartError(
        `The user of MONGODB_URL may not use the database at ${hosts}: it needs readWrite on it (${error.message}).`,
        error,
      );
    }
  }
  return new StoreUnreachableError(`MongoDB at ${hosts} does not answer: ${(error as Error).message}.`, error);
};

const ofSelection = (error: MongoServerSelectionError, hosts: string): StoreStartError => {
  const told = errorsOf(error);
  const tooOld = told.find((one) => /wire version/.test(one.message));
  if (tooOld !== undefined) {
    return new StoreStartError(
      `The server at ${hosts} is too old: MongoDB 4.4 or newer is needed (${tooOld.message}).`,
      error,
    );
  }
  const refused = told.find(
    (one) => one instanceof MongoServerError && (one.code === AUTHENTICATION_FAILED || one.code === ATLAS_ERROR),
  );
  if (refused !== undefined) return toMongoStartError(refused, hosts);
  const why = told[0]?.message ?? 'nothing there spoke as a MongoDB does, or it has no primary';
  return new StoreUnreachableError(`No MongoDB that takes writes answers at ${hosts}: ${why}.`, error);
};
