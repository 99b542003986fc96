// What is derived from commits: a conversation's row with its snapshot, and the texts that search looks at.
import { createHash } from 'node:crypto';
import { foldVersion } from '../../../shared/conversation.ts';
import type { ConversationState } from '../../../shared/conversation.ts';
import { factFields } from '../../../shared/facts.ts';
import type { Fact } from '../../../shared/facts.ts';
import { matchesFilter } from '../../../shared/inbox.ts';
import type { InboxRow } from '../../../shared/inbox.ts';
import type { ListName, RowDocument, TextDocument } from './mongo-schema.ts';
import { countersOf, isUnfinished } from './row-shape.ts';
import { gramsOf, nameText, searchedText } from './search-text.ts';

const listOf = (row: InboxRow): ListName => {
  if (row.isSpam === true) return 'spam';
  if (row.status === 'closed') return 'closed';
  if (row.control.agentId !== null) return 'held';
  return matchesFilter(row, 'ai', '') ? 'ai' : 'idle';
};

export const gramListOf = (text: string): string[] => {
  const grams = gramsOf(text);
  return grams === '' ? [] : grams.split(' ');
};

/**
 * What this build makes of a log. A snapshot of another build may have passed over facts that this one knows, or hold facts
 * that this one must not pass over: it is no beginning to go on from.
 */
const foldMark = createHash('sha256')
  .update(
    JSON.stringify([foldVersion, Object.entries(factFields).map(([type, { shape }]) => [type, ...Object.keys(shape)])]),
  )
  .digest('hex')
  .slice(0, 16);

/** A row that leads from one commit to the next. */
export interface Projection {
  orgId: string;
  row: InboxRow;
  state: ConversationState;
}

export const toRowDocument = ({ orgId, row, state }: Projection): RowDocument => ({
  _id: row.conversationId,
  orgId,
  contactId: row.contactId,
  head: state.head.seq,
  list: listOf(row),
  holder: row.status === 'open' ? (row.control.agentId ?? '') : '',
  lastAt: row.lastAt,
  waits: row.waitingSince === null ? 0 : 1,
  waitingSince: row.waitingSince ?? 0,
  unfinished: isUnfinished(state) ? 1 : 0,
  labels: row.labels,
  names: gramListOf(nameText(row.visitor)),
  shape: JSON.stringify(countersOf(row)),
  row: JSON.stringify(row),
  state: JSON.stringify(state),
  fold: foldMark,
});

/** The state that folding may go on from; undefined where another build made it. */
export const snapshotOf = ({ state, fold }: Pick<RowDocument, 'state' | 'fold'>): ConversationState | undefined =>
  fold === foldMark ? (JSON.parse(state) as ConversationState) : undefined;

/** Undefined where another build made it. */
export const toProjection = (document: RowDocument): Projection | undefined => {
  const state = snapshotOf(document);
  return state && { orgId: document.orgId, row: JSON.parse(document.row) as InboxRow, state };
};

/** Undefined where a commit says nothing that is searched. */
export const toTextDocument = (commit: {
  id: string;
  orgId: string;
  conversationId: string;
  at: number;
  facts: readonly Fact[];
}): TextDocument | undefined => {
  const text = commit.facts.flatMap((fact) => searchedText(fact) ?? []).join('\n');
  const grams = gramListOf(text);
  if (grams.length === 0) return undefined;
  const { id, orgId, conversationId, at } = commit;
  return { _id: id, orgId, conversationId, at, text, grams };
};
