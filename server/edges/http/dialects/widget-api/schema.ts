// Contract 003 in schemas: what pages send, and exactly the keys that leave, in their order.
import { z } from 'zod';
import { visitorCommands } from '../../../../../shared/commands.ts';
import { filledText, limits, text } from '../../../../../shared/text.ts';
import { intents } from '../../../../domain/intent.ts';

const lead = visitorCommands['lead:submit'].input.shape;
const csat = visitorCommands['csat:submit'].input.shape;

/** Bearer secrets: whatever does not fit is simply not known, so the length alone is judged. */
const sessionId = z.string().min(1).max(200).describe('The secret that POST /api/widget/session gave.');
const pageUrl = text(limits.url).describe('The page that the visitor is on.');
/** `null` is what many clients send for "nothing". */
const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? undefined);

export const sessionInput = z.object({
  visitor_id: optional(z.string().max(200)).describe(
    'What an earlier call gave: brings back the conversation that was live within 24 hours, under a fresh session.',
  ),
  identity: optional(z.string().max(4096)).describe(
    'A JWT that the owner signed (docs/identity.md): who the visitor is. Not in the original document.',
  ),
  page: optional(
    z.object({
      url: pageUrl,
      title: optional(text(limits.title)),
      referrer: optional(text(limits.url)),
    }),
  ),
});

const context = optional(z.object({ page_url: optional(pageUrl), engagement_score: optional(z.number()) }));

export const messageInput = z.object({
  session_id: sessionId,
  message: filledText(limits.message),
  context,
});

export const trackInput = z.object({
  session_id: sessionId,
  events: optional(
    z
      .array(
        z.object({
          type: text(40),
          data: z.unknown().optional(),
          timestamp: z.unknown().optional(),
        }),
      )
      .max(50),
  ).describe('`page_view`, `scroll_depth` (percent), `click` and `exit_intent` count; others are passed over.'),
  metrics: optional(
    z.object({
      timeOnPage: optional(z.number()).describe('Milliseconds on this page.'),
      scrollDepth: optional(z.number()).describe('Percent.'),
      clickCount: optional(z.number()),
    }),
  ),
});

export const proactiveInput = z.object({
  session_id: sessionId,
  trigger_type: filledText(40).describe('The type of a rule of the widget, such as `high_engagement`.'),
  context,
});

/** Forms send numbers and ticks too; a lead keeps words. */
const customValue = z.union([text(limits.customField), z.number(), z.boolean()]).transform(String);

export const leadInput = z
  .object({
    session_id: sessionId,
    name: optional(lead.name.unwrap()),
    email: optional(lead.email.unwrap()),
    phone: optional(lead.phone.unwrap()),
    company: optional(lead.company.unwrap()),
    custom_fields: optional(
      z
        .record(text(limits.customFieldName), customValue)
        .refine((value) => Object.keys(value).length <= limits.customFields, { error: 'Too many fields' }),
    ),
  })
  .refine(({ email, phone }) => email !== undefined || phone !== undefined, {
    path: ['email'],
    error: 'Required where there is no phone',
  });

export const handoffInput = z.object({ session_id: sessionId, reason: optional(text(500)) });
export const csatInput = z.object({
  session_id: sessionId,
  rating: csat.rating,
  comment: optional(csat.comment.unwrap()),
});
export const endInput = z.object({ session_id: sessionId });
export const messagesQuery = z.object({
  after: z.coerce.number().int().min(0).default(0).describe('The `cursor` of the call before.'),
});

const success = z.literal(true);
const timestamp = z.string().describe('UTC, whole seconds: `2026-01-28T10:00:00Z`.');
const suggestedAction = z.object({
  label: z.string(),
  action: z.enum(['message', 'link', 'handoff', 'dismiss']),
  url: z.string().optional().describe('On `link` alone: a path of the page, or an address that the widget may offer.'),
});
const messageId = z.string().describe('`msg_` + 24 hex.');

export const configBody = z.object({
  success,
  config: z.object({
    widget_id: z.string(),
    business: z.object({ name: z.string(), type: z.string() }),
    persona: z.object({ name: z.string(), role: z.string(), tone: z.string() }),
    appearance: z.object({
      theme: z.enum(['auto', 'light', 'dark']),
      position: z.enum(['bottom-right', 'bottom-left']),
      colors: z.object({
        primary: z.string(),
        secondary: z.string(),
        background: z.string(),
        text: z.string(),
        header_text: z.string(),
      }),
    }),
    behavior: z.object({
      greeting: z.object({ enabled: z.boolean(), content: z.string() }),
      proactive: z.object({
        enabled: z.boolean(),
        triggers: z.array(z.looseObject({ type: z.string() })),
        cooldown_seconds: z.number(),
      }),
    }),
  }),
});

export const sessionBody = z.object({
  success,
  session_id: z.string().describe('`sess_…`, a secret: whoever has it is this visitor.'),
  visitor_id: z.string().describe('`vis_…`, a secret: keep it to come back within 24 hours.'),
  greeting: z.object({ content: z.string(), timestamp }),
});

export const handledBy = z.enum(['ai', 'human', 'queue']);

export const messageBody = z.object({
  success,
  response: z.object({ content: z.string(), suggested_actions: z.array(suggestedAction) }),
  metadata: z.object({
    intent: z.enum(intents).nullable().describe('Null where the AI did not answer.'),
    confidence: z.number().min(0).max(1).nullable(),
    lead_score: z.number().min(0).max(100),
    handled_by: handledBy.optional().describe('Where the AI did not give the whole answer: who has the message now.'),
    pending: z.literal(true).optional().describe('The answer is still to come: see GET /api/widget/messages.'),
  }),
});

export const trackBody = z.object({
  success,
  engagement_score: z.number().min(0).max(100),
  proactive: z.object({ should_trigger: z.boolean(), message: z.string().nullable() }),
});

export const proactiveBody = z.object({
  success,
  message: z
    .object({ message_id: messageId, content: z.string(), suggested_actions: z.array(suggestedAction) })
    .nullable()
    .describe('Null where nothing is offered now: switched off, cooling down, said before, or a person is there.'),
});

export const leadBody = z.object({
  success,
  lead_id: z.string().describe('`lead_` + 24 hex.'),
  message: z.string(),
});

export const messagesBody = z.object({
  success,
  messages: z.array(
    z.object({
      message_id: z.string(),
      role: z.enum(['visitor', 'ai', 'agent', 'system']),
      name: z.string().nullable(),
      content: z.string(),
      status: z.enum(['complete', 'interrupted']),
      timestamp,
      suggested_actions: z.array(suggestedAction),
    }),
  ),
  cursor: z.number().describe('Give it as `after` to get what comes next.'),
  has_more: z.boolean(),
  handled_by: handledBy,
  status: z.enum(['open', 'closed']),
});

export const handoffBody = z.object({ success, handled_by: handledBy, message: z.string() });
export const csatBody = z.object({ success, message: z.string() });
export const endBody = z.object({ success });

export const errorBody = z.object({
  success: z.literal(false),
  error: z.object({
    code: z.string(),
    message: z.string(),
    retry_after: z.number().optional().describe('Seconds.'),
    details: z.array(z.object({ path: z.string(), message: z.string() })),
  }),
});
