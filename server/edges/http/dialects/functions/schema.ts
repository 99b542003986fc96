// Contract 000 in schemas: nine fields in, twelve keys out, and what its companions take and give.
import { z } from 'zod';
import { graceSeconds } from '../../../../../shared/console-provisioning.ts';
import { limits, text } from '../../../../../shared/text.ts';
import { position } from '../../../../../shared/widget.ts';
import { widgetDefaults } from '../../../../domain/widget.ts';
import { isDomainRule } from '../../../../domain/allowed-domains.ts';
import { hexColor } from '../hex-color.ts';
import { pageNumber, pageSize } from '../paging.ts';

const { texts, colors } = widgetDefaults;

/** The documented defaults. Absent and null mean them; an empty text is a text. */
export const functionsDefaults = {
  name: widgetDefaults.name,
  primary_color: colors.primary,
  position: widgetDefaults.position,
  welcome_message: texts.welcome,
  offline_message: texts.offline,
  collect_visitor_name: true,
  collect_visitor_email: false,
  allowed_domains: [] as string[],
};

const uuid = z.guid({ error: ({ input }) => (input === null ? 'Required' : 'Must be a UUID') });
const domain = text(300).refine(isDomainRule, { error: 'Must be a host or an origin' });

const fields = {
  name: text(limits.name).nullable().describe('Display name of the widget, for colleagues.'),
  primary_color: hexColor.nullable().describe('Hex colour of the theme.'),
  position: position.nullable().describe('Where on the page it stands.'),
  welcome_message: text(1000).nullable().describe('What a visitor reads on opening the chat.'),
  offline_message: text(1000).nullable().describe('What a visitor reads where nobody can answer.'),
  collect_visitor_name: z.boolean().nullable().describe("Whether to ask for the visitor's name."),
  collect_visitor_email: z.boolean().nullable().describe("Whether to ask for the visitor's e-mail."),
  allowed_domains: z
    .array(domain)
    .max(100)
    .nullable()
    .describe('Hosts or origins of the pages that may embed it; empty: every page.'),
};

export const createBody = z.object({
  agent_id: uuid.describe('UUID of the agent that answers.'),
  name: fields.name.default(functionsDefaults.name),
  primary_color: fields.primary_color.default(functionsDefaults.primary_color),
  position: fields.position.default(functionsDefaults.position),
  welcome_message: fields.welcome_message.default(functionsDefaults.welcome_message),
  offline_message: fields.offline_message.default(functionsDefaults.offline_message),
  collect_visitor_name: fields.collect_visitor_name.default(functionsDefaults.collect_visitor_name),
  collect_visitor_email: fields.collect_visitor_email.default(functionsDefaults.collect_visitor_email),
  allowed_domains: fields.allowed_domains.default(functionsDefaults.allowed_domains),
});

export const updateBody = z
  .object({
    id: uuid.describe('The widget; may stand in the query instead.'),
    agent_id: uuid,
    ...fields,
    is_active: z.boolean().nullable().describe('Whether the widget is switched on.'),
  })
  .partial();

export const rotateBody = z.object({
  id: uuid.optional().describe('The widget; may stand in the query instead.'),
  grace_seconds: graceSeconds.nullable().describe('How long the old key works on; absent: not at all.'),
});

export const idQuery = z.object({ id: uuid });
export const idOrNoneQuery = z.object({ id: uuid.optional() });
export const listQuery = z.object({ page: pageNumber, limit: pageSize });

/** What a read gives: the twelve keys of the create call, and the two fields that it leaves out. */
export const widgetBody = z.object({
  id: z.string(),
  widget_key: z.string(),
  agent_id: z.string(),
  name: z.string(),
  primary_color: z.string(),
  position,
  welcome_message: z.string(),
  offline_message: z.string(),
  collect_visitor_name: z.boolean(),
  collect_visitor_email: z.boolean(),
  allowed_domains: z.array(z.string()),
  is_active: z.boolean(),
  embed_code: z.string(),
  created_at: z.string().describe('ISO 8601 in UTC, to the second.'),
});

/** Exactly the documented twelve, in their order. */
export const createdBody = widgetBody.omit({ offline_message: true, allowed_domains: true });

const page = { page: z.number(), limit: z.number(), total: z.number() };
export const widgetListBody = z.object({ widgets: z.array(widgetBody), ...page });

export const agentListBody = z.object({
  agents: z.array(z.object({ id: z.string(), name: z.string(), is_default: z.boolean(), created_at: z.string() })),
  ...page,
});

export const deletedBody = z.object({ id: z.string(), deleted: z.literal(true) });

export const rotatedBody = z.object({
  id: z.string(),
  widget_key: z.string(),
  embed_code: z.string(),
  old_key_valid_until: z.string().nullable(),
});

export const errorBody = z.object({
  error: z.string(),
  code: z.string(),
  details: z.array(z.object({ path: z.string(), message: z.string() })),
});
