// The facts of a conversation: durable, numbered, all or none per commit. One file is the whole durable vocabulary.
import { z } from 'zod';
import { signableFields } from './identity.ts';

export const id = z.string().min(1).max(64);
const seq = z.number().int().min(0);

/** Where an answer comes from; `url` is a link of the knowledge base, absent for pasted text. */
export const source = z.object({ title: z.string(), url: z.string().optional() });
export type Source = z.infer<typeof source>;

/** What a message offers to do next, shown as chips under it. `url` on `link` alone. */
export const action = z.object({
  label: z.string(),
  action: z.enum(['message', 'link', 'handoff', 'dismiss']),
  url: z.string().optional(),
});
export type Action = z.infer<typeof action>;

export const author = z.object({
  kind: z.enum(['visitor', 'ai', 'agent', 'system']),
  name: z.string().optional(),
  /** A path of this installation (`/avatars/…`); visitors are told no other address. */
  avatarUrl: z.string().optional(),
  /** Staff only: the member who wrote or approved it. */
  agentId: z.string().optional(),
  /** Name of the person who approved an AI's draft unchanged. */
  reviewedBy: z.string().optional(),
});
export type Author = z.infer<typeof author>;

/** What an answer cost. Staff only. Times in ms; tokens absent where the provider does not tell. */
export const usage = z.object({
  model: z.string(),
  inputTokens: z.number().optional(),
  outputTokens: z.number().optional(),
  firstTokenMs: z.number().optional(),
  totalMs: z.number().optional(),
});
export type Usage = z.infer<typeof usage>;

export const page = z.object({ url: z.string(), title: z.string().optional(), referrer: z.string().optional() });
export type Page = z.infer<typeof page>;

export const waiting = z.enum(['handoff', 'released', 'failed']).nullable();
export type Waiting = z.infer<typeof waiting>;

export const controlReason = z.enum([
  'taken',
  'released',
  'assigned',
  'autopilot',
  'handoff',
  'offline',
  'answered',
  'failed',
  'stopped',
  'widget',
]);
export type ControlReason = z.infer<typeof controlReason>;

export const replyMode = z.enum(['answer', 'draft']);
export type ReplyMode = z.infer<typeof replyMode>;

export const member = z.object({ id: z.string(), name: z.string() });

/** The fields of each fact beside `{conversationId, seq, id, at, type}`; the type is the key. */
export const factFields = {
  'conversation.opened': z.object({
    widgetId: z.string(),
    /** Staff only. */
    assistantId: z.string(),
    /** Staff only. */
    contactId: z.string(),
    /** The widget's default, copied: the conversation has its own switch from here on. */
    isAutopilot: z.boolean(),
    channel: z.enum(['widget', 'test']),
    page: page.optional(),
  }),
  'message.created': z.object({
    messageId: z.string(),
    author,
    text: z.string(),
    status: z.enum(['complete', 'interrupted']),
    clientId: z.string().optional(),
    /** The `seq` of the visitor's message that an AI's message answers. */
    answers: seq.optional(),
    sources: z.array(source).optional(),
    actions: z.array(action).optional(),
    files: z
      .array(z.object({ id: z.string(), name: z.string(), type: z.string(), size: z.number(), url: z.string() }))
      .optional(),
    meta: z.record(z.string(), z.unknown()).optional(),
    /** Why an answer was cut, on `interrupted`: who cut it (a person's name is in `control.changed`). */
    cut: z
      .enum(['taken', 'stopped', 'autopilot', 'closed', 'message', 'failed', 'assigned', 'handoff', 'widget'])
      .optional(),
    /** Staff only. */
    usage: usage.optional(),
  }),
  'control.changed': z.object({
    isAutopilot: z.boolean(),
    agentId: z.string().nullable(),
    agentName: z.string().nullable(),
    waiting,
    turn: z.number().int(),
    reason: controlReason,
    /** Who did it, where a person did. */
    by: member.optional(),
    /** What the visitor or the model gave as the reason of a hand-off. Staff only. */
    note: z.string().optional(),
  }),
  'reply.claimed': z.object({
    replyId: z.string(),
    turn: z.number().int(),
    attempt: z.number().int(),
    owner: z.string(),
    mode: replyMode,
    answers: seq,
  }),
  'reply.failed': z.object({ replyId: z.string(), why: z.string(), detail: z.string().optional() }),
  'draft.created': z.object({
    draftId: z.string(),
    turn: z.number().int(),
    text: z.string(),
    sources: z.array(source),
    actions: z.array(action).optional(),
    answers: seq,
    usage: usage.optional(),
  }),
  'draft.approved': z.object({ draftId: z.string(), messageId: z.string(), by: member }),
  'draft.rejected': z.object({ draftId: z.string(), by: member }),
  'note.created': z.object({ noteId: z.string(), author, text: z.string() }),
  'visitor.identified': z.object({
    name: z.string().optional(),
    email: z.string().optional(),
    phone: z.string().optional(),
    company: z.string().optional(),
    /** True where the site's owner signed who it is. */
    verified: z.boolean(),
    /** Which of these fields the owner signed. Absent in older logs: all that a verified one carries. */
    signed: z.array(z.enum(signableFields)).optional(),
    /** Staff only: the contact of the person who signed in. The conversation is theirs from here on. */
    contactId: z.string().optional(),
  }),
  'lead.captured': z.object({
    leadId: z.string(),
    name: z.string().optional(),
    email: z.string().optional(),
    phone: z.string().optional(),
    company: z.string().optional(),
    customFields: z.record(z.string(), z.string()).optional(),
  }),
  'csat.requested': z.object({ after: z.literal('close') }),
  'csat.submitted': z.object({ rating: z.number().int().min(1).max(5), comment: z.string().optional() }),
  'label.changed': z.object({ labels: z.array(z.string()), by: member }),
  /** Staff only: marked as spam, or taken back. */
  'spam.changed': z.object({ isSpam: z.boolean(), by: member }),
  'conversation.closed': z.object({
    turn: z.number().int(),
    /** The conversation that the visitor started instead. */
    next: z.string().optional(),
    by: z.object({ kind: z.enum(['visitor', 'agent', 'system']), name: z.string().optional() }),
  }),
  'conversation.reopened': z.object({
    turn: z.number().int(),
    /** The widget's default at that moment. */
    isAutopilot: z.boolean(),
    by: z.object({ kind: z.enum(['visitor', 'agent', 'system']), name: z.string().optional() }),
  }),
} as const;

export type FactType = keyof typeof factFields;
export const factTypes = Object.keys(factFields) as FactType[];

/** A fact before it has its place in the log: what `decide` returns. */
export type FactBody = { [T in FactType]: { type: T } & z.infer<(typeof factFields)[T]> }[FactType];

export interface FactPlace {
  conversationId: string;
  /** Dense per conversation: 1, 2, 3… */
  seq: number;
  id: string;
  /** Milliseconds since 1970, for display only; the order is `seq`. */
  at: number;
}

export type Fact = FactPlace & FactBody;
export type FactOf<T extends FactType> = Extract<Fact, { type: T }>;

/** What a visitor gets in the place of a fact that is not theirs to see. */
export interface HiddenFact {
  conversationId: string;
  seq: number;
  id: string;
  type: 'hidden';
}

/** A fact as a visitor may see it: some fields gone, some facts hidden. */
export type VisibleFact = Fact | HiddenFact;

const place = { conversationId: id, seq: z.number().int().min(1), id, at: z.number() };

/** The schema of one fact, for documentation and for checks of what was stored. */
export const fact = z.discriminatedUnion(
  'type',
  factTypes.map((type) => z.object({ ...place, type: z.literal(type), ...factFields[type].shape })) as never,
) as unknown as z.ZodType<Fact>;

export const hiddenFact = z.object({ conversationId: id, seq: z.number().int().min(1), id, type: z.literal('hidden') });
