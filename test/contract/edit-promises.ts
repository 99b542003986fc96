// What a keeper promises of edits: nothing written in between is undone, and what concerns several documents runs alone.
import { expect, test } from 'vitest';
import { ChatError } from '../../shared/errors.ts';
import { newHexId, newId } from '../../shared/ids.ts';
import { memberOf } from './document-promises.ts';
import type { Keeper } from './store-contract.ts';

const nextTurn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const describeEdits = (keeper: Keeper): void => {
  test('[S13] of many updates at once none is lost, and those of one node follow each other as asked', async () => {
    const { members } = keeper.store.documents;
    const member = memberOf(newId('org'), { name: '' });
    await members.put(member);
    const all = Array.from({ length: 12 }, (_, i) => String.fromCodePoint(97 + i));
    await Promise.all(
      all.map((letter) =>
        members.update(member.orgId, member.id, async (before) => {
          await nextTurn();
          return before && { ...before, name: before.name + letter };
        }),
      ),
    );
    expect((await members.get(member.orgId, member.id))?.name).toBe(all.join(''));
  });

  test('[S13] an update sees what was put while it decided, and begins anew', async () => {
    const { members } = keeper.store.documents;
    const member = memberOf(newId('org'), { name: 'first' });
    await members.put(member);
    const seen: string[] = [];
    const updated = await members.update(member.orgId, member.id, async (before) => {
      seen.push(before!.name);
      if (seen.length === 1) await members.put({ ...member, name: 'second', role: 'admin' });
      return { ...before!, isDisabled: true };
    });
    expect(seen).toEqual(['first', 'second']);
    expect(updated).toEqual({ ...member, name: 'second', role: 'admin', isDisabled: true });
    expect(await members.get(member.orgId, member.id)).toEqual(updated);
  });

  test('[S13] what is deleted while an update decides does not come back', async () => {
    const { members } = keeper.store.documents;
    const member = memberOf(newId('org'));
    await members.put(member);
    const seen: unknown[] = [];
    const updated = await members.update(member.orgId, member.id, async (before) => {
      seen.push(before);
      await members.delete(member.orgId, member.id);
      return before && { ...before, name: 'late' };
    });
    expect(seen).toEqual([member, undefined]);
    expect(updated).toBeUndefined();
    expect(await members.get(member.orgId, member.id)).toBeUndefined();
    expect(await members.find(`email:${member.email}`)).toBeUndefined();
  });

  test('[S13] an update may make what is not there, leave all as it is, or refuse', async () => {
    const { members } = keeper.store.documents;
    const member = memberOf(newId('org'));
    expect(await members.update(member.orgId, member.id, () => undefined)).toBeUndefined();
    expect(await members.update(member.orgId, member.id, (before) => before ?? member)).toEqual(member);
    expect(await members.update(member.orgId, member.id, () => undefined)).toEqual(member);
    const refusing = members.update(member.orgId, member.id, () => {
      throw new ChatError('forbidden', 'No');
    });
    await expect(refusing).rejects.toMatchObject({ code: 'forbidden' });
    expect(await members.get(member.orgId, member.id)).toEqual(member);
    expect(await members.list(member.orgId)).toHaveLength(1);
  });

  test('[S13] an update moves lookups, and one that is another’s is a conflict', async () => {
    const { members } = keeper.store.documents;
    const orgId = newId('org');
    const [mine, theirs] = [memberOf(orgId), memberOf(orgId)];
    await members.put(mine);
    await members.put(theirs);
    const email = `${newHexId()}@example.com`;
    await members.update(orgId, mine.id, (before) => before && { ...before, email });
    expect(await members.find(`email:${mine.email}`)).toBeUndefined();
    expect(await members.find(`email:${email}`)).toMatchObject({ id: mine.id });
    const stealing = members.update(orgId, mine.id, (before) => before && { ...before, email: theirs.email });
    await expect(stealing).rejects.toMatchObject({ code: 'conflict' });
    expect(await members.find(`email:${email}`)).toMatchObject({ id: mine.id });
  });

  test('[S13] of several who delete a document at once exactly one is told so', async () => {
    const { members } = keeper.store.documents;
    for (let round = 0; round < 5; round++) {
      const { orgId, id, ...member } = memberOf(newId('org'));
      await members.put({ ...member, orgId, id });
      const told = await Promise.all(Array.from({ length: 6 }, () => members.delete(orgId, id)));
      expect(told.filter(Boolean)).toHaveLength(1);
      expect(await members.delete(orgId, id)).toBe(false);
    }
  });

  test('[S12] tasks of one key run one at a time in the order of asking; other keys do not wait', async () => {
    const { store } = keeper;
    const key = newHexId();
    const told: string[] = [];
    const task = (name: string) =>
      store.exclusively(key, async () => {
        told.push(`${name} begins`);
        for (let turns = 0; turns < 5; turns++) await nextTurn();
        told.push(`${name} ends`);
        return name;
      });
    let free = (): void => {};
    const other = store.exclusively(newHexId(), () => new Promise<void>((resolve) => (free = resolve)));
    expect(await Promise.all([task('a'), task('b'), task('c')])).toEqual(['a', 'b', 'c']);
    expect(told).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    free();
    await other;
  });

  test('[S12] a task that fails fails alone', async () => {
    const { store } = keeper;
    const key = newHexId();
    const failing = store.exclusively(key, async () => {
      throw new ChatError('conflict', 'No');
    });
    const next = store.exclusively(key, async () => 'fine');
    await expect(failing).rejects.toMatchObject({ code: 'conflict' });
    expect(await next).toBe('fine');
  });

  test('[S12] nothing that a task writes is there before it ends; then all of it is, and the next task sees it', async () => {
    const { store } = keeper;
    const { members } = store.documents;
    const [key, orgId] = [newHexId(), newId('org')];
    const [kept, gone, fresh] = [memberOf(orgId), memberOf(orgId), memberOf(orgId)];
    await members.put(kept);
    await members.put(gone);
    const next = { names: [] as string[] };
    await Promise.all([
      store.exclusively(key, async (batch) => {
        batch.put('members', { ...kept, name: 'not this' });
        batch.put('members', { ...kept, name: 'changed' });
        batch.delete('members', orgId, gone.id);
        batch.put('members', fresh);
        expect(await members.list(orgId)).toHaveLength(2);
        expect(await members.get(orgId, kept.id)).toEqual(kept);
      }),
      store.exclusively(key, async () => {
        next.names = (await members.list(orgId)).map(({ name }) => name);
      }),
    ]);
    expect(next.names.toSorted()).toEqual(['changed', fresh.name].toSorted());
    expect(await members.get(orgId, gone.id)).toBeUndefined();
    expect(await members.find(`email:${gone.email}`)).toBeUndefined();
    expect(await members.find(`email:${fresh.email}`)).toEqual(fresh);
    // What was deleted so can be made anew.
    await members.put({ ...gone, name: 'again' });
    expect(await members.find(`email:${gone.email}`)).toMatchObject({ name: 'again' });
  });

  test('[S12] of a task that fails, or whose lookup is another’s, nothing is written', async () => {
    const { store } = keeper;
    const { members } = store.documents;
    const [key, orgId] = [newHexId(), newId('org')];
    const [mine, theirs] = [memberOf(orgId), memberOf(newId('org'))];
    await members.put(theirs);
    const failing = store.exclusively(key, async (batch) => {
      batch.put('members', mine);
      throw new ChatError('forbidden', 'No');
    });
    await expect(failing).rejects.toMatchObject({ code: 'forbidden' });
    const stealing = store.exclusively(key, async (batch) => {
      batch.put('members', mine);
      batch.put('members', memberOf(orgId, { email: theirs.email }));
    });
    await expect(stealing).rejects.toMatchObject({ code: 'conflict' });
    expect(await members.list(orgId)).toEqual([]);
    expect(await members.find(`email:${mine.email}`)).toBeUndefined();
    await store.exclusively(key, async (batch) => batch.put('members', mine));
    expect(await members.list(orgId)).toEqual([mine]);
  });
};
