// A document as MongoDB keeps it, and back.
import { newHexId } from '../../../shared/ids.ts';
import { groups } from '../../ports/documents.ts';
import type { Base, DocumentOf, Kind } from '../../ports/documents.ts';
import type { KeptDocument } from './mongo-schema.ts';

/**
 * What was deleted leaves its id and its version for so long, ms: longer than any write can be on its way. So an insert that comes
 * late finds the id taken, and the versions of an id never begin anew.
 */
const TOMBSTONE_MS = 3_600_000;

/** What a writer must know of what it writes over. */
export type AsRead = Pick<KeptDocument, 'version' | 'lookups'>;

export interface Encoded<T> {
  document: T & Base;
  body: string;
}

/** As it is at the time of the call: later changes of the object are not taken. */
export const encode = <T>(given: T): Encoded<T> => {
  const body = JSON.stringify(given);
  return { body, document: JSON.parse(body) as T & Base };
};

export const shelfOf = (kind: Kind, orgId: string): string => `${kind}/${orgId}`;
export const idOf = (kind: Kind, orgId: string, id: string): string => `${kind}/${orgId}/${id}`;

export const keptOf = <K extends Kind>(
  kind: K,
  { document, body }: Encoded<DocumentOf<K>>,
  version: number,
  held: KeptDocument['lookups'],
): KeptDocument => ({
  _id: idOf(kind, document.orgId, document.id),
  shelf: shelfOf(kind, document.orgId),
  id: document.id,
  group: groups[kind](document),
  ...(document.expiresAt === undefined ? {} : { expiresAt: document.expiresAt }),
  version,
  writer: newHexId(),
  lookups: held,
  body,
});

/** Where no list looks. */
export const NO_SHELF = '';

export const tombstoneOf = (_id: string, version: number, now: number): KeptDocument => ({
  _id,
  shelf: NO_SHELF,
  id: _id,
  group: '',
  expiresAt: now + TOMBSTONE_MS,
  version,
  writer: newHexId(),
  lookups: [],
  body: 'null',
});

export const parse = <K extends Kind>(found: Pick<KeptDocument, 'body'> | null): DocumentOf<K> | undefined =>
  found === null ? undefined : ((JSON.parse(found.body) as DocumentOf<K> | null) ?? undefined);

export const kindOf = (_id: string): Kind => _id.slice(0, _id.indexOf('/')) as Kind;
