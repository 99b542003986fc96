// Chat in rooms of two: each visitor sends the next message when the last was acked and delivered to both.
import { newUuid } from '../../../shared/ids.ts';
import { Histogram } from '../statistics.ts';
import type { WireClient } from '../wire-client.ts';
import { inParallel, openAgent, openVisitor, say } from './target.ts';
import type { Target, Visitor } from './target.ts';

export interface ChatRun {
  acked: number;
  elapsedMs: number;
  p50: number;
  p99: number;
}

interface Room {
  visitor: Visitor;
  agent: WireClient;
}

let rooms: Room[] = [];
const text = 'Could you tell me whether the Saturday trip still has two places left for beginners?';

export const connectChat = async ({ target, count }: { target: Target; count: number }): Promise<void> => {
  rooms = await inParallel(count, 20, async () => {
    const visitor = await openVisitor(target);
    await say(visitor, 'Hello');
    const agent = await openAgent(target, visitor.conversationId);
    return { visitor, agent };
  });
};

export const isFact = (bytes: Buffer): boolean => bytes[2] === 0x66;

/** One conversation until `isOver`; resolves with how many messages were acked and seen by both. */
const talk = ({ visitor, agent }: Room, isOver: (now: number) => boolean, times: Histogram): Promise<number> =>
  new Promise((resolve) => {
    let acked = 0;
    let open = 0;
    let sentAt = 0;
    const send = (): void => {
      sentAt = performance.now();
      if (isOver(sentAt)) {
        resolve(acked);
        return;
      }
      open = 3;
      const { client, conversationId } = visitor;
      const input = `{"conversationId":"${conversationId}","clientId":"${newUuid()}","text":"${text}"}`;
      client.emit('message:send', input, (bytes) => {
        if (!bytes.includes('"ok":true')) throw new Error(`refused: ${bytes.toString()}`);
        arrived();
      });
    };
    const arrived = (): void => {
      open -= 1;
      if (open > 0) return;
      acked += 1;
      times.add(performance.now() - sentAt);
      send();
    };
    const onEvent = (bytes: Buffer): void => {
      if (isFact(bytes)) arrived();
    };
    visitor.client.onEvent = onEvent;
    agent.onEvent = onEvent;
    send();
  });

/** Talks until so many messages were acked: a server warms up by what it does, not by the clock. */
export const warmChat = async ({ messages }: { messages: number }): Promise<void> => {
  const times = new Histogram();
  await Promise.all(rooms.map((room) => talk(room, () => times.total >= messages, times)));
};

export const runChat = async ({ ms }: { ms: number }): Promise<ChatRun> => {
  const times = new Histogram();
  const began = performance.now();
  const counts = await Promise.all(rooms.map((room) => talk(room, (now) => now >= began + ms, times)));
  return {
    acked: counts.reduce((sum, count) => sum + count, 0),
    elapsedMs: performance.now() - began,
    p50: times.percentile(0.5),
    p99: times.percentile(0.99),
  };
};
