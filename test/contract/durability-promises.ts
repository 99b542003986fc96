// [S1], for keepers that outlive their process.
import { expect, test } from 'vitest';
import { newId } from '../../shared/ids.ts';
import { memberOf } from './document-promises.ts';
import { buildLog } from './log-builder.ts';
import type { Keeper } from './store-contract.ts';

export const describeDurability = (keeper: Keeper): void => {
  const newLog = () => buildLog({ orgId: newId('org') });

  test('[S1] what was said before a restart is found after it', async () => {
    const orgId = newId('org');
    const log = buildLog({ orgId });
    await keeper.append(log.open(), log.say('the barnacle'));
    await keeper.reopen();
    await keeper.settled(async () => expect(await keeper.store.search(orgId, 'barnacle', 9)).toHaveLength(1));
  });

  test('[S1] a reopened store has every commit, and refuses repeats as before', async () => {
    const log = newLog();
    await keeper.append(log.open(), log.say('hello', { key: 'v:1' }));
    await keeper.reopen();
    expect(await keeper.store.factsAfter(log.conversationId, 0, 10)).toEqual(log.facts);
    expect((await keeper.store.state(log.conversationId))?.state).toEqual(log.state());
    expect(await keeper.append(log.fork().say('hello', { key: 'v:1' }))).toEqual(['repeated']);
    expect(await keeper.append(log.say('more'))).toEqual(['appended']);
  });

  test('marks and checkpoints outlive an orderly stop', async () => {
    const id = newId('conv');
    await keeper.store.advanceRead(id, 'visitor', 3);
    await keeper.store.saveCheckpoint(id, { replyId: 'msg_1', attempt: 1, text: 'half' });
    await keeper.reopen();
    expect(await keeper.store.reads([id])).toEqual([{ visitor: 3, staff: 0 }]);
    expect(await keeper.store.checkpoint(id)).toEqual({ replyId: 'msg_1', attempt: 1, text: 'half' });
  });

  test('[S1] documents outlive the process, and so do conflicts', async () => {
    const member = memberOf(newId('org'));
    await keeper.store.documents.members.put(member);
    await keeper.reopen();
    const { members } = keeper.store.documents;
    expect(await members.get(member.orgId, member.id)).toEqual(member);
    await expect(members.put(memberOf(newId('org'), { email: member.email }))).rejects.toMatchObject({
      code: 'conflict',
    });
  });
};
