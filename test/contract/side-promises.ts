// What a keeper promises of read marks and checkpoints.
import { expect, test } from 'vitest';
import { newId } from '../../shared/ids.ts';
import type { Keeper } from './store-contract.ts';

export const describeSide = (keeper: Keeper): void => {
  test('read marks move forward, never back, each side for itself', async () => {
    const { store } = keeper;
    const [id, other] = [newId('conv'), newId('conv')];
    expect(await store.reads([id])).toEqual([{ visitor: 0, staff: 0 }]);
    expect(await store.advanceRead(id, 'visitor', 4)).toEqual({ visitor: 4, staff: 0 });
    expect(await store.advanceRead(id, 'staff', 7)).toEqual({ visitor: 4, staff: 7 });
    expect(await store.advanceRead(id, 'visitor', 2)).toEqual({ visitor: 4, staff: 7 });
    expect(await store.reads([other, id])).toEqual([
      { visitor: 0, staff: 0 },
      { visitor: 4, staff: 7 },
    ]);
  });

  test('read marks written at once end at the highest', async () => {
    const { store } = keeper;
    const id = newId('conv');
    await Promise.all([5, 9, 2, 7].map(async (seq) => store.advanceRead(id, 'staff', seq)));
    expect(await store.reads([id])).toEqual([{ visitor: 0, staff: 9 }]);
  });

  test('the latest checkpoint of a conversation is kept', async () => {
    const { store } = keeper;
    const id = newId('conv');
    expect(await store.checkpoint(id)).toBeUndefined();
    await store.saveCheckpoint(id, { replyId: 'msg_1', attempt: 1, text: 'The boat' });
    await Promise.all([
      store.saveCheckpoint(id, { replyId: 'msg_1', attempt: 1, text: 'The boat is' }),
      store.saveCheckpoint(id, { replyId: 'msg_1', attempt: 2, text: '船 “is” ✓' }),
    ]);
    expect(await store.checkpoint(id)).toEqual({ replyId: 'msg_1', attempt: 2, text: '船 “is” ✓' });
    expect(await store.checkpoint(newId('conv'))).toBeUndefined();
  });
};
