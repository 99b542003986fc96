// Several nodes may meet an empty store at the same moment: one of them fills it, the others wait until it has.
import { setTimeout as wait } from 'node:timers/promises';
import { ChatError } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';

/** Filling takes a second or two; whoever holds it longer is taken for dead. */
const heldMs = 30_000;
const lookEveryMs = 200;

/**
 * Runs `task` while no other node runs it on this store. The lock is a document whose lookup only one node can own.
 * @throws what `task` throws, and ChatError `unavailable` where the store does not answer
 */
export const alone = async <T>(
  { store, clock }: { store: Store; clock: Clock },
  name: string,
  task: () => Promise<T>,
): Promise<T> => {
  const { requests } = store.documents;
  const id = newId('req');
  const began = clock.monotonic();
  let seen: string | undefined;
  let since = began;
  for (;;) {
    const now = clock.now();
    const mine = {
      id,
      orgId: '',
      createdAt: now,
      expiresAt: now + heldMs,
      digest: name,
      bodyHash: '',
      state: 'running',
    } as const;
    try {
      await requests.put(mine);
      break;
    } catch (error) {
      if (!(error instanceof ChatError && error.code === 'conflict')) throw error;
    }
    // By how long this node has watched the same holder, so that no two clocks are compared.
    const holder = await requests.find(`digest:${name}`);
    if (holder?.id !== seen) [seen, since] = [holder?.id, clock.monotonic()];
    if (holder !== undefined && clock.monotonic() - since > heldMs) await requests.delete('', holder.id);
    else await wait(lookEveryMs);
  }
  try {
    return await task();
  } finally {
    await requests.delete('', id);
  }
};
