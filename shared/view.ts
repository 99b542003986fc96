// A view: what opening a conversation or closing a gap gives, the same shape for every reader.
import { z } from 'zod';
import type { ConversationState } from './conversation.ts';
import { fact, hiddenFact, id, replyMode } from './facts.ts';
import type { VisibleFact } from './facts.ts';

export const cursor = z.object({ seq: z.number().int().min(0), id: z.string().max(64) });

/** The answer in flight with the text so far; deltas continue from its length (UTF-16 units). */
export const liveReply = z.object({
  replyId: z.string(),
  turn: z.number().int(),
  attempt: z.number().int(),
  mode: replyMode,
  text: z.string(),
});
export type LiveReply = z.infer<typeof liveReply>;

/** How far each side has read, as `seq`. */
export const reads = z.object({ visitor: z.number().int(), staff: z.number().int() });
export type Reads = z.infer<typeof reads>;

export const view = z.object({
  conversationId: id,
  /** `ConversationState` of the whole log, without what the reader may not see. */
  state: z.custom<ConversationState>((value) => typeof value === 'object' && value !== null),
  /** Facts after the cursor, oldest first, at most 200; without a cursor the last 50. */
  facts: z.array(z.union([fact, hiddenFact]) as z.ZodType<VisibleFact>),
  head: cursor,
  /** There are facts after the last one given. */
  more: z.boolean(),
  reply: liveReply.optional(),
  reads,
  /** The cursor was of another log: forget what you hold, this view is afresh. */
  reset: z.literal(true).optional(),
});
export type View = z.infer<typeof view>;

export const viewLimits = { after: 200, first: 50, before: 200 } as const;
