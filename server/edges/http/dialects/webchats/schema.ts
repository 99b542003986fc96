// Contract 002 in schemas: seven required fields and thirteen optional ones in, the stored document out.
import { z } from 'zod';
import { filledText, limits, text } from '../../../../../shared/text.ts';
import { position, widgetSettings } from '../../../../../shared/widget.ts';
import { isDomainRule } from '../../../../domain/allowed-domains.ts';
import { hexColor } from '../hex-color.ts';
import { pageNumber, pageSize } from '../paging.ts';

const hexId = z
  .string({ error: ({ input }) => (input === null ? 'Required' : 'Must be 24 hexadecimal digits') })
  .max(24, { error: 'Must be 24 hexadecimal digits', abort: true })
  .regex(/^[0-9a-f]{24}$/i, 'Must be 24 hexadecimal digits');
const domain = text(300).refine(isDomainRule, { error: 'Must be a host or an origin' });
const { offsetX, offsetY, zIndex } = widgetSettings.shape;

/** None of these may be cleared. */
const required = {
  name: filledText(limits.name).describe('Display name of the widget, for colleagues.'),
  backgroundColor: hexColor.describe('Background of the chat panel.'),
  primaryColor: hexColor.describe('Accent: header and buttons.'),
  secondaryColor: hexColor.describe("Second accent: the visitor's bubbles."),
  promptId: hexId.describe('The prompt whose AI answers.'),
  allowedDomains: z
    .array(domain)
    .max(100)
    .describe('Hosts or origins of the pages that may embed the widget; empty: every page.'),
  initialStage: filledText(64).describe('The stage that a new contact enters: its id, or its key in the pipeline.'),
};

/** Null: as if it had never been said. */
const optional = {
  description: text(limits.description).describe('Notes for colleagues.'),
  starterMessage: text(1000).describe('Greeting that the visitor reads before writing.'),
  icon: filledText(2048).describe('Key of an uploaded picture, or an address at which this server once showed it.'),
  headerTextColor: hexColor.describe('Text in the header.'),
  statusText: text(200).describe('The line under the title.'),
  statusTextColor: hexColor.describe('Colour of that line.'),
  timestampColor: hexColor.describe('Times of messages.'),
  csatBackgroundColor: hexColor.describe('Background of the survey.'),
  csatTextColor: hexColor.describe('Text of the survey.'),
  csatThankYouMessage: text(500).describe('What the visitor reads after answering the survey.'),
  pipelineId: hexId.describe('The pipeline of new contacts; absent: the default one.'),
  pipelineStage: hexId.describe('The stage that a new contact enters, by its id; wins over `initialStage`.'),
  isAutopilot: z.boolean().describe('Whether the AI answers by itself, without approval. Default: false.'),
  isEnabled: z.boolean().describe('Whether the widget is active. Default: true.'),
  position: position.describe('Default: bottom-right.'),
  offsetX: offsetX.describe('Pixels from the side. Default: 24.'),
  offsetY: offsetY.describe('Pixels from the bottom. Default: 24.'),
  zIndex: zIndex.describe('Default: 9999.'),
};

const orNone = <T extends z.ZodType>(schema: T) => schema.nullable().optional();

const optionals = {
  description: orNone(optional.description),
  starterMessage: orNone(optional.starterMessage),
  icon: orNone(optional.icon),
  headerTextColor: orNone(optional.headerTextColor),
  statusText: orNone(optional.statusText),
  statusTextColor: orNone(optional.statusTextColor),
  timestampColor: orNone(optional.timestampColor),
  csatBackgroundColor: orNone(optional.csatBackgroundColor),
  csatTextColor: orNone(optional.csatTextColor),
  csatThankYouMessage: orNone(optional.csatThankYouMessage),
  pipelineId: orNone(optional.pipelineId),
  pipelineStage: orNone(optional.pipelineStage),
  isAutopilot: orNone(optional.isAutopilot),
  isEnabled: orNone(optional.isEnabled),
  position: orNone(optional.position),
  offsetX: orNone(optional.offsetX),
  offsetY: orNone(optional.offsetY),
  zIndex: orNone(optional.zIndex),
};

export const createBody = z.object({ ...required, ...optionals });
/** What is absent stays. Everything that a read gives may be sent back: what is not listed here is ignored. */
export const updateBody = z.object({ ...z.object(required).partial().shape, ...optionals });
export type WebchatInput = z.output<typeof updateBody>;

/** A webchat as it is stored, in the order of the published example; what was never said is left out. */
export const webchatDocument = z.object({
  _id: z.string(),
  organizationId: z.string(),
  userId: z.string(),
  createdBy: z.string(),
  name: z.string(),
  description: z.string().optional(),
  starterMessage: z.string().optional(),
  backgroundColor: z.string(),
  primaryColor: z.string(),
  secondaryColor: z.string(),
  headerTextColor: z.string().optional(),
  statusText: z.string().optional(),
  statusTextColor: z.string().optional(),
  timestampColor: z.string().optional(),
  csatBackgroundColor: z.string().optional(),
  csatTextColor: z.string().optional(),
  csatThankYouMessage: z.string().optional(),
  icon: z.string().optional().describe('Signed afresh with every answer; works for five minutes.'),
  promptId: z.string(),
  allowedDomains: z.array(z.string()),
  pipelineId: z.string().optional(),
  pipelineStage: z.string().optional(),
  initialStage: z.string(),
  isAutopilot: z.boolean(),
  isEnabled: z.boolean(),
  position,
  offsetX: z.number(),
  offsetY: z.number(),
  zIndex: z.number(),
  createdAt: z.string().describe('ISO 8601 in UTC, to the millisecond.'),
  updatedAt: z.string(),
});
export type WebchatDocument = z.input<typeof webchatDocument>;

const pagination = z.object({
  page: z.number(),
  limit: z.number(),
  total: z.number().optional().describe('Left out where counting would cost more than reading.'),
  hasMore: z.boolean(),
});

export const answered = <T extends z.ZodType>(data: T) => z.object({ message: z.string(), data });
export const listed = <T extends z.ZodType>(document: T) =>
  z.object({ message: z.string(), data: z.array(document), pagination });

export const idParams = z.object({ id: z.string().regex(/^[0-9a-f]{24}$/i) });
export const pageQuery = z.object({ page: pageNumber, limit: pageSize });
/** Pages are counted from the start, so that late ones cost more: nobody turns so many. */
export const contactQuery = z.object({
  page: z.coerce.number().int().min(1).max(500).default(1),
  limit: pageSize,
  pipelineStage: hexId.optional().describe('Only contacts in this stage.'),
  q: text(200).optional().describe('Words that are all in a name, an address or a field.'),
});

export const removedDocument = z.object({ _id: z.string() });
export const embedDocument = z.object({
  _id: z.string(),
  widgetKey: z.string(),
  embedCode: z.string(),
  shortEmbedCode: z.string(),
});
export const rotatedDocument = embedDocument.extend({
  embedCode: z.string().nullable().describe('Null where no page can hold a webchat of this kind.'),
  shortEmbedCode: z.string().nullable(),
  oldKeyValidUntil: z.string().nullable().describe('Null where the old key stopped at once.'),
});
export const iconDocument = z.object({
  key: z.string().describe('What `icon` takes.'),
  url: z.string(),
  expiresAt: z.string(),
  mediaType: z.string(),
  size: z.number().describe('Bytes.'),
});

export const promptDocument = z.object({
  _id: z.string(),
  organizationId: z.string(),
  name: z.string(),
  role: z.string(),
  tone: z.string(),
  instructions: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

const stageDocument = z.object({ _id: z.string(), key: z.string(), name: z.string() });
export const pipelineDocument = z.object({
  _id: z.string(),
  organizationId: z.string(),
  name: z.string(),
  isDefault: z.boolean(),
  stages: z.array(stageDocument),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const contactDocument = z.object({
  _id: z.string(),
  organizationId: z.string(),
  name: z.string().optional(),
  email: z.string().optional(),
  phone: z.string().optional(),
  company: z.string().optional(),
  customFields: z.record(z.string(), z.string()).optional(),
  isVerified: z.boolean(),
  webchatId: z.string().optional().describe('Left out where the webchat was removed.'),
  pipelineId: z.string().optional(),
  pipelineStage: z.string().optional(),
  visits: z.number(),
  createdAt: z.string(),
  lastSeenAt: z.string(),
});

export const errorBody = z.object({
  message: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })),
});
