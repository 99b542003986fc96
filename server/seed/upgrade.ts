// What an earlier build wrote, brought up to what this one reads. Idempotent; runs at every start and finds nothing after the first.
import { newId, publicIdsOf } from '../../shared/ids.ts';
import type { PublicIds } from '../../shared/ids.ts';
import { widgetDefaults } from '../domain/widget.ts';
import type { Base, Organisation } from '../ports/documents.ts';
import type { Collection } from '../ports/store.ts';
import type { Store } from '../ports/store.ts';
import type { Installation } from '../usecases/installation.ts';
import { alone } from '../usecases/pipelines.ts';
import { firstPipeline } from './demo.ts';

const needsIds = (document: Partial<PublicIds>): boolean => document.uuid === undefined;

/** Ids of 36 characters were UUIDs already; what was no `prefix_hex` gets a hex form of its own. */
const idsFor = (id: string): PublicIds => {
  const fresh = publicIdsOf(/_[0-9a-f]{24}$/.test(id) ? id : newId('org'));
  return /^[0-9a-f-]{36}$/.test(id) ? { ...fresh, uuid: id } : fresh;
};

const give = async <T extends Base & PublicIds>(
  collection: Collection<T>,
  orgId: string,
  defaults: Partial<T>,
): Promise<void> => {
  for (const document of await collection.list(orgId)) {
    if (!needsIds(document)) continue;
    // Another node may be at work on it already.
    await collection.update(orgId, document.id, (stored) =>
      stored === undefined || !needsIds(stored) ? undefined : { ...defaults, ...stored, ...idsFor(stored.id) },
    );
  }
};

/** Public ids, settings and a pipeline for organisations that were made before there were any. */
export const upgrade = async (
  { store, clock }: { store: Store; clock: { now(): number } },
  installation: Installation,
): Promise<void> => {
  const { documents } = store;
  const { orgId, ownerId } = installation;
  await give<Organisation>(documents.organisations, orgId, { businessType: '' });
  await give(documents.members, orgId, {});
  await give(documents.assistants, orgId, { role: 'AI assistant' });
  await give(documents.widgets, orgId, { ...widgetDefaults, createdBy: ownerId });
  const hasPipeline = async (): Promise<boolean> => (await documents.pipelines.list(orgId, { limit: 1 })).length > 0;
  if (await hasPipeline()) return;
  await alone({ store }, orgId, async (batch) => {
    if (!(await hasPipeline())) batch.put('pipelines', firstPipeline(orgId, false, clock.now()));
  });
};
