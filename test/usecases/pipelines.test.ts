// Pipelines: their stages, the default one, and what may not go because it is in use.
import { describe, expect, test } from 'vitest';
import { correctContact } from '../../server/usecases/contact-book.ts';
import { changePipeline, createPipeline, deletePipeline, entryOf } from '../../server/usecases/pipelines.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Store, WriteBatch } from '../../server/ports/store.ts';
import { addTenant } from '../support/tenant.ts';
import {
  beginEnquiries,
  deps,
  documents,
  first,
  orgId,
  placed,
  server,
  setWidget,
  stages,
  visit,
} from './enquiries.ts';

beginEnquiries();

describe('pipelines', () => {
  test('stages keep their ids through renaming and reordering; new ones get ids of every kind', async () => {
    const made = await createPipeline(deps(), orgId, { name: 'Trips', stages: stages('a', 'b') });
    expect(made.isDefault).toBe(false);
    const [a, b] = made.stages;
    const changed = await changePipeline(deps(), orgId, made.id, {
      stages: [
        { id: b!.id, key: 'b2', name: 'B two' },
        { key: 'c', name: 'C' },
        { id: a!.id, key: 'a', name: 'A' },
      ],
    });
    expect(changed.stages[0]).toEqual({ ...b, key: 'b2', name: 'B two' });
    expect(changed.stages[2]).toEqual({ ...a, name: 'A' });
    expect(changed.stages[1]).toMatchObject({ id: expect.stringMatching(/^stage_[0-9a-f]{24}$/), key: 'c' });
    expect(changed.stages[1]!.hexId).toBe(changed.stages[1]!.id.slice(-24));
    expect(changed.updatedAt).toBeGreaterThan(made.updatedAt);
    await deletePipeline(deps(), orgId, made.id);
    expect(await documents().pipelines.get(orgId, made.id)).toBeUndefined();
  });

  test('a key or a stage that stands there twice, and a stage of elsewhere, are refused by their paths', async () => {
    const refusal = (input: { id?: string; key: string; name: string }[]) =>
      createPipeline(deps(), orgId, { name: 'X', stages: input }).catch((error: unknown) => error);
    expect(await refusal(stages('a', 'b', 'a'))).toMatchObject({
      code: 'invalid',
      details: [{ path: 'stages[2].key' }],
    });
    const stolen = { id: first.stages[0]!.id, key: 'mine', name: 'Mine' };
    expect(await refusal([...stages('a'), stolen])).toMatchObject({
      code: 'not_found',
      details: [{ path: 'stages[1].id' }],
    });
    const twice = await changePipeline(deps(), orgId, first.id, {
      stages: [...first.stages, { id: first.stages[0]!.id, key: 'again', name: 'Again' }],
    }).catch((error: unknown) => error);
    expect(twice).toMatchObject({ code: 'invalid', details: [{ path: `stages[${first.stages.length}].id` }] });
    expect((await documents().pipelines.get(orgId, first.id))!.stages).toEqual(first.stages);
  });

  test('there is one default: the first made, until another one is chosen; it cannot go', async () => {
    const other = await addTenant(server);
    const one = await createPipeline(deps(), other.orgId, { name: 'One', stages: stages('a') });
    const two = await createPipeline(deps(), other.orgId, { name: 'Two', stages: stages('a') });
    expect([one.isDefault, two.isDefault]).toEqual([true, false]);
    await expect(deletePipeline(deps(), other.orgId, one.id)).rejects.toMatchObject({ code: 'conflict' });
    await changePipeline(deps(), other.orgId, two.id, { isDefault: true });
    const defaults = (await documents().pipelines.list(other.orgId)).map(({ id, isDefault }) => [id, isDefault]);
    expect(new Map(defaults as [string, boolean][])).toEqual(
      new Map([
        [one.id, false],
        [two.id, true],
      ]),
    );
    await deletePipeline(deps(), other.orgId, one.id);
    await expect(changePipeline(deps(), orgId, two.id, { name: 'Mine' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(deletePipeline(deps(), orgId, two.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a stage in use cannot go, whether a contact is in it or a widget sends contacts there', async () => {
    const pipeline = await createPipeline(deps(), orgId, { name: 'Used', stages: stages('a', 'b', 'c') });
    const [a, b, c] = pipeline.stages;
    const visited = await visit();
    await placed(visited);
    await correctContact(deps(), orgId, visited.contactId, { stageId: b!.id });
    const without = (id: string) =>
      changePipeline(deps(), orgId, pipeline.id, { stages: pipeline.stages.filter((one) => one.id !== id) });
    await expect(without(b!.id)).rejects.toMatchObject({ code: 'conflict' });
    await expect(deletePipeline(deps(), orgId, pipeline.id)).rejects.toMatchObject({ code: 'conflict' });
    await setWidget({ pipelineId: pipeline.id, stageId: c!.id });
    await expect(without(c!.id)).rejects.toMatchObject({ code: 'conflict' });
    await correctContact(deps(), orgId, visited.contactId, { stageId: first.stages[0]!.id });
    await expect(deletePipeline(deps(), orgId, pipeline.id)).rejects.toMatchObject({ code: 'conflict' });
    await setWidget({});
    expect((await without(a!.id)).stages.map(({ id }) => id)).toEqual([b!.id, c!.id]);
    await deletePipeline(deps(), orgId, pipeline.id);
    visited.client.close();
  });

  test('[S12] whoever has lost their turn to another node writes nothing any more', async () => {
    const lost = new ChatError('unavailable', 'The turn was lost');
    const late: Store = Object.create(deps().store, {
      exclusively: {
        // As a keeper does it whose lock was broken: the task ran, and nothing of it is written.
        value: async (_key: string, task: (batch: WriteBatch) => Promise<unknown>) => {
          await task({ put: () => {}, delete: () => {} });
          throw lost;
        },
      },
    }) as Store;
    const made = await createPipeline(deps(), orgId, { name: 'Mine', stages: stages('a') });
    const before = await documents().pipelines.list(orgId);
    const own = { ...deps(), store: late };
    await expect(createPipeline(own, orgId, { name: 'Late', stages: stages('a') })).rejects.toBe(lost);
    await expect(changePipeline(own, orgId, made.id, { name: 'Late', isDefault: true })).rejects.toBe(lost);
    await expect(deletePipeline(own, orgId, made.id)).rejects.toBe(lost);
    expect(await documents().pipelines.list(orgId)).toEqual(before);
    await deletePipeline(deps(), orgId, made.id);
  });

  test('where a contact enters: the stage chosen, else the first of the pipeline chosen, else of the default one', () => {
    const stage = (id: string) => ({ id, uuid: id, hexId: id, key: id, name: id });
    const base = { orgId, uuid: '', hexId: '', name: '', createdAt: 1, updatedAt: 1 };
    const one = { ...base, id: 'one', isDefault: false, stages: [stage('a'), stage('b')] };
    const two = { ...base, id: 'two', isDefault: true, stages: [stage('c')] };
    expect(entryOf([one, two], {})).toEqual({ pipelineId: 'two', stageId: 'c' });
    expect(entryOf([one, two], { pipelineId: 'one' })).toEqual({ pipelineId: 'one', stageId: 'a' });
    expect(entryOf([one, two], { pipelineId: 'one', stageId: 'b' })).toEqual({ pipelineId: 'one', stageId: 'b' });
    // The default one was another when the stage was chosen.
    expect(entryOf([one, two], { stageId: 'b' })).toEqual({ pipelineId: 'one', stageId: 'b' });
    expect(entryOf([one, two], { pipelineId: 'gone', stageId: 'gone' })).toEqual({ pipelineId: 'two', stageId: 'c' });
    expect(entryOf([one], {})).toEqual({ pipelineId: 'one', stageId: 'a' });
    expect(entryOf([], {})).toBeUndefined();
  });
});
