// Both kinds of server behind one face: a room with a visitor and an agent in it.
import { newUuid } from '../../../shared/ids.ts';
import { WireClient } from '../wire-client.ts';

/** `token` is the API token of a member; without a widget key it is a bare server. */
export interface Target {
  url: string;
  widgetKey?: string;
  token?: string;
  /** Of the contracts over REST, and the assistant that a new widget gets. */
  keys?: { functions: string; widget: string };
  agentId?: string;
}

export interface Visitor {
  client: WireClient;
  conversationId: string;
  sessionToken: string;
  visitorToken: string;
}

interface Opened {
  conversationId: string;
  sessionToken: string;
  visitorToken: string;
}

let rooms = 0;

/** A visitor with an open session; with `as` another tab of the same visitor. On a bare server a member of a room. */
export const openVisitor = async ({ url, widgetKey }: Target, as?: Visitor): Promise<Visitor> => {
  if (widgetKey === undefined) {
    const client = await WireClient.open({ url, namespace: '/' });
    rooms += 1;
    const conversationId = as?.conversationId ?? `conv_${String(rooms).padStart(24, '0')}`;
    await client.ask('join', conversationId);
    return { client, conversationId, sessionToken: '', visitorToken: '' };
  }
  const tokens = as === undefined ? {} : { sessionToken: as.sessionToken, visitorToken: as.visitorToken };
  const client = await WireClient.open({ url, namespace: '/widget', query: { widgetKey }, auth: { v: 1, ...tokens } });
  const view = await client.ask<Opened>('session:open', { clientId: newUuid() }).catch((error: unknown) => {
    client.close();
    throw error;
  });
  const { conversationId, sessionToken, visitorToken } = view;
  return { client, conversationId, sessionToken, visitorToken };
};

/** An agent who has taken the visitor's conversation, so that no AI answers. On a bare server a second member. */
export const openAgent = async ({ url, token }: Target, conversationId: string): Promise<WireClient> => {
  if (token === undefined) {
    const client = await WireClient.open({ url, namespace: '/' });
    await client.ask('join', conversationId);
    return client;
  }
  const client = await WireClient.open({ url, namespace: '/console', auth: { v: 1, token } });
  await client.ask('conversation:open', { conversationId });
  await client.ask('conversation:take', { conversationId, clientId: newUuid() });
  return client;
};

/** Sends a visitor's message and gives the time of its ack. */
export const say = ({ client, conversationId }: Visitor, text: string): Promise<unknown> =>
  client.ask('message:send', { conversationId, clientId: newUuid(), text });

/** Runs `work` for 0 to `count`, `width` at a time; the results in order. */
export const inParallel = async <T>(count: number, width: number, work: (i: number) => Promise<T>): Promise<T[]> => {
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const i = next;
      next += 1;
      results[i] = await work(i);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
  return results;
};
