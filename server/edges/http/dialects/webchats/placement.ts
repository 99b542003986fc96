// Which stage of which pipeline a webchat means by its three fields for that.
import { ChatError } from '../../../../../shared/errors.ts';
import type { Problem } from '../../../../../shared/errors.ts';
import type { Pipeline, Stage } from '../../../../ports/documents.ts';
import { defaultPipeline } from '../../../../usecases/pipelines.ts';

type Field = 'pipelineId' | 'pipelineStage' | 'initialStage';

/** The three fields as they stand after a request; ids in the contract's 24 digits. */
export type Placement = { [F in Field]?: string | undefined };

/** Inner ids; `pipelineId` is absent where the default pipeline is meant. */
export interface Placed {
  pipelineId?: string;
  stageId?: string;
}

const noSuch = (path: Field, what: string): Problem => ({ path, message: `There is no such ${what}` });
const foreignStage = (path: Field): Problem => ({ path, message: 'Is not a stage of this pipeline' });

const isId = (value: string, { hexId }: { hexId: string }): boolean => hexId === value.toLowerCase();

/**
 * `pipelineStage` wins over `initialStage`, but both must be stages of the pipeline.
 * @param pipelines the organisation's: what is not among them is unknown, whoever's it is
 * @param sent which of the fields this request brings: only what it brings can be unknown
 * @throws ChatError `not_found` (unknown or foreign), `invalid` (a stage of another pipeline), with every path
 */
export const placed = (pipelines: readonly Pipeline[], meant: Placement, sent: Placement): Placed => {
  const { pipelineId } = meant;
  const pipeline =
    pipelineId === undefined ? defaultPipeline(pipelines) : pipelines.find((one) => isId(pipelineId, one));
  const missing: Problem[] = [];
  const wrong: Problem[] = [];
  if (pipelineId !== undefined && pipeline === undefined) missing.push(noSuch('pipelineId', 'pipeline'));
  const everyStage = pipelines.flatMap(({ stages }) => stages);

  const stageOf = (path: 'pipelineStage' | 'initialStage', mayBeKey: boolean): Stage | undefined => {
    const value = meant[path];
    if (value === undefined) return undefined;
    const inside = pipeline?.stages.find((stage) => isId(value, stage) || (mayBeKey && stage.key === value));
    if (inside !== undefined || pipeline === undefined) {
      if (inside === undefined && missing.length === 0) missing.push(noSuch(path, 'stage'));
      return inside;
    }
    const isElsewhere = everyStage.some((stage) => isId(value, stage));
    if (isElsewhere || sent[path] === undefined) wrong.push(foreignStage(path));
    else missing.push(noSuch(path, 'stage'));
    return undefined;
  };

  const byId = stageOf('pipelineStage', false);
  const byName = stageOf('initialStage', true);
  if (missing.length > 0) {
    throw new ChatError('not_found', missing[0]!.message, { details: missing });
  }
  if (wrong.length > 0) throw new ChatError('invalid', 'Validation failed', { details: wrong });
  const stage = byId ?? byName;
  return {
    ...(pipelineId === undefined || pipeline === undefined ? {} : { pipelineId: pipeline.id }),
    ...(stage === undefined ? {} : { stageId: stage.id }),
  };
};
