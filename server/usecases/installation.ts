// The mark that the first start leaves: which organisation this installation began with, and whether it is the demo.
import { ChatError } from '../../shared/errors.ts';
import { newSecret } from '../../shared/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';

export interface Installation {
  orgId: string;
  ownerId: string;
  widgetId: string;
  isDemo: boolean;
  /** False where a first start was cut short: the next one goes on with the same ids. */
  isComplete: boolean;
}

const id = 'installation';

/** The secret of every signature: the configured one, else one made once (nodes: under `startLocked`) and kept in the store. */
export const installationSecret = async (
  { store, clock }: { store: Store; clock: Clock },
  configured: string | undefined,
): Promise<string> => {
  if (configured !== undefined) return configured;
  const kept = await store.documents.settings.find('name:secret');
  if (kept !== undefined) return kept.value;
  const value = newSecret('sign');
  await store.documents.settings.put({ id: 'secret', orgId: '', createdAt: clock.now(), value });
  return value;
};

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

const lockId = 'start-lock';
const lockWaitMs = 150;

/**
 * One node at a time: an empty store is filled once, however many nodes are started at it. A lock whose node is dead is
 * taken from it. The lock is a document under the node's own name, and its lookup is what can exist only once.
 */
export const startLocked = async <T>(
  deps: { store: Store; clock: Clock; node: string; nodes: { isGone(node: string): boolean } },
  task: () => Promise<T>,
): Promise<T> => {
  const { store, clock, node, nodes } = deps;
  const { settings } = store.documents;
  for (;;) {
    try {
      await settings.put({ id: lockId, orgId: node, createdAt: clock.now(), value: node });
      break;
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== 'conflict') throw error;
    }
    const held = await settings.find(`name:${lockId}`);
    if (held !== undefined && nodes.isGone(held.orgId)) await settings.delete(held.orgId, lockId);
    else await new Promise((resolve) => setTimeout(resolve, lockWaitMs));
  }
  try {
    return await task();
  } finally {
    await settings.delete(node, lockId);
  }
};
