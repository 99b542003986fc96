// A body of contract 002 in the ids of this server: what it points at is found, or refused by its path.
import { ChatError } from '../../../../../shared/errors.ts';
import type { Problem } from '../../../../../shared/errors.ts';
import type { Widget } from '../../../../../shared/widget.ts';
import type { Assistant } from '../../../../ports/documents.ts';
import { isFileKey } from '../../../../ports/files.ts';
import { keyOfSignedUrl } from '../../../../usecases/files.ts';
import { byHexId } from '../../../../usecases/public-ids.ts';
import type { HttpDeps } from '../../deps.ts';
import { noSuch } from '../../../../usecases/public-ids.ts';
import { placed } from './placement.ts';
import type { Placement } from './placement.ts';
import { placementOf } from './present.ts';
import type { Household } from './present.ts';
import type { WebchatInput } from './schema.ts';

const invalid = (details: Problem[]): ChatError => new ChatError('invalid', 'Validation failed', { details });

/**
 * The storage key that `icon` means: itself, or in an address that this server signed, expired or not. Whose it is decides.
 * @throws ChatError `invalid` for any other address, `not_found` for what this organisation did not upload
 */
const iconKeyOf = async (deps: HttpDeps, orgId: string, icon: string): Promise<string> => {
  const key = /^[a-z][a-z0-9+.-]*:/i.test(icon) ? keyOfSignedUrl(deps, icon) : icon;
  if (key === undefined) throw invalid([{ path: 'icon', message: 'Is not an address that this server signed' }]);
  if (!isFileKey(key)) throw invalid([{ path: 'icon', message: 'Is not the key of an uploaded picture' }]);
  const file = await deps.store.documents.files.find(`key:${key}`);
  if (file?.orgId !== orgId) throw noSuch('icon', 'picture');
  return key;
};

const promptOf = async (deps: HttpDeps, orgId: string, hexId: string): Promise<Assistant> => {
  const prompt = await byHexId(deps.store.documents.assistants, orgId, hexId);
  if (prompt === undefined) throw noSuch('promptId', 'prompt');
  return prompt;
};

/** `icon` and `promptId` as inner ids. @throws ChatError `not_found`, `invalid` */
export const resolved = async (
  deps: HttpDeps,
  orgId: string,
  { icon, promptId }: WebchatInput,
): Promise<{ icon?: string; promptId?: string }> => ({
  ...(typeof icon === 'string' ? { icon: await iconKeyOf(deps, orgId, icon) } : {}),
  ...(promptId === undefined ? {} : { promptId: (await promptOf(deps, orgId, promptId)).id }),
});

const fields = ['pipelineId', 'pipelineStage', 'initialStage'] as const;

/** The fields about pipelines in a body, and the stage that they mean together with what stands already. */
export const placement = (household: Household, body: WebchatInput, before?: Widget): Record<string, unknown> => {
  if (fields.every((name) => body[name] === undefined)) return {};
  const stands: Placement = before === undefined ? {} : placementOf(household, before);
  const meant = Object.fromEntries(
    fields.map((name) => [name, body[name] === undefined ? stands[name] : (body[name] ?? undefined)]),
  );
  const sent = Object.fromEntries(fields.map((name) => [name, body[name] ?? undefined]));
  const { pipelineId, stageId } = placed(household.pipelines, meant, sent);
  return {
    ...(body.pipelineId === undefined ? {} : { pipelineId: pipelineId ?? null }),
    stage: stageId ?? null,
  };
};
