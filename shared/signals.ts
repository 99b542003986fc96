// What is ephemeral: signals may be lost, delayed or doubled without harm, because facts and views make good for them.
import { z } from 'zod';
import { action, replyMode } from './facts.ts';
import { inboxCounts, inboxRow } from './inbox.ts';

const reply = { replyId: z.string(), turn: z.number().int(), attempt: z.number().int() };

export const viewingAgent = z.object({ id: z.string(), name: z.string(), viewing: z.boolean(), typing: z.boolean() });
export type ViewingAgent = z.infer<typeof viewingAgent>;

/** The fields of each signal beside `{type, conversationId}`; `inbox.changed` and `presence.changed` may concern no single one. */
export const signalFields = {
  'reply.started': z.object({ ...reply, mode: replyMode }),
  /** Apply only where `offset` (UTF-16 units) equals the length you hold; otherwise `facts:since`. */
  'reply.delta': z.object({ ...reply, offset: z.number().int(), text: z.string() }),
  /** Discard what streamed; the next delta has offset 0. A delta of a higher attempt implies it. */
  'reply.reset': z.object(reply),
  'reply.ended': z.object({
    replyId: z.string(),
    turn: z.number().int(),
    outcome: z.enum(['complete', 'interrupted', 'failed', 'handoff']),
  }),
  /** `preview` reaches staff only, and only where the widget has consent on. `name` is an agent's. */
  'typing.changed': z.object({
    who: z.enum(['visitor', 'agent']),
    isTyping: z.boolean(),
    name: z.string().optional(),
    agentId: z.string().optional(),
    preview: z.string().optional(),
  }),
  'read.advanced': z.object({ who: z.enum(['visitor', 'staff']), seq: z.number().int() }),
  /** To visitors: `availability`. To staff: who looks at this conversation. */
  'presence.changed': z.object({
    availability: z.enum(['online', 'away']).optional(),
    agents: z.array(viewingAgent).optional(),
  }),
  /** Staff only. `row` may be absent where only the counts moved. */
  'inbox.changed': z.object({ row: inboxRow.optional(), counts: inboxCounts.optional() }),
  'proactive.offered': z.object({ messageId: z.string(), content: z.string(), actions: z.array(action) }),
} as const;

export type SignalType = keyof typeof signalFields;
export const signalTypes = Object.keys(signalFields) as SignalType[];
export type SignalOf<T extends SignalType> = { type: T; conversationId: string } & z.infer<(typeof signalFields)[T]>;
/** `conversationId` is `''` on a signal that concerns no single conversation. */
export type Signal = { [T in SignalType]: SignalOf<T> }[SignalType];
