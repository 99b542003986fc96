// Scenes of the tests of cursors and sessions: a conversation that grows by what the test does alone.
import type { SessionView } from '../../shared/commands.ts';
import type { Fact } from '../../shared/facts.ts';
import { newUuid } from '../../shared/ids.ts';
import { connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import type { TestServer } from '../support/server.ts';

export interface Scene {
  client: RawClient;
  view: SessionView;
  conversationId: string;
}

export interface Stage {
  server: TestServer;
  staff: RawClient;
  /** The widget's public key. */
  key: string;
}

/** `stage` is asked when something is done: it is set up after the tests were written down. */
export const scenesOf = (stage: () => Stage) => {
  const say = (client: RawClient, conversationId: string, text: string): Promise<{ seq: number }> =>
    client.must('message:send', { conversationId, clientId: newUuid(), text });
  const again = (tokens: object): Promise<RawClient> => connectVisitor(stage().server.url, stage().key, { ...tokens });
  return {
    say,
    /** A visitor whose conversation the staff holds. */
    held: async (): Promise<Scene> => {
      const scene = await openVisitor(stage().server.url, stage().key);
      await say(scene.client, scene.conversationId, 'Hello');
      await stage().staff.must('conversation:take', { conversationId: scene.conversationId });
      return scene;
    },
    logOf: (conversationId: string): Promise<Fact[]> =>
      stage().server.node.store.factsAfter(conversationId, 0, 100_000),
    note: (conversationId: string, text: string): Promise<unknown> =>
      stage().staff.must('note:add', { conversationId, clientId: newUuid(), text }),
    again,
    /** What a visitor with these tokens is shown on coming back. */
    reopened: async (tokens: object, input: object = {}): Promise<SessionView> => {
      const client = await again(tokens);
      const view = await client.must<SessionView>('session:open', input);
      client.close();
      return view;
    },
  };
};
