// What contract 002 shows of widgets and of what belongs to them.
import type { z } from 'zod';
import { shortEmbedCode, embedCode } from '../../../../domain/widget.ts';
import type { Widget } from '../../../../../shared/widget.ts';
import type { Assistant, Contact, Pipeline, Stage, StoredFile } from '../../../../ports/documents.ts';
import { signedUrlOf } from '../../../../usecases/files.ts';
import { entryOf } from '../../../../usecases/pipelines.ts';
import type { HttpDeps } from '../../deps.ts';
import { valuesOf } from '../fields.ts';
import { webchatFields } from './fields.ts';
import type { Placement } from './placement.ts';
import type {
  contactDocument,
  embedDocument,
  iconDocument,
  pipelineDocument,
  promptDocument,
  WebchatDocument,
} from './schema.ts';

/** What the ids in an organisation's webchats stand for. */
export interface Household {
  organizationId: string;
  pipelines: Pipeline[];
  /** The public ids of members and assistants, by their inner ones. */
  hexIds: Map<string, string>;
}

export const householdOf = async ({ store }: Pick<HttpDeps, 'store'>, orgId: string): Promise<Household> => {
  const { organisations, members, assistants, pipelines } = store.documents;
  const [organisation, people, prompts, lines] = await Promise.all([
    organisations.get(orgId, orgId),
    members.list(orgId),
    assistants.list(orgId),
    pipelines.list(orgId),
  ]);
  return {
    organizationId: organisation?.hexId ?? '',
    pipelines: lines,
    hexIds: new Map([...people, ...prompts].map(({ id, hexId }) => [id, hexId])),
  };
};

const stampOf = (ms: number): string => new Date(ms).toISOString();

const stageById = ({ pipelines }: Household, id: string | undefined): Stage | undefined =>
  pipelines.flatMap(({ stages }) => stages).find((stage) => stage.id === id);

/** What was sent, for as long as it stands; an inner id was read from the widget, so another writer chose the stage. */
const saidOf = (value: string | undefined, otherwise: string | undefined): string | undefined =>
  value === undefined || value.startsWith('stage_') ? otherwise : value;

/** The fields about pipelines as a reader sees them. */
export const placementOf = (household: Household, widget: Widget): Placement => {
  const values = valuesOf(webchatFields, 'webchats', widget) as Record<string, string | undefined>;
  const { pipelineId, pipelineStage, initialStage } = values;
  const stage = stageById(household, widget.stageId);
  // Only where it was asked for: most say the stage by its key.
  const hasStageId = widget.kept?.webchats?.['pipelineStage'] !== undefined;
  return {
    pipelineId: household.pipelines.find(({ id }) => id === pipelineId)?.hexId,
    pipelineStage: hasStageId ? saidOf(pipelineStage, stage?.hexId) : undefined,
    // Beside a stage that wins over it, a name means what it says; alone it follows its stage, which may be renamed.
    initialStage:
      hasStageId || initialStage?.toLowerCase() === stage?.hexId ? saidOf(initialStage, stage?.key) : stage?.key,
  };
};

/** Where a contact would enter, for widgets whose stage nobody chose. */
const entryStage = (household: Household, widget: Widget): string =>
  stageById(household, entryOf(household.pipelines, widget)?.stageId)?.key ?? 'new';

export const webchatOf = (deps: HttpDeps, household: Household, widget: Widget): WebchatDocument => {
  const {
    icon,
    stage: _stage,
    ...values
  } = valuesOf(webchatFields, 'webchats', widget) as unknown as WebchatDocument & {
    stage?: string;
  };
  const { initialStage, ...placement } = placementOf(household, widget);
  const createdBy = household.hexIds.get(widget.createdBy) ?? widget.createdBy.slice(-24);
  return {
    ...values,
    _id: widget.hexId,
    organizationId: household.organizationId,
    userId: createdBy,
    createdBy,
    ...(icon === undefined ? {} : { icon: signedUrlOf(deps, icon).url }),
    promptId: household.hexIds.get(widget.assistantId) ?? widget.assistantId.slice(-24),
    ...placement,
    initialStage: initialStage ?? entryStage(household, widget),
    createdAt: stampOf(widget.createdAt),
    updatedAt: stampOf(widget.updatedAt),
  };
};

export const embedOf = (deps: HttpDeps, widget: Widget): z.input<typeof embedDocument> => ({
  _id: widget.hexId,
  widgetKey: widget.widgetKey,
  embedCode: embedCode(deps.baseUrl(), widget.widgetKey),
  shortEmbedCode: shortEmbedCode(deps.baseUrl(), widget.widgetKey),
});

export const iconOf = (deps: HttpDeps, { key, mediaType, size }: StoredFile): z.input<typeof iconDocument> => {
  const { url, expiresAt } = signedUrlOf(deps, key);
  return { key, url, expiresAt: stampOf(expiresAt), mediaType, size };
};

export const promptOf = (organizationId: string, prompt: Assistant): z.input<typeof promptDocument> => ({
  _id: prompt.hexId,
  organizationId,
  name: prompt.name,
  role: prompt.role,
  tone: prompt.tone,
  instructions: prompt.instructions,
  createdAt: stampOf(prompt.createdAt),
  updatedAt: stampOf(prompt.updatedAt),
});

export const pipelineOf = (organizationId: string, pipeline: Pipeline): z.input<typeof pipelineDocument> => ({
  _id: pipeline.hexId,
  organizationId,
  name: pipeline.name,
  isDefault: pipeline.isDefault,
  stages: pipeline.stages.map(({ hexId, key, name }) => ({ _id: hexId, key, name })),
  createdAt: stampOf(pipeline.createdAt),
  updatedAt: stampOf(pipeline.updatedAt),
});

/** @param webchats the organisation's, by their inner ids */
export const contactOf = (
  household: Household,
  webchats: ReadonlyMap<string, Widget>,
  contact: Contact,
): z.input<typeof contactDocument> => ({
  _id: contact.id.slice(-24),
  organizationId: household.organizationId,
  name: contact.name,
  email: contact.email,
  phone: contact.phone,
  company: contact.company,
  customFields: contact.customFields,
  isVerified: contact.verified,
  webchatId: webchats.get(contact.widgetId)?.hexId,
  pipelineId: household.pipelines.find(({ id }) => id === contact.pipelineId)?.hexId,
  pipelineStage: stageById(household, contact.stageId)?.hexId,
  visits: contact.visits,
  createdAt: stampOf(contact.createdAt),
  lastSeenAt: stampOf(contact.lastSeenAt),
});
