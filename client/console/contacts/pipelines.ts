// The organisation's pipelines, asked for once and shared by everything that names a stage.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { PipelineView } from '../../../shared/console-api.ts';
import { call } from '../api.ts';

const known = signal<PipelineView[] | null>(null);
const isFailed = signal(false);
/** A colleague may change them: what was asked for longer ago (ms) is asked for again. */
const freshMs = 60_000;
let askedAt = Number.NEGATIVE_INFINITY;

const ask = (): void => {
  askedAt = Date.now();
  isFailed.value = false;
  call('GET /pipelines').then(
    ({ pipelines }) => {
      known.value = pipelines;
    },
    () => {
      askedAt = Number.NEGATIVE_INFINITY;
      isFailed.value = true;
    },
  );
};

/** After a change: whoever draws a stage next asks again. */
export const forgetPipelines = (): void => {
  askedAt = Number.NEGATIVE_INFINITY;
};

/** Null until they are there; stages are then shown as unknown. */
export const usePipelines = (): PipelineView[] | null => {
  useEffect(() => {
    if (Date.now() - askedAt > freshMs) ask();
  }, []);
  return known.value;
};

/** Asks again, where they could not be had; else null. */
export const usePipelinesRetry = (): (() => void) | null => (isFailed.value && known.value === null ? ask : null);

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
