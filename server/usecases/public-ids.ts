// Finding things by the ids that the contracts speak: a UUID or 24 hex digits, always within one organisation.
import { ChatError } from '../../shared/errors.ts';
import type { PublicIds } from '../../shared/ids.ts';
import type { Base } from '../ports/documents.ts';
import type { Collection } from '../ports/store.ts';

type Named = Base & PublicIds;

const within = <T extends Named>(found: T | undefined, orgId: string): T | undefined =>
  found?.orgId === orgId ? found : undefined;

/** Undefined for an unknown one and for another organisation's, which must not be told apart. Case does not count. */
export const byUuid = async <T extends Named>(
  collection: Collection<T>,
  orgId: string,
  uuid: string,
): Promise<T | undefined> => within(await collection.find(`uuid:${uuid.toLowerCase()}`), orgId);

/** As `byUuid`, by 24 hex digits. */
export const byHexId = async <T extends Named>(
  collection: Collection<T>,
  orgId: string,
  hexId: string,
): Promise<T | undefined> => within(await collection.find(`hex:${hexId.toLowerCase()}`), orgId);

/** An unknown and a foreign thing are the same `not_found`, naming the field that pointed at it. */
export const noSuch = (path: string, what: string): ChatError =>
  new ChatError('not_found', `There is no such ${what}`, { details: [{ path, message: `There is no such ${what}` }] });
