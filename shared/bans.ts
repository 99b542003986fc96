// Bans: who is not served. Part of the console's REST (`console-api.ts`) and of the staff's commands.
import { z } from 'zod';
import { id } from './facts.ts';
import { text } from './text.ts';

export const banKind = z.enum(['contact', 'address', 'range']);
export type BanKind = z.infer<typeof banKind>;

const longestSeconds = 10 * 366 * 86_400;

const terms = {
  reason: text(300).optional(),
  /** When it ends by itself, ms since 1970; or after how many seconds. Neither: it holds until it is lifted. */
  expiresAt: z.number().int().optional(),
  forSeconds: z.number().int().min(1).max(longestSeconds).optional(),
  /** Required where the ban covers the address that its maker calls from. */
  includesMe: z.boolean().optional(),
};
const address = text(64);

/** A ban out of a conversation: of its contact, of an address it came from (the latest, where none is named), or of a range. */
export const conversationBan = z.object({
  conversationId: id,
  kind: banKind,
  address: address.optional(),
  range: address.optional(),
  ...terms,
});

/** A ban over REST: of what is named, or out of a conversation (of its contact, where no kind is given). */
export const banInput = z.object({
  kind: banKind.optional(),
  conversationId: id.optional(),
  contactId: id.optional(),
  address: address.optional(),
  range: address.optional(),
  ...terms,
});
export type BanInput = z.infer<typeof banInput>;

export const banView = z.object({
  id: z.string(),
  kind: banKind,
  /** A contact's id; an IPv4 address; the /64 of an IPv6 address; a network as CIDR. */
  value: z.string(),
  /** Who a banned contact is, as far as it is known. */
  contact: z.object({ id: z.string(), name: z.string().optional(), email: z.string().optional() }).optional(),
  reason: z.string(),
  createdAt: z.number(),
  /** Absent: until it is lifted. */
  expiresAt: z.number().optional(),
  by: z.object({ id: z.string(), name: z.string() }),
  conversationId: z.string().optional(),
});
export type BanView = z.infer<typeof banView>;

const paged = { cursor: text(200).optional(), limit: z.coerce.number().int().min(1).max(200).default(50) };

export const banRoutes = {
  'GET /bans': {
    doc: 'Bans in force, latest first.',
    who: 'admin',
    query: z.object(paged),
    output: z.object({ bans: z.array(banView), cursor: z.string().nullable() }),
  },
  'POST /bans': {
    doc: 'Bans a contact (any member), an address or a range (an admin): no wider than /16 for IPv4 and /32 for IPv6; an IPv6 address means its /64. The same once more changes reason and end. A ban that covers your own address needs `includesMe`.',
    who: 'agent',
    body: banInput,
    output: z.object({ ban: banView }),
  },
  'DELETE /bans/:id': { doc: 'Lifts a ban.', who: 'admin', output: z.object({}) },
  'GET /bans/reach': {
    doc: 'Before a ban: the network that an address or range means, and how many other contacts were lately seen from it.',
    who: 'admin',
    query: z.object({
      address: address.optional(),
      range: address.optional(),
      /** Whose contact is not among the others. */
      conversationId: id.optional(),
    }),
    output: z.object({
      value: z.string(),
      /** Other contacts among the latest 5,000 sessions. */
      others: z.number(),
      includesMe: z.boolean(),
    }),
  },
  'GET /conversations/:id/ban': {
    doc: 'What may be banned out of a conversation: its contact, and for admins the addresses it came from; and whether its visitor is banned.',
    who: 'agent',
    output: z.object({
      contact: z.object({ id: z.string(), name: z.string().optional(), email: z.string().optional() }),
      /** As a ban of kind `address` would name them, latest first. Empty for who may not ban addresses. */
      addresses: z.array(z.string()),
      mayBanAddress: z.boolean(),
      isBanned: z.boolean(),
    }),
  },
} as const;
