// What a body points at, by the ids that the contracts speak.
import type { PublicIds } from '../../../../shared/ids.ts';
import type { Assistant, Base } from '../../../ports/documents.ts';
import type { Collection, Store } from '../../../ports/store.ts';
import { byUuid, noSuch } from '../../../usecases/public-ids.ts';

/** @param named `path`: the field; `what`: in words. @throws ChatError `not_found` */
export const referenced = async <T extends Base & PublicIds>(
  collection: Collection<T>,
  orgId: string,
  uuid: string,
  named: { path: string; what: string },
): Promise<T> => {
  const found = await byUuid(collection, orgId, uuid);
  if (found === undefined) throw noSuch(named.path, named.what);
  return found;
};

/** The organisation's assistants by their inner ids, first made first; the first is the default one. */
export const assistantsOf = async ({ store }: { store: Store }, orgId: string): Promise<Map<string, Assistant>> =>
  new Map((await store.documents.assistants.list(orgId)).map((assistant) => [assistant.id, assistant]));
