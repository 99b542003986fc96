// The organisation's pipelines, asked for once and shared by everything that names a stage.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { PipelineView } from '../../../shared/console-api.ts';
import { call } from '../api.ts';

const known = signal<PipelineView[] | null>(null);
let asked: Promise<void> | null = null;

/** After a change: whoever draws a stage next asks again. */
export const forgetPipelines = (): void => {
  asked = null;
};

/** Null until they are there; stays null where they cannot be had, and stages are then shown as unknown. */
export const usePipelines = (): PipelineView[] | null => {
  useEffect(() => {
    asked ??= call('GET /pipelines').then(
      ({ pipelines }) => {
        known.value = pipelines;
      },
      () => forgetPipelines(),
    );
  }, []);
  return known.value;
};

export interface Place {
  pipeline: PipelineView;
  stage: PipelineView['stages'][number];
}

export const placeOf = (pipelines: readonly PipelineView[] | null, stageId: string | undefined): Place | null => {
  if (stageId === undefined || pipelines === null) return null;
  for (const pipeline of pipelines) {
    const stage = pipeline.stages.find(({ id }) => id === stageId);
    if (stage !== undefined) return { pipeline, stage };
  }
  return null;
};

/** Stages to choose from; with several pipelines under the name of each. */
export const stageChoices = (pipelines: readonly PipelineView[]): { value: string; text: string; group?: string }[] =>
  pipelines.flatMap((pipeline) =>
    pipeline.stages.map(({ id, name }) => ({
      value: id,
      text: name,
      ...(pipelines.length > 1 ? { group: pipeline.name } : {}),
    })),
  );
