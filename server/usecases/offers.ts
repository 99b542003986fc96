// What a widget said first and has no answer yet.
import type { SaidFirst } from '../domain/decision.ts';
import type { Session } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';

/** What was offered last to this session; whether somebody has spoken since is for the log to say. */
export const pendingOffer = async (
  { store }: { store: Store },
  { orgId, id }: Session,
): Promise<SaidFirst | undefined> => {
  const engagement = await store.documents.engagements.get(orgId, id);
  const offer = engagement?.offers.at(-1);
  if (offer?.content === undefined) return undefined;
  const { messageId, content: text, actions = [], at } = offer;
  return { messageId, text, actions, at };
};
