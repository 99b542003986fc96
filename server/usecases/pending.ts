// A command on its way to the log: what it asks, what it may know, and what it still waits for.
import { hash as digest } from 'node:crypto';
import type { ConversationState } from '../../shared/conversation.ts';
import type { ChatError } from '../../shared/errors.ts';
import type { Fact } from '../../shared/facts.ts';
import type { Command } from '../domain/conversation.ts';
import type { Circumstances, Opening } from '../domain/decision.ts';

/** What a command needs to know of its surroundings, gathered by the use case before it is queued. */
export interface Surroundings {
  opening: Opening;
  assistantName: string;
  isStaffOnline: boolean;
  draft?: Circumstances['draft'];
  saidFirst?: Circumstances['saidFirst'];
}

export interface Ask {
  orgId: string;
  conversationId: string;
  /** Idempotency key, prefixed by the actor: `v:<clientId>`, `m:<member>:<clientId>`, `r:…`. */
  key: string;
  /** What must be the same for a repeat to be a repeat. */
  body: unknown;
  command: Command;
  surroundings: Surroundings;
  /** Asked before deciding, once; its refusal is told only after the key was looked up: rates must not stop a repeat. */
  admit?: () => ChatError | undefined;
}

export interface Answered {
  result: Record<string, unknown>;
  /** False for a repeat and for a command that had nothing to change. */
  isNew: boolean;
  facts: Fact[];
  state: ConversationState;
}

export interface Pending extends Ask {
  hash: string;
  tries: number;
  isAdmitted: boolean;
  settle: (outcome: Answered | ChatError) => void;
  /** When it was asked, where somebody waits with a watch in hand (several nodes). */
  askedAt: number;
  /** A refusal was decided on a state that was kept: it must be decided on one that was read, after the key was looked up. */
  isChecked: boolean;
  /** It may be a repeat, as far as this node remembers. */
  mayRepeat: boolean;
  /** What another node's answer has said, and which one that was. */
  said: Circumstances['said'];
  saidBy: string;
}

const hashOf = (body: unknown): string => digest('sha1', JSON.stringify(body), 'base64url');

/** Field by field: spreading an object of this size shows in the profile of the commit path. */
export const pendingOf = (ask: Ask, settle: Pending['settle']): Pending => {
  const { orgId, conversationId, key, body, command, surroundings, admit } = ask;
  const hash = hashOf(body);
  const pending: Pending = {
    orgId,
    conversationId,
    key,
    body,
    command,
    surroundings,
    hash,
    tries: 0,
    isAdmitted: false,
    settle,
    askedAt: 0,
    isChecked: false,
    mayRepeat: true,
    said: null,
    saidBy: '',
  };
  if (admit !== undefined) pending.admit = admit;
  return pending;
};
