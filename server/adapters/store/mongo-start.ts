// Why the shared keeper cannot start, told to a person; and whether waiting may help.
import { MongoClient, MongoServerSelectionError } from 'mongodb';
import type { MongoClientOptions } from 'mongodb';
import { StoreStartError } from './data-lock.ts';
import { classify } from './mongo-errors.ts';

/** Nothing answers at the address, or no primary: the same start may succeed in a moment. */
export class StoreUnreachableError extends StoreStartError {
  constructor(message: string, cause?: unknown) {
    super(message, cause);
    this.name = 'StoreUnreachableError';
  }
}

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

const why = (error: unknown): string => {
  const told = error instanceof MongoServerSelectionError ? errorsOf(error)[0]?.message : (error as Error).message;
  return (told ?? 'nothing there spoke as a MongoDB does, or the set has no primary or another name').replace(
    /\.$/,
    '',
  );
};

/** What a failed start means, by the table of errors. Errors of ours are passed on. */
export const toMongoStartError = (error: unknown, hosts: string): StoreStartError => {
  if (error instanceof StoreStartError) return error;
  const fault = classify(error);
  switch (fault?.kind) {
    case 'misconfigured': {
      const message = `The MongoDB at ${hosts} cannot be used. ${fault.remedy} It said: ${why(error)}.`;
      return fault.mayPass === true ? new StoreUnreachableError(message, error) : new StoreStartError(message, error);
    }
    case 'unavailable':
    case 'duplicate':
      return new StoreUnreachableError(`No MongoDB that takes writes answers at ${hosts}: ${why(error)}.`, error);
    default: {
      const { code, codeName } = error as { code?: number | string; codeName?: string };
      const named = `${code ?? 'no code'} ${codeName ?? ''}`.trim();
      return new StoreStartError(
        `The MongoDB at ${hosts} answers what this server does not understand (${named}): ${why(error)}.`,
        error,
      );
    }
  }
};
