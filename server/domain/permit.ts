// Who may do what, in one place. What a command may do in the state of a conversation is `decide`'s to say.
import type { MemberView } from '../../shared/console-api.ts';

export type Role = MemberView['role'];

const rank: Record<Role, number> = { agent: 0, admin: 1, owner: 2 };

/** The least role for each action. */
const least = {
  /** Every console route that any member may call. */
  'console.use': 'agent',
  /** Console routes that change settings, knowledge or members. */
  'console.administer': 'admin',
  'conversation.read': 'agent',
  'conversation.take': 'agent',
  'conversation.release': 'agent',
  /** Give a conversation that nobody or oneself holds to a colleague. */
  'conversation.assign': 'agent',
  /** Take it out of another's hands. */
  'conversation.assign-from-another': 'admin',
  'conversation.close': 'agent',
  'conversation.reopen': 'agent',
  'conversation.write': 'agent',
  'conversation.note': 'agent',
  'conversation.label': 'agent',
  'conversation.stop': 'agent',
  'conversation.autopilot': 'agent',
  'conversation.spam': 'agent',
  /** Ban the contact of a conversation. */
  'ban.contact': 'agent',
  /** Ban an address or a range, which may be others' too; and see addresses at all. */
  'ban.network': 'admin',
  'draft.approve': 'agent',
  'draft.reject': 'agent',
  'draft.request': 'agent',
} as const satisfies Record<string, Role>;

export type Permission = keyof typeof least;

export const may = (actor: { role: Role }, action: Permission): boolean => rank[actor.role] >= rank[least[action]];

/**
 * Whether one member may change another's role, access or one-time link. A link resets the password, so that nobody
 * may make one for a member of higher standing; the owner's role and access change by nobody.
 */
export const mayChangeMember = (
  actor: { id: string; role: Role },
  subject: { id: string; role: Role },
  what: 'access' | 'link',
): boolean => {
  if (!may(actor, 'console.administer')) return false;
  if (what === 'access') return subject.role !== 'owner' && subject.id !== actor.id;
  return rank[actor.role] >= rank[subject.role];
};
