// The mark that the first start leaves: which organisation this installation began with, and whether it is the demo.
import { newSecret } from '../../shared/ids.ts';
import type { Clock } from '../ports/clock.ts';
import { kinds } from '../ports/documents.ts';
import type { Collections, DocumentOf, Kind } from '../ports/documents.ts';
import type { Collection, Store, WriteBatch } from '../ports/store.ts';

export interface Installation {
  orgId: string;
  ownerId: string;
  widgetId: string;
  isDemo: boolean;
  /** False where a first start was cut short: the next one goes on with the same ids. */
  isComplete: boolean;
}

const id = 'installation';

/**
 * A value that is made once for the whole installation: of several nodes that make one at once, one wins, and the others use
 * its value.
 */
export const valueOnce = async (
  { store, clock }: { store: Store; clock: Clock },
  id: string,
  make: () => string,
): Promise<string> => {
  const { settings } = store.documents;
  const kept = await settings.get('', id);
  if (kept !== undefined) return kept.value;
  const made = { id, orgId: '', createdAt: clock.now(), value: make() };
  const first = await settings.update('', id, (before) => (before === undefined ? made : undefined));
  return (first ?? made).value;
};

/** The secret of every signature: the configured one, else one made once and kept in the store. */
export const installationSecret = (
  deps: { store: Store; clock: Clock },
  configured: string | undefined,
): Promise<string> =>
  configured === undefined ? valueOnce(deps, 'secret', () => newSecret('sign')) : Promise.resolve(configured);

export const readInstallation = async ({ store }: { store: Store }): Promise<Installation | undefined> => {
  const setting = await store.documents.settings.find(`name:${id}`);
  return setting === undefined ? undefined : (JSON.parse(setting.value) as Installation);
};

export const markInstallation = (
  { store, clock }: { store: Store; clock: Clock },
  installation: Installation,
): Promise<void> =>
  store.documents.settings.put({ id, orgId: '', createdAt: clock.now(), value: JSON.stringify(installation) });

/** The key that the demo page carries; undefined where there is no demo, or its widget was removed. */
export const demoWidgetKey = async ({ store }: { store: Store }): Promise<string | undefined> => {
  const installation = await readInstallation({ store });
  if (installation === undefined || !installation.isDemo) return undefined;
  return (await store.documents.widgets.get(installation.orgId, installation.widgetId))?.widgetKey;
};

/**
 * The same store, whose documents are written with a batch: for what is written one by one and must be there as a whole. What
 * was given to the batch is not read back.
 */
export const writingTo = (store: Store, batch: WriteBatch): Store => {
  const writing = <K extends Kind>(kind: K): Collection<DocumentOf<K>> => {
    const collection = store.collection(kind);
    return {
      ...collection,
      put: async (document) => batch.put(kind, document),
      update: async (orgId, id, change) => {
        const before = await collection.get(orgId, id);
        const changed = await change(before);
        if (changed !== undefined) batch.put(kind, changed);
        return changed ?? before;
      },
      delete: async (orgId, id) => {
        batch.delete(kind, orgId, id);
        return (await collection.get(orgId, id)) !== undefined;
      },
    };
  };
  const documents = Object.fromEntries(kinds.map((kind) => [kind, writing(kind)])) as unknown as Collections;
  return Object.create(store, { documents: { value: documents }, collection: { value: writing } }) as Store;
};
