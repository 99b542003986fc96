// Pipelines: the stages through which contacts go, and where a new contact begins.
import { ChatError } from '../../shared/errors.ts';
import type { Problem } from '../../shared/errors.ts';
import { newId, publicIdsOf } from '../../shared/ids.ts';
import type { WidgetSettings } from '../../shared/widget.ts';
import type { Clock } from '../ports/clock.ts';
import type { Pipeline, Stage } from '../ports/documents.ts';
import type { WriteBatch, Store } from '../ports/store.ts';
import { noSuch } from './public-ids.ts';

interface PipelineDeps {
  store: Store;
  clock: Clock;
}

export interface StageInput {
  /** Of a stage that is there already. */
  id?: string | undefined;
  key: string;
  name: string;
}

export interface PipelineChange {
  name?: string | undefined;
  /** The whole list, in its order: stages that are not in it go. */
  stages?: StageInput[] | undefined;
  isDefault?: true | undefined;
}

/** Per organisation: all are read for every new contact. */
const maxPipelines = 50;

/** Where contacts go whose widget names no pipeline. */
export const defaultPipeline = (pipelines: readonly Pipeline[]): Pipeline | undefined =>
  pipelines.find(({ isDefault }) => isDefault) ?? pipelines[0];

/** The pipeline that a stage is of. */
export const pipelineOfStage = (pipelines: readonly Pipeline[], stageId: string): Pipeline | undefined =>
  pipelines.find(({ stages }) => stages.some(({ id }) => id === stageId));

/** Where a new contact of a widget begins; undefined where the organisation has no pipeline. */
export const entryOf = (
  pipelines: readonly Pipeline[],
  { pipelineId, stageId }: Pick<WidgetSettings, 'pipelineId' | 'stageId'>,
): { pipelineId: string; stageId: string } | undefined => {
  // The stage decides: the default pipeline may have become another one since it was chosen.
  const ofStage = stageId === undefined ? undefined : pipelineOfStage(pipelines, stageId);
  if (ofStage !== undefined && stageId !== undefined) return { pipelineId: ofStage.id, stageId };
  const pipeline = pipelines.find(({ id }) => id === pipelineId) ?? defaultPipeline(pipelines);
  const first = pipeline?.stages[0];
  return pipeline === undefined || first === undefined ? undefined : { pipelineId: pipeline.id, stageId: first.id };
};

export const listPipelines = ({ store }: Pick<PipelineDeps, 'store'>, orgId: string): Promise<Pipeline[]> =>
  store.documents.pipelines.list(orgId);

/** @throws ChatError `not_found` */
export const readPipeline = async (
  { store }: Pick<PipelineDeps, 'store'>,
  orgId: string,
  id: string,
): Promise<Pipeline> => {
  const pipeline = await store.documents.pipelines.get(orgId, id);
  if (pipeline === undefined) throw new ChatError('not_found', 'There is no such pipeline');
  return pipeline;
};

/** Stages as they will be: known ones keep their ids. @throws ChatError `invalid`, `not_found`, by their paths */
const stagesOf = (inputs: readonly StageInput[], before: readonly Stage[]): Stage[] => {
  const twice: Problem[] = [];
  const keys = new Set<string>();
  const ids = new Set<string>();
  for (const [index, { id, key }] of inputs.entries()) {
    if (keys.has(key)) twice.push({ path: `stages[${index}].key`, message: 'Is the key of another stage' });
    if (id !== undefined && ids.has(id)) twice.push({ path: `stages[${index}].id`, message: 'Stands there twice' });
    keys.add(key);
    if (id !== undefined) ids.add(id);
  }
  if (twice.length > 0) throw new ChatError('invalid', 'Validation failed', { details: twice });
  return inputs.map(({ id, key, name }, index) => {
    if (id === undefined) {
      const fresh = newId('stage');
      return { id: fresh, ...publicIdsOf(fresh), key, name };
    }
    const known = before.find((stage) => stage.id === id);
    if (known === undefined) throw noSuch(`stages[${index}].id`, 'stage');
    return { ...known, key, name };
  });
};

/** @throws ChatError `conflict` where a contact is in one of these stages, or a widget names one */
const refuseUsed = async (
  { store }: PipelineDeps,
  orgId: string,
  stages: readonly Stage[],
  pipelineId?: string,
): Promise<void> => {
  const { contacts, widgets } = store.documents;
  for (const { id, name } of stages) {
    const [contact] = await contacts.list(orgId, { group: id, limit: 1 });
    if (contact !== undefined)
      throw new ChatError('conflict', `There are contacts in the stage ${name}: move them first`);
  }
  const gone = new Set(stages.map(({ id }) => id));
  const named = (await widgets.list(orgId)).find(
    (widget) => gone.has(widget.stageId ?? '') || (widget.pipelineId !== undefined && widget.pipelineId === pipelineId),
  );
  if (named !== undefined) {
    throw new ChatError('conflict', `The widget ${named.name} sends its contacts there: change it first`);
  }
};

/** One change of an organisation's pipelines at a time: there is one default, and a stage is used or goes. */
export const alone = <T>(
  { store }: Pick<PipelineDeps, 'store'>,
  orgId: string,
  task: (batch: WriteBatch) => Promise<T>,
): Promise<T> => store.exclusively(`pipelines/${orgId}`, task);

/** A new pipeline, the default one where there is no other. @throws ChatError `invalid`, `not_found`, `conflict` (too many) */
export const createPipeline = (
  { store, clock }: PipelineDeps,
  orgId: string,
  { name, stages }: { name: string; stages: StageInput[] },
): Promise<Pipeline> =>
  alone({ store }, orgId, async (batch) => {
    const now = clock.now();
    const id = newId('pipe');
    const others = await store.documents.pipelines.list(orgId, { limit: maxPipelines });
    if (others.length === maxPipelines)
      throw new ChatError('conflict', `There may be ${maxPipelines} pipelines at most`);
    const pipeline: Pipeline = {
      id,
      ...publicIdsOf(id),
      orgId,
      createdAt: now,
      updatedAt: now,
      name,
      isDefault: others.length === 0,
      stages: stagesOf(stages, []),
    };
    batch.put('pipelines', pipeline);
    return pipeline;
  });

/** @throws ChatError `not_found`, `invalid`, `conflict` (a stage in use cannot go) */
export const changePipeline = (
  deps: PipelineDeps,
  orgId: string,
  id: string,
  change: PipelineChange,
): Promise<Pipeline> =>
  alone(deps, orgId, async (batch) => {
    const { pipelines } = deps.store.documents;
    const before = await readPipeline(deps, orgId, id);
    const stages = change.stages === undefined ? before.stages : stagesOf(change.stages, before.stages);
    const gone = before.stages.filter((stage) => !stages.some((kept) => kept.id === stage.id));
    if (gone.length > 0) await refuseUsed(deps, orgId, gone);
    const pipeline: Pipeline = {
      ...before,
      name: change.name ?? before.name,
      stages,
      isDefault: before.isDefault || change.isDefault === true,
      updatedAt: Math.max(deps.clock.now(), before.updatedAt + 1),
    };
    batch.put('pipelines', pipeline);
    if (change.isDefault === true) {
      const others = (await pipelines.list(orgId)).filter((other) => other.isDefault && other.id !== id);
      for (const other of others) batch.put('pipelines', { ...other, isDefault: false });
    }
    return pipeline;
  });

/** @throws ChatError `not_found`, `conflict` (the default one, or one in use) */
export const deletePipeline = (deps: PipelineDeps, orgId: string, id: string): Promise<void> =>
  alone(deps, orgId, async (batch) => {
    const pipeline = await readPipeline(deps, orgId, id);
    if (pipeline.isDefault) throw new ChatError('conflict', 'This is the default pipeline: choose another one first');
    await refuseUsed(deps, orgId, pipeline.stages, id);
    batch.delete('pipelines', orgId, id);
  });
