// Every command of both namespaces, once: types, binding, limits and documentation derive from these tables.
import { z } from 'zod';
import { banView, conversationBan } from './bans.ts';
import { fact, hiddenFact, id } from './facts.ts';
import type { VisibleFact } from './facts.ts';
import { inboxCounts, inboxFilter, inboxRow } from './inbox.ts';
import { filledText, limits, text } from './text.ts';
import { cursor, view } from './view.ts';
import { publicWidget } from './widget.ts';

/** Names a command so that a repeat of it changes nothing. */
export const clientId = z.uuid();
const inConversation = { conversationId: id };
const appends = { conversationId: id, clientId: clientId.optional() };
const seqAck = z.object({ seq: z.number().int() });
const none = z.object({});
const seq = z.number().int().min(0);

const pageInput = z.object({
  url: text(limits.url),
  title: text(limits.title).optional(),
  referrer: text(limits.url).optional(),
});

const sinceInput = z.object({
  ...inConversation,
  since: cursor.optional(),
  /** Short form without the check of the id; 0 is the beginning. */
  sinceSeq: seq.optional(),
});
const beforeInput = z.object({ ...inConversation, seq, limit: z.number().int().min(1).max(200).default(50) });
const factsPage = z.object({
  facts: z.array(z.union([fact, hiddenFact]) as z.ZodType<VisibleFact>),
  more: z.boolean(),
});

const messageInput = z.object({
  conversationId: id,
  clientId: clientId.optional(),
  text: filledText(limits.message),
  fileIds: z.array(id).max(5).optional(),
  context: z.object({ page: pageInput.optional() }).optional(),
});
const messageAck = z.object({ messageId: z.string(), seq: z.number().int(), createdAt: z.number() });

const email = z.email().max(limits.email);
const phone = text(limits.phone)
  .regex(/^\+?[\d\s().-]{7,31}$/)
  .refine(
    (value) => {
      const digits = value.replace(/\D/g, '').length;
      return digits >= 7 && digits <= 15;
    },
    { error: 'Must have 7 to 15 digits' },
  );

/** A visitor's earlier conversation, as the widget lists it. */
export const earlierConversation = z.object({
  conversationId: z.string(),
  lastAt: z.number(),
  preview: z.string(),
  status: z.enum(['open', 'closed']),
});

const sessionView = view.extend({
  sessionToken: z.string(),
  visitorToken: z.string(),
  /** The visitor is signed in: by the token of this handshake, or by an earlier one of this session. */
  isSigned: z.boolean(),
  widget: publicWidget,
  /** This visitor's other conversations, latest first, at most 20. */
  earlier: z.array(earlierConversation),
});
export type SessionView = z.infer<typeof sessionView>;

/** `limit` names the bucket of `SECURITY.md` that a call is counted in; `appends` marks what commits to the log. */
export interface CommandSpec<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  doc: string;
  input: I;
  output: O;
  limit?: 'message' | 'typing' | 'lead' | 'session' | 'action';
  appends?: true;
}
const command = <I extends z.ZodType, O extends z.ZodType>(spec: CommandSpec<I, O>): CommandSpec<I, O> => spec;

export const visitorCommands = {
  'session:open': command({
    doc: 'Creates or resumes a session; a repeat issues fresh tokens for the same conversation.',
    input: z.object({
      clientId: clientId.optional(),
      page: pageInput.optional(),
      /** One of this visitor's own conversations. */
      conversationId: id.optional(),
      since: cursor.optional(),
    }),
    output: sessionView,
    limit: 'session',
  }),
  'message:send': command({
    doc: 'Says something. Where an answer is owed it is claimed in the same commit.',
    input: messageInput,
    output: messageAck,
    limit: 'message',
    appends: true,
  }),
  'facts:since': command({ doc: 'The view of what is missing after a cursor.', input: sinceInput, output: view }),
  'facts:before': command({
    doc: 'Pages upward: facts before `seq`, oldest first.',
    input: beforeInput,
    output: factsPage,
  }),
  'message:read': command({ doc: 'Read up to this `seq`.', input: z.object({ ...inConversation, seq }), output: none }),
  'typing:set': command({
    doc: 'Types or stopped typing; `preview` is passed on only where the widget has consent on, and never stored.',
    input: z.object({ ...inConversation, isTyping: z.boolean(), preview: text(limits.typingPreview).optional() }),
    output: none,
    limit: 'typing',
  }),
  'reply:stop': command({
    doc: 'Stops the answer in flight.',
    input: z.object(appends),
    output: seqAck,
    limit: 'action',
    appends: true,
  }),
  'handoff:request': command({
    doc: 'Asks for a person.',
    input: z.object({ ...appends, reason: text(500).optional() }),
    output: seqAck,
    limit: 'action',
    appends: true,
  }),
  'lead:submit': command({
    doc: 'Leaves contact details; the same conversation again updates the same lead.',
    input: z.object({
      ...appends,
      name: text(limits.name).optional(),
      email: email.optional(),
      phone: phone.optional(),
      company: text(limits.company).optional(),
      customFields: z
        .record(text(limits.customFieldName), text(limits.customField))
        .refine((value) => Object.keys(value).length <= limits.customFields, { error: 'Too many fields' })
        .optional(),
    }),
    output: z.object({ leadId: z.string() }),
    limit: 'lead',
    appends: true,
  }),
  'csat:submit': command({
    doc: 'Rates the conversation.',
    input: z.object({ ...appends, rating: z.number().int().min(1).max(5), comment: text(1000).optional() }),
    output: seqAck,
    limit: 'action',
    appends: true,
  }),
  'behavior:track': command({
    doc: 'Page views and engagement of the host page.',
    input: z.object({
      events: z
        .array(z.object({ type: text(40), data: z.unknown().optional(), timestamp: z.unknown().optional() }))
        .max(50),
      metrics: z
        .object({
          timeOnPage: z.number().optional(),
          scrollDepth: z.number().optional(),
          clickCount: z.number().optional(),
        })
        .optional(),
    }),
    output: z.object({
      engagementScore: z.number(),
      proactive: z.object({ messageId: z.string(), content: z.string() }).optional(),
    }),
    limit: 'action',
  }),
  'visitor:identify': command({
    doc: 'Says who the visitor is: a JWT signed by the owner, or unverified name and e-mail.',
    // One object, not a union: a token of the wrong shape must be refused, not passed over for the fields beside it.
    input: z.object({
      conversationId: id.optional(),
      clientId: clientId.optional(),
      token: text(4096).optional(),
      name: text(limits.name).optional(),
      email: email.optional(),
    }),
    /** With a token: what replaces the tokens of before, and the conversation that the visitor is in now. */
    output: z.object({
      sessionToken: z.string().optional(),
      visitorToken: z.string().optional(),
      conversationId: id.optional(),
    }),
    limit: 'action',
    appends: true,
  }),
  'visitor:logout': command({
    doc: 'Ends the visitor: every session, token and connection of this browser. The next `session:open` begins a stranger.',
    input: none,
    output: none,
    limit: 'session',
  }),
  'conversation:new': command({
    doc: 'Starts afresh; the old conversation is closed with `{next}`.',
    input: z.object({ clientId: clientId.optional(), page: pageInput.optional() }),
    output: sessionView,
    limit: 'session',
  }),
} as const;

export const staffCommands = {
  'inbox:open': command({
    doc: 'One page of the inbox, and from then on `inbox.changed` signals.',
    input: z.object({
      filter: inboxFilter.optional(),
      label: text(limits.label).optional(),
      agentId: id.optional(),
      cursor: text(200).optional(),
    }),
    output: z.object({
      conversations: z.array(inboxRow),
      /** Where the next page begins; null at the end. */
      cursor: z.string().nullable(),
      counts: inboxCounts,
    }),
  }),
  'conversation:open': command({
    doc: 'The view, and from then on its facts and signals.',
    input: z.object({ ...inConversation, since: cursor.optional() }),
    output: view,
  }),
  'conversation:leave': command({
    doc: 'No more facts and signals of this one.',
    input: z.object(inConversation),
    output: none,
  }),
  'conversation:take': command({
    doc: 'Takes over; cuts the answer in flight.',
    input: z.object(appends),
    output: seqAck,
    appends: true,
  }),
  'conversation:release': command({
    doc: 'Lets go: to the AI, or to whoever takes it next.',
    input: z.object({ ...appends, to: z.enum(['autopilot', 'queue']) }),
    output: seqAck,
    appends: true,
  }),
  'conversation:assign': command({
    doc: 'Gives it to a member; needs a role that may where another holds it.',
    input: z.object({ ...appends, agentId: id }),
    output: seqAck,
    appends: true,
  }),
  'conversation:close': command({ doc: 'Closes.', input: z.object(appends), output: seqAck, appends: true }),
  'conversation:reopen': command({
    doc: 'Reopens with the default control of the widget.',
    input: z.object(appends),
    output: seqAck,
    appends: true,
  }),
  'autopilot:set': command({
    doc: "Whether the AI answers by itself; true implies release and is the holder's alone.",
    input: z.object({ ...appends, isAutopilot: z.boolean() }),
    output: seqAck,
    appends: true,
  }),
  'reply:stop': command({
    doc: 'Stops the answer or draft in flight.',
    input: z.object(appends),
    output: seqAck,
    appends: true,
  }),
  'message:send': command({
    doc: 'Writes to the visitor; refused to whoever does not hold the conversation.',
    input: messageInput,
    output: messageAck,
    appends: true,
  }),
  'note:add': command({
    doc: 'A note that only staff see.',
    input: z.object({ ...appends, text: filledText(limits.note) }),
    output: seqAck,
    appends: true,
  }),
  'draft:approve': command({
    doc: 'Sends the draft, as it is or edited.',
    input: z.object({ ...appends, draftId: id, text: filledText(limits.message).optional() }),
    output: messageAck,
    appends: true,
  }),
  'draft:reject': command({
    doc: 'Drops the draft.',
    input: z.object({ ...appends, draftId: id }),
    output: seqAck,
    appends: true,
  }),
  'draft:request': command({
    doc: 'Asks the AI for a draft.',
    input: z.object(appends),
    output: seqAck,
    appends: true,
  }),
  'label:set': command({
    doc: 'Sets the labels, all of them.',
    input: z.object({ ...appends, labels: z.array(filledText(limits.label)).max(limits.labels) }),
    output: seqAck,
    appends: true,
  }),
  'conversation:spam': command({
    doc: 'Marks as spam: closes it, and hides it from every list, count, search and export but the filter `spam`. Or takes that back.',
    input: z.object({ ...appends, isSpam: z.boolean() }),
    output: seqAck,
    appends: true,
  }),
  'conversation:ban': command({
    doc: 'Bans the contact of a conversation, or (admins) an address it came from or a range, as `POST /api/console/bans`.',
    input: conversationBan,
    output: z.object({ ban: banView }),
  }),
  'typing:set': command({
    doc: 'Types or stopped typing.',
    input: z.object({ ...inConversation, isTyping: z.boolean() }),
    output: none,
  }),
  'message:read': command({ doc: 'Read up to this `seq`.', input: z.object({ ...inConversation, seq }), output: none }),
  'facts:since': command({ doc: 'The view of what is missing after a cursor.', input: sinceInput, output: view }),
  'facts:before': command({
    doc: 'Pages upward: facts before `seq`, oldest first.',
    input: beforeInput,
    output: factsPage,
  }),
  'presence:set': command({
    doc: 'Online, or away though connected.',
    input: z.object({ status: z.enum(['online', 'away']) }),
    output: none,
  }),
} as const;

export type VisitorCommandName = keyof typeof visitorCommands;
export type StaffCommandName = keyof typeof staffCommands;
type Table = Record<string, { input: z.ZodType; output: z.ZodType }>;
/** What a caller sends (defaults may be left out). */
export type CommandInput<T extends Table, K extends keyof T> = z.input<T[K]['input']>;
/** What a handler gets (parsed). */
export type ParsedInput<T extends Table, K extends keyof T> = z.output<T[K]['input']>;
export type CommandOutput<T extends Table, K extends keyof T> = z.output<T[K]['output']>;
