// A conversation stays open for as long as something shows it, however fast somebody leafs through the list.
import { useLayoutEffect, useState } from 'preact/hooks';
import type { ConversationSnapshot, StaffClient } from '../../sdk/api.ts';
import { useObservable } from '../observable.ts';

/** How many show it: the one that goes may be cleaned up after the next one has come. */
const holds = new WeakMap<StaffClient, Map<string, number>>();

const hold = (client: StaffClient, conversationId: string): (() => void) => {
  const counts = holds.get(client) ?? new Map<string, number>();
  holds.set(client, counts);
  counts.set(conversationId, (counts.get(conversationId) ?? 0) + 1);
  return () => {
    const left = (counts.get(conversationId) ?? 1) - 1;
    if (left > 0) return void counts.set(conversationId, left);
    counts.delete(conversationId);
    client.leave(conversationId);
  };
};

/** The conversation as it is now; drawn again with every change. */
export const useConversation = (client: StaffClient, conversationId: string): ConversationSnapshot => {
  const [observable, setObservable] = useState(() => client.open(conversationId));
  useLayoutEffect(() => {
    const release = hold(client, conversationId);
    // It may have been left between the drawing and now: then this opens it anew.
    setObservable(client.open(conversationId));
    return release;
  }, [client, conversationId]);
  return useObservable(observable);
};
