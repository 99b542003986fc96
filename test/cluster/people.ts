// People on a cluster under test: what they do and what they were told, frame by frame.
import { newUuid } from '../../shared/ids.ts';
import type { Fact } from '../../shared/facts.ts';
import type { SessionView } from '../../shared/commands.ts';
import type { View } from '../../shared/view.ts';
import type { Ack } from '../../shared/wire.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { addMember } from '../support/tenant.ts';
import type { TestCluster, TestNode } from './cluster.ts';

export interface Visitor {
  client: RawClient;
  conversationId: string;
  view: SessionView;
  say: (text: string, clientId?: string) => Promise<{ messageId: string; seq: number }>;
}

export interface People {
  visitor(node: TestNode): Promise<Visitor>;
  /** The same visitor on another node. */
  again(node: TestNode, who: Visitor): Promise<Visitor>;
  /** A member with this API token (the owner's), who looks at a conversation. */
  staff(node: TestNode, conversationId?: string, token?: string): Promise<RawClient>;
  /** Another member, with an API token. */
  colleague(name: string): Promise<{ memberId: string; token: string }>;
  /** The owner switches a member off, over REST. */
  disable(node: TestNode, memberId: string): Promise<void>;
  leave(): void;
}

const visitorOf = (client: RawClient, view: SessionView): Visitor => ({
  client,
  view,
  conversationId: view.conversationId,
  say: (text, clientId = newUuid()) =>
    client.must('message:send', { conversationId: view.conversationId, clientId, text }),
});

/** Opens a conversation; what the view holds of the answer in flight counts as streamed, in its place among the frames. */
const look = (client: RawClient, conversationId: string): Promise<void> =>
  new Promise((resolve, reject) => {
    client.socket.emit('conversation:open', { conversationId }, (ack: Ack<View>) => {
      if (!ack.ok) {
        reject(new Error(`conversation:open: ${ack.error.code}`));
        return;
      }
      const { reply } = ack.data;
      if (reply !== undefined) {
        const { replyId, turn, attempt, text } = reply;
        const about = { conversationId, replyId, turn, attempt };
        client.frames.push({ event: 'signal', signal: { type: 'reply.reset', ...about } });
        client.frames.push({ event: 'signal', signal: { type: 'reply.delta', ...about, offset: 0, text } });
      }
      resolve();
    });
  });

export const peopleOf = (cluster: () => TestCluster): People => {
  const clients: RawClient[] = [];
  return {
    async visitor(node) {
      const { client, view } = await openVisitor(node.url, cluster().widgetKey);
      clients.push(client);
      return visitorOf(client, view);
    },
    async again(node, { view: { sessionToken, visitorToken } }) {
      const client = await connectVisitor(node.url, cluster().widgetKey, { sessionToken, visitorToken });
      clients.push(client);
      return visitorOf(client, await client.must<SessionView>('session:open', {}));
    },
    async staff(node, conversationId, token = cluster().token) {
      const client = await connectStaff(node.url, token);
      clients.push(client);
      if (conversationId !== undefined) await look(client, conversationId);
      return client;
    },
    async colleague(name) {
      const { store, widgetKey } = cluster();
      const widget = await store.documents.widgets.find(`key:${widgetKey}`);
      const { member, token } = await addMember({ node: { store } }, widget!.orgId, name);
      return { memberId: member.id, token };
    },
    async disable(node, memberId) {
      const response = await fetch(`${node.url}/api/console/members/${memberId}`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${cluster().token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ isDisabled: true }),
      });
      if (!response.ok) throw new Error(`not disabled: ${response.status} ${await response.text()}`);
    },
    leave: () => {
      for (const client of clients.splice(0)) client.close();
    },
  };
};

/** `seq` of the facts that a client was told live, in the order of their coming. */
export const toldSeqs = (client: RawClient, conversationId: string): number[] =>
  client.frames.flatMap((frame) =>
    frame.event === 'fact' && frame.fact.conversationId === conversationId ? [frame.fact.seq] : [],
  );

/** What streamed to a client of one answer, put together as a client does. */
export const streamed = (client: RawClient, replyId: string): { text: string; attempt: number } => {
  let text = '';
  let attempt = 0;
  for (const frame of client.frames) {
    if (frame.event !== 'signal') continue;
    const { signal } = frame;
    if (signal.type === 'reply.reset' && signal.replyId === replyId) {
      attempt = signal.attempt;
      text = '';
    }
    if (signal.type !== 'reply.delta' || signal.replyId !== replyId || signal.attempt < attempt) continue;
    if (signal.attempt > attempt) text = '';
    attempt = signal.attempt;
    if (signal.offset === text.length) text += signal.text;
  }
  return { text, attempt };
};

/** Deltas of an older turn that a client was sent after a fact which raised the turn. */
export const staleDeltas = (client: RawClient): number => {
  const turns = new Map<string, number>();
  let stale = 0;
  for (const frame of client.frames) {
    if (frame.event === 'fact') {
      const { fact } = frame;
      if ('turn' in fact && fact.type !== 'draft.created') turns.set(fact.conversationId, fact.turn);
    } else if (frame.signal.type === 'reply.delta') {
      if (frame.signal.turn < (turns.get(frame.signal.conversationId) ?? 0)) stale += 1;
    }
  }
  return stale;
};

export const textsOf = (facts: readonly Fact[]): string[] =>
  facts.flatMap((fact) => (fact.type === 'message.created' ? [fact.text] : []));

/** Tries until it holds; the last failure is the failure. */
export const eventually = async (check: () => Promise<void> | void, ms = 10_000): Promise<number> => {
  const began = performance.now();
  for (;;) {
    try {
      await check();
      return performance.now() - began;
    } catch (error) {
      if (performance.now() - began > ms) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
};
