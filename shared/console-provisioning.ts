// The console's REST for keys, pipelines, contacts, leads and the organisation: part of the one table in `console-api.ts`.
import { z } from 'zod';
import { signableFields } from './identity.ts';
import { inboxRow } from './inbox.ts';
import { filledText, limits, text } from './text.ts';

/** The kinds of key that people make; each opens one surface. */
export const keyKind = z.enum(['token', 'functions', 'v1', 'webchats']);
export type KeyKind = z.infer<typeof keyKind>;

export const keyView = z.object({
  id: z.string(),
  kind: keyKind,
  name: z.string(),
  /** The last four characters. */
  hint: z.string(),
  /** Whose rights it has. */
  member: z.object({ id: z.string(), name: z.string() }),
  createdAt: z.number(),
  lastUsedAt: z.number().optional(),
  /** A rotated key works until then. */
  expiresAt: z.number().optional(),
});
export type KeyView = z.infer<typeof keyView>;

/** Seconds for which what is rotated works on: at most a day, none by default. */
export const graceSeconds = z.number().int().min(0).max(86_400).optional();

export const stageView = z.object({
  id: z.string(),
  uuid: z.string(),
  hexId: z.string(),
  key: z.string(),
  name: z.string(),
});
export const pipelineView = z.object({
  id: z.string(),
  uuid: z.string(),
  hexId: z.string(),
  name: z.string(),
  isDefault: z.boolean(),
  stages: z.array(stageView),
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type PipelineView = z.infer<typeof pipelineView>;

const stageKey = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'Lower-case letters, digits, - and _, at most 40');
const stageInput = z.object({
  /** Of a stage that is there already; contacts in it stay in it. */
  id: z.string().max(64).optional(),
  key: stageKey,
  name: filledText(limits.name),
});
const pipelineInput = z.object({
  name: filledText(limits.name),
  stages: z.array(stageInput).min(1).max(limits.stages),
});

export const contactView = z.object({
  id: z.string(),
  name: z.string().optional(),
  email: z.string().optional(),
  phone: z.string().optional(),
  company: z.string().optional(),
  customFields: z.record(z.string(), z.string()).optional(),
  /** The site's owner has signed who this is; `signed`: the fields that were signed, which nobody else may change. */
  verified: z.boolean(),
  signed: z.array(z.enum(signableFields)).optional(),
  /** The owner's own id of this person: the `sub` of their token. */
  subject: z.string().optional(),
  createdAt: z.number(),
  lastSeenAt: z.number(),
  visits: z.number(),
  page: z.object({ url: z.string(), title: z.string().optional(), referrer: z.string().optional() }).optional(),
  locale: z.string().optional(),
  userAgent: z.string().optional(),
  pipelineId: z.string().optional(),
  stageId: z.string().optional(),
  leadId: z.string().optional(),
});
export type ContactView = z.infer<typeof contactView>;

export const leadView = z.object({
  id: z.string(),
  contactId: z.string(),
  conversationId: z.string(),
  widgetId: z.string(),
  name: z.string().optional(),
  email: z.string().optional(),
  phone: z.string().optional(),
  company: z.string().optional(),
  customFields: z.record(z.string(), z.string()).optional(),
  /** 0 to 100. */
  score: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type LeadView = z.infer<typeof leadView>;

export const organisationView = z.object({
  id: z.string(),
  uuid: z.string(),
  hexId: z.string(),
  name: z.string(),
  businessType: z.string(),
  /** Answers of the AI a day; null: no limit. */
  dailyAnswers: z.number().nullable(),
});
export type OrganisationView = z.infer<typeof organisationView>;

const none = z.object({});
const paged = { cursor: text(200).optional(), limit: z.coerce.number().int().min(1).max(200).default(50) };

export const provisioningRoutes = {
  'GET /organisation': { doc: 'The organisation.', who: 'agent', output: z.object({ organisation: organisationView }) },
  'PATCH /organisation': {
    doc: 'Name, kind of business, budget of AI answers a day.',
    who: 'admin',
    body: z.object({
      name: filledText(limits.name).optional(),
      businessType: text(limits.name).optional(),
      dailyAnswers: z.number().int().min(0).max(10_000_000).nullable().optional(),
    }),
    output: z.object({ organisation: organisationView }),
  },
  'GET /keys': { doc: 'All keys, without their secrets.', who: 'admin', output: z.object({ keys: z.array(keyView) }) },
  'POST /keys': {
    doc: 'A new key; its secret is shown this once.',
    who: 'admin',
    body: z.object({ kind: keyKind, name: filledText(limits.name) }),
    output: z.object({ key: keyView, secret: z.string() }),
  },
  'PATCH /keys/:id': {
    doc: 'Another name for a key.',
    who: 'admin',
    body: z.object({ name: filledText(limits.name) }),
    output: z.object({ key: keyView }),
  },
  'POST /keys/:id/rotate': {
    doc: 'A new secret under the same name; the old one stops at once, or after the grace.',
    who: 'admin',
    body: z.object({ graceSeconds }),
    output: z.object({ key: keyView, secret: z.string() }),
  },
  'DELETE /keys/:id': {
    doc: 'Revokes a key: it stops working at once, on live sockets too.',
    who: 'admin',
    output: none,
  },
  'GET /pipelines': {
    doc: 'Pipelines and their stages.',
    who: 'agent',
    output: z.object({ pipelines: z.array(pipelineView) }),
  },
  'POST /pipelines': {
    doc: 'A new pipeline.',
    who: 'admin',
    body: pipelineInput,
    output: z.object({ pipeline: pipelineView }),
  },
  'PATCH /pipelines/:id': {
    doc: 'Name and stages; `isDefault` makes it the default. A stage that contacts are in cannot go.',
    who: 'admin',
    body: pipelineInput.partial().extend({ isDefault: z.literal(true).optional() }),
    output: z.object({ pipeline: pipelineView }),
  },
  'DELETE /pipelines/:id': {
    doc: 'Removes a pipeline that is not the default, that no widget names and no contact is in.',
    who: 'admin',
    output: none,
  },
  'GET /contacts': {
    doc: 'Contacts who said something, latest first; of one stage where `stageId` is given, by words with `q`.',
    who: 'agent',
    query: z.object({ ...paged, stageId: text(64).optional(), q: text(200).optional() }),
    output: z.object({ contacts: z.array(contactView), cursor: z.string().nullable() }),
  },
  'GET /contacts/:id': {
    doc: 'One contact with their leads and their conversations (at most 20), latest first.',
    who: 'agent',
    output: z.object({ contact: contactView, leads: z.array(leadView), conversations: z.array(inboxRow) }),
  },
  'PATCH /contacts/:id': {
    doc: 'Moves a contact to a stage, or corrects who they are.',
    who: 'agent',
    body: z.object({
      stageId: text(64).optional(),
      name: text(limits.name).optional(),
      email: z.email().max(limits.email).or(z.literal('')).optional(),
      phone: text(limits.phone).optional(),
      company: text(limits.company).optional(),
    }),
    output: z.object({ contact: contactView }),
  },
  'GET /leads': {
    doc: 'Leads, latest first.',
    who: 'agent',
    query: z.object(paged),
    output: z.object({ leads: z.array(leadView), cursor: z.string().nullable() }),
  },
  'GET /leads/export': {
    doc: 'All leads as a CSV file, latest first; a column for each custom field. Where there are more than 1,000 fields, those that most leads have, and a last column that counts the others. Cells that a spreadsheet would run get an apostrophe.',
    who: 'admin',
    file: 'text/csv',
    output: z.string(),
  },
  'DELETE /widgets/:id': {
    doc: 'Removes a widget; its conversations stay readable.',
    who: 'admin',
    output: none,
  },
  'POST /widgets/:id/rotate-key': {
    doc: 'A new public key; the old one stops at once, or after the grace.',
    who: 'admin',
    body: z.object({ which: z.enum(['widgetKey', 'catyKey']), graceSeconds }),
    output: z.object({ widgetKey: z.string(), catyKey: z.string() }),
  },
  'POST /icons': {
    doc: 'Uploads a picture (PNG, JPEG, GIF, WebP; 512 KiB) for widgets: multipart form data, field `file`.',
    who: 'admin',
    upload: true,
    output: z.object({ iconKey: z.string(), url: z.string(), mediaType: z.string(), size: z.number() }),
  },
} as const;
