// The draft that the card shows: the one in flight, the one that waits, or the one that the visitor overtook.
import type { FactOf, Source, VisibleFact } from '../../../shared/facts.ts';
import type { ConversationSnapshot } from '../../sdk/api.ts';

export type DraftView =
  | { status: 'streaming'; draftId: string; text: string; sources: Source[] }
  | { status: 'waiting'; draftId: string; text: string; sources: Source[] }
  | { status: 'stale'; draftId: string; text: string; sources: Source[]; why: string };

const latestDraft = (facts: readonly VisibleFact[]): { draft: FactOf<'draft.created'>; index: number } | null => {
  for (let index = facts.length - 1; index >= 0; index -= 1) {
    const fact = facts[index];
    if (fact?.type === 'draft.created') return { draft: fact, index };
  }
  return null;
};

/** Why a draft is dead though nobody decided about it; null where somebody did, or where it was answered otherwise. */
const overtaken = (facts: readonly VisibleFact[], index: number, draftId: string): string | null => {
  let why: string | null = null;
  for (const fact of facts.slice(index + 1)) {
    if ((fact.type === 'draft.approved' || fact.type === 'draft.rejected') && fact.draftId === draftId) return null;
    if (fact.type === 'conversation.closed' || fact.type === 'draft.created') return null;
    if (fact.type === 'message.created') {
      if (fact.author.kind === 'visitor') why = 'Visitor wrote again';
      else if (fact.author.kind !== 'system') return null;
    }
    if (fact.type === 'control.changed') {
      // Taking over is the person's own decision to write instead.
      if (fact.agentId !== null) return null;
      why ??= 'Overtaken';
    }
  }
  return why;
};

export const draftOf = (snapshot: Pick<ConversationSnapshot, 'facts' | 'reply' | 'state'>): DraftView | null => {
  const { facts, reply, state } = snapshot;
  if (reply !== null && reply.mode === 'draft') {
    return { status: 'streaming', draftId: reply.replyId, text: reply.text, sources: [] };
  }
  const latest = latestDraft(facts);
  if (latest === null) return null;
  const { draftId, text, sources } = latest.draft;
  if (state.draft?.draftId === draftId) return { status: 'waiting', draftId, text, sources };
  const why = overtaken(facts, latest.index, draftId);
  return why === null ? null : { status: 'stale', draftId, text, sources, why };
};
