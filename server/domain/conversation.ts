// decide: a command, the state and the circumstances give facts or a refusal. Every verb of the product is a case here.
import type { ConversationState } from '../../shared/conversation.ts';
import type { Action, Source, Usage } from '../../shared/facts.ts';
import type { SignedField } from '../../shared/identity.ts';
import { decideReply } from './decide-reply.ts';
import { decideStaff } from './decide-staff.ts';
import { decideVisitor } from './decide-visitor.ts';
import { Progress } from './decision.ts';
import type { Circumstances, Decision } from './decision.ts';

/** The member who acts, as far as a decision needs them. */
export interface AgentActor {
  agentId: string;
  name: string;
  avatarUrl?: string;
  /** May take conversations from others by assigning or closing them. */
  mayOverrule: boolean;
}

interface LeadFields {
  name?: string;
  email?: string;
  phone?: string;
  company?: string;
  customFields?: Record<string, string>;
}

export type VisitorCommand =
  | { type: 'visitor.message'; text: string; clientId: string }
  | { type: 'visitor.stop' }
  | { type: 'visitor.handoff'; reason?: string }
  | ({ type: 'visitor.lead' } & LeadFields)
  | { type: 'visitor.identify'; name?: string; email?: string; verified: false }
  /** Signed by the site's owner. `contactId`: whose the conversation is from here on. */
  | {
      type: 'visitor.identify';
      name?: string;
      email?: string;
      verified: true;
      signed: SignedField[];
      contactId: string;
    }
  | { type: 'visitor.csat'; rating: number; comment?: string }
  /** The visitor starts the conversation `next` instead. */
  | { type: 'visitor.leave'; next: string };

export type StaffCommand = { by: AgentActor } & (
  | { type: 'agent.message'; text: string; clientId: string }
  | { type: 'agent.take' }
  | { type: 'agent.release'; to: 'autopilot' | 'queue' }
  | { type: 'agent.assign'; to: { id: string; name: string } }
  | { type: 'agent.close' }
  | { type: 'agent.reopen' }
  | { type: 'agent.autopilot'; isAutopilot: boolean }
  | { type: 'agent.stop' }
  | { type: 'agent.note'; text: string }
  | { type: 'draft.approve'; draftId: string; text?: string }
  | { type: 'draft.reject'; draftId: string }
  | { type: 'draft.request' }
  | { type: 'agent.label'; labels: string[] }
  | { type: 'agent.spam'; isSpam: boolean }
);

/** What the owner of an answer commits is fenced by `(replyId, turn, attempt)`. */
export interface Claim {
  replyId: string;
  turn: number;
  attempt: number;
}

export type ReplyCommand =
  /** Claims what is owed, or the answer of an owner that is gone (`isOwnerGone`); of this `owner` alone, where one is named. */
  | { type: 'reply.claim'; isOwnerGone: boolean; owner?: string }
  /** Whoever holds it has been away for too long: it goes back to the queue, unless somebody else holds it by now. */
  | { type: 'holder.absent'; agentId: string }
  | {
      type: 'reply.complete';
      claim: Claim;
      text: string;
      sources: Source[];
      actions: Action[];
      usage?: Usage;
      /** The model asked for a person, with its reason. */
      handoff?: string;
    }
  | { type: 'reply.fail'; claim: Claim; why: string; detail?: string; sentence: string }
  /** The visitor was banned: nothing more is said to them, and nothing is owed. */
  | { type: 'reply.stop' }
  /** The widget's default changed: conversations that nobody holds follow. */
  | { type: 'widget.autopilot'; isAutopilot: boolean };

export type Command = VisitorCommand | StaffCommand | ReplyCommand;

const isStaff = (command: Command): command is StaffCommand => 'by' in command;
const isVisitor = (command: Command): command is VisitorCommand => command.type.startsWith('visitor.');

/** Pure: the same arguments (ids handed in included) give the same decision. No facts means that nothing had to change. */
export const decide = (state: ConversationState, command: Command, circumstances: Circumstances): Decision => {
  const progress = new Progress(state, circumstances);
  if (isStaff(command)) return decideStaff(progress, command);
  if (isVisitor(command)) return decideVisitor(progress, command);
  return decideReply(progress, command);
};
